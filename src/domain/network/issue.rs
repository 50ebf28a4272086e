//! What is wrong with a spec or a form, each with the field that it belongs to.

use std::{fmt, net::Ipv4Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use crate::name::PortName;

/// One problem. A form or spec is refused with all of its issues at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// `None` where the whole spec is meant.
    pub port: Option<PortName>,
    pub field: Field,
    pub rule: Rule,
}

/// A field of the port form, of the spec, of the network test, and of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Method,
    Address,
    Mask,
    Gateway,
    Dns1,
    Dns2,
    Search,
    Ipv6Method,
    Ipv6Address,
    Ipv6Gateway,
    /// The whole list.
    Routes,
    Route(RouteField),
    Mtu,
    UplinkOrder,
    Port,
    Host,
    HostName,
    TimeZone,
    TimeServers,
    Clock,
    ProxyUrl,
    ProxyUser,
    ProxyPassword,
    ProxyCa,
    RegistryCa,
    /// The name of the box that is to be reset.
    ResetName,
    // of cellular
    Apn,
    CellularUser,
    CellularPassword,
    CellularAuth,
    IpType,
    Operator,
    Technology,
    CellularMtu,
    DataLimit,
    Pin,
    NewPin,
    Puk,
}

/// One field of one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RouteField {
    /// As people count: the first one is 1.
    pub row: usize,
    pub part: RoutePart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutePart {
    Destination,
    /// Of the form only: in a spec it is part of the destination.
    Mask,
    Gateway,
}

impl RoutePart {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Destination => "destination",
            Self::Mask => "mask",
            Self::Gateway => "gateway",
        }
    }
}

impl Field {
    /// The name in the form and the end of the path in the spec; for a field of a route, that of the list.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Address => "address",
            Self::Mask => "mask",
            Self::Gateway => "gateway",
            Self::Dns1 => "dns1",
            Self::Dns2 => "dns2",
            Self::Search => "search",
            Self::Ipv6Method => "ipv6_method",
            Self::Ipv6Address => "ipv6_address",
            Self::Ipv6Gateway => "ipv6_gateway",
            Self::Routes | Self::Route(_) => "routes",
            Self::Mtu | Self::CellularMtu => "mtu",
            Self::UplinkOrder => "uplink_order",
            Self::Port => "port",
            Self::Host => "host",
            Self::HostName => "host_name",
            Self::TimeZone => "time_zone",
            Self::TimeServers => "time_servers",
            Self::Clock => "clock",
            Self::ProxyUrl => "proxy_url",
            Self::ProxyUser => "proxy_user",
            Self::ProxyPassword => "proxy_password",
            Self::ProxyCa => "proxy_ca",
            Self::RegistryCa => "registry_ca",
            Self::ResetName => "name",
            Self::Apn => "apn",
            Self::CellularUser => "user",
            Self::CellularPassword => "password",
            Self::CellularAuth => "auth",
            Self::IpType => "ip_type",
            Self::Operator => "operator",
            Self::Technology => "technology",
            Self::DataLimit => "limit",
            Self::Pin => "pin",
            Self::NewPin => "new_pin",
            Self::Puk => "puk",
        }
    }
}

impl Field {
    /// Whether it is one of the box's own settings, which no file has.
    pub fn is_setting(self) -> bool {
        match self {
            Self::HostName
            | Self::TimeZone
            | Self::TimeServers
            | Self::Clock
            | Self::ProxyUrl
            | Self::ProxyUser
            | Self::ProxyPassword
            | Self::ProxyCa
            | Self::RegistryCa
            | Self::ResetName
            | Self::Apn
            | Self::CellularUser
            | Self::CellularPassword
            | Self::CellularAuth
            | Self::IpType
            | Self::Operator
            | Self::Technology
            | Self::CellularMtu
            | Self::DataLimit
            | Self::Pin
            | Self::NewPin
            | Self::Puk => true,
            Self::Method
            | Self::Address
            | Self::Mask
            | Self::Gateway
            | Self::Dns1
            | Self::Dns2
            | Self::Search
            | Self::Ipv6Method
            | Self::Ipv6Address
            | Self::Ipv6Gateway
            | Self::Routes
            | Self::Route(_)
            | Self::Mtu
            | Self::UplinkOrder
            | Self::Port
            | Self::Host => false,
        }
    }
}

/// The rule that is broken, with the figures that a message needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Rule {
    /// Nothing was typed where something is needed.
    Missing,
    /// Not four numbers from 0 to 255 with dots between.
    NotAnAddress,
    /// Neither 255.255.255.0 nor /24, or ones and zeros are mixed.
    NotAMask,
    /// A mask of /0 or longer than /30 leaves no network to be in.
    PrefixOutOfRange,
    /// 0.x, 127.x, 169.254.x, multicast or reserved: not an address of a host.
    NotAHostAddress,
    /// The first address of its network, which names the network.
    IsNetworkAddress { network: IpNet },
    /// The last address of its network, which means all hosts.
    IsBroadcastAddress { network: Ipv4Net },
    /// The gateway is not in the address's network.
    GatewayOutside { network: Ipv4Net, first: Ipv4Addr, last: Ipv4Addr },
    /// The gateway is the port's own address.
    GatewayIsOwnAddress,
    /// The network overlaps that of another port.
    Overlaps { port: PortName, network: IpNet },
    /// The network overlaps the service port's.
    OverlapsService { network: Ipv4Net },
    /// The address is used on another port too.
    AddressTwice { port: PortName },
    /// The DNS server is the box itself.
    DnsIsOwnAddress,
    /// The port does not exist or is not an uplink.
    NotAnUplink,
    /// Of a SIM slot's port.
    ByMobileNetwork,
    /// The port's hardware is not there now.
    PortAbsent,
    /// The port is named twice in the order.
    NamedTwice,
    /// More than this is not supported on one port.
    TooMany { most: usize },
    /// A route to everywhere; that is what the gateway is for.
    RouteToEverywhere,
    /// Two routes to one network.
    RouteTwice { network: Ipv4Net },
    /// Packets can't be as small or as large as this.
    MtuOutOfRange { least: u16, most: u16 },
    /// The choice is not one of the offered ones.
    NotAChoice,
    /// Neither a host's name nor an IPv4 address, with or without a port.
    NotAHostName,
    /// A TCP port is from 1 to 65535.
    PortOutOfRange,
    /// Not 4 to 30 lower-case letters, digits and hyphens, or a hyphen at an end.
    NotABoxName,
    /// Neither a host's name nor an IPv4 address.
    NotATimeServer,
    /// Not a name of the zone database.
    NotAZone,
    /// Not a date and a time of day, or one that no clock can be set to.
    NotATime,
    /// Not `http://` or `https://` with a host and perhaps a port, and nothing else.
    NotAProxyUrl,
    /// The proxy is the box itself.
    ProxyIsOwn,
    /// Control characters, too long, or a colon in a user's name.
    NotAWord,
    /// Not certificates as PEM.
    NotACertificate,
    /// Neither the serial number nor the host name of this box.
    NotThisBox,
    /// Not eight groups of hexadecimal digits, or `::` for some of them.
    NotAnIpv6Address,
    /// Neither an IPv4 nor an IPv6 address, where either will do.
    NotAnIpAddress,
    /// An IPv6 address without its prefix length.
    Ipv6PrefixMissing,
    /// Shorter than /16 or longer than /127.
    Ipv6PrefixOutOfRange,
    /// Multicast, link-local, loopback or an IPv4 address in disguise.
    NotAnIpv6Host,
    /// The gateway is neither in the address's network nor link-local.
    Ipv6GatewayOutside { network: Ipv6Net },
    /// Not letters, digits and hyphens with dots between, or longer than 62.
    NotAnApn,
    /// Not 4 to 8 digits.
    NotAPin,
    /// Not 8 digits.
    NotAPuk,
    /// Not 5 or 6 digits.
    NotAnOperator,
    /// A number that is too small or too large, or no number.
    NumberOutOfRange { least: u32, most: u32 },
}

impl Rule {
    /// The name that it has in JSON, without its figures.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotAnAddress => "not_an_address",
            Self::NotAMask => "not_a_mask",
            Self::PrefixOutOfRange => "prefix_out_of_range",
            Self::NotAHostAddress => "not_a_host_address",
            Self::IsNetworkAddress { .. } => "is_network_address",
            Self::IsBroadcastAddress { .. } => "is_broadcast_address",
            Self::GatewayOutside { .. } => "gateway_outside",
            Self::GatewayIsOwnAddress => "gateway_is_own_address",
            Self::Overlaps { .. } => "overlaps",
            Self::OverlapsService { .. } => "overlaps_service",
            Self::AddressTwice { .. } => "address_twice",
            Self::DnsIsOwnAddress => "dns_is_own_address",
            Self::NotAnUplink => "not_an_uplink",
            Self::ByMobileNetwork => "by_mobile_network",
            Self::PortAbsent => "port_absent",
            Self::NamedTwice => "named_twice",
            Self::TooMany { .. } => "too_many",
            Self::RouteToEverywhere => "route_to_everywhere",
            Self::RouteTwice { .. } => "route_twice",
            Self::MtuOutOfRange { .. } => "mtu_out_of_range",
            Self::NotAChoice => "not_a_choice",
            Self::NotAHostName => "not_a_host_name",
            Self::PortOutOfRange => "port_out_of_range",
            Self::NotABoxName => "not_a_box_name",
            Self::NotATimeServer => "not_a_time_server",
            Self::NotAZone => "not_a_zone",
            Self::NotATime => "not_a_time",
            Self::NotAProxyUrl => "not_a_proxy_url",
            Self::ProxyIsOwn => "proxy_is_own",
            Self::NotAWord => "not_a_word",
            Self::NotACertificate => "not_a_certificate",
            Self::NotThisBox => "not_this_box",
            Self::NotAnIpv6Address => "not_an_ipv6_address",
            Self::NotAnIpAddress => "not_an_ip_address",
            Self::Ipv6PrefixMissing => "ipv6_prefix_missing",
            Self::Ipv6PrefixOutOfRange => "ipv6_prefix_out_of_range",
            Self::NotAnIpv6Host => "not_an_ipv6_host",
            Self::Ipv6GatewayOutside { .. } => "ipv6_gateway_outside",
            Self::NotAnApn => "not_an_apn",
            Self::NotAPin => "not_a_pin",
            Self::NotAPuk => "not_a_puk",
            Self::NotAnOperator => "not_an_operator",
            Self::NumberOutOfRange { .. } => "number_out_of_range",
        }
    }
}

impl Issue {
    pub fn new(port: &PortName, field: Field, rule: Rule) -> Self {
        Self { port: Some(port.clone()), field, rule }
    }

    /// The field's path, for scripts: `ports.lan1.gateway`, `ports.lan1.routes.2.gateway`,
    /// `ports.lan9` for the port itself, `uplink_order`.
    pub fn path(&self) -> String {
        match (&self.port, self.field) {
            (Some(port), Field::Port) => format!("ports.{port}"),
            (Some(port), Field::Route(RouteField { row, part })) => {
                format!("ports.{port}.routes.{row}.{}", part.as_str())
            }
            (None, _) | (Some(_), Field::UplinkOrder) => self.field.as_str().to_owned(),
            (Some(port), _) => format!("ports.{port}.{}", self.field.as_str()),
        }
    }
}

/// For the command line and logs, in English; pages translate the rule.
impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.port, self.field) {
            (Some(port), Field::UplinkOrder) => write!(f, "{}, {port}: {}", self.path(), self.rule),
            _ => write!(f, "{}: {}", self.path(), self.rule),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is needed"),
            Self::NotAnAddress => f.write_str("is not an IPv4 address such as 10.20.0.15"),
            Self::NotAMask => f.write_str("is not a mask such as 255.255.255.0 or /24"),
            Self::PrefixOutOfRange => f.write_str("must be from /1 to /30"),
            Self::NotAHostAddress => f.write_str("is not an address that a host can have"),
            Self::IsNetworkAddress { network } => write!(f, "names the network {network} itself"),
            Self::IsBroadcastAddress { network } => write!(f, "is the broadcast address of {network}"),
            Self::GatewayOutside { network, first, last } => {
                write!(f, "is outside {network}; use an address from {first} to {last}")
            }
            Self::GatewayIsOwnAddress => f.write_str("is the port's own address"),
            Self::Overlaps { port, network } => write!(f, "overlaps {network} on port {port}"),
            Self::OverlapsService { network } => write!(f, "overlaps the service port's network {network}"),
            Self::AddressTwice { port } => write!(f, "is used on port {port} too"),
            Self::DnsIsOwnAddress => f.write_str("is this box's own address"),
            Self::NotAnUplink => f.write_str("is not an uplink port of this box"),
            Self::ByMobileNetwork => f.write_str("is given by the mobile network, and cannot be typed"),
            Self::PortAbsent => f.write_str("has no hardware now"),
            Self::NamedTwice => f.write_str("names a port twice"),
            Self::TooMany { most } => write!(f, "has more than {most} entries"),
            Self::RouteToEverywhere => f.write_str("is a route to everywhere; set the port's gateway instead"),
            Self::RouteTwice { network } => write!(f, "is a second route to {network}"),
            Self::MtuOutOfRange { least, most } => write!(f, "must be from {least} to {most}"),
            Self::NotAChoice => f.write_str("is not one of the choices"),
            Self::NotAHostName => f.write_str("is not a name such as registry.example:8443 or an IPv4 address"),
            Self::PortOutOfRange => f.write_str("has a port that is not from 1 to 65535"),
            Self::NotABoxName => {
                f.write_str("is not 4 to 30 lower-case letters, digits and hyphens with no hyphen at either end")
            }
            Self::NotATimeServer => f.write_str("has an entry that is neither a host's name nor an IPv4 address"),
            Self::NotAZone => f.write_str("is not a time zone such as Asia/Shanghai"),
            Self::NotATime => f.write_str("is not a date and a time such as 2026-11-25 14:30"),
            Self::NotAProxyUrl => f.write_str("is not a proxy's URL such as http://proxy.example:3128"),
            Self::ProxyIsOwn => f.write_str("leads to this box itself"),
            Self::NotAWord => f.write_str("has characters that cannot be used there, or is too long"),
            Self::NotACertificate => f.write_str("is not a certificate as PEM text"),
            Self::NotThisBox => f.write_str("is neither the serial number nor the host name of this box"),
            Self::NotAnIpv6Address => f.write_str("is not an IPv6 address such as 2001:db8::15"),
            Self::NotAnIpAddress => f.write_str("is not an address such as 10.20.0.1 or 2001:db8::1"),
            Self::Ipv6PrefixMissing => f.write_str("needs its prefix length, such as /64"),
            Self::Ipv6PrefixOutOfRange => f.write_str("must have a prefix length from /16 to /127"),
            Self::NotAnIpv6Host => f.write_str("is not an IPv6 address that a host can be given"),
            Self::Ipv6GatewayOutside { network } => {
                write!(f, "is neither in {network} nor a link-local address (fe80::…)")
            }
            Self::NotAnApn => f.write_str("is not an APN: letters, digits and hyphens with dots between, at most 62"),
            Self::NotAPin => f.write_str("is not 4 to 8 digits; nothing was sent to the SIM"),
            Self::NotAPuk => f.write_str("is not 8 digits; nothing was sent to the SIM"),
            Self::NotAnOperator => f.write_str("is not an operator's number such as 46000"),
            Self::NumberOutOfRange { least, most } => write!(f, "must be from {least} to {most}"),
        }
    }
}
