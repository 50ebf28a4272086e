//! Handlers: what the agent refuses is shown with its reason.

use axum::{
    Form, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{Act, PATH, PairView, Typed, act_page, page};
use crate::{
    client::here,
    components::nav::Place,
    domain::fault::{Fault, Refusal},
    pages::{frame, refused, render::render, status},
    web::{App, Visitor},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/cluster/pair", get(show))
        .route("/cluster/pair/settings", post(save))
        .route("/cluster/pair/do/{act}", get(ask).post(perform))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    saved: Option<String>,
    #[serde(default)]
    done: Option<String>,
}

async fn show(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Response> {
    let view = PairView { saved: asked.saved.is_some(), done: asked.done.is_some(), ..PairView::default() };
    rendered(&app, &visitor, StatusCode::OK, &view).await
}

async fn rendered(app: &App, visitor: &Visitor, code: StatusCode, view: &PairView) -> Result<Response, Response> {
    let both = futures_util::try_join!(app.agent.overview(&visitor.caller), app.agent.pair(&visitor.caller));
    let (overview, pair) = both.map_err(|refusal| refused(visitor, &refusal))?;
    Ok(render(code, || page(frame(visitor, &overview, Place::Cluster, PATH), &overview, &pair, view)))
}

async fn save(State(app): State<App>, visitor: Visitor, Form(typed): Form<Typed>) -> Result<Response, Response> {
    let Ok(request) = typed.request(visitor.text) else {
        let view = PairView { typed: Some(typed), ..PairView::default() };
        return rendered(&app, &visitor, StatusCode::UNPROCESSABLE_ENTITY, &view).await;
    };
    match app.agent.set_pair(&visitor.caller, &request).await {
        Ok(()) => Ok(Redirect::to("/cluster/pair?saved").into_response()),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(&visitor, &refusal)),
        Err(refusal) => {
            let code = status(&refusal);
            let view = PairView { typed: Some(typed), refusal: Some(refusal), ..PairView::default() };
            rendered(&app, &visitor, code, &view).await
        }
    }
}

fn of(visitor: &Visitor, word: &str) -> Result<Act, Response> {
    let found = Act::ALL.into_iter().find(|act| act.word() == word);
    found.ok_or_else(|| refused(visitor, &here(Fault::NotFound)))
}

async fn ask(State(app): State<App>, visitor: Visitor, Path(word): Path<String>) -> Result<Response, Response> {
    asked(&app, &visitor, of(&visitor, &word)?, None).await
}

async fn asked(app: &App, visitor: &Visitor, act: Act, refusal: Option<&Refusal>) -> Result<Response, Response> {
    let overview = app.agent.overview(&visitor.caller).await.map_err(|refusal| refused(visitor, &refusal))?;
    let code = refusal.map_or(StatusCode::OK, status);
    Ok(render(code, || act_page(frame(visitor, &overview, Place::Cluster, PATH), act, refusal)))
}

async fn perform(State(app): State<App>, visitor: Visitor, Path(word): Path<String>) -> Result<Response, Response> {
    let (act, caller) = (of(&visitor, &word)?, &visitor.caller);
    let done = match act {
        Act::Switchover => app.agent.switch_over(caller, false).await,
        Act::Drill => app.agent.switch_over(caller, true).await,
        Act::Maintenance => app.agent.pair_maintenance(caller, true).await,
        Act::EndMaintenance => app.agent.pair_maintenance(caller, false).await,
        Act::Clear => app.agent.end_fence(caller).await,
    };
    match done {
        Ok(()) => Ok(Redirect::to("/cluster/pair?done").into_response()),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(&visitor, &refusal)),
        Err(refusal) => asked(&app, &visitor, act, Some(&refusal)).await,
    }
}
