//! `POST /network/<port>/lease`: renew the lease, or give it back.

use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{handlers::Ask, status_id};
use crate::{
    domain::{
        api::{LeaseAsk, LeaseRequest},
        network::form::PortForm,
    },
    web::{App, Visitor},
};

#[derive(Debug, Deserialize)]
pub struct Wish {
    ask: LeaseAsk,
    /// A checkbox's way to say yes.
    sure: Option<String>,
}

pub async fn lease(
    State(app): State<App>,
    visitor: Visitor,
    Path(name): Path<String>,
    Form(wish): Form<Wish>,
) -> Result<Response, Response> {
    let ask = Ask::begin(app, visitor, &name).await?;
    let port = ask.port.name.clone();
    let request = LeaseRequest { port: port.clone(), ask: wish.ask, by: None, sure: wish.sure.is_some() };
    match ask.app.agent.lease(&ask.visitor.caller, &request).await {
        Ok(_) => Ok(Redirect::to(&format!("/network/{port}#{}", status_id(&port))).into_response()),
        Err(refusal) => {
            let form = PortForm::of(&ask.overview.network.spec.port(&port));
            Ok(ask.refused(form, refusal))
        }
    }
}
