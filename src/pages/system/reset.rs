//! `/system/reset`: back to how the box was delivered. It asks twice: what goes and what stays, and then for the name of the box that is
//! meant.

use axum::{
    Form, Router,
    extract::State,
    http::{HeaderValue, StatusCode, header::REFRESH},
    response::Response,
    routing::get,
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{Came, Said, lead, overview, power::hindrance};
use crate::{
    components::{
        card::Card,
        countdown::busy,
        field::{Field, field},
        frame::{Frame, Shell},
        nav::Place,
        note::Note,
        summary::{Problem, summary},
        tag::Mood,
    },
    domain::{
        api::Overview, box_file::SERVICE_ADDRESS, fault::Fault, network::issue, power::may_go_down, reset::ResetRequest,
    },
    pages::{frame as frame_for, refused, render::render, status},
    text::Text,
    web::{App, Visitor},
};

pub(super) const PATH: &str = "/system/reset";
const SURE: &str = "/system/reset/sure";
/// Of a browser at the service port, where the box answers as a new one. Its certificate is a new one, too: a person has to look.
const LOOK_AGAIN: HeaderValue = HeaderValue::from_static("90;url=/");

pub(super) fn said(text: Text, _: &Overview) -> Said {
    Said::plain(text.reset_line())
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(first)).route(SURE, get(second).post(reset))
}

async fn first(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let frame = frame_for(&visitor, &overview, Place::System, PATH);
    Ok(render(StatusCode::OK, || page(frame, &overview)))
}

async fn second(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    Ok(answer(&visitor, &overview, StatusCode::OK, ResetView::default()))
}

#[derive(Debug, Deserialize)]
struct Typed {
    #[serde(default)]
    name: String,
}

async fn reset(State(app): State<App>, visitor: Visitor, Form(typed): Form<Typed>) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    match app.agent.factory_reset(&visitor.caller, &ResetRequest { name: typed.name.clone() }).await {
        Ok(()) => {
            let mut page = render(StatusCode::OK, || going(frame_for(&visitor, &overview, Place::System, "/")));
            if visitor.service {
                page.headers_mut().insert(REFRESH, LOOK_AGAIN);
            }
            Ok(page)
        }
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(&visitor, &refusal)),
        Err(refusal) => {
            let code = status(&refusal);
            let came = Came { saved: false, refusal: Some(refusal) };
            Ok(answer(&visitor, &overview, code, ResetView { typed: typed.name, came }))
        }
    }
}

/// The second question.
#[derive(Clone, Debug, Default)]
pub struct ResetView {
    pub typed: String,
    pub came: Came,
}

fn answer(visitor: &Visitor, overview: &Overview, code: StatusCode, view: ResetView) -> Response {
    render(code, || sure(frame_for(visitor, overview, Place::System, SURE), overview, view))
}

/// The first question: what goes, and what stays.
pub fn page(frame: Frame, overview: &Overview) -> impl IntoView + use<> {
    let text = frame.text;
    let frame = Frame { title: text.reset_title().to_owned(), path: PATH.to_owned(), ..frame };
    let hindered = may_go_down(overview.network.transaction.open.as_ref(), &overview.power).err();
    let go_on = hindered.is_none().then(|| view! { <a class="button" href=SURE>{text.reset_go_on()}</a> });
    let note = hindered.map(|fault| hindrance(text, &fault));
    let list = |lines: &[&'static str]| lines.iter().map(|line| view! { <li>{*line}</li> }).collect_view();
    let goes = list(&[
        text.reset_goes_password(),
        text.reset_goes_network(),
        text.reset_goes_settings(),
        text.reset_goes_certificates(),
        text.reset_goes_records(),
    ]);
    let stays = list(&[text.reset_stays_identity(), text.reset_stays_software()]);
    view! {
        <Shell frame=frame>
            {lead(text, text.reset_title(), text.reset_why())}
            {note}
            <div class="cols">
                <Card title=text.reset_goes() weighty=true>
                    <ul class="points">{goes}</ul>
                </Card>
                <Card title=text.reset_stays()>
                    <ul class="points">{stays}</ul>
                </Card>
                <Card title=text.reset_then()>
                    <p>{text.reset_then_why(format!("https://{SERVICE_ADDRESS}/"))}</p>
                    <p class="actions">{go_on}<a class="button plain" href="/system">{text.power_cancel()}</a></p>
                </Card>
            </div>
        </Shell>
    }
}

pub fn sure(frame: Frame, overview: &Overview, view: ResetView) -> impl IntoView + use<> {
    let text = frame.text;
    let ResetView { typed, came } = view;
    let problem = came.problem(text, overview, issue::Field::ResetName, &typed);
    let said = problem.clone().map(|message| Problem { field: Some("name".to_owned()), message });
    let frame =
        Frame { title: text.reset_title().to_owned(), problem: problem.is_some(), path: SURE.to_owned(), ..frame };
    let hindered = may_go_down(overview.network.transaction.open.as_ref(), &overview.power).err();
    let note =
        came.note(text).or_else(|| hindered.as_ref().map(|fault| hindrance(text, fault).into_any())).unwrap_or_else(
            || view! { <Note mood=Mood::Warn title=text.reset_last()><p>{text.reset_last_why()}</p></Note> }.into_any(),
        );
    let name = Field {
        name: "name".into(),
        label: text.reset_name().to_owned(),
        hint: Some(text.reset_name_hint(&overview.serial, &overview.host_name)),
        problem,
        value: typed.trim().to_owned(),
        ..Field::default()
    };
    let go = hindered.is_none().then(|| view! { <button>{text.reset_go()}</button> });
    view! {
        <Shell frame=frame>
            {lead(text, text.reset_title(), text.reset_why())}
            {summary(text, said.as_slice())}
            {note}
            <Card title=text.reset_sure() weighty=true>
                <form class="stack" method="post" action=SURE novalidate>
                    {field(name)}
                    <p class="actions">{go}<a class="button plain" href="/system">{text.power_cancel()}</a></p>
                </form>
            </Card>
        </Shell>
    }
}

/// The page while the box becomes a new one.
pub fn going(frame: Frame) -> impl IntoView + use<> {
    let text = frame.text;
    let frame = Frame { title: text.reset_going().to_owned(), ..frame };
    let service = format!("https://{SERVICE_ADDRESS}/");
    view! {
        <Shell frame=frame>
            <div class="lead"><h1>{text.reset_going()}</h1></div>
            <Card title=text.power_now()>
                {busy(text.reset_going_busy())}
                <p>{text.reset_going_why()}</p>
                <p>{text.reset_going_then(&service)}</p>
                <p class="actions"><a class="button plain" href=service.clone()>{service.clone()}</a></p>
            </Card>
        </Shell>
    }
}
