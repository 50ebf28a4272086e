//! `/activate/network`: the network that an administrator prepared for this box, as a change like any other: with its plan, and undone
//! unless somebody keeps it.

use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use serde::Deserialize;

use super::load;
use crate::{
    client::here,
    components::{
        frame::{Frame, Shell},
        nav::Place,
        note::Note,
        tag::Mood,
    },
    domain::{
        activation::api::Activation,
        api::{ApplyRequest, Overview, PlanRequest},
        fault::{Fault, Refusal},
        network::{kernel::StateHash, spec::NetworkSpec},
    },
    pages::{
        fault, frame as frame_for,
        preview::{Applies, Preview, follow, preview},
        refused,
        render::render,
        status,
    },
    text::Text,
    web::{App, Visitor},
};

const PATH: &str = "/activate/network";

#[derive(Clone, Debug, Default)]
pub struct PreparedNetwork {
    pub preview: Option<Preview>,
    /// It is what the box has already.
    pub same: bool,
    /// What was prepared cannot be read.
    pub unreadable: Option<String>,
    pub refusal: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Based {
    #[serde(default)]
    base: String,
}

/// The text that was prepared, if one was.
pub(super) fn prepared(activation: &Activation) -> Option<&str> {
    activation.offered.as_ref()?.preview.prepared.as_ref()?.uplinks.as_deref().filter(|text| !text.trim().is_empty())
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let (overview, activation) = load(&app, &visitor).await?;
    let Some(text) = prepared(&activation) else { return Ok(Redirect::to("/activate").into_response()) };
    Ok(planned(&app, &visitor, &overview, text, None).await)
}

pub(super) async fn apply(
    State(app): State<App>,
    visitor: Visitor,
    Form(Based { base }): Form<Based>,
) -> Result<Response, Response> {
    let (overview, activation) = load(&app, &visitor).await?;
    let Some(text) = prepared(&activation) else { return Ok(Redirect::to("/activate").into_response()) };
    let Ok(spec) = toml::from_str::<NetworkSpec>(text) else {
        return Ok(planned(&app, &visitor, &overview, text, None).await);
    };
    let Ok(base) = serde_json::from_str::<StateHash>(&base) else {
        return Err(refused(&visitor, &here(Fault::Malformed { detail: "base".to_owned() })));
    };
    match app.agent.apply(&visitor.caller, &ApplyRequest { spec, base, window: None }).await {
        Ok(applied) => Ok(follow(applied)),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(&visitor, &refusal)),
        Err(refusal) => Ok(planned(&app, &visitor, &overview, text, Some(refusal)).await),
    }
}

async fn planned(app: &App, visitor: &Visitor, overview: &Overview, text: &str, refusal: Option<Refusal>) -> Response {
    let view = match toml::from_str::<NetworkSpec>(text) {
        Err(error) => PreparedNetwork { unreadable: Some(error.message().to_owned()), ..PreparedNetwork::default() },
        Ok(spec) if spec == overview.network.spec => {
            PreparedNetwork { same: true, refusal, ..PreparedNetwork::default() }
        }
        Ok(spec) => match app.agent.plan(&visitor.caller, &PlanRequest { spec }).await {
            Ok(plan) => {
                let preview = Some(Preview::of(app, visitor, plan));
                PreparedNetwork { preview, refusal, ..PreparedNetwork::default() }
            }
            Err(refusal) => PreparedNetwork { refusal: Some(refusal), ..PreparedNetwork::default() },
        },
    };
    let code = match &view.refusal {
        Some(refusal) => status(refusal),
        None if view.unreadable.is_some() => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let frame = frame_for(visitor, overview, Place::Cluster, PATH);
    render(code, || page(frame, overview, &view))
}

pub fn page(frame: Frame, overview: &Overview, view: &PreparedNetwork) -> impl IntoView + use<> {
    let text = frame.text;
    let problem = view.refusal.is_some() || view.unreadable.is_some();
    let frame = Frame { title: text.activate_network().to_owned(), problem, path: PATH.to_owned(), ..frame };
    let refusal = view.refusal.as_ref().map(|refusal| fault::note(text, refusal));
    let applies = Applies { action: PATH.to_owned(), back: "/activate/review".to_owned(), fields: Vec::new() };
    let plan = view.preview.as_ref().map(|p| preview(text, &overview.network, applies, p));
    let said = said(text, view);
    view! {
        <Shell frame=frame>
            <div class="lead">
                <p class="small"><a class="link" href="/activate">{text.activate_title()}</a></p>
                <h1>{text.activate_network()}</h1>
                <p class="muted">{text.activate_network_why()}</p>
            </div>
            {refusal}
            {said}
            {plan}
        </Shell>
    }
}

fn said(text: Text, view: &PreparedNetwork) -> impl IntoView + use<> {
    let unreadable = view.unreadable.as_ref().map(|detail| {
        let detail = detail.clone();
        view! {
            <Note mood=Mood::Bad title=text.activate_network_unreadable() role="alert">
                <p>{text.activate_network_unreadable_next()}</p>
                <p class="trace">{detail}</p>
            </Note>
        }
    });
    let same =
        view.same.then(|| view! { <Note mood=Mood::Ok title=text.activate_network_same() role="status">""</Note> });
    view! { {unreadable}{same} }
}
