//! `/system/power`: restart and power-off. Each asks first, on a page of its own; the answer to yes is a page that waits for the box to
//! come back, because the box that could be asked for another one is gone.

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use leptos::prelude::*;

use super::{Said, lead, overview};
use crate::{
    components::{
        card::Card,
        countdown::busy,
        format::duration,
        frame::{Frame, Shell},
        nav::Place,
        note::Note,
        tag::Mood,
        words::explain,
    },
    domain::{
        api::Overview,
        box_file::SERVICE_ADDRESS,
        fault::{Fault, Refusal},
        power::{PowerAction, PowerFailure, PowerRequest, may_go_down},
    },
    pages::{fault, frame as frame_for, refused, render::render, status},
    text::Text,
    web::{App, Visitor},
};

pub(super) const PATH: &str = "/system/power";
const RESTART: &str = "/system/power/restart";
const OFF: &str = "/system/power/off";
/// Seconds until a browser without scripts looks again. Shorter: it finds a box that is not up, and stops looking.
const LOOK_AGAIN: u8 = 90;

pub(super) fn said(text: Text, overview: &Overview) -> Said {
    match &overview.power.failed {
        Some(failed) => Said::marked(Mood::Bad, text.power_failed_tag(), failed_line(text, failed.action)),
        None => Said::plain(text.power_running(duration(text, overview.load.uptime))),
    }
}

fn failed_line(text: Text, action: PowerAction) -> &'static str {
    match action {
        PowerAction::Restart => text.power_failed_restart(),
        PowerAction::Off => text.power_failed_off(),
    }
}

pub(super) fn routes() -> Router<App> {
    let ask = |action| {
        get(move |app, visitor| show(app, visitor, Some(action))).post(move |app, visitor| go(app, visitor, action))
    };
    Router::new()
        .route(PATH, get(|app, visitor| show(app, visitor, None)))
        .route(RESTART, ask(PowerAction::Restart))
        .route(OFF, ask(PowerAction::Off))
}

async fn show(State(app): State<App>, visitor: Visitor, asks: Option<PowerAction>) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    Ok(answer(&visitor, &overview, StatusCode::OK, PowerView { asks, refusal: None }))
}

async fn go(State(app): State<App>, visitor: Visitor, action: PowerAction) -> Result<Response, Response> {
    // what the page needs is asked for while there is somebody to ask
    let overview = overview(&app, &visitor).await?;
    match app.agent.power(&visitor.caller, &PowerRequest { action }).await {
        Ok(()) => Ok(render(StatusCode::OK, || going(frame_for(&visitor, &overview, Place::System, "/"), action))),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(&visitor, &refusal)),
        Err(refusal) => {
            let code = status(&refusal);
            Ok(answer(&visitor, &overview, code, PowerView { asks: Some(action), refusal: Some(refusal) }))
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct PowerView {
    /// What the page asks about; `None` where one chooses.
    pub asks: Option<PowerAction>,
    pub refusal: Option<Refusal>,
}

fn answer(visitor: &Visitor, overview: &Overview, code: StatusCode, view: PowerView) -> Response {
    render(code, || page(frame_for(visitor, overview, Place::System, PATH), overview, view))
}

pub fn page(frame: Frame, overview: &Overview, view: PowerView) -> impl IntoView + use<> {
    let text = frame.text;
    let path = view.asks.map_or(PATH, path_of);
    let frame = Frame { title: text.power_title().to_owned(), path: path.to_owned(), ..frame };
    // what the agent would say: nobody should have to press a button to hear it
    let hindered = may_go_down(overview.network.transaction.open.as_ref(), &overview.power).err();
    let note = match (&view.refusal, &hindered) {
        (Some(refusal), _) => Some(fault::note(text, refusal).into_any()),
        (None, Some(fault)) => Some(hindrance(text, fault).into_any()),
        (None, None) => overview.power.failed.as_ref().map(|failed| failure(text, failed).into_any()),
    };
    let body = match view.asks {
        Some(action) => asks(text, action, hindered.is_some()).into_any(),
        None => choices(text).into_any(),
    };
    view! {
        <Shell frame=frame>
            {lead(text, text.power_title(), text.power_why())}
            {note}
            {body}
        </Shell>
    }
}

fn path_of(action: PowerAction) -> &'static str {
    match action {
        PowerAction::Restart => RESTART,
        PowerAction::Off => OFF,
    }
}

fn choices(text: Text) -> impl IntoView {
    view! {
        <div class="cols">
            <Card title=text.power_restart()>
                <p>{text.power_restart_what()}</p>
                <p class="actions"><a class="button" href=RESTART>{text.power_restart_ask()}</a></p>
            </Card>
            <Card title=text.power_off()>
                <p>{text.power_off_what()}</p>
                <p class="actions"><a class="button plain" href=OFF>{text.power_off_ask()}</a></p>
            </Card>
        </div>
    }
}

fn asks(text: Text, action: PowerAction, hindered: bool) -> impl IntoView {
    let (title, stops, long, after, go) = match action {
        PowerAction::Restart => (
            text.power_restart_question(),
            text.power_restart_stops(),
            text.power_restart_long(),
            text.power_restart_after(),
            text.power_restart_go(),
        ),
        PowerAction::Off => (
            text.power_off_question(),
            text.power_off_stops(),
            text.power_off_long(),
            text.power_off_after(),
            text.power_off_go(),
        ),
    };
    // the agent refuses it in any case
    let go = (!hindered).then(|| view! { <button>{go}</button> });
    view! {
        <Card title=title weighty=true>
            <ul class="points"><li>{stops}</li><li>{long}</li><li>{after}</li></ul>
            <form class="actions" method="post" action=path_of(action)>
                {go}
                <a class="button plain" href=PATH>{text.power_cancel()}</a>
            </form>
        </Card>
    }
}

pub(super) fn hindrance(text: Text, fault: &Fault) -> impl IntoView + use<> {
    let explained = explain(text, fault);
    let change = matches!(fault, Fault::ChangeOpen { .. })
        .then(|| view! { <p><a class="link" href="/network/change">{text.fault_to_change()}</a></p> });
    view! {
        <Note mood=Mood::Warn title=explained.what>
            <p>{explained.why}</p>
            <p>{explained.next}</p>
            {change}
        </Note>
    }
}

fn failure(text: Text, failed: &PowerFailure) -> impl IntoView + use<> {
    let reason = text.power_failed_why(&failed.reason);
    view! { <Note mood=Mood::Bad title=failed_line(text, failed.action)><p>{reason}</p></Note> }
}

/// The page while the box is down. The live island leads on from here when the box is back; without scripts the browser looks again
/// by itself.
pub fn going(frame: Frame, action: PowerAction) -> impl IntoView + use<> {
    let text = frame.text;
    let service = format!("https://{SERVICE_ADDRESS}/");
    let (title, refresh, body) = match action {
        PowerAction::Restart => {
            let body = view! {
                {busy(text.power_restarting_busy())}
                <p>{text.power_restarting_why()}</p>
                <p>{text.power_restarting_else(&service)}</p>
            };
            (text.power_restarting(), Some(LOOK_AGAIN), body.into_any())
        }
        PowerAction::Off => {
            let body = view! { <p>{text.power_off_done()}</p><p>{text.power_off_again()}</p> };
            (text.power_switching_off(), None, body.into_any())
        }
    };
    let frame = Frame { title: title.to_owned(), refresh, ..frame };
    view! {
        <Shell frame=frame>
            <div class="lead"><h1>{title}</h1></div>
            <Card title=text.power_now()>
                {body}
                <p class="actions"><a class="button plain" href="/">{text.power_look()}</a></p>
            </Card>
        </Shell>
    }
}
