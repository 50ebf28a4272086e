//! `/system/audit`: who did what, newest first.

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
    client::query,
    components::{
        card::Card,
        format::number,
        frame::{Frame, Shell},
        nav::Place,
        note::Note,
        select::{Select, select},
        tag::{Mood, tag},
        words::audit::{broken, by, call, kind},
    },
    domain::{
        api::Overview,
        audit::{Chain, Deed, Entries, Entry, Kind, Query},
    },
    pages::{frame as frame_for, refused, render::render},
    text::Text,
    web::{App, Visitor},
};

pub(super) const PATH: &str = "/system/audit";

type Name = fn(Text) -> &'static str;

/// What the calls of a group begin with.
const GROUPS: [(&str, Name); 7] = [
    ("login", Text::call_login),
    ("password", Text::call_password),
    ("sessions", Text::call_sessions_end),
    ("network", Text::nav_network),
    ("settings", Text::system_settings),
    ("power", Text::power_title),
    ("logout", Text::call_logout),
];

pub(super) fn said(text: Text, overview: &Overview) -> Said {
    let state = &overview.system.audit;
    match (&state.failing, state.chain) {
        (Some(_), _) => Said::marked(Mood::Bad, text.audit_failing(), text.audit_failing_line()),
        (None, Chain::Broken { .. }) => Said::marked(Mood::Bad, text.audit_broken(), text.audit_broken_line()),
        (None, Chain::Unbroken) => Said::marked(Mood::Ok, text.audit_unbroken(), text.audit_unbroken_line()),
    }
}

/// As the address says it; what is not a choice chooses all.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    who: String,
    what: String,
    before: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(show))
}

async fn show(State(app): State<App>, visitor: Visitor, Asked(choice): Asked<Choice>) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let query = Query {
        before: choice.before.parse().ok(),
        who: Kind::parse(&choice.who),
        what: GROUPS.iter().find(|(what, _)| *what == choice.what).map(|(what, _)| (*what).to_owned()),
    };
    let entries = app.agent.audit(&visitor.caller, &query).await.map_err(|refusal| refused(&visitor, &refusal))?;
    let frame = frame_for(&visitor, &overview, Place::System, PATH);
    Ok(render(StatusCode::OK, || page(frame, &overview, &query, &entries)))
}

pub fn page(frame: Frame, overview: &Overview, asked: &Query, entries: &Entries) -> impl IntoView + use<> {
    let text = frame.text;
    let frame = Frame { title: text.audit_title().to_owned(), path: PATH.to_owned(), ..frame };
    let rows = entries.entries.iter().map(|entry| line(text, overview, entry)).collect::<Vec<_>>();
    let list = if rows.is_empty() {
        view! { <p class="muted">{text.audit_none()}</p> }.into_any()
    } else {
        view! { <ol class="ports-list">{rows}</ol> }.into_any()
    };
    let to = |before: Option<u64>| {
        let before = before.map(|n| n.to_string());
        let who = asked.who.map(|kind| kind.name().to_owned());
        format!("{PATH}{}", query(&[("who", who), ("what", asked.what.clone()), ("before", before)]))
    };
    let older = entries.older.map(|n| view! { <a class="button plain" href=to(Some(n))>{text.audit_older()}</a> });
    let newest = asked.before.map(|_| view! { <a class="button plain" href=to(None)>{text.audit_newest()}</a> });
    let (state, chooser) = (state(text, entries), chooser(text, asked));
    view! {
        <Shell frame=frame>
            {lead(text, text.audit_title(), text.audit_why())}
            {state}
            {chooser}
            <Card title=text.audit_entries()>
                {list}
                <p class="actions">{newest}{older}</p>
            </Card>
        </Shell>
    }
}

fn state(text: Text, entries: &Entries) -> impl IntoView + use<> {
    let failing = entries.state.failing.clone().map(|error| {
        view! { <Note mood=Mood::Bad title=text.audit_failing()><p>{text.audit_failing_why(error)}</p></Note> }
    });
    let chain = broken(text, entries.state.chain).map_or_else(
        || view! { <Note mood=Mood::Ok title=text.audit_unbroken()><p>{text.audit_unbroken_why()}</p></Note> },
        |after| view! { <Note mood=Mood::Bad title=text.audit_broken()><p>{after}</p><p>{text.audit_broken_next()}</p></Note> },
    );
    view! { {failing}{chain} }
}

fn chooser(text: Text, asked: &Query) -> impl IntoView + use<> {
    let all = || (String::new(), text.audit_all().to_owned());
    let who = Select {
        name: "who",
        label: text.audit_who().to_owned(),
        options: std::iter::once(all())
            .chain(Kind::ALL.map(|its| (its.name().to_owned(), kind(text, its).to_owned())))
            .collect(),
        chosen: asked.who.map(|kind| kind.name().to_owned()).unwrap_or_default(),
    };
    let what = Select {
        name: "what",
        label: text.audit_what().to_owned(),
        options: std::iter::once(all())
            .chain(GROUPS.map(|(what, name)| (what.to_owned(), name(text).to_owned())))
            .collect(),
        chosen: asked.what.clone().unwrap_or_default(),
    };
    view! {
        <form class="stack" method="get" action=PATH>
            <div class="pair">{select(who)}{select(what)}</div>
            <p class="actions"><button class="plain">{text.audit_choose()}</button></p>
        </form>
    }
}

fn line(text: Text, overview: &Overview, Entry { n, deed }: &Entry) -> impl IntoView + use<> {
    let Deed { at, who, what, code, operation, detail, times, until } = deed;
    let result = match code {
        None => tag(Mood::Ok, text.audit_done()),
        Some(code) => tag(Mood::Warn, &text.audit_refused(code)),
    };
    let detail = detail.clone().map(|detail| format!(" · {detail}"));
    let repeats = (*times > 1).then(|| {
        let until = moment(overview, until.unwrap_or(*at));
        view! { <span class="at small">{text.audit_times(number(*times), until)}</span> }
    });
    let trace = text.audit_trace(number(*n), operation);
    view! {
        <li>
            <span><b>{call(text, what)}</b>{detail}</span>
            {result}
            <span class="at">{moment(overview, *at)}" · "{by(text, who)}</span>
            {repeats}
            <span class="at small mono">{trace}</span>
        </li>
    }
}
