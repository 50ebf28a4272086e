//! How it ended: kept, undone and why, or nothing to show.

use leptos::prelude::*;

use crate::{
    components::{
        note::Note,
        tag::Mood,
        words::{Ports, why},
    },
    domain::network::{status::NetworkStatus, transaction::Outcome},
    text::Text,
};

pub fn outcome(text: Text, network: &NetworkStatus) -> impl IntoView + use<> {
    let (title, mood, head, body) = match &network.transaction.last {
        Some(Outcome::Committed { .. }) => {
            (text.change_kept(), Mood::Ok, text.change_kept_head(), text.change_kept_why().to_owned())
        }
        Some(Outcome::RolledBack { reason, .. }) => {
            (text.change_undone(), Mood::Warn, text.change_undone_head(), why(text, reason, Ports(network)))
        }
        None => (text.fault_no_change(), Mood::Calm, text.fault_no_change(), text.change_none_why().to_owned()),
    };
    let undone = matches!(&network.transaction.last, Some(Outcome::RolledBack { .. }));
    let next = undone.then(|| view! { <p>{text.change_undone_next()}</p> });
    let degraded = (network.transaction.degraded > 0).then(|| {
        let why = text.attention_degraded_why(network.transaction.degraded as u64);
        view! { <Note mood=Mood::Bad title=text.attention_degraded()><p>{why}</p></Note> }
    });
    view! {
        <h1>{title}</h1>
        <Note mood=mood title=head role="status"><p>{body}</p>{next}</Note>
        {degraded}
        <p class="actions">
            <a class="button" href="/network">{text.fault_to_network()}</a>
            <a class="button plain" href="/">{text.fault_to_overview()}</a>
        </p>
    }
}
