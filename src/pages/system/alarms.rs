//! `/system/alarms`: what is wrong now, who has seen it, and what was wrong.

use axum::{
    Form, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{Said, lead, moment, overview};
use crate::{
    components::{
        card::Card,
        format::number,
        frame::{Frame, Shell},
        nav::Place,
        tag::{Mood, tag},
        words::{
            Ports,
            alarms::{alarm as name, mend_alarm, severity, subject},
        },
    },
    domain::{
        alarms::{Alarm, AlarmList},
        api::{Acknowledge, Overview},
    },
    pages::{frame as frame_for, refused, render::render},
    text::Text,
    web::{App, Visitor},
};

pub(super) const PATH: &str = "/system/alarms";
const ACKNOWLEDGE: &str = "/system/alarms/acknowledge";

pub(super) fn said(text: Text, overview: &Overview) -> Said {
    let count = overview.system.alarms;
    match count.worst {
        None => Said::marked(Mood::Ok, text.alarms_none(), text.alarms_none_line()),
        Some(worst) => {
            let (mood, word) = severity(text, worst);
            Said::marked(mood, word, text.alarms_count(count.open as u64))
        }
    }
}

/// Which button was pressed.
#[derive(Debug, Deserialize)]
struct Pressed {
    #[serde(default)]
    id: String,
    all: Option<String>,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(show)).route(ACKNOWLEDGE, post(acknowledge))
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let list = app.agent.alarms(&visitor.caller).await.map_err(|refusal| refused(&visitor, &refusal))?;
    Ok(render(StatusCode::OK, || page(frame_for(&visitor, &overview, Place::System, PATH), &overview, &list)))
}

async fn acknowledge(State(app): State<App>, visitor: Visitor, Form(pressed): Form<Pressed>) -> Response {
    // no alarm has the number 0
    let id = if pressed.all.is_some() { None } else { Some(pressed.id.parse().unwrap_or(0)) };
    match app.agent.acknowledge(&visitor.caller, &Acknowledge { id }).await {
        Ok(_) => Redirect::to(PATH).into_response(),
        Err(refusal) => refused(&visitor, &refusal),
    }
}

pub fn page(frame: Frame, overview: &Overview, list: &AlarmList) -> impl IntoView + use<> {
    let text = frame.text;
    let frame = Frame { title: text.alarms_title().to_owned(), path: PATH.to_owned(), ..frame };
    let open = list.open.iter().map(|alarm| line(text, overview, alarm)).collect::<Vec<_>>();
    let open = if open.is_empty() {
        view! { <p class="muted">{text.alarms_none_line()}</p> }.into_any()
    } else {
        view! { <ul class="ports-list">{open}</ul> }.into_any()
    };
    let unseen = list.open.iter().filter(|alarm| alarm.seen.is_none()).count();
    let all = (unseen > 1).then(|| {
        view! {
            <form method="post" action=ACKNOWLEDGE>
                <p class="actions"><button name="all" value="yes">{text.alarms_acknowledge_all()}</button></p>
            </form>
        }
    });
    let history = list.history.iter().map(|alarm| line(text, overview, alarm)).collect::<Vec<_>>();
    let history = (!history.is_empty()).then(|| {
        view! { <Card title=text.alarms_history()><ul class="ports-list">{history}</ul></Card> }
    });
    view! {
        <Shell frame=frame>
            {lead(text, text.alarms_title(), text.alarms_why())}
            <Card title=text.alarms_open()>{open}{all}</Card>
            {history}
        </Shell>
    }
}

fn line(text: Text, overview: &Overview, alarm: &Alarm) -> impl IntoView + use<> {
    let Alarm { id, cause, start, end, again, seen } = alarm;
    let kind = cause.kind;
    let (mood, word) = severity(text, kind.severity());
    // what is over is no longer as bad as it was
    let mark = tag(if end.is_some() { Mood::Calm } else { mood }, word);
    let about = subject(text, cause, Ports(&overview.network)).map(|about| format!(" · {about}"));
    let times = match end {
        None => text.alarms_since(moment(overview, *start)),
        Some(end) => text.alarms_from_to(moment(overview, *start), moment(overview, *end)),
    };
    let again = (*again > 0).then(|| format!(" · {}", text.alarms_again(u64::from(*again))));
    let (next, to) = mend_alarm(text, cause);
    let next = end.is_none().then(|| {
        let to = to.map(|to| view! { " "<a href=to>{text.alarms_to_page()}</a> });
        view! { <span class="at">{next}{to}</span> }
    });
    let seen = match seen {
        Some(seen) => {
            let by = if seen.by == "console" { text.audit_by_console().to_owned() } else { seen.by.clone() };
            let said = text.alarms_seen(moment(overview, seen.at), by);
            Some(view! { <span class="at small">{said}</span> }.into_any())
        }
        None if end.is_none() => {
            let (id, label) = (id.to_string(), text.alarms_acknowledge_this(number(*id)));
            Some(
                view! {
                    <form class="at" method="post" action=ACKNOWLEDGE>
                        <input type="hidden" name="id" value=id />
                        <button class="plain" aria-label=label>{text.alarms_acknowledge()}</button>
                    </form>
                }
                .into_any(),
            )
        }
        None => None,
    };
    view! {
        <li>
            <span><span class="mono">{kind.number()}</span>" "<b>{name(text, kind)}</b>{about}</span>
            {mark}
            <span class="at">{times}{again}</span>
            {next}
            {seen}
        </li>
    }
}
