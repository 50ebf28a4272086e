//! The host name, and more settings: cluster and peer. Every box of every cluster is listed; one that cannot be chosen says why.

use std::{collections::HashMap, net::Ipv4Addr};

use leptos::prelude::*;

use super::{WizardView, problem};
use crate::{
    components::{
        choice::{Choice, choice},
        field::{Field, field},
        note::Note,
        select::{Select, select},
        summary::Problem,
        tag::Mood,
        words::registry::no_peer,
    },
    domain::{
        activation::{
            api::{Activation, Answers},
            wizard,
        },
        api::Overview,
        box_file::Role,
        cluster::{
            api::{AssociationAsk, AssociationKind, Joinable, Preview},
            names::{ClusterId, Label, Serial},
        },
        pair::settings::{HeartbeatPort, PairPorts, SettingsIssue},
    },
    pages::pair::settings,
    text::Text,
};

/// Of the select: no port's name.
const NO_HEARTBEAT: &str = "none";

/// Reads the form; all that is wrong at once.
pub(super) fn read(
    text: Text,
    activation: &Activation,
    own: &str,
    typed: &HashMap<String, String>,
) -> Result<Answers, Vec<Problem>> {
    let value = |name: &str| typed.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let mut problems = Vec::new();
    let name = value("name").parse().map_err(|_| problems.push(problem("name", text.activate_problem_name()))).ok();
    let mut association = AssociationAsk::none();
    let mut ports = PairPorts::default();
    match value("association").as_str() {
        "none" => {}
        "automatic" => association.kind = AssociationKind::Automatic,
        "manual" => {
            association.kind = AssociationKind::Manual;
            place(text, activation, &value("place"), &value("new_cluster"), &mut association, &mut problems);
            later(text, own, &value("expected"), &value("virtual_ip"), &mut association, &mut problems);
            ports = pair_ports(&value("virtual_ip_port"), &value("heartbeat"));
        }
        _ => problems.push(problem("association-none", text.activate_problem_association())),
    }
    if problems.is_empty() {
        Ok(Answers { name, association: Some(association), ports: Some(ports), ..Answers::default() })
    } else {
        Err(problems)
    }
}

/// `new`, or a cluster and perhaps a box of it: `ID` or `ID:SERIAL`.
fn place(
    text: Text,
    activation: &Activation,
    chosen: &str,
    name: &str,
    association: &mut AssociationAsk,
    problems: &mut Vec<Problem>,
) {
    if chosen == "new" {
        match name.parse::<Label>() {
            Ok(name) => association.new_cluster = Some(name),
            Err(_) => problems.push(problem("new_cluster", text.activate_problem_cluster_name())),
        }
        return;
    }
    let (cluster, peer) = chosen.split_once(':').map_or((chosen, None), |(id, serial)| (id, Some(serial)));
    let Ok(id) = cluster.parse::<ClusterId>() else {
        return problems.push(problem("place-new", text.activate_problem_place()));
    };
    let preview = activation.offered.as_ref().map(|offered| &offered.preview);
    let joinable = preview.and_then(|preview| preview.clusters.iter().find(|cluster| cluster.id == id));
    if let Some(why) = joinable.and_then(|cluster| cluster.why_not.as_ref()) {
        problems.push(problem("place-new", &text.activate_place_closed(no_peer(text, why))));
    }
    if let Some(serial) = peer {
        let known = joinable.and_then(|cluster| cluster.candidates.iter().find(|box_| box_.serial.as_str() == serial));
        match (known.and_then(|candidate| candidate.why_not.as_ref()), serial.parse::<Serial>()) {
            (Some(why), _) => {
                let message = text.problem_peer(serial, no_peer(text, why));
                problems.push(Problem { field: Some(id_of(&id, Some(serial))), message });
            }
            (None, Ok(serial)) => association.peer = Some(serial),
            (None, Err(_)) => problems.push(problem("place-new", text.activate_problem_place())),
        }
    }
    association.cluster = Some(id);
}

fn later(
    text: Text,
    own: &str,
    expected: &str,
    virtual_ip: &str,
    association: &mut AssociationAsk,
    problems: &mut Vec<Problem>,
) {
    if !expected.is_empty() && association.peer.is_none() {
        match expected.parse::<Serial>() {
            Ok(serial) if serial.as_str() == own => problems.push(problem("expected", text.activate_problem_self())),
            Ok(serial) => association.peer = Some(serial),
            Err(_) => problems.push(problem("expected", text.activate_problem_serial())),
        }
    }
    if !virtual_ip.is_empty() {
        match virtual_ip.parse::<Ipv4Addr>() {
            Ok(ip) if !ip.is_unspecified() && !ip.is_loopback() && !ip.is_multicast() && !ip.is_broadcast() => {
                association.virtual_ip = Some(ip);
            }
            Ok(_) | Err(_) => problems.push(problem("virtual_ip", text.activate_problem_ip())),
        }
    }
}

/// As chosen from what is offered; what nobody offered is as nothing.
fn pair_ports(virtual_ip: &str, heartbeat: &str) -> PairPorts {
    let heartbeat = match heartbeat {
        NO_HEARTBEAT => HeartbeatPort::None,
        other => other.parse().map_or(HeartbeatPort::Automatic, HeartbeatPort::Port),
    };
    PairPorts { virtual_ip: virtual_ip.parse().ok(), heartbeat }
}

/// What the box says of the addresses, each at its field.
pub(super) fn unusable(text: Text, overview: &Overview, issues: &[SettingsIssue]) -> Vec<Problem> {
    issues
        .iter()
        .map(|it| settings::problem(text, overview, it, ["virtual_ip", "virtual_ip_port", "heartbeat"]))
        .collect()
}

fn id_of(cluster: &ClusterId, serial: Option<&str>) -> String {
    serial.map_or_else(|| format!("place-{cluster}"), |serial| format!("place-{cluster}-{serial}"))
}

pub(super) fn view(text: Text, overview: &Overview, view: &WizardView) -> impl IntoView + use<> {
    let activation = &view.activation;
    let preview = activation.offered.as_ref().map(|offered| &offered.preview);
    let saved = activation.draft.association.clone();
    let saved = saved.or_else(|| preview.map(|preview| wizard::suggested(preview, activation.draft.kind)));
    let saved = saved.unwrap_or_else(AssociationAsk::none);
    let typed = |name: &str, else_: String| view.typed.get(name).cloned().unwrap_or(else_);
    let kind = match saved.kind {
        AssociationKind::None => "none",
        AssociationKind::Automatic => "automatic",
        AssociationKind::Manual => "manual",
    };
    let kind = typed("association", kind.to_owned());
    let of = |name: &str| view.problems.iter().find(|p| p.field.as_deref() == Some(name)).map(|p| p.message.clone());
    let line = |name: &'static str, label: &str, hint: Option<&str>, value: String| Field {
        name: name.into(),
        label: label.to_owned(),
        hint: hint.map(str::to_owned),
        problem: of(name),
        value,
        ..Field::default()
    };
    let suggested = wizard::suggested_name(&activation.draft, preview, &overview.host_name);
    let name = line("name", text.activate_review_name(), Some(text.host_name_hint()), typed("name", suggested));
    let one = |value: &'static str, label: &str, why: Option<&str>| {
        let (label, why, chosen) = (label.to_owned(), why.map(str::to_owned), kind == value);
        choice(Choice { kind: "radio", name: "association", value, label, why, chosen })
    };
    let in_cluster = saved.cluster.as_ref().map(|id| match &saved.peer {
        Some(peer) if listed(preview, id, peer) => format!("{id}:{peer}"),
        Some(_) | None => id.to_string(),
    });
    let chosen = typed("place", in_cluster.unwrap_or_else(|| "new".to_owned()));
    let clusters = preview.map(|preview| preview.clusters.iter().map(|c| cluster(text, c, &chosen)).collect_view());
    let new_name = saved.new_cluster.as_ref().map(ToString::to_string).unwrap_or_default();
    let new_name = line("new_cluster", text.activate_new_cluster_name(), None, typed("new_cluster", new_name));
    let comes = saved.peer.as_ref().filter(|peer| !saved.cluster.as_ref().is_some_and(|id| listed(preview, id, peer)));
    let comes = comes.map(ToString::to_string).unwrap_or_default();
    let expected =
        line("expected", text.activate_expected(), Some(text.activate_expected_hint()), typed("expected", comes));
    let ip = saved.virtual_ip.map(|ip| ip.to_string()).unwrap_or_default();
    let virtual_ip =
        line("virtual_ip", text.activate_virtual_ip(), Some(text.activate_virtual_ip_hint()), typed("virtual_ip", ip));
    let ports = &activation.draft.ports;
    let at = ports.virtual_ip.as_ref().map(ToString::to_string).unwrap_or_default();
    let automatic = (String::new(), text.activate_virtual_ip_automatic().to_owned());
    let port = Select {
        name: "virtual_ip_port",
        label: text.pair_settings_port().to_owned(),
        options: std::iter::once(automatic).chain(settings::ports(overview, Role::Uplink)).collect(),
        chosen: typed("virtual_ip_port", at),
    };
    let heartbeat = heartbeat(text, overview, &ports.heartbeat, view.typed.get("heartbeat")).map(select);
    view! {
        {context(text, preview)}
        <form class="card stack" method="post" action="/activate/cluster" novalidate>
            {field(name)}
            <fieldset>
                <legend>{text.activate_cluster_question()}</legend>
                {one("none", text.activate_none(), None)}
                {one("automatic", text.activate_automatic(), Some(text.activate_automatic_why()))}
                {one("manual", text.activate_manual(), None)}
            </fieldset>
            <fieldset class="inset">
                <legend>{text.activate_place()}</legend>
                <p class="hint">{text.activate_place_why()}</p>
                {clusters}
                {radio("place-new".into(), "new".into(), text.activate_new_cluster().into(), None, chosen == "new", false)}
                {field(new_name)}
                {field(expected)}
                {field(virtual_ip)}
                <div class="pair">{select(port)}{heartbeat}</div>
            </fieldset>
            <p class="actions"><button>{text.activate_next()}</button></p>
        </form>
    }
}

/// Nothing to choose on a box that has no heartbeat port.
fn heartbeat(text: Text, overview: &Overview, saved: &HeartbeatPort, typed: Option<&String>) -> Option<Select> {
    let all = settings::ports(overview, Role::Heartbeat).collect::<Vec<_>>();
    let (_, first) = all.first()?;
    let automatic = (String::new(), text.activate_heartbeat_automatic(first));
    let none = (NO_HEARTBEAT.to_owned(), text.activate_heartbeat_none().to_owned());
    let saved = match saved {
        HeartbeatPort::Automatic => String::new(),
        HeartbeatPort::None => NO_HEARTBEAT.to_owned(),
        HeartbeatPort::Port(port) => port.to_string(),
    };
    let others = all.iter().skip(1).cloned();
    Some(Select {
        name: "heartbeat",
        label: text.pair_settings_heartbeat().to_owned(),
        options: std::iter::once(automatic).chain(others).chain([none]).collect(),
        chosen: typed.cloned().unwrap_or(saved),
    })
}

fn listed(preview: Option<&Preview>, id: &ClusterId, peer: &Serial) -> bool {
    let cluster = preview.and_then(|preview| preview.clusters.iter().find(|cluster| cluster.id == *id));
    cluster.is_some_and(|cluster| cluster.candidates.iter().any(|candidate| candidate.serial == *peer))
}

/// What the registry says about this box before anything is chosen.
fn context(text: Text, preview: Option<&Preview>) -> impl IntoView + use<> {
    let Some(preview) = preview else {
        return view! {
            <Note mood=Mood::Warn title=text.activate_not_offered()>
                <p>{text.activate_not_offered_why()}</p>
                <form method="post" action="/activate/preview">
                    <p class="actions"><button>{text.activate_ask_now()}</button></p>
                </form>
            </Note>
        }
        .into_any();
    };
    let off = (!preview.service).then(|| {
        view! {
            <Note mood=Mood::Warn title=text.activate_service_off()><p>{text.activate_service_off_why()}</p></Note>
        }
    });
    let reserved = preview.reserved.as_ref().map(|reserved| {
        let cluster = preview.clusters.iter().find(|cluster| cluster.id == reserved.cluster);
        let name = cluster.map_or_else(|| reserved.cluster.to_string(), |cluster| cluster.name.to_string());
        let peer = reserved.peer.as_ref().map(|peer| view! { <p>{text.activate_reserved_peer(peer)}</p> });
        let replaces = reserved.replaces.as_ref().map(|old| view! { <p>{text.activate_reserved_replaces(old)}</p> });
        view! {
            <Note mood=Mood::Info title=text.activate_reserved()>
                <p>{text.activate_reserved_why(name)}</p>{peer}{replaces}
            </Note>
        }
    });
    view! { {off}{reserved} }.into_any()
}

fn cluster(text: Text, cluster: &Joinable, chosen: &str) -> impl IntoView + use<> {
    let Joinable { id, name, why_not, candidates, .. } = cluster;
    let closed = why_not.as_ref().map(|why| text.activate_place_closed(no_peer(text, why)));
    let no_peer_line = radio(
        id_of(id, None),
        id.to_string(),
        text.activate_place_no_peer().to_owned(),
        closed.clone(),
        chosen == id.as_str(),
        closed.is_some(),
    );
    let boxes = candidates.iter().map(|candidate| {
        let value = format!("{id}:{}", candidate.serial);
        let reason = closed.clone().or_else(|| candidate.why_not.as_ref().map(|why| no_peer(text, why)));
        let off = reason.is_some();
        let why = reason.unwrap_or_else(|| text.activate_place_peer_ok().to_owned());
        let label = format!("{} · {}", candidate.name, candidate.serial);
        let chosen = chosen == value;
        radio(id_of(id, Some(candidate.serial.as_str())), value, label, Some(why), chosen, off)
    });
    view! {
        <fieldset class="inset">
            <legend>{text.activate_place_in(name)}</legend>
            {boxes.collect_view()}
            {no_peer_line}
        </fieldset>
    }
}

/// What cannot be chosen can be reached by the keyboard all the same, and says why; the form comes back if it is sent with it.
fn radio(
    id: String,
    value: String,
    label: String,
    why: Option<String>,
    chosen: bool,
    off: bool,
) -> impl IntoView + use<> {
    let why_id = why.as_ref().map(|_| format!("{id}-why"));
    let (target, class) = (id.clone(), if off { "choice off" } else { "choice" });
    view! {
        <label class=class for=target>
            <input type="radio" id=id name="place" value=value checked=chosen aria-describedby=why_id.clone()
                aria-disabled=off.then_some("true") />
            <span>{label}</span>
            {why.map(|why| view! { <span class="why" id=why_id>{why}</span> })}
        </label>
    }
}
