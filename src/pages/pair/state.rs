//! The pair's state: as two boxes with what is between them, and each reason with what mends it.

use leptos::prelude::*;

use crate::{
    components::{
        card::Card,
        format::duration,
        note::Note,
        tag::{Mood, tag},
        words::{Ports, pair},
    },
    domain::{
        api::Overview,
        pair::{
            api::{PairStatus, PeerHeard, Phase},
            beat::Told,
            readiness,
        },
    },
    text::Text,
};

/// On the page of the cluster; nothing for a box that stands alone.
pub fn brief(text: Text, overview: &Overview) -> Option<impl IntoView + use<>> {
    let status = &overview.pair;
    (!matches!(status.phase, Phase::Single)).then(|| {
        let end = protection(text, status);
        let (drawn, phase) = (drawn(text, overview), pair::phase(text, &status.phase));
        view! {
            <Card title=text.pair_title() end=end.into_any()>
                <p>{phase}</p>
                {drawn}
                <p class="actions"><a class="button" href=super::PATH>{text.pair_open()}</a></p>
            </Card>
        }
    })
}

/// Live: see `pages/live.rs`.
pub fn state(text: Text, overview: &Overview) -> impl IntoView + use<> {
    let status = &overview.pair;
    let reasons = status.reasons.iter().map(|reason| {
        let (what, mend) = pair::reason(text, reason, Ports(&overview.network));
        let mood = pair::mood(reason.weight());
        view! { <li><Note mood=mood title=what><p>{mend}</p></Note></li> }
    });
    let reasons = reasons.collect::<Vec<_>>();
    let reasons = if reasons.is_empty() {
        view! { <p class="muted">{text.pair_readiness_none()}</p> }.into_any()
    } else {
        view! { <ul class="notes">{reasons}</ul> }.into_any()
    };
    let paired = !matches!(status.phase, Phase::Single);
    let end = paired.then(|| protection(text, status).into_any());
    let reasons = paired.then(|| view! { <h3>{text.pair_readiness()}</h3>{reasons} });
    let (drawn, phase) = (drawn(text, overview), pair::phase(text, &status.phase));
    view! {
        <section class="card weighty" id="pair">
            <div class="row"><h2>{phase}</h2>{end.map(|end| view! { <div class="end">{end}</div> })}</div>
            {drawn}
            {reasons}
        </section>
    }
}

fn protection(text: Text, status: &PairStatus) -> impl IntoView + use<> {
    let (mood, word) = pair::protection(text, readiness::heaviest(&status.reasons));
    tag(mood, word)
}

/// What this box is, in a word.
fn own(text: Text, phase: &Phase) -> (Mood, &'static str) {
    match phase {
        Phase::Active => (Mood::Ok, text.pair_peer_active()),
        Phase::Starting => (Mood::Info, text.pair_tag_starting()),
        Phase::Stopping => (Mood::Info, text.pair_tag_stopping()),
        Phase::Fenced { .. } => (Mood::Bad, text.pair_tag_fenced()),
        Phase::Maintenance => (Mood::Warn, text.pair_tag_maintenance()),
        Phase::Pairing => (Mood::Info, text.pair_tag_pairing()),
        Phase::Standby | Phase::Acquiring | Phase::Single | Phase::Awaiting { .. } => {
            (Mood::Calm, text.pair_peer_standby())
        }
    }
}

/// What the peer is, as far as it is heard.
fn peers(text: Text, heard: Option<PeerHeard>) -> (Mood, String) {
    let Some(heard) = heard else { return (Mood::Bad, text.pair_peer_silent().to_owned()) };
    let about = heard.about;
    let (mood, word) = match about.role {
        _ if !heard.is_there() => {
            return (Mood::Bad, format!("{} {}", text.pair_peer_silent(), duration(text, heard.ago / 1000)));
        }
        Told::Active => (Mood::Ok, text.pair_peer_active()),
        Told::Stopping => (Mood::Info, text.pair_tag_stopping()),
        Told::Standby | Told::Acquiring if about.fenced => (Mood::Bad, text.pair_tag_fenced()),
        Told::Standby | Told::Acquiring if about.maintenance => (Mood::Warn, text.pair_tag_maintenance()),
        Told::Standby | Told::Acquiring => (Mood::Calm, text.pair_peer_standby()),
    };
    (mood, word.to_owned())
}

/// Both boxes, the virtual IP at the one that has it, and each way between them.
fn drawn(text: Text, overview: &Overview) -> Option<impl IntoView + use<>> {
    let status = &overview.pair;
    let address = status.settings.virtual_ip.as_ref().filter(|_| status.phase != Phase::Single).map(|virtual_ip| {
        let place = if status.address_here { text.pair_here() } else { text.pair_not_here() };
        let address = virtual_ip.address.addr().to_string();
        view! { <p class="small">{text.pair_virtual_ip()}" "<span class="mono">{address}</span>" · "{place}</p> }
    });
    let Some(peer) = &status.peer else { return address.map(IntoAny::into_any) };
    let (own_mood, own_word) = own(text, &status.phase);
    let (mood, word) = peers(text, peer.heard);
    let ways = status.ways.iter().map(|way| {
        let (mood, word) = match (way.carrier, way.heard) {
            (false, _) => (Mood::Bad, text.pair_way_unplugged()),
            (true, false) => (Mood::Bad, text.pair_way_silent()),
            (true, true) => (Mood::Ok, text.pair_way_heard()),
        };
        view! { <li>{text.pair_way(&way.label)}" "{tag(mood, word)}</li> }
    });
    let ways = ways.collect_view();
    let (host, serial) = (overview.host_name.clone(), overview.serial.clone());
    let (name, its) = (peer.name.clone(), peer.serial.to_string());
    let drawn = view! {
        <ul class="map">
            <li class="pair">
                <span class="node own"><b>{host}</b><span class="mono small">{serial}</span>{tag(own_mood, own_word)}<span class="small">{text.cluster_this()}</span></span>
                <span class="wire" aria-hidden="true"></span>
                <span class="node">{name.map(|name| view! { <b>{name}</b> })}<span class="mono small">{its}</span>{tag(mood, &word)}<span class="small">{text.pair_peer()}</span></span>
            </li>
        </ul>
        {address}
        <ul class="checks">{ways}</ul>
    };
    Some(drawn.into_any())
}
