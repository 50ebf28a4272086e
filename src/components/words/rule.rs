//! Why a value is refused: what is wrong with it, and what would be right.

use super::Ports;
use crate::{
    domain::network::issue::{Field, Issue, RouteField, RoutePart, Rule},
    text::Text,
};

/// What a message is filled with: the values of one issue, or placeholders that the browser fills.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub typed: String,
    pub network: String,
    pub first: String,
    pub last: String,
    pub port: String,
    pub most: String,
}

impl Figures {
    pub fn placeholders() -> Self {
        let [typed, network, first, last, port, most] =
            ["{typed}", "{network}", "{first}", "{last}", "{port}", "{most}"].map(str::to_owned);
        Self { typed, network, first, last, port, most }
    }

    fn of(text: Text, rule: &Rule, typed: &str, ports: Ports) -> Self {
        let mut figures = Self { typed: typed.to_owned(), ..Self::default() };
        match rule {
            Rule::IsNetworkAddress { network } => figures.network = network.to_string(),
            Rule::Ipv6GatewayOutside { network } => figures.network = network.to_string(),
            Rule::IsBroadcastAddress { network } | Rule::OverlapsService { network } | Rule::RouteTwice { network } => {
                figures.network = network.to_string();
            }
            Rule::GatewayOutside { network, first, last } => {
                figures.network = network.to_string();
                figures.first = first.to_string();
                figures.last = last.to_string();
            }
            Rule::Overlaps { port, network } => {
                figures.network = network.to_string();
                figures.port = ports.say(text, port);
            }
            Rule::AddressTwice { port } => figures.port = ports.say(text, port),
            Rule::MtuOutOfRange { least, most } => {
                figures.first = least.to_string();
                figures.most = most.to_string();
            }
            Rule::NumberOutOfRange { least, most } => {
                figures.first = least.to_string();
                figures.most = most.to_string();
            }
            Rule::TooMany { most } => figures.most = most.to_string(),
            Rule::Missing
            | Rule::NotAnAddress
            | Rule::NotAMask
            | Rule::PrefixOutOfRange
            | Rule::NotAHostAddress
            | Rule::GatewayIsOwnAddress
            | Rule::DnsIsOwnAddress
            | Rule::NotAnUplink
            | Rule::ByMobileNetwork
            | Rule::PortAbsent
            | Rule::NamedTwice
            | Rule::RouteToEverywhere
            | Rule::NotAChoice
            | Rule::NotAHostName
            | Rule::PortOutOfRange
            | Rule::NotABoxName
            | Rule::NotATimeServer
            | Rule::NotAZone
            | Rule::NotATime
            | Rule::NotAProxyUrl
            | Rule::ProxyIsOwn
            | Rule::NotAWord
            | Rule::NotACertificate
            | Rule::NotThisBox
            | Rule::NotAnIpv6Address
            | Rule::NotAnIpAddress
            | Rule::Ipv6PrefixMissing
            | Rule::Ipv6PrefixOutOfRange
            | Rule::NotAnIpv6Host
            | Rule::NotAnApn
            | Rule::NotAPin
            | Rule::NotAPuk
            | Rule::NotAnOperator => {}
        }
        figures
    }
}

/// The message beside the field and in the summary.
pub fn issue(text: Text, issue: &Issue, typed: &str, ports: Ports) -> String {
    message(text, issue.field, &issue.rule, &Figures::of(text, &issue.rule, typed, ports))
}

/// The rule's own values are not read: they are in `figures`.
pub fn message(text: Text, field: Field, rule: &Rule, figures: &Figures) -> String {
    let Figures { typed, network, first, last, port, most } = figures;
    let part = match field {
        Field::Route(RouteField { part, .. }) => Some(part),
        _ => None,
    };
    match rule {
        Rule::Missing if field == Field::Mask || part == Some(RoutePart::Mask) => text.rule_missing_mask().to_owned(),
        Rule::Missing if part == Some(RoutePart::Destination) => text.rule_missing_destination().to_owned(),
        Rule::Missing if field == Field::Address => text.rule_missing_address().to_owned(),
        Rule::Missing if field == Field::Ipv6Address => text.rule_missing_ipv6_address().to_owned(),
        Rule::Missing => text.rule_missing().to_owned(),
        Rule::NotAChoice if field == Field::Ipv6Method => text.rule_not_a_choice_ipv6().to_owned(),
        Rule::NotAnAddress => text.rule_not_an_address(typed),
        Rule::NotAMask => text.rule_not_a_mask(typed),
        Rule::PrefixOutOfRange => text.rule_prefix_out_of_range().to_owned(),
        Rule::NotAHostAddress => text.rule_not_a_host_address(typed),
        Rule::IsNetworkAddress { .. } => text.rule_is_network_address(network, typed),
        Rule::IsBroadcastAddress { .. } => text.rule_is_broadcast_address(network, typed),
        Rule::GatewayOutside { .. } => text.rule_gateway_outside(first, last, network, typed),
        Rule::GatewayIsOwnAddress => text.rule_gateway_is_own_address().to_owned(),
        Rule::Overlaps { .. } => text.rule_overlaps(network, port),
        Rule::OverlapsService { .. } => text.rule_overlaps_service(network),
        Rule::AddressTwice { .. } => text.rule_address_twice(port, typed),
        Rule::DnsIsOwnAddress => text.rule_dns_is_own_address().to_owned(),
        Rule::NotAnUplink => text.rule_not_an_uplink().to_owned(),
        Rule::ByMobileNetwork => text.rule_by_mobile_network().to_owned(),
        Rule::PortAbsent => text.rule_port_absent().to_owned(),
        Rule::NamedTwice => text.rule_named_twice().to_owned(),
        Rule::TooMany { .. } => text.rule_too_many(most),
        Rule::RouteToEverywhere => text.rule_route_to_everywhere().to_owned(),
        Rule::RouteTwice { .. } => text.rule_route_twice(network),
        Rule::MtuOutOfRange { .. } => text.rule_mtu_out_of_range(first, most),
        Rule::NotAChoice => text.rule_not_a_choice().to_owned(),
        Rule::NotAHostName => text.rule_not_a_host_name(typed),
        Rule::PortOutOfRange => text.rule_port_out_of_range(typed),
        Rule::NotABoxName => text.rule_not_a_box_name().to_owned(),
        Rule::NotATimeServer => text.rule_not_a_time_server().to_owned(),
        Rule::NotAZone => text.rule_not_a_zone(typed),
        Rule::NotATime => text.rule_not_a_time(typed),
        Rule::NotAProxyUrl => text.rule_not_a_proxy_url(typed),
        Rule::ProxyIsOwn => text.rule_proxy_is_own().to_owned(),
        Rule::NotAWord => text.rule_not_a_word().to_owned(),
        Rule::NotACertificate => text.rule_not_a_certificate().to_owned(),
        Rule::NotThisBox => text.rule_not_this_box(typed),
        Rule::NotAnIpv6Address => text.rule_not_an_ipv6_address(typed),
        Rule::NotAnIpAddress => text.rule_not_an_ip_address(typed),
        Rule::Ipv6PrefixMissing => text.rule_ipv6_prefix_missing(typed),
        Rule::Ipv6PrefixOutOfRange => text.rule_ipv6_prefix_out_of_range().to_owned(),
        Rule::NotAnIpv6Host => text.rule_not_an_ipv6_host(typed),
        Rule::Ipv6GatewayOutside { .. } => text.rule_ipv6_gateway_outside(network, typed),
        Rule::NotAnApn => text.rule_not_an_apn(typed),
        Rule::NotAPin => text.rule_not_a_pin().to_owned(),
        Rule::NotAPuk => text.rule_not_a_puk().to_owned(),
        Rule::NotAnOperator => text.rule_not_an_operator(typed),
        Rule::NumberOutOfRange { .. } => text.rule_number_out_of_range(first, most),
    }
}
