//! `/system/support`: what is in the support bundle, and the bundle. It is made by POST, because each one costs the box some work.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use leptos::prelude::*;

use super::{Came, Said, lead, overview};
use crate::{
    components::{
        card::Card,
        frame::{Frame, Shell},
        nav::Place,
    },
    domain::{api::Overview, fault::Fault},
    pages::{frame as frame_for, refused, render::render, status},
    text::Text,
    web::{App, Visitor},
};

pub(super) const PATH: &str = "/system/support";

pub(super) fn said(text: Text, _: &Overview) -> Said {
    Said::plain(text.support_said())
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(show).post(download))
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    Ok(answer(&visitor, &overview, StatusCode::OK, Came::default()))
}

async fn download(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    match app.agent.support_bundle(&visitor.caller).await {
        Ok(bundle) => {
            let headers = [
                (header::CONTENT_TYPE, "application/gzip".to_owned()),
                // the name has letters, digits, hyphens and points only: the client checked it
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", bundle.name)),
            ];
            Ok((headers, bundle.bytes).into_response())
        }
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(&visitor, &refusal)),
        Err(refusal) => {
            let (code, overview) = (status(&refusal), overview(&app, &visitor).await?);
            Ok(answer(&visitor, &overview, code, Came { saved: false, refusal: Some(refusal) }))
        }
    }
}

fn answer(visitor: &Visitor, overview: &Overview, code: StatusCode, came: Came) -> Response {
    render(code, || page(frame_for(visitor, overview, Place::System, PATH), came))
}

pub fn page(frame: Frame, came: Came) -> impl IntoView + use<> {
    let text = frame.text;
    let list = |items: Vec<&'static str>| {
        let items = items.into_iter().map(|item| view! { <li>{item}</li> }).collect_view();
        view! { <ul class="points">{items}</ul> }
    };
    let inside = list(vec![
        text.support_in_versions(),
        text.support_in_network(),
        text.support_in_changes(),
        text.support_in_audit(),
        text.support_in_settings(),
        text.support_in_machine(),
    ]);
    let outside = list(vec![text.support_out_secrets(), text.support_out_files()]);
    let frame = Frame { title: text.support_title().to_owned(), ..frame };
    view! {
        <Shell frame=frame>
            {lead(text, text.support_title(), text.support_why())}
            {came.note(text)}
            <Card title=text.support_in()>{inside}</Card>
            <Card title=text.support_out()>{outside}</Card>
            <form method="post" action=PATH><p class="actions"><button>{text.support_go()}</button></p></form>
        </Shell>
    }
}
