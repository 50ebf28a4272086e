//! `/system/seed`: what came of the seed files that this box was offered. There is nothing to do here but to read.

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use leptos::prelude::*;

use super::{Said, lead, overview};
use crate::{
    components::{
        card::{Card, Fact, facts},
        frame::{Frame, Shell},
        nav::Place,
        note::Note,
        tag::{Mood, tag},
        words::{Ports, seed_part, seed_problem},
    },
    domain::{
        api::Overview,
        civil::Civil,
        seed::{Applied, Came, Refused, Report, WhyNot},
        time::UnixSeconds,
    },
    pages::{frame as frame_for, render::render},
    text::Text,
    web::{App, Visitor},
};

pub(super) const PATH: &str = "/system/seed";

pub(super) fn said(text: Text, overview: &Overview) -> Said {
    let seed = &overview.seed;
    if seed.refused.is_some() {
        return Said::marked(Mood::Warn, text.seed_refused(), String::new());
    }
    match &seed.applied {
        Some(applied) if applied.is_complete() => {
            Said::marked(Mood::Ok, text.seed_applied(), when(overview, applied.at))
        }
        Some(applied) => Said::marked(Mood::Warn, text.seed_pending(), when(overview, applied.at)),
        None => Said::plain(text.seed_none()),
    }
}

fn when(overview: &Overview, at: UnixSeconds) -> String {
    Civil::of(at, overview.settings.clock.offset).to_string()
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(show))
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    Ok(render(StatusCode::OK, || page(frame_for(&visitor, &overview, Place::System, PATH), &overview)))
}

pub fn page(frame: Frame, overview: &Overview) -> impl IntoView + use<> {
    let text = frame.text;
    let seed = &overview.seed;
    let none = seed.is_empty().then(|| {
        view! { <Note mood=Mood::Calm title=text.seed_none()><p>{text.seed_none_why()}</p></Note> }
    });
    let refused = seed.refused.as_ref().map(|refused| not_taken(text, overview, refused));
    let applied = seed.applied.as_ref().map(|applied| taken(text, overview, applied));
    let frame = Frame { title: text.seed_title().to_owned(), ..frame };
    view! {
        <Shell frame=frame>
            {lead(text, text.seed_title(), text.seed_why())}
            {none}
            {refused}
            {applied}
        </Shell>
    }
}

fn not_taken(text: Text, overview: &Overview, refused: &Refused) -> impl IntoView + use<> {
    let (lines, code) = match &refused.why {
        WhyNot::Unusable { problems } => {
            let ports = Ports(&overview.network);
            (problems.iter().map(|p| seed_problem(text, p, ports)).collect::<Vec<_>>(), Some("GH-710"))
        }
        WhyNot::OtherBox { serial } => (vec![text.seed_other_box(serial)], None),
        WhyNot::NeedsSerial => (vec![text.seed_needs_serial().to_owned()], None),
    };
    let lines = lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    let next = code.map(|code| {
        view! { <p>{text.fault_seed_unusable_next()}</p><p class="trace">{code}</p> }
    });
    let file = text.seed_refused_file(&refused.from, when(overview, refused.at));
    view! {
        <Note mood=Mood::Warn title=text.seed_refused()>
            <p>{file}</p>
            <ul class="points">{lines}</ul>
            {next}
        </Note>
    }
}

fn taken(text: Text, overview: &Overview, applied: &Applied) -> impl IntoView + use<> {
    let state =
        if applied.is_complete() { tag(Mood::Ok, text.seed_applied()) } else { tag(Mood::Warn, text.seed_pending()) };
    let about = facts(vec![
        (text.seed_file().to_owned(), Fact::Code(applied.from.clone())),
        (text.seed_when().to_owned(), Fact::Text(when(overview, applied.at))),
        (text.seed_digest().to_owned(), Fact::Code(applied.digest.clone())),
    ]);
    let parts = applied.reports.iter().map(|report| part(text, report)).collect_view();
    view! {
        <Card title=text.seed_title() end=state.into_any()>{about}</Card>
        <Card title=text.seed_parts()><ul class="ports-list">{parts}</ul></Card>
    }
}

fn part(text: Text, report: &Report) -> impl IntoView + use<> {
    let (mood, word, why) = match &report.came {
        Came::Applied => (Mood::Ok, text.seed_came_applied(), String::new()),
        Came::Kept => (Mood::Calm, text.seed_came_kept(), text.seed_came_kept_why().to_owned()),
        Came::Failed { error } => (Mood::Warn, text.seed_came_failed(), text.seed_came_failed_why(error)),
    };
    view! { <li><b>{seed_part(text, report.part)}</b>{tag(mood, word)}<span class="at">{why}</span></li> }
}
