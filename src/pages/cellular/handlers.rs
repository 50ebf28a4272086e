//! Handlers. Whatever reaches the SIM goes through the agent's rules first.

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{Asked, PATH, SETTINGS, SIM, SettingsView, SimView, Typed, page, settings_page, sim_page};
use crate::{
    client::here,
    components::nav::Place,
    domain::{
        api::Overview,
        cellular::{
            api::CellularStatus,
            request::{PinRequest, PukRequest, UnlockRequest},
        },
        fault::{Fault, Refusal},
        secret::Secret,
    },
    pages::{frame, refused, render::render, status},
    web::{App, Visitor},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/cellular", get(show))
        .route("/cellular/connect", post(connect))
        .route("/cellular/disconnect", post(disconnect))
        .route("/cellular/settings", get(show_settings).post(save))
        .route("/cellular/sim", get(show_sim))
        .route("/cellular/sim/unlock", post(unlock))
        .route("/cellular/sim/puk", post(unlock_by_puk))
        .route("/cellular/sim/pin", post(change_pin))
        .route("/cellular/sim/note", post(note))
}

/// One request, with what the agent says of box and modem. A box without a slot has none of these pages.
struct Ask {
    visitor: Visitor,
    overview: Overview,
    cellular: CellularStatus,
}

impl Ask {
    async fn begin(app: &App, visitor: Visitor) -> Result<Self, Response> {
        let both = futures_util::try_join!(app.agent.overview(&visitor.caller), app.agent.cellular(&visitor.caller));
        let (overview, cellular) = both.map_err(|refusal| refused(&visitor, &refusal))?;
        if cellular.slot.is_none() {
            return Err(refused(&visitor, &here(Fault::NoSimSlot)));
        }
        Ok(Self { visitor, overview, cellular })
    }

    /// A refusal that is not the session's end becomes the page again.
    fn tell(&self, refusal: Refusal) -> Result<(StatusCode, Option<Refusal>), Response> {
        if refusal.fault == Fault::NotSignedIn {
            return Err(refused(&self.visitor, &refusal));
        }
        Ok((status(&refusal), Some(refusal)))
    }

    fn first(&self, code: StatusCode, refusal: Option<&Refusal>) -> Response {
        let frame = frame(&self.visitor, &self.overview, Place::Network, PATH);
        render(code, || page(frame, &self.overview, &self.cellular, refusal))
    }

    fn settings(&self, code: StatusCode, view: SettingsView) -> Response {
        let frame = frame(&self.visitor, &self.overview, Place::Network, SETTINGS);
        render(code, || settings_page(frame, &self.overview, &self.cellular, view))
    }

    fn sim(&self, code: StatusCode, view: &SimView) -> Response {
        let frame = frame(&self.visitor, &self.overview, Place::Network, SIM);
        render(code, || sim_page(frame, &self.overview, &self.cellular, view))
    }
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    Ok(Ask::begin(&app, visitor).await?.first(StatusCode::OK, None))
}

async fn connect(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let asked = app.agent.connect_cellular(&visitor.caller).await;
    back(app, visitor, asked).await
}

async fn disconnect(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let asked = app.agent.disconnect_cellular(&visitor.caller).await;
    back(app, visitor, asked).await
}

async fn back(app: App, visitor: Visitor, asked: Result<(), Refusal>) -> Result<Response, Response> {
    let Err(refusal) = asked else { return Ok(Redirect::to(PATH).into_response()) };
    let ask = Ask::begin(&app, visitor).await?;
    let (code, refusal) = ask.tell(refusal)?;
    Ok(ask.first(code, refusal.as_ref()))
}

#[derive(Deserialize)]
struct After {
    saved: Option<String>,
    done: Option<Asked>,
}

async fn show_settings(
    State(app): State<App>,
    visitor: Visitor,
    Query(after): Query<After>,
) -> Result<Response, Response> {
    let ask = Ask::begin(&app, visitor).await?;
    Ok(ask.settings(StatusCode::OK, SettingsView { saved: after.saved.is_some(), ..SettingsView::default() }))
}

#[derive(Deserialize)]
struct Settings {
    #[serde(flatten)]
    typed: Typed,
    #[serde(default)]
    password: Secret,
}

async fn save(
    State(app): State<App>,
    visitor: Visitor,
    Form(Settings { typed, password }): Form<Settings>,
) -> Result<Response, Response> {
    let request = typed.clone().request(password);
    let Err(refusal) = app.agent.set_cellular(&visitor.caller, &request).await else {
        return Ok(Redirect::to("/cellular/settings?saved").into_response());
    };
    let ask = Ask::begin(&app, visitor).await?;
    let (code, refusal) = ask.tell(refusal)?;
    Ok(ask.settings(code, SettingsView { typed: Some(typed), saved: false, refusal }))
}

async fn show_sim(State(app): State<App>, visitor: Visitor, Query(after): Query<After>) -> Result<Response, Response> {
    let ask = Ask::begin(&app, visitor).await?;
    Ok(ask.sim(StatusCode::OK, &SimView { asked: after.done, refusal: None }))
}

/// The digits of a form, by the names that its fields have.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Digits {
    pin: Secret,
    puk: Secret,
    new_pin: Secret,
    keep: Option<String>,
    last: Option<String>,
}

async fn unlock(State(app): State<App>, visitor: Visitor, Form(its): Form<Digits>) -> Result<Response, Response> {
    let request = UnlockRequest { pin: its.pin, keep: its.keep.is_some(), last: its.last.is_some() };
    let asked = app.agent.unlock_sim(&visitor.caller, &request).await;
    answer(app, visitor, Asked::Unlock, asked).await
}

async fn unlock_by_puk(
    State(app): State<App>,
    visitor: Visitor,
    Form(its): Form<Digits>,
) -> Result<Response, Response> {
    let (keep, last) = (its.keep.is_some(), its.last.is_some());
    let request = PukRequest { puk: its.puk, new_pin: its.new_pin, keep, last };
    let asked = app.agent.unlock_sim_by_puk(&visitor.caller, &request).await;
    answer(app, visitor, Asked::Puk, asked).await
}

/// Several of these forms are on one page, so that each has its own names.
#[derive(Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
enum PinForm {
    Change {
        #[serde(default)]
        change_pin: Secret,
        #[serde(default)]
        change_new_pin: Secret,
    },
    Enable {
        #[serde(default)]
        enable_pin: Secret,
    },
    Disable {
        #[serde(default)]
        disable_pin: Secret,
    },
    Forget {},
}

async fn change_pin(State(app): State<App>, visitor: Visitor, Form(form): Form<PinForm>) -> Result<Response, Response> {
    let (asked, request) = match form {
        PinForm::Change { change_pin: pin, change_new_pin: new_pin } => {
            (Asked::Change, PinRequest::Change { pin, new_pin })
        }
        PinForm::Enable { enable_pin: pin } => (Asked::Enable, PinRequest::Enable { pin }),
        PinForm::Disable { disable_pin: pin } => (Asked::Disable, PinRequest::Disable { pin }),
        PinForm::Forget {} => (Asked::Forget, PinRequest::Forget),
    };
    let done = app.agent.change_sim_pin(&visitor.caller, &request).await;
    answer(app, visitor, asked, done).await
}

async fn note(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let asked = app.agent.note_sim(&visitor.caller).await;
    back(app, visitor, asked).await
}

async fn answer(app: App, visitor: Visitor, asked: Asked, done: Result<(), Refusal>) -> Result<Response, Response> {
    let to = match asked {
        Asked::Unlock | Asked::Puk => "unlock",
        Asked::Change => "change",
        Asked::Enable => "enable",
        Asked::Disable => "disable",
        Asked::Forget => "forget",
    };
    let Err(refusal) = done else { return Ok(Redirect::to(&format!("{SIM}?done={to}")).into_response()) };
    let ask = Ask::begin(&app, visitor).await?;
    let (code, refusal) = ask.tell(refusal)?;
    Ok(ask.sim(code, &SimView { asked: Some(asked), refusal }))
}
