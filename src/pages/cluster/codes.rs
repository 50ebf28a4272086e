//! Activation codes of the account. A code's text is told once, in the answer to the form that makes it.

use std::collections::HashMap;

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use leptos::prelude::*;

use super::{Asked, call, done, lead, line, needed, overview};
use crate::{
    components::{
        card::Card,
        carried::{Carried, carried},
        choice::{Choice, choice},
        field::field,
        format::moment,
        frame::{Frame, Shell},
        nav::Place,
        summary::Problem,
    },
    domain::{
        cluster::{
            api::{CodeInfo, CodeMade, NewCode},
            calls::{self, encode},
        },
        fault::Refusal,
    },
    pages::{frame as frame_for, render::render, status},
    text::Text,
    web::{App, Visitor},
};

const PATH: &str = "/cluster/codes";
/// Letters of an id that tell one code from another for a person.
const SHORT_ID: usize = 8;

#[derive(Clone, Debug, Default)]
pub struct CodesView {
    pub codes: Vec<CodeInfo>,
    pub made: Option<CodeMade>,
    /// As it was typed, where it comes back.
    pub typed: HashMap<String, String>,
    pub done: bool,
    pub problems: Vec<Problem>,
    pub refusal: Option<Refusal>,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(show).post(create))
}

async fn show(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Response> {
    let codes = needed::<calls::ListCodes>(&app, &visitor, &[], &()).await?;
    answer(&app, &visitor, StatusCode::OK, &CodesView { codes, done: asked.done.is_some(), ..CodesView::default() })
        .await
}

async fn create(
    State(app): State<App>,
    visitor: Visitor,
    Form(typed): Form<HashMap<String, String>>,
) -> Result<Response, Response> {
    let text = visitor.text;
    let value = |name: &str| typed.get(name).map(String::as_str).unwrap_or_default();
    let mut problems = Vec::new();
    let mut wrong = |field: &str, message: String| problems.push(Problem { field: Some(field.to_owned()), message });
    let short = value("short") == "yes";
    let model = optional(value("model"), || wrong("model", text.activate_problem_cluster_name().into()));
    let label = optional(value("label"), || wrong("label", text.activate_problem_cluster_name().into()));
    let hours = optional(value("hours"), || wrong("hours", text.problem_invalid("1–2160", text.cluster_code_hours())));
    let mut view = CodesView::default();
    if problems.is_empty() {
        let ask = NewCode { model, cluster: None, hours, label, short };
        match call::<calls::CreateCode>(&app, &visitor, &[], &ask).await? {
            Ok(made) => view.made = Some(made),
            Err(refusal) => view.refusal = Some(refusal),
        }
    }
    if view.made.is_none() {
        view.typed = typed;
    }
    view.codes = needed::<calls::ListCodes>(&app, &visitor, &[], &()).await?;
    view.problems = problems;
    let code = match &view.refusal {
        Some(refusal) => status(refusal),
        None if view.problems.is_empty() => StatusCode::OK,
        None => StatusCode::UNPROCESSABLE_ENTITY,
    };
    answer(&app, &visitor, code, &view).await
}

/// Nothing typed is nothing; what cannot be read is said.
pub(super) fn optional<T: std::str::FromStr>(typed: &str, wrong: impl FnOnce()) -> Option<T> {
    let typed = typed.trim();
    if typed.is_empty() {
        return None;
    }
    let read = typed.parse().ok();
    if read.is_none() {
        wrong();
    }
    read
}

async fn answer(app: &App, visitor: &Visitor, code: StatusCode, view: &CodesView) -> Result<Response, Response> {
    let overview = overview(app, visitor).await?;
    Ok(render(code, || page(frame_for(visitor, &overview, Place::Cluster, PATH), view)))
}

pub fn page(frame: Frame, view: &CodesView) -> impl IntoView + use<> {
    let text = frame.text;
    let problem = !view.problems.is_empty() || view.refusal.is_some();
    let frame = Frame { title: text.cluster_codes().to_owned(), problem, path: PATH.to_owned(), ..frame };
    let made = view.made.as_ref().map(|made| {
        let told = made.code.expose();
        let told = Carried { name: "made", told, label: text.cluster_code_text(), file: "activation-code" };
        let told = carried(text, told);
        let until = text.cluster_code_until(moment(made.expires));
        view! {
            <Card title=text.cluster_code_made() weighty=true>
                {told}
                <p>{until}</p>
            </Card>
        }
    });
    let rows = view.codes.iter().map(|code| row(text, code)).collect::<Vec<_>>();
    let none = rows.is_empty().then(|| view! { <p class="muted">{text.cluster_code_none()}</p> });
    let line = |name, label| line(name, label, &view.typed, &view.problems);
    let (label, model, hours) = (
        field(line("label", text.cluster_code_label())),
        field(line("model", text.cluster_code_model())),
        field(line("hours", text.cluster_code_hours())),
    );
    let short = Choice {
        kind: "checkbox",
        name: "short",
        value: "yes",
        label: text.cluster_code_short().to_owned(),
        why: Some(text.cluster_code_short_why().to_owned()),
        chosen: view.typed.contains_key("short"),
    };
    let lead = lead(text, text.cluster_codes().to_owned(), &view.problems, view.refusal.as_ref());
    let done = done(text, view.done);
    view! {
        <Shell frame=frame>
            {lead}
            {done}
            {made}
            <Card title=text.cluster_code_new()>
                <form class="stack" method="post" action=PATH novalidate>
                    {label}
                    {model}
                    {hours}
                    {choice(short)}
                    <p class="actions"><button>{text.cluster_code_go()}</button></p>
                </form>
            </Card>
            <Card title=text.cluster_codes()>{none}<ul class="ports-list">{rows}</ul></Card>
        </Shell>
    }
}

fn row(text: Text, code: &CodeInfo) -> impl IntoView + use<> {
    let state = match (code.state.as_str(), &code.serial) {
        ("used", Some(serial)) => text.cluster_code_used(serial),
        ("revoked", _) => text.cluster_code_revoked().to_owned(),
        ("expired", _) => text.cluster_code_expired().to_owned(),
        _ => text.cluster_code_open().to_owned(),
    };
    let open = code.state == "open";
    let href = format!("/cluster/do/revoke/{}", encode(code.id.as_str()));
    let revoke = open.then(|| view! { <a class="link" href=href>{text.cluster_act_revoke_go()}</a> });
    let short = || code.id.as_str().chars().take(SHORT_ID).collect::<String>();
    let label = code.label.as_ref().map_or_else(short, ToString::to_string);
    let until = moment(code.expires);
    view! { <li><b>{label}</b><span class="muted">{state}" · "{until}</span>{revoke}</li> }
}
