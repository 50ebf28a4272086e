//! `GET` and `POST /network/order`, `POST /network/order/apply`.

use axum::{
    Form, Router,
    extract::State,
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use serde::Deserialize;

use super::{OrderView, page};
use crate::{
    client::here,
    components::{nav::Place, words::Ports},
    domain::{
        api::{ApplyRequest, Overview, PlanRequest},
        fault::{Fault, Refusal},
        name::PortName,
        network::{kernel::StateHash, spec::NetworkSpec},
    },
    pages::{
        frame,
        preview::{Preview, follow},
        refused,
        render::render,
        status,
    },
    web::{App, Visitor},
};

pub fn routes() -> Router<App> {
    Router::new().route("/network/order", get(show).post(moved)).route("/network/order/apply", post(apply))
}

#[derive(Debug, Deserialize)]
struct Asked {
    /// The order so far, with commas.
    #[serde(default)]
    order: String,
    /// Who moves up by one.
    up: Option<String>,
    #[serde(default)]
    base: String,
}

impl Asked {
    /// The new order: names that are no uplinks are left out, and uplinks that are not named follow.
    fn order(&self, overview: &Overview) -> Vec<PortName> {
        let known = Ports(&overview.network).uplinks_in_order();
        let mut order = Vec::new();
        for name in self.order.split(',').filter_map(|name| known.iter().find(|k| k.as_str() == name)).chain(&known) {
            if !order.contains(name) {
                order.push(name.clone());
            }
        }
        let moves = order.iter().position(|name| Some(name.as_str()) == self.up.as_deref());
        if let Some(at) = moves.filter(|at| *at > 0) {
            order.swap(at, at - 1);
        }
        order
    }
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let order = Ports(&overview.network).uplinks_in_order();
    Ok(answer(&visitor, &overview, StatusCode::OK, &OrderView { order, ..OrderView::default() }))
}

async fn moved(State(app): State<App>, visitor: Visitor, Form(asked): Form<Asked>) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let order = asked.order(&overview);
    Ok(planned(&app, &visitor, &overview, order, None).await)
}

async fn apply(State(app): State<App>, visitor: Visitor, Form(asked): Form<Asked>) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let order = asked.order(&overview);
    let Ok(base) = serde_json::from_str::<StateHash>(&asked.base) else {
        return Err(refused(&visitor, &here(Fault::Malformed { detail: "base".to_owned() })));
    };
    let request = ApplyRequest { spec: spec(&overview, &order), base, window: None };
    match app.agent.apply(&visitor.caller, &request).await {
        Ok(applied) => Ok(follow(applied)),
        Err(outdated @ Refusal { fault: Fault::PlanOutdated, .. }) => {
            Ok(planned(&app, &visitor, &overview, order, Some(outdated)).await)
        }
        Err(refusal) => {
            let view = OrderView { order, refusal: Some(refusal.clone()), preview: None };
            Ok(answer(&visitor, &overview, status(&refusal), &view))
        }
    }
}

async fn overview(app: &App, visitor: &Visitor) -> Result<Overview, Response> {
    app.agent.overview(&visitor.caller).await.map_err(|refusal| refused(visitor, &refusal))
}

fn spec(overview: &Overview, order: &[PortName]) -> NetworkSpec {
    NetworkSpec { uplink_order: order.to_vec(), ..overview.network.spec.clone() }
}

/// The new order with its plan; without one where it is the saved order again.
async fn planned(
    app: &App,
    visitor: &Visitor,
    overview: &Overview,
    order: Vec<PortName>,
    refusal: Option<Refusal>,
) -> Response {
    let code = refusal.as_ref().map_or(StatusCode::OK, status);
    if order == Ports(&overview.network).uplinks_in_order() {
        return answer(visitor, overview, code, &OrderView { order, refusal, preview: None });
    }
    match app.agent.plan(&visitor.caller, &PlanRequest { spec: spec(overview, &order) }).await {
        Ok(plan) => {
            let preview = Some(Preview::of(app, visitor, plan));
            answer(visitor, overview, code, &OrderView { order, preview, refusal })
        }
        Err(found) => {
            let code = status(&found);
            answer(visitor, overview, code, &OrderView { order, refusal: Some(found), preview: None })
        }
    }
}

fn answer(visitor: &Visitor, overview: &Overview, code: StatusCode, view: &OrderView) -> Response {
    let frame = frame(visitor, overview, Place::Network, String::new());
    render(code, || page(frame, overview, view))
}
