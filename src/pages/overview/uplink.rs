//! The uplink in use: what a technician reads out over the phone.

use leptos::prelude::*;

use crate::{
    components::{
        card::{Card, Fact, facts},
        format::list,
        words::{Ports, port_title},
    },
    domain::api::Overview,
    text::Text,
};

pub fn uplink(text: Text, overview: &Overview) -> impl IntoView + use<> {
    let network = &overview.network;
    let servers = network.dns.servers.iter().map(ToString::to_string).collect::<Vec<_>>();
    let dns = (!servers.is_empty()).then(|| list(text, &servers));
    let (body, end) = if let Some(uplink) = &network.uplink_in_use {
        let name = network
            .port(&uplink.port)
            .map_or_else(|| Ports(network).say(text, &uplink.port), |port| port_title(text, port));
        let rows = vec![
            (text.uplink_port().to_owned(), Fact::Text(name)),
            (text.field_address().to_owned(), Fact::code(uplink.address)),
            (text.field_gateway().to_owned(), Fact::code(Some(uplink.gateway))),
            (text.uplink_dns().to_owned(), Fact::code(dns)),
        ];
        let change = view! { <a class="link" href=format!("/network/{}", uplink.port)>{text.uplink_change()}</a> };
        (facts(rows).into_any(), change.into_any())
    } else {
        let set_up = view! { <a class="link" href="/network">{text.guide_go()}</a> };
        (view! { <p class="muted">{text.uplink_none()}</p> }.into_any(), set_up.into_any())
    };
    view! { <Card title=text.uplink_title() id="uplink" end=end>{body}</Card> }
}
