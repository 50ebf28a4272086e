//! `/network/test`: the layered network test. It is read-only, so a POST answers with the result and not with a way to it.

mod path;

pub(super) use path::result;

use axum::{Form, Router, extract::State, http::StatusCode, response::Response, routing::get};
use leptos::prelude::*;
use serde::Deserialize;

use super::{fault, frame as frame_for, refused, render::render, status};
use crate::{
    components::{
        card::Card,
        field::{Field, field},
        frame::{Frame, Shell},
        nav::Place,
        summary::{Problem, summary},
        words::{Ports, issue},
    },
    domain::{
        api::{Overview, TestRequest},
        fault::{Fault, Refusal},
        network::hops::Report,
    },
    text::Text,
    web::{App, Visitor},
};

const PATH: &str = "/network/test";

/// What the page shows besides the form.
#[derive(Clone, Debug, Default)]
pub struct TestView {
    /// As it was typed.
    pub host: String,
    pub report: Option<Report>,
    pub refusal: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct TestForm {
    #[serde(default)]
    host: String,
}

pub fn routes() -> Router<App> {
    Router::new().route(PATH, get(show).post(run))
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    answer(&app, &visitor, StatusCode::OK, TestView::default()).await
}

async fn run(
    State(app): State<App>,
    visitor: Visitor,
    Form(TestForm { host }): Form<TestForm>,
) -> Result<Response, Response> {
    let request = TestRequest { host: Some(host.clone()) };
    match app.agent.test_network(&visitor.caller, &request).await {
        Ok(report) => {
            let view = TestView { host, report: Some(report), refusal: None };
            answer(&app, &visitor, StatusCode::OK, view).await
        }
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(&visitor, &refusal)),
        Err(refusal) => {
            let (status, view) = (status(&refusal), TestView { host, report: None, refusal: Some(refusal) });
            answer(&app, &visitor, status, view).await
        }
    }
}

/// The box as it is after the test.
async fn answer(app: &App, visitor: &Visitor, status: StatusCode, view: TestView) -> Result<Response, Response> {
    let overview = app.agent.overview(&visitor.caller).await.map_err(|r| refused(visitor, &r))?;
    Ok(render(status, || page(frame_for(visitor, &overview, Place::Network, PATH), &overview, view)))
}

pub fn page(frame: Frame, overview: &Overview, view: TestView) -> impl IntoView + use<> {
    let text = frame.text;
    let problem = problem(text, &view, overview);
    let said = problem.clone().map(|message| Problem { field: Some("host".to_owned()), message });
    let summary = summary(text, said.as_slice());
    let other = view.refusal.as_ref().filter(|r| !matches!(r.fault, Fault::Invalid { .. }));
    let refusal = other.map(|refusal| fault::note(text, refusal));
    let frame =
        Frame { title: text.hops_title().to_owned(), problem: problem.is_some(), path: PATH.to_owned(), ..frame };
    let result = view.report.map(|report| path::result(text, &report, Ports(&overview.network)));
    let host = Field {
        name: "host".into(),
        label: text.hops_host_field().to_owned(),
        hint: Some(text.hops_host_hint().to_owned()),
        problem,
        value: view.host,
        ..Field::default()
    };
    view! {
        <Shell frame=frame>
            <div class="lead">
                <p class="small"><a class="link" href="/network">{text.nav_network()}</a></p>
                <h1>{text.hops_title()}</h1>
                <p class="muted">{text.hops_why()}</p>
            </div>
            {summary}
            {refusal}
            {result}
            <Card title=text.hops_what()>
                <form class="stack" method="post" action=PATH novalidate>
                    {field(host)}
                    <p class="actions"><button>{text.hops_go()}</button></p>
                </form>
            </Card>
        </Shell>
    }
}

fn problem(text: Text, view: &TestView, overview: &Overview) -> Option<String> {
    match &view.refusal.as_ref()?.fault {
        Fault::Invalid { issues } => {
            issues.first().map(|found| issue(text, found, &view.host, Ports(&overview.network)))
        }
        _ => None,
    }
}
