//! How a port is now, as the kernel says.

use leptos::prelude::*;

use crate::{
    components::{
        card::{Card, Fact, facts},
        format::{bytes, duration, list, number, speed},
        note::Note,
        tag::{Mood, tag},
        words::{PortState, Ports, dhcp_problem, dhcp_state, issue, rival, service_port},
    },
    domain::{
        api::Overview,
        box_file::Role,
        dhcp::client::StateName,
        name::PortName,
        network::{
            kernel::MAIN_TABLE,
            status::{Detection, DhcpStatus, LinkStatus, NetworkStatus, Origin, PortStatus},
        },
        service_port::ServicePortStatus,
    },
    text::Text,
};

/// The element's id, by which the live events replace it.
pub fn status_id(port: &PortName) -> String {
    format!("port-{port}")
}

pub fn status(text: Text, port: &PortStatus, overview: &Overview) -> impl IntoView + use<> {
    let network = &overview.network;
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
    let dhcp = network.dhcp.get(&port.name).map(|dhcp| dhcp_part(text, &port.name, dhcp, network));
    let laptop = (port.role == Role::Service).then(|| laptop_part(text, &overview.service_port));
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
            {dhcp}
            {laptop}
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
        let origin = match a.origin {
            Origin::Gatehouse => None,
            Origin::Router => Some(text.port_from_router()),
            Origin::LinkLocal => Some(text.port_link_local()),
            Origin::Other => Some(text.port_not_ours()),
        };
        let origin = origin.map(|said| view! { <span class="small muted">" "{said}</span> });
        let checked = match a.duplicates {
            Detection::Unique => None,
            Detection::Tentative => Some(view! { <p class="small muted">{text.port_tentative()}</p> }.into_any()),
            Detection::Duplicate => {
                let why = view! { <p>{text.port_duplicate_why()}</p> };
                Some(view! { <Note mood=Mood::Bad title=text.port_duplicate()>{why}</Note> }.into_any())
            }
        };
        view! { <li><span class="mono">{a.net.to_string()}</span>{origin}{checked}</li> }
    });
    let lines = lines.collect::<Vec<_>>();
    (!lines.is_empty())
        .then(|| view! { <div class="part"><h3>{text.port_addresses()}</h3><ul class="lines">{lines}</ul></div> })
}

/// What the DHCP client is doing, who gave the lease and for how long, and what is wrong.
fn dhcp_part(text: Text, port: &PortName, dhcp: &DhcpStatus, network: &NetworkStatus) -> impl IntoView + use<> {
    let lease = dhcp.view.lease.as_ref();
    let left = lease.map(|lease| match lease.expires() {
        Some(end) => duration(text, end.left(network.at).div_ceil(60_000) * 60),
        None => text.offer_for_ever().to_owned(),
    });
    let rows = vec![
        (text.dhcp_state().to_owned(), Fact::Text(dhcp_state(text, dhcp.view.state).to_owned())),
        (text.dhcp_server().to_owned(), Fact::code(lease.map(|lease| lease.server))),
        (text.dhcp_left().to_owned(), Fact::text(left)),
    ];
    let unfit = dhcp.unfit.iter().map(|found| issue(text, found, "", Ports(network))).collect::<Vec<_>>();
    let wrong = if unfit.is_empty() {
        dhcp.view.problem.as_ref().map(|problem| dhcp_problem(text, problem))
    } else {
        Some(text.dhcp_unfit(list(text, &unfit)))
    };
    let wrong = wrong.map(|said| view! { <Note mood=Mood::Warn title=text.dhcp_wrong()><p>{said}</p></Note> });
    let buttons = lease_buttons(text, port, dhcp);
    view! { <div class="part"><h3>{text.dhcp_title()}</h3>{facts(rows)}{wrong}{buttons}</div> }
}

/// Plain forms: what they ask for is done by the time that the page comes back.
fn lease_buttons(text: Text, port: &PortName, dhcp: &DhcpStatus) -> impl IntoView + use<> {
    let button = |ask: &'static str, label: &'static str| {
        let action = lease_action(port);
        view! {
            <form method="post" action=action>
                <input type="hidden" name="ask" value=ask />
                <button class="plain">{label}</button>
            </form>
        }
    };
    let has_lease = dhcp.view.lease.is_some();
    let renew = if has_lease { text.dhcp_renew() } else { text.dhcp_ask() };
    let released = dhcp.view.state == StateName::Released;
    let release = (!released).then(|| button("release", text.dhcp_release()));
    view! { <div class="actions">{button("renew", renew)}{release}</div> }
}

pub fn lease_action(port: &PortName) -> String {
    format!("/network/{port}/lease")
}

/// Asked where whoever gives the lease back would be cut off.
pub fn release_anyway(text: Text, port: &PortName) -> impl IntoView + use<> {
    view! {
        <form class="actions" method="post" action=lease_action(port)>
            <input type="hidden" name="ask" value="release" />
            <input type="hidden" name="sure" value="on" />
            <button>{text.dhcp_release_anyway()}</button>
            <a class="button plain" href=format!("/network/{port}")>{text.dhcp_keep()}</a>
        </form>
    }
}

/// Whether a laptop that is plugged in here gets an address.
fn laptop_part(text: Text, status: &ServicePortStatus) -> impl IntoView + use<> {
    let said = service_port(text, status);
    let body = match status {
        ServicePortStatus::NoLink | ServicePortStatus::Checking | ServicePortStatus::Serving { .. } => {
            view! { <p>{said}</p> }.into_any()
        }
        ServicePortStatus::Silent { other, .. } => {
            let why = text.attention_service_silent_why(rival(text, *other));
            view! { <Note mood=Mood::Bad title=said><p>{why}</p></Note> }.into_any()
        }
        ServicePortStatus::Failed { .. } => {
            let why = text.attention_service_failed_why(said);
            view! { <Note mood=Mood::Warn title=text.attention_service_failed()><p>{why}</p></Note> }.into_any()
        }
    };
    view! { <div class="part"><h3>{text.service_title()}</h3>{body}</div> }
}

/// Those of the main table: the port's own table repeats them for its replies.
fn routes(text: Text, port: &PortStatus) -> Option<impl IntoView + use<>> {
    let lines = port.routes.iter().filter(|r| r.table == MAIN_TABLE).map(|r| {
        let to =
            if r.destination.prefix_len() == 0 { text.port_default().to_owned() } else { r.destination.to_string() };
        let via = r.gateway.map(|g| text.port_via(g));
        let origin = (r.origin == Origin::Router)
            .then(|| view! { <span class="small muted">" "{text.port_from_router()}</span> });
        view! { <li><span class="mono">{to}</span>" "<span>{via}</span>{origin}</li> }
    });
    let lines = lines.collect::<Vec<_>>();
    (!lines.is_empty())
        .then(|| view! { <div class="part"><h3>{text.port_routes()}</h3><ul class="lines">{lines}</ul></div> })
}
