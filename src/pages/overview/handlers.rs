//! `GET /`.

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};

use super::page;
use crate::{
    components::nav::Place,
    pages::{frame, refused, render::render},
    web::{App, Visitor},
};

pub fn routes() -> Router<App> {
    Router::new().route("/", get(show))
}

async fn show(State(app): State<App>, visitor: Visitor) -> Response {
    match app.agent.overview(&visitor.caller).await {
        Ok(overview) => render(StatusCode::OK, || page(frame(&visitor, &overview, Place::Overview, "/"), &overview)),
        Err(refusal) => refused(&visitor, &refusal),
    }
}
