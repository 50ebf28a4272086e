//! How a port is now, as the kernel says.

use leptos::prelude::*;

use crate::{
    components::{
        card::{Card, Fact, facts},
        format::{bytes, number, speed},
        tag::{Mood, tag},
        words::PortState,
    },
    domain::{
        name::PortName,
        network::{
            kernel::MAIN_TABLE,
            status::{LinkStatus, NetworkStatus, PortStatus},
        },
    },
    text::Text,
};

/// The element's id, by which the live events replace it.
pub fn status_id(port: &PortName) -> String {
    format!("port-{port}")
}

pub fn status(text: Text, port: &PortStatus, network: &NetworkStatus) -> impl IntoView + use<> {
    let state = PortState::of(port, network);
    let mood = match state {
        PortState::InUse | PortState::Standby | PortState::Linked => Mood::Ok,
        PortState::Absent | PortState::NoLink => Mood::Warn,
    };
    let end = tag(mood, state.word(text)).into_any();
    let link = match &port.link {
        Some(link) => facts(link_rows(text, link)).into_any(),
        None => view! { <p class="muted">{text.rule_port_absent()}</p> }.into_any(),
    };
    let (addresses, routes) = (addresses(text, port), routes(text, port));
    let traffic = port.link.as_ref().map(|link| {
        view! {
            <details class="part">
                <summary>{text.port_traffic()}</summary>
                {facts(counter_rows(text, link))}
            </details>
        }
    });
    view! {
        <Card title=text.port_now() id=status_id(&port.name) end=end>
            {link}
            {addresses}
            {routes}
            {traffic}
        </Card>
    }
}

fn link_rows(text: Text, link: &LinkStatus) -> Vec<(String, Fact)> {
    let duplex = link.full_duplex.map(|full| if full { text.port_full_duplex() } else { text.port_half_duplex() });
    let rate = link.speed.filter(|_| link.carrier).map(|mbits| match duplex {
        Some(duplex) => format!("{} · {duplex}", speed(mbits)),
        None => speed(mbits),
    });
    vec![
        (text.port_speed().to_owned(), Fact::text(rate)),
        (text.port_mac().to_owned(), Fact::code(link.mac)),
        (text.port_interface().to_owned(), Fact::Code(link.interface.clone())),
        (text.port_driver().to_owned(), Fact::code(link.driver.as_ref())),
    ]
}

fn counter_rows(text: Text, link: &LinkStatus) -> Vec<(String, Fact)> {
    let c = link.counters;
    let rows = [
        (text.port_received(), bytes(c.rx_bytes)),
        (text.port_sent(), bytes(c.tx_bytes)),
        (text.port_rx_errors(), number(c.rx_errors)),
        (text.port_tx_errors(), number(c.tx_errors)),
        (text.port_dropped(), number(c.rx_dropped)),
    ];
    rows.into_iter().map(|(name, value)| (name.to_owned(), Fact::Text(value))).collect()
}

fn addresses(text: Text, port: &PortStatus) -> Option<impl IntoView + use<>> {
    let lines = port.addresses.iter().map(|a| {
        let other = (!a.ours).then(|| view! { <span class="small muted">" "{text.port_not_ours()}</span> });
        view! { <li><span class="mono">{a.net.to_string()}</span>{other}</li> }
    });
    let lines = lines.collect::<Vec<_>>();
    (!lines.is_empty())
        .then(|| view! { <div class="part"><h3>{text.port_addresses()}</h3><ul class="lines">{lines}</ul></div> })
}

/// Those of the main table: the port's own table repeats them for its replies.
fn routes(text: Text, port: &PortStatus) -> Option<impl IntoView + use<>> {
    let lines = port.routes.iter().filter(|r| r.table == MAIN_TABLE).map(|r| {
        let to =
            if r.destination.prefix_len() == 0 { text.port_default().to_owned() } else { r.destination.to_string() };
        let via = r.gateway.map(|g| text.port_via(g));
        view! { <li><span class="mono">{to}</span>" "<span>{via}</span></li> }
    });
    let lines = lines.collect::<Vec<_>>();
    (!lines.is_empty())
        .then(|| view! { <div class="part"><h3>{text.port_routes()}</h3><ul class="lines">{lines}</ul></div> })
}
