//! `/network`: the ports, the order of the uplinks, DNS, and the change that is open or was last.

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use leptos::prelude::*;

use super::{frame as frame_for, refused, render::render};
use crate::{
    components::{
        card::{Card, Fact, facts},
        format::list,
        frame::{Frame, Shell},
        nav::Place,
        note::Note,
        tag::{Mood, tag},
        words::{PortState, Ports, outcome, phase, port_title, switch, uplink_why},
    },
    domain::{
        api::Overview,
        box_file::Role,
        network::{
            spec::Ipv4Spec,
            status::{NetworkStatus, PortStatus},
            transaction::Outcome,
        },
    },
    text::Text,
    web::{App, Visitor},
};

pub fn routes() -> Router<App> {
    Router::new().route("/network", get(show))
}

async fn show(State(app): State<App>, visitor: Visitor) -> Response {
    match app.agent.overview(&visitor.caller).await {
        Ok(overview) => {
            render(StatusCode::OK, || page(frame_for(&visitor, &overview, Place::Network, "/network"), &overview))
        }
        Err(refusal) => refused(&visitor, &refusal),
    }
}

pub fn page(frame: Frame, overview: &Overview) -> impl IntoView + use<> {
    let text = frame.text;
    let state = state(text, overview);
    view! {
        <Shell frame=frame>
            <div class="lead"><h1>{text.nav_network()}</h1><p class="muted">{text.network_why()}</p>
                <p><a class="link" href="/network/test">{text.hops_to_test()}</a></p></div>
            {state}
        </Shell>
    }
}

/// All of the page but its heading: one live piece.
pub fn state(text: Text, overview: &Overview) -> impl IntoView + use<> {
    let network = &overview.network;
    let ports = network.ports.iter().map(|port| line(text, port, network)).collect_view();
    let (open, last) = (open(text, network), last(text, network));
    let (order, dns) = (order(text, network), dns(text, network));
    view! {
        <div class="stack" id="network">
            {open}
            <div class="cols">
                <Card title=text.overview_ports()><ul class="ports-list">{ports}</ul></Card>
                <div class="stack">{order}{dns}{last}</div>
            </div>
        </div>
    }
}

fn line(text: Text, port: &PortStatus, network: &NetworkStatus) -> impl IntoView + use<> {
    let state = PortState::of(port, network);
    let spec = network.spec.port(&port.name);
    let mood = match state {
        PortState::InUse | PortState::Standby | PortState::Linked => Mood::Ok,
        PortState::Absent | PortState::NoLink if spec.ipv4 != Ipv4Spec::Off => Mood::Bad,
        PortState::Absent | PortState::NoLink => Mood::Calm,
    };
    let way = match port.role {
        Role::Service => text.network_fixed().to_owned(),
        Role::Heartbeat => text.network_heartbeat().to_owned(),
        Role::Sim => text.network_sim().to_owned(),
        Role::Uplink => match &spec.ipv4 {
            Ipv4Spec::Off => text.network_off().to_owned(),
            Ipv4Spec::Dhcp => text.network_dhcp().to_owned(),
            Ipv4Spec::Static { .. } => text.network_static().to_owned(),
        },
    };
    let address = port.ipv4().map(|net| view! { <span class="mono">{net.to_string()}</span>" · " });
    view! {
        <li>
            <a class="link" href=format!("/network/{}", port.name)>{port_title(text, port)}</a>
            {tag(mood, state.word(text))}
            <span class="at">{address}<span>{way}</span></span>
        </li>
    }
}

fn order(text: Text, network: &NetworkStatus) -> impl IntoView + use<> {
    let ports = Ports(network);
    let able = |spec: &crate::domain::network::spec::PortSpec| spec.default_route && spec.ipv4.gateway().is_some();
    let uplinks = ports.uplinks_in_order().into_iter().filter(|name| able(&network.effective.port(name)));
    let rows = uplinks.enumerate().map(|(i, name)| {
        let used = network.uplink_in_use.as_ref().is_some_and(|u| u.port == name);
        let gateway = network.effective.port(&name).ipv4.gateway().map(|g| g.to_string());
        let ranked = network.failover.uplinks.iter().find(|r| r.uplink == name);
        let state = ranked.map(|r| uplink_why(text, r.why, network.at));
        view! {
            <li class=used.then_some("used")>
                <b>{i + 1}</b>
                <span>{ports.say(text, &name)}" · "<span class="mono">{gateway}</span>" · "{state}</span>
            </li>
        }
    });
    let rows = rows.collect::<Vec<_>>();
    let body = if rows.is_empty() {
        view! { <p class="muted">{text.network_order_none()}</p> }.into_any()
    } else {
        let change =
            (rows.len() > 1).then(|| view! { <p><a href="/network/order">{text.network_order_change()}</a></p> });
        let switches = network.failover.history.iter().map(|s| view! { <li>{switch(text, s, ports)}</li> });
        let switches = switches.collect::<Vec<_>>();
        // the first one of a start is no change
        let switches = (switches.len() > 1).then(|| {
            view! {
                <details class="part">
                    <summary>{text.network_switches()}</summary>
                    <ul class="lines small">{switches}</ul>
                </details>
            }
        });
        view! { <ol class="order">{rows}</ol><p class="muted small">{text.network_order_why()}</p>{change}{switches} }
            .into_any()
    };
    view! { <Card title=text.network_order()>{body}</Card> }
}

fn dns(text: Text, network: &NetworkStatus) -> impl IntoView + use<> {
    let servers = network.dns.servers.iter().map(ToString::to_string).collect::<Vec<_>>();
    let servers = (!servers.is_empty()).then(|| list(text, &servers));
    let foreign = network.dns.foreign.as_ref().map(|owner| {
        let why = text.attention_dns_foreign_why(owner);
        view! { <Note mood=Mood::Warn title=text.attention_dns_foreign()><p>{why}</p></Note> }
    });
    let domains = network.dns.search.iter().map(ToString::to_string).collect::<Vec<_>>();
    let domains =
        (!domains.is_empty()).then(|| (text.network_dns_search().to_owned(), Fact::code(Some(list(text, &domains)))));
    let rows = [(text.network_dns_servers().to_owned(), Fact::code(servers))].into_iter().chain(domains).collect();
    view! { <Card title=text.network_dns()>{facts(rows)}{foreign}</Card> }
}

fn open(text: Text, network: &NetworkStatus) -> Option<impl IntoView + use<>> {
    network.transaction.open.as_ref().map(|open| {
        let said = phase(text, &open.phase, Ports(network));
        view! {
            <Card title=text.network_open() weighty=true>
                <p>{said}</p>
                <p class="actions"><a class="button" href="/network/change">{text.fault_to_change()}</a></p>
            </Card>
        }
    })
}

fn last(text: Text, network: &NetworkStatus) -> Option<impl IntoView + use<>> {
    network.transaction.last.as_ref().map(|last| {
        let (mood, word) = match last {
            Outcome::Committed { .. } => (Mood::Ok, text.network_last_kept()),
            Outcome::RolledBack { .. } => (Mood::Warn, text.network_last_undone()),
        };
        let said = outcome(text, last, Ports(network));
        let end = tag(mood, word).into_any();
        view! { <Card title=text.network_last() end=end><p>{said}</p></Card> }
    })
}
