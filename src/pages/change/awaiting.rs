//! The question: keep the change or go back? With what the box has seen, and the way to the new address.

use leptos::prelude::*;

use super::ChangeView;
use crate::{
    components::{
        card::Card,
        countdown::countdown,
        note::Note,
        tag::{Mood, tag},
        words::Ports,
    },
    domain::network::{
        spec::{Ipv4Spec, NetworkSpec},
        status::NetworkStatus,
        transaction::ChecksView,
    },
    pages::{landing::Landing, preview::landing_note},
    text::Text,
};

pub(super) struct Asked<'a> {
    pub left: u64,
    pub window: u64,
    pub checks: &'a ChecksView,
    pub new_spec: &'a NetworkSpec,
}

pub(super) fn awaiting(text: Text, network: &NetworkStatus, asked: &Asked, view: &ChangeView) -> impl IntoView + use<> {
    let checks = asked.checks;
    let stays = matches!(view.landing, Landing::Stays { .. });
    // over the service port the box must have seen a gateway itself; elsewhere the connection is the proof
    let counts = stays && (!view.service || checks.proven);
    let auto = (view.mine.is_some() && counts && checks.all_well).then_some("1");
    let advice = advice(text, asked, view);
    let landing = landing_note(text, &view.landing);
    let go =
        view.mine.as_ref().and_then(|mine| go_there(text, &view.landing, mine.confirm.expose(), mine.handoff.expose()));
    let keep = (view.mine.is_some() && stays).then(|| keep(text, !counts));
    let clock = countdown(text, asked.left, asked.window);
    let list = check_list(text, network, asked);
    view! {
        <h1>{text.headline_awaiting()}</h1>
        <Card title=text.change_keep_question() weighty=true>
            <div data-auto=auto>{clock}</div>
            {advice}
            {landing}
            <div class="actions">
                {go}
                {keep}
                <form method="post" action="/network/change/rollback"><button class="plain">{text.change_go_back()}</button></form>
                <form method="post" action="/network/change/more-time"><button class="plain">{text.change_more_time()}</button></form>
            </div>
            <noscript><p class="small muted">{text.change_reload()}</p></noscript>
        </Card>
        <Card title=text.change_checked()>{list}</Card>
    }
}

fn advice(text: Text, asked: &Asked, view: &ChangeView) -> impl IntoView + use<> {
    let checks = asked.checks;
    let (mood, title, why) = if view.mine.is_none() {
        (Mood::Info, text.change_not_mine(), text.change_not_mine_why())
    } else if matches!(view.landing, Landing::Lost { .. }) {
        return None;
    } else if !checks.all_well {
        (Mood::Warn, text.change_unwell(), text.change_unwell_why())
    } else if matches!(view.landing, Landing::Moves { .. }) {
        return None;
    } else if view.service && !checks.proven {
        (Mood::Warn, text.change_unproven(), text.change_unproven_why())
    } else {
        (Mood::Ok, text.change_well(), text.change_well_why())
    };
    Some(view! { <Note mood=mood title=title><p>{why}</p></Note> })
}

fn keep(text: Text, untested: bool) -> impl IntoView {
    let label = if untested { text.change_keep_untested() } else { text.change_keep() };
    view! {
        <form method="post" action="/network/change/confirm">
            {untested.then(|| view! { <input type="hidden" name="untested" value="1" /> })}
            <button>{label}</button>
        </form>
    }
}

/// To the new address: a link whose fragment carries the secrets, for scripts; a form that posts them, without.
fn go_there(text: Text, landing: &Landing, confirm: &str, handoff: &str) -> Option<impl IntoView + use<>> {
    let Landing::Moves { to, .. } = landing else { return None };
    let there = format!("https://{to}/handoff");
    let link = format!("{there}#{handoff}.{confirm}");
    let (confirm, handoff) = (confirm.to_owned(), handoff.to_owned());
    let label = text.change_go_there(format!("https://{to}"));
    Some(view! {
        <a class="button" data-moves hidden href=link rel="noreferrer">{label.clone()}</a>
        <form method="post" action=there data-plain>
            <input type="hidden" name="handoff" value=handoff />
            <input type="hidden" name="confirm" value=confirm />
            <button>{label}</button>
        </form>
    })
}

fn check_list(text: Text, network: &NetworkStatus, asked: &Asked) -> impl IntoView + use<> {
    let ports = Ports(network);
    let mut lines = Vec::new();
    for (name, spec) in &asked.new_spec.ports {
        if spec.ipv4 == Ipv4Spec::Off {
            continue;
        }
        let dead = asked.checks.no_carrier.contains(name);
        let (mood, word) =
            if dead { (Mood::Bad, text.port_state_no_link()) } else { (Mood::Ok, text.port_state_linked()) };
        lines.push((mood, word, text.check_link(ports.say(text, name))));
    }
    for check in &asked.checks.gateways {
        let (mood, word) =
            if check.answers { (Mood::Ok, text.check_answers()) } else { (Mood::Warn, text.check_silent()) };
        lines.push((mood, word, text.check_gateway(check.gateway, ports.say(text, &check.port))));
    }
    if lines.is_empty() {
        return view! { <p class="muted">{text.check_nothing()}</p> }.into_any();
    }
    let lines = lines.into_iter().map(|(mood, word, line)| view! { <li>{tag(mood, word)}<span>{line}</span></li> });
    view! { <ul class="checks">{lines.collect_view()}</ul> }.into_any()
}
