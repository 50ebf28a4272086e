//! The path as it is drawn: a row of hops on wide screens, a column on phones, and below it what to do.

use leptos::prelude::*;

use crate::{
    components::{
        card::Card,
        format::list,
        note::Note,
        tag::Mood,
        words::{Ports, cause, hop, hop_detail, hop_skip, mend, mended_at_port},
    },
    domain::{
        name::PortName,
        network::hops::{Cause, Detail, Hop, Outcome, Report, Tested},
    },
    text::Text,
};

pub(in crate::pages) fn result(text: Text, report: &Report, ports: Ports) -> impl IntoView + use<> {
    let title = report.host.as_ref().map_or_else(|| text.hops_result().to_owned(), |host| text.hops_result_to(host));
    let begins = report.uplink.as_ref().map(|port| text.hops_begins(ports.say(text, port)));
    let hops = report.path.0.iter().map(|tested| one(text, tested)).collect_view();
    let verdict = match report.path.first_broken() {
        Some((at, why)) => broken(text, at, why, report.uplink.as_ref()).into_any(),
        None => well(text, report).into_any(),
    };
    let failing = report.path.hop(Hop::Dns).and_then(|outcome| failing(text, outcome));
    view! {
        <Card title=title id="result" weighty=true>
            <p class="muted">{begins}</p>
            <ol class="hops">{hops}</ol>
            {verdict}
            {failing}
        </Card>
    }
}

fn one(text: Text, tested: &Tested) -> impl IntoView + use<> {
    let (class, mark, said) = match &tested.outcome {
        Outcome::Ok { detail } => ("passed", "✓", hop_detail(text, detail)),
        Outcome::Broken { .. } => ("broken", "✗", text.hops_broken().to_owned()),
        Outcome::Skipped { why } => ("skipped", "–", hop_skip(text, tested.hop, *why).to_owned()),
    };
    let passed = (class == "passed").then(|| view! { <span class="quiet-text">{text.hops_passed()}" "</span> });
    view! {
        <li class=class>
            <span class="mark" aria-hidden="true">{mark}</span>
            <span class="hop"><b>{hop(text, tested.hop)}</b><span>{passed}{said}</span></span>
        </li>
    }
}

fn broken(text: Text, at: Hop, why: &Cause, uplink: Option<&PortName>) -> impl IntoView + use<> {
    let what = cause(text, why);
    let mended = why.mend();
    let port = uplink.filter(|_| mended_at_port(mended));
    let place = port.map(|port| view! { <p><a href=format!("/network/{port}")>{text.attention_to_port()}</a></p> });
    let title = format!("{}{}{what}", hop(text, at), text.hops_colon());
    view! { <Note mood=Mood::Bad title=title role="alert"><p>{mend(text, mended)}</p>{place}</Note> }
}

fn well(text: Text, report: &Report) -> impl IntoView + use<> {
    let why = match &report.host {
        Some(host) => text.hops_all_well_host(host),
        None => text.hops_all_well_no_host().to_owned(),
    };
    view! { <Note mood=Mood::Ok title=text.hops_all_well() role="status"><p>{why}</p></Note> }
}

/// Servers that slow down each lookup although another one helps.
fn failing(text: Text, dns: &Outcome) -> Option<impl IntoView + use<>> {
    let Outcome::Ok { detail: Detail::Dns { failing, .. } } = dns else { return None };
    let servers = failing.iter().map(ToString::to_string).collect::<Vec<_>>();
    (!servers.is_empty()).then(|| {
        let why = text.hops_dns_failing_why(list(text, &servers));
        view! { <Note mood=Mood::Warn title=text.hops_dns_failing()><p>{why}</p></Note> }
    })
}
