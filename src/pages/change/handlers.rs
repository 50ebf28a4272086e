//! `GET /network/change`, its state for scripts, and the three answers.

use axum::{
    Form, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{ChangeView, page, phase_name};
use crate::{
    components::nav::Place,
    domain::{
        api::{ConfirmRequest, Overview},
        fault::{Fault, Refusal},
        network::transaction::PhaseView,
    },
    pages::{frame, landing::Landing, refused, render::render, status},
    web::{App, FormTargets, Visitor, cookies},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/network/change", get(show))
        .route("/network/change/state", get(state))
        .route("/network/change/confirm", post(confirm))
        .route("/network/change/rollback", post(rollback))
        .route("/network/change/more-time", post(more_time))
}

async fn show(State(app): State<App>, visitor: Visitor) -> Response {
    show_to(&app, &visitor, None).await
}

/// The page for this visitor, who may have come here by a handoff or by an answer that was refused.
pub async fn show_to(app: &App, visitor: &Visitor, refusal: Option<Refusal>) -> Response {
    let overview = match app.agent.overview(&visitor.caller).await {
        Ok(overview) => overview,
        Err(away) => return refused(visitor, &away),
    };
    let landing = landing(app, visitor, &overview);
    let target = match &landing {
        Landing::Moves { to, .. } => vec![format!("https://{to}")],
        Landing::Stays { .. } | Landing::Later { .. } | Landing::Lost { .. } => Vec::new(),
    };
    let open = overview.network.transaction.open.is_some();
    let code = refusal.as_ref().map_or(StatusCode::OK, status);
    let view = ChangeView { mine: visitor.change.clone(), service: visitor.service, landing, refusal };
    let frame = frame(visitor, &overview, Place::Network, String::new());
    let mut response = render(code, || page(frame, &overview, &view));
    response.extensions_mut().insert(FormTargets(target));
    if !open && visitor.change.is_some() {
        // its secrets are of no use any more
        response.headers_mut().append(header::SET_COOKIE, cookies::clear_change());
    }
    response
}

fn landing(app: &App, visitor: &Visitor, overview: &Overview) -> Landing {
    match &overview.network.transaction.open {
        // the new addresses are not known yet
        Some(open) if matches!(&open.phase, PhaseView::Asking { ports } if !ports.is_empty()) => {
            match Landing::of_pages(app, visitor, &open.old_pages, &open.new_pages) {
                stays @ Landing::Stays { .. } => stays,
                Landing::Moves { .. } | Landing::Later { .. } | Landing::Lost { .. } => {
                    Landing::Later { at: visitor.host.clone() }
                }
            }
        }
        Some(open) if !matches!(open.phase, PhaseView::RollingBack) => {
            Landing::of_pages(app, visitor, &open.old_pages, &open.new_pages)
        }
        _ => Landing::Stays { at: visitor.host.clone() },
    }
}

/// `awaiting 73000 1`: phase, milliseconds left, whether all is well. `none` when no change is open.
async fn state(State(app): State<App>, visitor: Visitor) -> Response {
    match app.agent.overview(&visitor.caller).await {
        Ok(overview) => match overview.network.transaction.open.map(|open| open.phase) {
            None => "none 0 0".into_response(),
            Some(PhaseView::AwaitingConfirm { left, checks, .. }) => {
                format!("awaiting {left} {}", u8::from(checks.all_well)).into_response()
            }
            Some(phase) => format!("{} 0 0", phase_name(&phase)).into_response(),
        },
        Err(refusal) => (status(&refusal), refusal.code).into_response(),
    }
}

#[derive(Debug, Deserialize)]
struct Keep {
    /// The page's own script says so.
    automatic: Option<String>,
    /// The person keeps it without a test.
    untested: Option<String>,
}

async fn confirm(State(app): State<App>, visitor: Visitor, Form(keep): Form<Keep>) -> Response {
    let request = ConfirmRequest {
        tx: None,
        token: visitor.change.as_ref().map(|mine| mine.confirm.clone()),
        automatic: keep.automatic.is_some(),
        untested: keep.untested.is_some(),
    };
    let answer = app.agent.confirm(&visitor.caller, &request).await.map(drop);
    lead_on(&app, &visitor, answer).await
}

async fn rollback(State(app): State<App>, visitor: Visitor) -> Response {
    let answer = app.agent.rollback(&visitor.caller).await.map(drop);
    lead_on(&app, &visitor, answer).await
}

async fn more_time(State(app): State<App>, visitor: Visitor) -> Response {
    let answer = app.agent.more_time(&visitor.caller).await;
    lead_on(&app, &visitor, answer).await
}

async fn lead_on(app: &App, visitor: &Visitor, answer: Result<(), Refusal>) -> Response {
    match answer {
        Ok(()) => Redirect::to("/network/change").into_response(),
        Err(refusal @ Refusal { fault: Fault::NotSignedIn | Fault::AgentAway, .. }) => refused(visitor, &refusal),
        Err(refusal) => show_to(app, visitor, Some(refusal)).await,
    }
}
