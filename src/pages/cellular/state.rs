//! How far the box has come, step by step, and what is in the way.

use leptos::prelude::*;

use super::{PATH, SETTINGS, SIM};
use crate::{
    components::{
        card::Card,
        format::duration,
        note::Note,
        tag::{Mood, tag},
        words::{cellular_action, cellular_cause, cellular_item, cellular_place, cellular_step, pin_tries},
    },
    domain::{
        api::Overview,
        cellular::{
            api::{CellularBrief, Problem},
            cause::Action,
            checklist::{Item, ItemState, Step},
        },
    },
    text::Text,
};

/// One live piece.
pub fn state(text: Text, overview: &Overview) -> impl IntoView + use<> {
    let cellular = &overview.cellular;
    let there = cellular.slot.is_some();
    let body = there.then(|| card(text, cellular));
    view! { <div class="stack" id="cellular" hidden=!there>{body}</div> }
}

/// What it comes to, in a word for a tag, a title and a line.
struct Headline {
    mood: Mood,
    tag: &'static str,
    title: &'static str,
    why: Option<&'static str>,
}

fn headline(text: Text, cellular: &CellularBrief) -> Headline {
    let say = |mood, tag, title, why| Headline { mood, tag, title, why };
    let hard = cellular.problem.as_ref().is_some_and(|problem| problem.action != Action::Wait);
    if !cellular.on {
        let mood = if hard { Mood::Warn } else { Mood::Calm };
        say(mood, text.cellular_tag_off(), text.cellular_off(), Some(text.cellular_off_why()))
    } else if cellular.is_online() {
        say(Mood::Ok, text.cellular_tag_online(), text.cellular_online(), Some(text.cellular_online_why()))
    } else if hard {
        say(Mood::Bad, text.cellular_tag_trouble(), text.cellular_not_online(), None)
    } else if cellular.paused {
        say(Mood::Calm, text.cellular_tag_paused(), text.cellular_paused(), Some(text.cellular_paused_why()))
    } else {
        say(Mood::Info, text.cellular_tag_busy(), text.cellular_connecting(), Some(text.cellular_connecting_why()))
    }
}

fn card(text: Text, cellular: &CellularBrief) -> impl IntoView + use<> {
    let Headline { mood, tag: word, title, why } = headline(text, cellular);
    let steps = cellular.checklist.iter().map(|item| one(text, item, cellular)).collect_view();
    let problem = cellular.problem.as_ref().map(|problem| trouble(text, problem, cellular));
    let next = cellular.next_try.filter(|_| !cellular.is_online()).map(|next| {
        let time = duration(text, next.left(cellular.at).div_ceil(1_000).max(1));
        let said = text.cellular_next_try_failed(u64::from(cellular.failures), time);
        view! { <p class="muted">{said}</p> }
    });
    let since = cellular.connected_since.map(|since| {
        let time = duration(text, cellular.at.left(since) / 60_000 * 60);
        view! { <p class="muted">{text.cellular_connected_for()}" "{time}</p> }
    });
    let button = |ask: &str, label: &'static str, class: Option<&'static str>| {
        let action = format!("{PATH}/{ask}");
        view! { <form method="post" action=action><button class=class>{label}</button></form> }
    };
    let waits = cellular.paused || cellular.next_try.is_some();
    let connect =
        (cellular.on && waits && !cellular.is_online()).then(|| button("connect", text.cellular_connect(), None));
    let disconnect =
        (cellular.on && !cellular.paused).then(|| button("disconnect", text.cellular_disconnect(), Some("plain")));
    view! {
        <Card title=title weighty=true end=tag(mood, word).into_any()>
            {why.map(|why| view! { <p class="muted">{why}</p> })}
            <ol class="hops six" aria-label=text.cellular_checklist()>{steps}</ol>
            {problem}
            {next}
            {since}
            <div class="actions">
                {connect}
                {disconnect}
                <a class="button plain" href=SETTINGS>{text.cellular_to_settings()}</a>
                <a class="button plain" href=SIM>{text.cellular_to_sim()}</a>
            </div>
        </Card>
    }
}

fn one(text: Text, item: &Item, cellular: &CellularBrief) -> impl IntoView + use<> {
    let (class, mark) = match item.state {
        ItemState::Done => ("passed", "✓"),
        ItemState::UnderWay => ("now", "…"),
        ItemState::Failed { .. } => ("broken", "✗"),
        ItemState::Untested | ItemState::Waiting | ItemState::Off => ("skipped", "–"),
    };
    let detail = match item.step {
        Step::Registered if item.state == ItemState::Done => Some(serving(text, cellular)),
        Step::Apn => cellular.apn.as_ref().map(ToString::to_string),
        Step::Sim | Step::Pin | Step::Registered | Step::Address | Step::Dns => None,
    };
    let said = cellular_item(text, &item.state);
    let detail = detail.filter(|detail| !detail.is_empty()).map(|detail| view! { <span>{detail}</span> });
    view! {
        <li class=class>
            <span class="mark" aria-hidden="true">{mark}</span>
            <span class="hop"><b>{cellular_step(text, item.step)}</b><span>{said}</span>{detail}</span>
        </li>
    }
}

/// `CHINA MOBILE · 4G · roaming`
pub(super) fn serving(text: Text, cellular: &CellularBrief) -> String {
    let technology = cellular.technology.map(|technology| technology.name().to_uppercase());
    let roaming = cellular.roaming.then(|| text.cellular_roaming_now().to_owned());
    let parts = [Some(cellular.operator.clone()).filter(|name| !name.is_empty()), technology, roaming];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn trouble(text: Text, problem: &Problem, cellular: &CellularBrief) -> impl IntoView + use<> {
    let (what, why) = cellular_cause(text, &problem.cause);
    let why = why.or_else(|| pin_tries(text, &problem.cause, cellular.tries));
    let mood = match (problem.action, cellular.on) {
        (Action::Wait, _) => Mood::Info,
        (_, true) => Mood::Bad,
        (_, false) => Mood::Warn,
    };
    let place = cellular_place(text, problem.action)
        .map(|(href, label)| view! { <p class="actions"><a class="button" href=href>{label}</a></p> });
    let (next, code) = (cellular_action(text, problem.action), problem.code.clone());
    view! {
        <Note mood=mood title=what>
            {why.map(|why| view! { <p>{why}</p> })}
            <p>{next}</p>
            {place}
            <p class="trace">{code}</p>
        </Note>
    }
}
