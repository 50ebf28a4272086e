//! `/setup`, `/login`, `/logout`.

use axum::{
    Form, Router,
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{LoginView, SetupView, login, setup};
use crate::{
    domain::{
        api::{Login, Session, SetPassword},
        fault::{Fault, Refusal},
        secret::Secret,
    },
    pages::{bare, refused, render::render, status, system},
    web::{App, Visitor, cookies},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/setup", get(show_setup).post(set_up))
        .route("/login", get(show_login).post(sign_in))
        .route("/logout", post(sign_out))
}

#[derive(Debug, Deserialize)]
struct Password {
    #[serde(default)]
    password: Secret,
}

#[derive(Debug, Deserialize)]
struct Came {
    /// The person signed out.
    left: Option<String>,
}

async fn show_setup(visitor: Visitor) -> Response {
    let view = SetupView { here: visitor.service, refusal: None };
    render(StatusCode::OK, || setup(bare(&visitor, "/setup"), view))
}

async fn set_up(State(app): State<App>, visitor: Visitor, Form(form): Form<Password>) -> Response {
    match app.agent.setup(&visitor.caller, &SetPassword { password: form.password }).await {
        Ok(session) => signed_in(&session),
        Err(refusal @ Refusal { fault: Fault::SetupDone, .. }) => refused(&visitor, &refusal),
        Err(refusal) => {
            let code = status(&refusal);
            let here = visitor.service && refusal.fault != Fault::ServicePortOnly;
            let view = SetupView { here, refusal: Some(refusal) };
            render(code, || setup(bare(&visitor, "/setup"), view))
        }
    }
}

async fn show_login(State(app): State<App>, visitor: Visitor, Query(came): Query<Came>) -> Response {
    let ended = match &visitor.caller.session {
        None => false,
        Some(_) => match app.agent.session(&visitor.caller).await {
            Ok(_) => return Redirect::to("/").into_response(),
            Err(refusal) => refusal.fault == Fault::NotSignedIn,
        },
    };
    let view = LoginView { ended, left: came.left.is_some(), refusal: None };
    render(StatusCode::OK, || login(bare(&visitor, "/login"), view))
}

async fn sign_in(State(app): State<App>, visitor: Visitor, Form(form): Form<Password>) -> Response {
    match app.agent.login(&visitor.caller, &Login { password: form.password }).await {
        Ok(session) => signed_in(&session),
        Err(Refusal { fault: Fault::SetupFirst, .. }) => Redirect::to("/setup").into_response(),
        Err(refusal) => {
            let code = status(&refusal);
            let view = LoginView { refusal: Some(refusal), ..LoginView::default() };
            render(code, || login(bare(&visitor, "/login"), view))
        }
    }
}

/// Signed out here in any case; a session that the agent no longer knows is signed out already.
async fn sign_out(State(app): State<App>, visitor: Visitor) -> Response {
    match app.agent.logout(&visitor.caller).await {
        Ok(()) | Err(Refusal { fault: Fault::NotSignedIn, .. }) => {
            let clear = [cookies::clear_session(), cookies::clear_change()];
            (with_cookies(clear), Redirect::to("/login?left=1")).into_response()
        }
        Err(refusal) => refused(&visitor, &refusal),
    }
}

fn signed_in(session: &Session) -> Response {
    let to = if session.password_age.is_some() { system::password::OLD } else { "/" };
    (with_cookies([cookies::set_session(&session.token)]), Redirect::to(to)).into_response()
}

fn with_cookies<const N: usize>(values: [HeaderValue; N]) -> AppendHeaders<[(header::HeaderName, HeaderValue); N]> {
    AppendHeaders(values.map(|value| (header::SET_COOKIE, value)))
}
