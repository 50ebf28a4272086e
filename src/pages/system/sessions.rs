//! `/system/sessions`: who is signed in, and the end of it.

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{Said, lead, overview};
use crate::{
    components::{
        card::Card,
        format::duration,
        frame::{Frame, Shell},
        nav::Place,
        note::Note,
        tag::{Mood, tag},
    },
    domain::{
        api::{EndSessions, Overview},
        auth::session::SessionView,
        fault::{Fault, Refusal},
    },
    pages::{fault, frame as frame_for, refused, render::render, status},
    text::Text,
    web::{App, Visitor},
};

pub(super) const PATH: &str = "/system/sessions";
const END: &str = "/system/sessions/end";

pub(super) fn said(text: Text, overview: &Overview) -> Said {
    Said::plain(text.sessions_count(overview.system.sessions as u64))
}

#[derive(Clone, Debug, Default)]
pub struct SessionsView {
    pub sessions: Vec<SessionView>,
    pub ended: bool,
    pub refusal: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct After {
    ended: Option<String>,
}

/// Which button was pressed.
#[derive(Debug, Deserialize)]
struct Pressed {
    #[serde(default)]
    number: String,
    others: Option<String>,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(show)).route(END, post(end))
}

async fn show(State(app): State<App>, visitor: Visitor, Query(after): Query<After>) -> Result<Response, Response> {
    answer(&app, &visitor, StatusCode::OK, after.ended.is_some(), None).await
}

async fn end(State(app): State<App>, visitor: Visitor, Form(pressed): Form<Pressed>) -> Result<Response, Response> {
    let end = match (pressed.others, pressed.number.parse()) {
        (Some(_), _) => EndSessions::Others,
        // no session has it
        (None, number) => EndSessions::One { number: number.unwrap_or(0) },
    };
    match app.agent.end_sessions(&visitor.caller, &end).await {
        Ok(_) => Ok(Redirect::to("/system/sessions?ended").into_response()),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(&visitor, &refusal)),
        Err(refusal) => answer(&app, &visitor, status(&refusal), false, Some(refusal)).await,
    }
}

async fn answer(
    app: &App,
    visitor: &Visitor,
    code: StatusCode,
    ended: bool,
    refusal: Option<Refusal>,
) -> Result<Response, Response> {
    let overview = overview(app, visitor).await?;
    let sessions = app.agent.sessions(&visitor.caller).await.map_err(|refusal| refused(visitor, &refusal))?;
    let view = SessionsView { sessions, ended, refusal };
    Ok(render(code, || page(frame_for(visitor, &overview, Place::System, PATH), &view)))
}

pub fn page(frame: Frame, view: &SessionsView) -> impl IntoView + use<> {
    let text = frame.text;
    let frame = Frame { title: text.sessions_title().to_owned(), path: PATH.to_owned(), ..frame };
    let ended = view.ended.then(|| {
        view! { <Note mood=Mood::Ok title=text.sessions_ended() role="status"><p>{text.sessions_ended_why()}</p></Note> }
    });
    let refusal = view.refusal.as_ref().map(|refusal| fault::note(text, refusal));
    let lines = view.sessions.iter().map(|session| line(text, session)).collect::<Vec<_>>();
    let others = (lines.len() > 1).then(|| {
        view! {
            <form method="post" action=END>
                <p class="actions"><button name="others" value="yes">{text.sessions_end_others()}</button></p>
            </form>
        }
    });
    view! {
        <Shell frame=frame>
            {lead(text, text.sessions_title(), text.sessions_why())}
            {ended}
            {refusal}
            <Card title=text.sessions_card()>
                <ul class="ports-list">{lines}</ul>
                {others}
            </Card>
        </Shell>
    }
}

fn line(text: Text, session: &SessionView) -> impl IntoView + use<> {
    let ago = |millis: u64| duration(text, millis / 1000);
    let number = session.number;
    let end = if session.this {
        tag(Mood::Info, text.sessions_this()).into_any()
    } else {
        let name = text.sessions_end_this(number);
        view! {
            <form method="post" action=END>
                <input type="hidden" name="number" value=number.to_string() />
                <button class="plain" aria-label=name>{text.sessions_end()}</button>
            </form>
        }
        .into_any()
    };
    view! {
        <li>
            <span><b>{text.sessions_number(number)}</b>" · "<span class="mono">{session.from.clone()}</span></span>
            {end}
            <span class="at">{text.sessions_times(ago(session.since), ago(session.used))}</span>
        </li>
    }
}
