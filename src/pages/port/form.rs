//! The form of one uplink port. What was typed stays typed.

use leptos::prelude::*;

use super::{PortView, field_id, routes::more, typed, value};
use crate::{
    components::{
        card::Card,
        choice::{Choice, choice},
        field,
        words::{Figures, Ports, issue, message},
    },
    domain::network::{
        issue::{Field, Rule},
        status::{NetworkStatus, PortStatus},
    },
    islands::FormCheck,
    text::Text,
};

pub fn form(text: Text, port: &PortStatus, network: &NetworkStatus, view: &PortView) -> impl IntoView + use<> {
    let form = &view.form;
    let field = |name: &'static str, at: Field, label: &str, hint: Option<&str>| {
        let found = view.issues.iter().find(|i| i.field == at && field_id(form, at).as_deref() == Some(name));
        field::field(field::Field {
            name: name.into(),
            label: label.to_owned(),
            hint: hint.map(str::to_owned),
            problem: found.map(|found| issue(text, found, typed(form, at), Ports(network))),
            value: value(form, name).to_owned(),
            ..field::Field::default()
        })
    };
    let radio = |name: &'static str, value: &'static str, label: &str, why: Option<&str>| {
        choice(Choice {
            kind: "radio",
            name,
            value,
            label: label.to_owned(),
            why: why.map(str::to_owned),
            chosen: self::value(form, name) == value,
        })
    };
    let tick = |name: &'static str, label: &str, why: &str, chosen: bool| {
        choice(Choice {
            kind: "checkbox",
            name,
            value: "on",
            label: label.to_owned(),
            why: Some(why.to_owned()),
            chosen,
        })
    };
    let methods = view! {
        {radio("method", "dhcp", text.form_dhcp(), Some(text.form_dhcp_why()))}
        {radio("method", "static", text.form_static(), None)}
        {radio("method", "ipv6", text.form_ipv6_only(), Some(text.form_ipv6_only_why()))}
        {radio("method", "off", text.form_off(), Some(text.form_off_why()))}
    };
    let ipv6_methods = view! {
        {radio("ipv6_method", "auto", text.form_ipv6_auto(), Some(text.form_ipv6_auto_why()))}
        {radio("ipv6_method", "static", text.form_ipv6_static(), None)}
        {radio("ipv6_method", "off", text.form_ipv6_off(), Some(text.form_ipv6_off_why()))}
    };
    let ipv6_fields = view! {
        {field("ipv6_address", Field::Ipv6Address, text.field_ipv6_address(), Some(text.form_ipv6_address_hint()))}
        {field("ipv6_gateway", Field::Ipv6Gateway, text.field_ipv6_gateway(), Some(text.form_ipv6_gateway_hint()))}
    };
    let fields = view! {
        <div class="pair">
            {field("address", Field::Address, text.field_address(), Some(text.form_address_hint()))}
            {field("mask", Field::Mask, text.field_mask(), Some(text.form_mask_hint()))}
        </div>
        {field("gateway", Field::Gateway, text.field_gateway(), Some(text.form_gateway_hint()))}
        <div class="pair">
            {field("dns1", Field::Dns1, text.field_dns1(), Some(text.field_optional()))}
            {field("dns2", Field::Dns2, text.field_dns2(), Some(text.field_optional()))}
        </div>
    };
    let own = |at: Field| if at == Field::Dns1 { &form.own_dns1 } else { &form.own_dns2 };
    let own_dns = view! {
        <details class="own-dns part" open=!own(Field::Dns1).is_empty() || !own(Field::Dns2).is_empty()>
            <summary>{text.form_own_dns()}</summary>
            <div class="pair">
                {field("own_dns1", Field::Dns1, text.field_dns1(), Some(text.field_optional()))}
                {field("own_dns2", Field::Dns2, text.field_dns2(), Some(text.field_optional()))}
            </div>
        </details>
    };
    let default_route =
        tick("default_route", text.form_default_route(), text.form_default_route_why(), form.default_route.is_some());
    let manage = tick("manage", text.form_manage(), text.form_manage_why(), form.manage.is_some());
    let more = more(
        text,
        port,
        view,
        Ports(network),
        field("mtu", Field::Mtu, text.form_mtu(), Some(text.form_mtu_hint())).into_any(),
    );
    let action = format!("/network/{}", port.name);
    view! {
        <Card title=text.form_title() id="settings">
            <FormCheck>
                <form class="port-form stack" method="post" action=action novalidate>
                    // what Enter in a field presses: not the first of the buttons for routes
                    <button class="quiet-text" tabindex="-1" aria-hidden="true">{text.form_check()}</button>
                    <fieldset><legend>{text.form_method()}</legend>{methods}</fieldset>
                    <div class="static-only stack">{fields}</div>
                    {own_dns}
                    <fieldset class="used-only"><legend>{text.form_ipv6_method()}</legend>{ipv6_methods}</fieldset>
                    <div class="used-only"><div class="ipv6-static-only stack">{ipv6_fields}</div></div>
                    <div class="used-only stack">{default_route}{manage}</div>
                    {more}
                    <div class="actions"><button>{text.form_check()}</button></div>
                    {messages(text)}
                </form>
            </FormCheck>
        </Card>
    }
}

/// What the browser's own check says, with placeholders that it fills: the same rules, the same words.
pub fn messages(text: Text) -> impl IntoView {
    const MISSING: [Field; 3] = [Field::Address, Field::Mask, Field::Ipv6Address];
    let net = crate::domain::box_file::service_net();
    let rules = [
        Rule::Missing,
        Rule::NotAnAddress,
        Rule::NotAMask,
        Rule::PrefixOutOfRange,
        Rule::NotAHostAddress,
        Rule::IsNetworkAddress { network: net.into() },
        Rule::IsBroadcastAddress { network: net },
        Rule::GatewayOutside { network: net, first: net.addr(), last: net.addr() },
        Rule::GatewayIsOwnAddress,
        Rule::DnsIsOwnAddress,
        Rule::NotAnIpAddress,
        Rule::NotAnIpv6Address,
        Rule::NotAnIpv6Host,
        Rule::Ipv6PrefixMissing,
        Rule::Ipv6PrefixOutOfRange,
        Rule::Ipv6GatewayOutside { network: ipnet::Ipv6Net::default() },
    ];
    let lines = rules.iter().flat_map(|rule| {
        // only "missing" differs from field to field
        let fields = if *rule == Rule::Missing { &MISSING[..] } else { &MISSING[..1] };
        fields.iter().map(move |field| {
            let key =
                if *rule == Rule::Missing { format!("missing-{}", field.as_str()) } else { rule.name().to_owned() };
            view! { <p data-rule=key>{message(text, *field, rule, &Figures::placeholders())}</p> }
        })
    });
    view! { <div data-messages hidden>{lines.collect_view()}</div> }
}
