//! `/activate/offline`: a request goes out by hand, an answer comes back.

use std::collections::HashMap;

use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;

use super::{load, questions::uploads, to};
use crate::{
    components::{
        card::Card,
        carried::{Carried, carried},
        field::{Field, Kind, field},
        frame::{Frame, Shell},
        nav::Place,
        summary::{Problem, summary},
    },
    domain::{
        activation::{
            api::{Activation, OfflineAnswer},
            wizard,
        },
        api::Overview,
        fault::{Fault, Refusal},
    },
    pages::{fault, frame as frame_for, refused, render::render, status},
    web::{App, Visitor},
};

const PATH: &str = "/activate/offline";

#[derive(Clone, Debug, Default)]
pub struct OfflineView {
    pub activation: Activation,
    pub typed: String,
    pub refusal: Option<Refusal>,
    pub problems: Vec<Problem>,
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let (overview, activation) = load(&app, &visitor).await?;
    Ok(again(&visitor, &overview, activation, None, Vec::new()))
}

pub(super) async fn make(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    match app.agent.offline_request(&visitor.caller).await {
        Ok(_) => Ok(Redirect::to(PATH).into_response()),
        Err(refusal) => Err(refused(&visitor, &refusal)),
    }
}

pub(super) async fn answer(
    State(app): State<App>,
    visitor: Visitor,
    Form(typed): Form<HashMap<String, String>>,
) -> Result<Response, Response> {
    let answer = typed.get("answer").cloned().unwrap_or_default();
    match app.agent.offline_answer(&visitor.caller, &OfflineAnswer { answer: answer.clone() }).await {
        Ok(activation) => Ok(to(wizard::next(&activation))),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(&visitor, &refusal)),
        Err(refusal) => {
            let (overview, activation) = load(&app, &visitor).await?;
            let view = OfflineView { activation, typed: answer, refusal: Some(refusal), problems: Vec::new() };
            Ok(rendered(&visitor, &overview, &view))
        }
    }
}

/// The page once more, with what was wrong.
pub(super) fn again(
    visitor: &Visitor,
    overview: &Overview,
    activation: Activation,
    refusal: Option<Refusal>,
    problems: Vec<Problem>,
) -> Response {
    let view = OfflineView { activation, typed: String::new(), refusal, problems };
    rendered(visitor, overview, &view)
}

fn rendered(visitor: &Visitor, overview: &Overview, view: &OfflineView) -> Response {
    let code = match &view.refusal {
        Some(refusal) => status(refusal),
        None if view.problems.is_empty() => StatusCode::OK,
        None => StatusCode::UNPROCESSABLE_ENTITY,
    };
    render(code, || page(frame_for(visitor, overview, Place::Cluster, PATH), view))
}

pub fn page(frame: Frame, view: &OfflineView) -> impl IntoView + use<> {
    let text = frame.text;
    let problem = view.refusal.is_some() || !view.problems.is_empty();
    let frame = Frame { title: text.activate_offline().to_owned(), problem, path: PATH.to_owned(), ..frame };
    let request = view.activation.request.as_ref().map(|request| {
        let label = text.activate_offline_text();
        let carried = carried(text, Carried { name: "request", told: request, label, file: "activation-request" });
        view! {
            <p>{text.activate_offline_made()}</p>
            {carried}
        }
    });
    let make =
        if view.activation.request.is_some() { text.activate_offline_remake() } else { text.activate_offline_make() };
    let answer = view.activation.request.is_some().then(|| {
        let pasted = Field {
            name: "answer".into(),
            label: text.activate_offline_paste().to_owned(),
            value: view.typed.clone(),
            kind: Kind::Lines,
            ..Field::default()
        };
        view! {
            <Card title=text.activate_offline_answer()>
                <form class="stack" method="post" action=PATH novalidate>
                    {field(pasted)}
                    <p class="actions"><button>{text.activate_offline_use()}</button></p>
                </form>
            </Card>
            {uploads(text, "answer")}
        }
    });
    let problems = summary(text, &view.problems);
    let refusal = view.refusal.as_ref().map(|refusal| fault::note(text, refusal));
    view! {
        <Shell frame=frame>
            <div class="lead">
                <p class="small"><a class="link" href="/activate">{text.activate_title()}</a></p>
                <h1>{text.activate_offline()}</h1>
                <p class="muted">{text.activate_offline_why()}</p>
            </div>
            {problems}
            {refusal}
            <Card title=text.activate_offline_request()>
                {request}
                <form method="post" action="/activate/offline/request">
                    <p class="actions"><button class="plain">{make}</button></p>
                </form>
            </Card>
            {answer}
        </Shell>
    }
}
