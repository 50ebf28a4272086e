//! `/system/host-name`: what the box is called. The answer to the form is the page itself: by the old name it could not be asked for again.

use axum::{Form, Router, extract::State, http::StatusCode, response::Response, routing::get};
use leptos::prelude::*;
use serde::Deserialize;

use super::{Came, Said, lead, overview};
use crate::{
    components::{
        card::Card,
        field::{Field, field},
        frame::{Frame, Shell},
        nav::Place,
        note::Note,
        summary::{Problem, summary},
        tag::Mood,
    },
    domain::{api::Overview, fault::Fault, network::issue, settings::request::HostNameRequest},
    pages::{frame as frame_for, refused, render::render, status},
    text::Text,
    web::{App, Visitor},
};

pub(super) const PATH: &str = "/system/host-name";

pub(super) fn said(_: Text, overview: &Overview) -> Said {
    Said::plain(format!("{}.local", overview.host_name))
}

#[derive(Clone, Debug, Default)]
pub struct HostNameView {
    /// As it was typed.
    pub typed: String,
    pub came: Came,
}

#[derive(Debug, Deserialize)]
struct Typed {
    #[serde(default)]
    host_name: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(show).post(save))
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let view = HostNameView { typed: overview.host_name.clone(), ..HostNameView::default() };
    Ok(answer(&visitor, &overview, StatusCode::OK, view))
}

async fn save(State(app): State<App>, visitor: Visitor, Form(typed): Form<Typed>) -> Result<Response, Response> {
    let request = HostNameRequest { host_name: typed.host_name.clone() };
    let done = app.agent.set_host_name(&visitor.caller, &request).await;
    let (code, came) = match done {
        Ok(()) => (StatusCode::OK, Came { saved: true, refusal: None }),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => return Err(refused(&visitor, &refusal)),
        Err(refusal) => (status(&refusal), Came { saved: false, refusal: Some(refusal) }),
    };
    let overview = overview(&app, &visitor).await?;
    Ok(answer(&visitor, &overview, code, HostNameView { typed: typed.host_name, came }))
}

fn answer(visitor: &Visitor, overview: &Overview, code: StatusCode, view: HostNameView) -> Response {
    render(code, || page(frame_for(visitor, overview, Place::System, PATH), overview, view))
}

pub fn page(frame: Frame, overview: &Overview, view: HostNameView) -> impl IntoView + use<> {
    let text = frame.text;
    let HostNameView { typed, came } = view;
    let problem = came.problem(text, overview, issue::Field::HostName, &typed);
    let said = problem.clone().map(|message| Problem { field: Some("host_name".to_owned()), message });
    let frame =
        Frame { title: text.host_name_title().to_owned(), problem: problem.is_some(), path: PATH.to_owned(), ..frame };
    let url = format!("https://{}.local/", overview.host_name);
    let renamed = came.saved.then(|| {
        view! {
            <Note mood=Mood::Ok title=text.host_name_saved(&overview.host_name) role="status">
                <p>{text.host_name_saved_why()}</p>
                <p><a href=url.clone()>{url.clone()}</a></p>
            </Note>
        }
    });
    let note = (!came.saved).then(|| came.note(text)).flatten();
    let name = Field {
        name: "host_name".into(),
        label: text.system_host_name().to_owned(),
        hint: Some(text.host_name_hint().to_owned()),
        problem,
        value: typed.trim().to_owned(),
        ..Field::default()
    };
    view! {
        <Shell frame=frame>
            {lead(text, text.host_name_title(), text.host_name_why())}
            {summary(text, said.as_slice())}
            {renamed}
            {note}
            <Card title=text.host_name_card()>
                <form class="stack" method="post" action=PATH novalidate>
                    {field(name)}
                    <p class="actions"><button>{text.system_save()}</button></p>
                </form>
            </Card>
        </Shell>
    }
}
