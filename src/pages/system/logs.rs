//! `/system/logs`: what agent, web and guard said, newest first.

use axum::{
    Router,
    extract::{Query as Asked, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{Said, lead, moment, overview};
use crate::{
    components::{
        card::Card,
        field::{Field, field},
        frame::{Frame, Shell},
        nav::Place,
        select::{Select, select},
        tag::{Mood, tag},
    },
    domain::{
        api::Overview,
        logs::{Event, Events, Level, Part, Query},
    },
    pages::{frame as frame_for, refused, render::render},
    text::Text,
    web::{App, Visitor},
};

pub(super) const PATH: &str = "/system/logs";
/// Minutes to choose from.
const SINCE: [u64; 3] = [15, 60, 1440];
/// Longer ones are cut.
const LONGEST_TEXT: usize = 100;

pub(super) fn said(text: Text, _: &Overview) -> Said {
    Said::plain(text.logs_line())
}

/// As the address says it; what is not a choice chooses all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Choice {
    pub level: String,
    pub part: String,
    pub text: String,
    pub since: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(show))
}

async fn show(State(app): State<App>, visitor: Visitor, Asked(choice): Asked<Choice>) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let minutes = choice.since.parse().ok().filter(|minutes| SINCE.contains(minutes));
    let choice = Choice { text: choice.text.trim().chars().take(LONGEST_TEXT).collect(), ..choice };
    let query = Query {
        level: Level::parse(&choice.level),
        part: Part::parse(&choice.part),
        text: Some(choice.text.clone()).filter(|text| !text.is_empty()),
        since: minutes.map(|minutes| overview.now.0.saturating_sub(minutes * 60)),
    };
    let events = app.agent.logs(&visitor.caller, &query).await.map_err(|refusal| refused(&visitor, &refusal))?;
    let frame = frame_for(&visitor, &overview, Place::System, PATH);
    Ok(render(StatusCode::OK, || page(frame, &overview, &choice, &events)))
}

pub fn page(frame: Frame, overview: &Overview, choice: &Choice, events: &Events) -> impl IntoView + use<> {
    let text = frame.text;
    let frame = Frame { title: text.logs_title().to_owned(), path: PATH.to_owned(), ..frame };
    let rows = events.events.iter().map(|event| line(text, overview, event)).collect::<Vec<_>>();
    let list = if rows.is_empty() {
        view! { <p class="muted">{text.logs_none()}</p> }.into_any()
    } else {
        view! { <ol class="ports-list">{rows}</ol> }.into_any()
    };
    let more = events.more.then(|| view! { <p class="muted">{text.logs_more()}</p> });
    let chooser = chooser(text, choice);
    view! {
        <Shell frame=frame>
            {lead(text, text.logs_title(), text.logs_why())}
            {chooser}
            <Card title=text.logs_events()>{list}{more}</Card>
        </Shell>
    }
}

fn chooser(text: Text, choice: &Choice) -> impl IntoView + use<> {
    let all = || (String::new(), text.audit_all().to_owned());
    let options = |more: Vec<(String, String)>| std::iter::once(all()).chain(more).collect::<Vec<_>>();
    let levels = Level::ALL.map(|its| (its.name().to_owned(), level(text, its).1.to_owned()));
    let parts = Part::ALL.map(|its| (its.name().to_owned(), part(text, its).to_owned()));
    let since = SINCE.map(|minutes| (minutes.to_string(), crate::components::format::duration(text, minutes * 60)));
    let selects = [
        ("level", text.logs_level(), options(levels.into()), &choice.level),
        ("part", text.logs_part(), options(parts.into()), &choice.part),
        ("since", text.logs_since(), options(since.into()), &choice.since),
    ];
    let selects = selects.map(|(name, label, options, chosen)| {
        select(Select { name, label: label.to_owned(), options, chosen: chosen.clone() }).into_any()
    });
    let words = Field {
        name: "text".into(),
        label: text.logs_text().to_owned(),
        value: choice.text.clone(),
        ..Field::default()
    };
    view! {
        <form class="stack" method="get" action=PATH>
            <div class="pair">{Vec::from(selects)}{field(words)}</div>
            <p class="actions"><button class="plain">{text.audit_choose()}</button></p>
        </form>
    }
}

fn level(text: Text, level: Level) -> (Mood, &'static str) {
    match level {
        Level::Error => (Mood::Bad, text.logs_level_error()),
        Level::Warn => (Mood::Warn, text.logs_level_warn()),
        Level::Info => (Mood::Info, text.logs_level_info()),
        Level::Debug => (Mood::Calm, text.logs_level_debug()),
    }
}

fn part(text: Text, part: Part) -> &'static str {
    match part {
        Part::Agent => text.logs_part_agent(),
        Part::Web => text.logs_part_web(),
        Part::Guard => text.logs_part_guard(),
    }
}

fn line(text: Text, overview: &Overview, event: &Event) -> impl IntoView + use<> {
    let (mood, word) = level(text, event.level);
    let said = format!("{}: {}", event.from, event.text);
    view! {
        <li>
            <span>{moment(overview, event.seconds())}" · "{part(text, event.part)}</span>
            {tag(mood, word)}
            <span class="at mono">{said}</span>
        </li>
    }
}
