//! What DHCP would give, before anything changes.

use leptos::prelude::*;

use crate::{
    components::{
        card::{Fact, facts},
        format::{duration, list},
        note::Note,
        tag::Mood,
        words::{Ports, dhcp_refusal},
    },
    domain::{
        dhcp::{
            discover::Offer,
            lease::{Lease, Lifetimes},
        },
        name::PortName,
        network::plan::Plan,
    },
    text::Text,
};

/// One note for each port that changes to DHCP.
pub fn offers(text: Text, plan: &Plan, ports: Ports) -> impl IntoView + use<> {
    plan.offers.iter().map(|(port, offers)| note(text, port, offers, ports)).collect::<Vec<_>>()
}

fn note(text: Text, port: &PortName, offers: &[Offer], ports: Ports) -> AnyView {
    let at = ports.say(text, port);
    let Some(lease) = offers.iter().find_map(|offer| offer.lease.as_ref().ok()) else {
        let refused = offers.iter().find_map(|offer| offer.lease.as_ref().err());
        let title = if refused.is_some() { text.offer_unusable(at) } else { text.offer_none(at) };
        let why = refused.map(|refusal| view! { <p>{text.offer_unusable_why(dhcp_refusal(text, refusal))}</p> });
        return view! { <Note mood=Mood::Warn title=title>{why}<p>{text.offer_none_next()}</p></Note> }.into_any();
    };
    let servers = offers.iter().filter_map(|offer| offer.server).map(|s| s.to_string()).collect::<Vec<_>>();
    let several = (offers.len() > 1).then(|| {
        let title = text.offer_several(offers.len(), ports.say(text, port));
        view! { <Note mood=Mood::Warn title=title><p>{text.offer_several_why(list(text, &servers))}</p></Note> }
    });
    view! {
        {several}
        <div class="part"><h3>{text.offer_title(at)}</h3>{facts(rows(text, lease))}</div>
    }
    .into_any()
}

fn rows(text: Text, lease: &Lease) -> Vec<(String, Fact)> {
    let dns = lease.dns.iter().map(ToString::to_string).collect::<Vec<_>>();
    let valid = match lease.lifetimes {
        Lifetimes::Infinite => text.offer_for_ever().to_owned(),
        Lifetimes::Finite { lease, .. } => duration(text, u64::from(lease)),
    };
    vec![
        (text.offer_address().to_owned(), Fact::code(Some(lease.address))),
        (text.offer_gateway().to_owned(), Fact::code(lease.gateway)),
        (text.offer_dns().to_owned(), Fact::code((!dns.is_empty()).then(|| list(text, &dns)))),
        (text.offer_server().to_owned(), Fact::code(Some(lease.server))),
        (text.offer_lease().to_owned(), Fact::Text(valid)),
    ]
}
