//! `GET` and `POST /network/<port>`, `POST /network/<port>/apply`.

use axum::{
    Form, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{PortView, lease::lease, page, routes::RowButton};
use crate::{
    client::here,
    components::nav::Place,
    domain::{
        api::{ApplyRequest, Overview, PlanRequest},
        box_file::Role,
        fault::{Fault, Refusal},
        network::{form::PortForm, issue::Issue, kernel::StateHash, plan::Plan, spec::NetworkSpec, status::PortStatus},
    },
    pages::{
        cellular, frame,
        preview::{Preview, follow},
        refused,
        render::render,
        status,
    },
    web::{App, Visitor},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/network/{port}", get(show).post(check))
        .route("/network/{port}/apply", post(apply))
        .route("/network/{port}/lease", post(lease))
}

/// One request about one port, with what the agent says of the box.
pub(super) struct Ask {
    pub app: App,
    pub visitor: Visitor,
    pub overview: Overview,
    pub port: PortStatus,
}

impl Ask {
    pub async fn begin(app: App, visitor: Visitor, name: &str) -> Result<Self, Response> {
        let overview = app.agent.overview(&visitor.caller).await.map_err(|r| refused(&visitor, &r))?;
        match overview.network.ports.iter().find(|p| p.name.as_str() == name).cloned() {
            Some(port) => Ok(Self { app, visitor, overview, port }),
            None => Err(refused(&visitor, &here(Fault::NotFound))),
        }
    }

    fn answer(&self, status: StatusCode, view: PortView) -> Response {
        let frame = frame(&self.visitor, &self.overview, Place::Network, String::new());
        render(status, || page(frame, &self.overview, &self.port, view))
    }

    /// The whole spec with this port as the form has it.
    fn spec(&self, form: &PortForm) -> Result<NetworkSpec, Vec<Issue>> {
        let saved = &self.overview.network.spec;
        let port = form.read(&self.port.name, &saved.port(&self.port.name))?;
        Ok(saved.with_port(self.port.name.clone(), port))
    }

    /// Two ports that collide are each to blame: here it is said of this port, and of the other only where this one is fine.
    fn wrong(&self, form: PortForm, mut issues: Vec<Issue>) -> Response {
        let here = |issue: &Issue| issue.port.as_ref().is_none_or(|port| *port == self.port.name);
        if issues.iter().any(here) {
            issues.retain(here);
        }
        let view = PortView { form, issues, ..PortView::default() };
        self.answer(StatusCode::UNPROCESSABLE_ENTITY, view)
    }

    pub fn refused(&self, form: PortForm, refusal: Refusal) -> Response {
        match refusal.fault {
            Fault::Invalid { issues } => self.wrong(form, issues),
            Fault::NotSignedIn => refused(&self.visitor, &refusal),
            _ => self.answer(status(&refusal), PortView { form, refusal: Some(refusal), ..PortView::default() }),
        }
    }

    fn planned(&self, status: StatusCode, form: PortForm, plan: Plan, refusal: Option<Refusal>) -> Response {
        let preview = Some(Preview::of(&self.app, &self.visitor, plan));
        self.answer(status, PortView { form, preview, refusal, issues: Vec::new() })
    }

    async fn plan(&self, spec: NetworkSpec) -> Result<Plan, Refusal> {
        let plan = self.app.agent.plan(&self.visitor.caller, &PlanRequest { spec }).await?;
        if plan.is_empty() { Err(here(Fault::NothingToDo)) } else { Ok(plan) }
    }
}

async fn show(State(app): State<App>, visitor: Visitor, Path(name): Path<String>) -> Result<Response, Response> {
    let ask = Ask::begin(app, visitor, &name).await?;
    if ask.port.role == Role::Sim {
        return Ok(Redirect::to(cellular::PATH).into_response());
    }
    let form = PortForm::of(&ask.overview.network.spec.port(&ask.port.name));
    Ok(ask.answer(StatusCode::OK, PortView { form, ..PortView::default() }))
}

#[derive(Debug, Deserialize)]
struct Check {
    #[serde(flatten)]
    form: PortForm,
    /// Of the button that was pressed, where it is one of those for rows.
    rows: Option<RowButton>,
}

async fn check(
    State(app): State<App>,
    visitor: Visitor,
    Path(name): Path<String>,
    Form(Check { mut form, rows }): Form<Check>,
) -> Result<Response, Response> {
    let ask = Ask::begin(app, visitor, &name).await?;
    if ask.port.role != Role::Uplink {
        return Err(refused(&ask.visitor, &here(Fault::NotFound)));
    }
    if let Some(button) = rows {
        button.press(&mut form.routes);
        return Ok(ask.answer(StatusCode::OK, PortView { form, ..PortView::default() }));
    }
    form.routes = form.routes.tidy();
    let spec = match ask.spec(&form) {
        Ok(spec) => spec,
        Err(issues) => return Ok(ask.wrong(form, issues)),
    };
    Ok(match ask.plan(spec).await {
        Ok(plan) => ask.planned(StatusCode::OK, form, plan, None),
        Err(refusal) => ask.refused(form, refusal),
    })
}

#[derive(Debug, Deserialize)]
struct Apply {
    #[serde(flatten)]
    form: PortForm,
    #[serde(default)]
    base: String,
}

async fn apply(
    State(app): State<App>,
    visitor: Visitor,
    Path(name): Path<String>,
    Form(Apply { mut form, base }): Form<Apply>,
) -> Result<Response, Response> {
    form.routes = form.routes.tidy();
    let ask = Ask::begin(app, visitor, &name).await?;
    let Ok(base) = serde_json::from_str::<StateHash>(&base) else {
        return Err(refused(&ask.visitor, &here(Fault::Malformed { detail: "base".to_owned() })));
    };
    let spec = match ask.spec(&form) {
        Ok(spec) => spec,
        Err(issues) => return Ok(ask.wrong(form, issues)),
    };
    let request = ApplyRequest { spec: spec.clone(), base, window: None };
    match ask.app.agent.apply(&ask.visitor.caller, &request).await {
        Ok(applied) => Ok(follow(applied)),
        Err(outdated @ Refusal { fault: Fault::PlanOutdated, .. }) => Ok(match ask.plan(spec).await {
            Ok(plan) => ask.planned(status(&outdated), form, plan, Some(outdated)),
            Err(refusal) => ask.refused(form, refusal),
        }),
        Err(refusal) => Ok(ask.refused(form, refusal)),
    }
}
