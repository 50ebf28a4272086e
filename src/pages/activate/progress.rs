//! The ledger while it works, and what the box is when it is done.

use leptos::prelude::*;

use super::check::away_note;
use crate::{
    components::{
        card::{Card, Fact, facts},
        format::{duration, moment},
        note::Note,
        tag::{Mood, tag},
        words::registry,
    },
    domain::{
        activation::api::{Activation, LeftBecause, Line, LineState, Stage, Step},
        cluster::problem::Problem,
    },
    text::Text,
};

/// Replaced whole by the live events while it is open.
pub fn ledger(text: Text, activation: &Activation) -> impl IntoView + use<> {
    let lines = activation.ledger.iter().map(|line| one(text, line)).collect_view();
    let waiting = activation.waiting.as_ref().map(|waiting| {
        let again = duration(text, waiting.again_in.div_ceil(1_000).max(1));
        let since = text.activate_waiting_since(again, moment(waiting.since));
        let until = waiting.code_until.map(|until| view! { <p>{text.activate_waiting_until(moment(until))}</p> });
        view! {
            <Note mood=Mood::Info title=text.activate_waiting()><p>{since}</p>{until}</Note>
            {away_note(text, &waiting.why)}
        }
    });
    let refused = activation.refused.as_ref().map(|problem| {
        view! {
            {refused_note(text, problem)}
            <p class="actions"><a class="button" href="/activate">{text.activate_review_change()}</a></p>
        }
    });
    let taken = activation.ledger.iter().any(|line| line.step == Step::Activate && line.state == LineState::Done);
    let stop = (activation.stage == Stage::Working && !taken).then(|| {
        view! {
            <form method="post" action="/activate/stop">
                <p class="actions"><button class="plain">{text.activate_stop()}</button></p>
            </form>
        }
    });
    let body = match activation.stage {
        Stage::Active | Stage::Left => member(text, activation).into_any(),
        Stage::Unopened | Stage::Answering | Stage::Working => view! {
            <p class="muted">{text.activate_progress_why()}</p>
            <Card title=text.activate_ledger()><ol class="guide">{lines}</ol></Card>
        }
        .into_any(),
    };
    view! { <div id="ledger" class="stack" aria-live="polite">{body}{waiting}{refused}{stop}</div> }
}

fn one(text: Text, line: &Line) -> impl IntoView + use<> {
    let (mood, word) = match line.state {
        LineState::Done => (Mood::Ok, text.activate_state_done()),
        LineState::Running => (Mood::Info, text.activate_state_running()),
        LineState::Waiting => (Mood::Calm, text.activate_state_waiting()),
        LineState::Retrying => (Mood::Warn, text.activate_state_retrying()),
        LineState::Refused => (Mood::Bad, text.activate_state_refused()),
    };
    let class = (line.state == LineState::Done).then_some("done");
    let name = match line.step {
        Step::Key => text.activate_ledger_key(),
        Step::Registry => text.activate_ledger_registry(),
        Step::Activate => text.activate_ledger_activate(),
        Step::Certificate => text.activate_ledger_certificate(),
        Step::HostName => text.activate_ledger_host_name(),
        Step::Confirm => text.activate_ledger_confirm(),
    };
    view! {
        <li class=class>
            <span class="mark" aria-hidden="true">{mood.mark()}</span>
            <div><h3>{name}</h3></div>
            {tag(mood, word)}
        </li>
    }
}

pub(super) fn refused_note(text: Text, problem: &Problem) -> impl IntoView + use<> {
    let (why, next) = (registry::problem(text, problem), registry::next(text, problem));
    let code = problem.code();
    view! {
        <Note mood=Mood::Bad title=text.activate_refused() role="alert">
            <p>{why}" "{next}</p>
            <p class="trace">{code}</p>
        </Note>
    }
}

/// Who the box is, what is protected and what is not; or why it belongs to nobody any more.
pub(super) fn member(text: Text, activation: &Activation) -> impl IntoView + use<> {
    let Some(member) = &activation.member else { return ().into_any() };
    if let Some(left) = &member.left {
        let (title, at) = match left {
            LeftBecause::Removed { at } => (text.activate_left_removed(), at),
            LeftBecause::Replaced { at } => (text.activate_left_replaced(), at),
        };
        let at = moment(*at);
        return view! {
            <Note mood=Mood::Warn title=title><p>{at}</p><p>{text.activate_left_why()}</p></Note>
        }
        .into_any();
    }
    let info = &member.info;
    let said = match (&info.cluster_name, &info.peer, &info.awaits) {
        (None, _, _) => text.activate_done_alone().to_owned(),
        (Some(cluster), Some(peer), _) => text.activate_done_pair(cluster, peer),
        (Some(cluster), None, Some(peer)) => text.activate_done_awaits(cluster, peer),
        (Some(cluster), None, None) => text.activate_done_no_peer(cluster),
    };
    let rows = vec![
        (text.activate_confirm_account().to_owned(), Fact::Text(info.account.to_string())),
        (text.activate_review_name().to_owned(), Fact::Code(info.name.to_string())),
        (text.activate_review_cluster().to_owned(), Fact::text(info.cluster_name.as_ref().map(ToString::to_string))),
        (text.activate_review_peer().to_owned(), Fact::code(info.peer.as_ref().or(info.awaits.as_ref()))),
        (text.activate_review_virtual_ip().to_owned(), Fact::code(info.virtual_ip)),
    ];
    let away = member.away.as_ref().map(|away| away_note(text, &away.why));
    view! {
        <Note mood=Mood::Ok title=text.activate_done() role="status"><p>{said}</p></Note>
        <Card title=text.activate_title()>{facts(rows)}</Card>
        {away}
        <p class="actions"><a class="button" href="/cluster">{text.activate_done_to_cluster()}</a></p>
    }
    .into_any()
}
