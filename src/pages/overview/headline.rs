//! The state of the box as one sentence: the page's heading.

use leptos::prelude::*;

use crate::{
    components::words::{PortState, Ports},
    domain::{
        api::Overview,
        box_file::Role,
        network::{
            spec::Ipv4Spec,
            status::{NetworkStatus, PortStatus},
            transaction::PhaseView,
        },
    },
    text::Text,
};

pub fn headline(text: Text, overview: &Overview) -> impl IntoView + use<> {
    let (state, why) = sentence(text, &overview.network);
    view! { <div class="lead" id="headline"><h1>{state}</h1><p class="muted">{why}</p></div> }
}

fn sentence(text: Text, network: &NetworkStatus) -> (String, String) {
    let ports = Ports(network);
    if let Some(open) = &network.transaction.open {
        let (state, why) = match open.phase {
            PhaseView::AwaitingConfirm { .. } => (text.headline_awaiting(), text.headline_awaiting_why()),
            _ => (text.headline_changing(), text.headline_changing_why()),
        };
        return (state.to_owned(), why.to_owned());
    }
    if let Some(uplink) = &network.uplink_in_use {
        let port = ports.say(text, &uplink.port);
        let backups = network.ports.iter().filter(|p| PortState::of(p, network) == PortState::Standby).count();
        let why = if backups > 0 { text.headline_backed() } else { text.headline_alone() };
        return (text.headline_connected(port), why.to_owned());
    }
    match configured(network).next() {
        None => (text.headline_new().to_owned(), text.headline_new_why().to_owned()),
        Some(_) if configured(network).any(PortStatus::has_carrier) => {
            (text.headline_no_way().to_owned(), text.headline_no_way_why().to_owned())
        }
        Some(first) => (text.headline_no_link(ports.say(text, &first.name)), text.headline_no_link_why().to_owned()),
    }
}

/// Uplinks that the spec gives an address.
pub(super) fn configured(network: &NetworkStatus) -> impl Iterator<Item = &PortStatus> {
    network.ports.iter().filter(|p| p.role == Role::Uplink && !matches!(network.spec.port(&p.name).ipv4, Ipv4Spec::Off))
}
