//! `/activate`: the wizard, one question a page. What is answered is the agent's, so a page that is loaded again, a box that starts
//! anew and another browser go on where it was.

mod check;
mod cluster;
mod network;
mod offline;
mod photo;
mod progress;
mod questions;
mod review;

use std::collections::HashMap;

use axum::{
    Form, Router,
    extract::{DefaultBodyLimit, Multipart, Path, State},
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;

use super::{fault, frame as frame_for, refused, render::render, status};
use crate::{
    components::{
        frame::{Frame, Shell},
        nav::Place,
        summary::{Problem, summary},
    },
    domain::{
        activation::{
            api::{Activation, Answers, Checked, NewOrReplacement, OfflineAnswer, Stage},
            wizard::{self, Page},
        },
        api::Overview,
        fault::{Fault, Refusal},
        pair::api::Refusal::Unusable,
        secret::Secret,
    },
    text::Text,
    web::{App, Visitor},
};

pub use network::{PreparedNetwork, page as network_page};
pub use offline::{OfflineView, page as offline_page};
pub use photo::{Unreadable, read as read_photo};
pub use progress::ledger;
pub(super) use questions::uploads;

/// Where pictures and files go; the only route that takes more than a form.
pub const UPLOAD: &str = "/activate/upload/{what}";

/// What a page shows.
#[derive(Clone, Debug, Default)]
pub struct WizardView {
    pub activation: Activation,
    /// As it was typed, where it comes back.
    pub typed: HashMap<String, String>,
    pub problems: Vec<Problem>,
    pub refusal: Option<Refusal>,
    pub checked: Option<Checked>,
}

pub fn routes() -> Router<App> {
    Router::new()
        .route("/activate", get(start))
        .route("/activate/preview", post(preview))
        .route("/activate/stop", post(stop))
        .route("/activate/offline", get(offline::show).post(offline::answer))
        .route("/activate/offline/request", post(offline::make))
        .route("/activate/network", get(network::show).post(network::apply))
        .route("/activate/{page}", get(show).post(save))
        // how long one may be is judged before it is read (web/body.rs)
        .route(UPLOAD, post(upload).layer(DefaultBodyLimit::disable()))
}

async fn load(app: &App, visitor: &Visitor) -> Result<(Overview, Activation), Response> {
    let overview = app.agent.overview(&visitor.caller).await.map_err(|r| refused(visitor, &r))?;
    let activation = app.agent.activation(&visitor.caller).await.map_err(|r| refused(visitor, &r))?;
    Ok((overview, activation))
}

fn to(page: Page) -> Response {
    Redirect::to(&format!("/activate/{}", page.word())).into_response()
}

fn named(word: &str) -> Option<Page> {
    Page::QUESTIONS.into_iter().chain([Page::Progress, Page::Done]).find(|page| page.word() == word)
}

/// On a box that nobody has begun with, what it is about; else where it was.
async fn start(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let (overview, activation) = load(&app, &visitor).await?;
    let next = wizard::next(&activation);
    if activation.stage == Stage::Answering || activation.stage == Stage::Working {
        return Ok(to(next));
    }
    let frame = frame_for(&visitor, &overview, Place::Cluster, "/activate");
    let view = WizardView { activation, ..WizardView::default() };
    Ok(render(StatusCode::OK, || start_page(frame, &overview, &view)))
}

async fn show(State(app): State<App>, visitor: Visitor, Path(word): Path<String>) -> Result<Response, Response> {
    let page = named(&word).ok_or_else(|| nothing(&visitor))?;
    let (overview, activation) = load(&app, &visitor).await?;
    if !wizard::reachable(&activation, page) {
        return Ok(to(wizard::next(&activation)));
    }
    let view = WizardView { activation, ..WizardView::default() };
    Ok(answer(&visitor, &overview, StatusCode::OK, page, &view))
}

fn nothing(visitor: &Visitor) -> Response {
    refused(visitor, &crate::client::here(Fault::NotFound))
}

fn answer(visitor: &Visitor, overview: &Overview, code: StatusCode, page: Page, view: &WizardView) -> Response {
    let path = format!("/activate/{}", page.word());
    let frame = frame_for(visitor, overview, Place::Cluster, path);
    render(code, || wizard_page(frame, overview, page, view))
}

async fn save(
    State(app): State<App>,
    visitor: Visitor,
    Path(word): Path<String>,
    Form(typed): Form<HashMap<String, String>>,
) -> Result<Response, Response> {
    let page = named(&word).ok_or_else(|| nothing(&visitor))?;
    let (overview, activation) = load(&app, &visitor).await?;
    if !wizard::reachable(&activation, page) {
        return Ok(to(wizard::next(&activation)));
    }
    let text = visitor.text;
    let value = |name: &str| typed.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let answers = match page {
        Page::Kind => match value("kind").as_str() {
            "new" => Ok(Answers { kind: Some(NewOrReplacement::New), ..Answers::default() }),
            "replacement" => Ok(Answers { kind: Some(NewOrReplacement::Replacement), ..Answers::default() }),
            _ => Err(vec![problem("kind-new", text.activate_problem_association())]),
        },
        Page::Power => Ok(Answers { power_seen: Some(true), ..Answers::default() }),
        Page::Cable => Ok(Answers { cable_seen: Some(true), ..Answers::default() }),
        Page::Check if value("go") == "check" => return check::run(&app, &visitor, &overview, activation).await,
        Page::Check => Ok(Answers { check_seen: Some(true), ..Answers::default() }),
        Page::Code if value("keep") == "yes" && activation.draft.code.is_some() => return Ok(to(Page::Confirm)),
        Page::Code => Ok(Answers { code: Some(Secret::new(value("code"))), ..Answers::default() }),
        Page::Confirm => Ok(Answers { confirmed: Some(true), ..Answers::default() }),
        Page::Cluster => cluster::read(text, &activation, &overview.serial, &typed),
        Page::Review => return begin(&app, &visitor, &overview, activation).await,
        Page::Progress | Page::Done => return Ok(to(wizard::next(&activation))),
    };
    let view = |problems, refusal| WizardView {
        activation: activation.clone(),
        typed: typed.clone(),
        problems,
        refusal,
        checked: None,
    };
    let answers = match answers {
        Ok(answers) => answers,
        Err(problems) => {
            let view = view(problems, None);
            return Ok(answer(&visitor, &overview, StatusCode::UNPROCESSABLE_ENTITY, page, &view));
        }
    };
    match app.agent.answers(&visitor.caller, &answers).await {
        Ok(activation) => Ok(to(after(page, &activation))),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(&visitor, &refusal)),
        Err(refusal) => {
            let code = status(&refusal);
            let view = match &refusal.fault {
                Fault::Pair { why: Unusable { issues } } => view(cluster::unusable(text, &overview, issues), None),
                _ => view(Vec::new(), Some(refusal)),
            };
            Ok(answer(&visitor, &overview, code, page, &view))
        }
    }
}

/// One page on; past what is answered already only where a record was prepared, which makes the wizard one page.
fn after(page: Page, activation: &Activation) -> Page {
    let next = wizard::next(activation);
    let at = Page::QUESTIONS.iter().position(|question| *question == page).unwrap_or_default();
    let following = Page::QUESTIONS.get(at + 1).copied().unwrap_or(Page::Review);
    let prepared = activation.offered.as_ref().is_some_and(|offered| offered.preview.prepared.is_some());
    if prepared && page >= Page::Code { next } else { next.min(following) }
}

fn problem(field: &str, message: &str) -> Problem {
    Problem { field: Some(field.to_owned()), message: message.to_owned() }
}

async fn begin(
    app: &App,
    visitor: &Visitor,
    overview: &Overview,
    activation: Activation,
) -> Result<Response, Response> {
    match app.agent.begin_activation(&visitor.caller).await {
        Ok(activation) => Ok(to(wizard::next(&activation))),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(visitor, &refusal)),
        Err(refusal) if refusal.fault == Fault::Unanswered => Ok(to(wizard::next(&activation))),
        Err(refusal) => {
            let code = status(&refusal);
            let view = WizardView { activation, refusal: Some(refusal), ..WizardView::default() };
            Ok(answer(visitor, overview, code, Page::Review, &view))
        }
    }
}

/// Asks the registry for what it offers, and comes back to the cluster's question.
async fn preview(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    match app.agent.preview_activation(&visitor.caller).await {
        Ok(_) => Ok(to(Page::Cluster)),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(&visitor, &refusal)),
        Err(refusal) => {
            let (overview, activation) = load(&app, &visitor).await?;
            let code = status(&refusal);
            let view = WizardView { activation, refusal: Some(refusal), ..WizardView::default() };
            Ok(answer(&visitor, &overview, code, Page::Cluster, &view))
        }
    }
}

async fn stop(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    match app.agent.stop_activation(&visitor.caller).await {
        Ok(activation) => Ok(to(wizard::next(&activation))),
        // it has ended meanwhile: the page says how
        Err(Refusal { fault: Fault::NotAtThisStage { .. }, .. }) => Ok(Redirect::to("/activate").into_response()),
        Err(refusal) => Err(refused(&visitor, &refusal)),
    }
}

/// A code, a request or an answer as a picture or as a text file.
async fn upload(
    State(app): State<App>,
    visitor: Visitor,
    Path(what): Path<String>,
    mut parts: Multipart,
) -> Result<Response, Response> {
    let mut bytes = Vec::new();
    while let Ok(Some(part)) = parts.next_field().await {
        if part.name() == Some("file") {
            bytes = part.bytes().await.map(|bytes| bytes.to_vec()).unwrap_or_default();
        }
    }
    let read = tokio::task::spawn_blocking(move || photo::text_of(&bytes)).await;
    let read = read.unwrap_or(Err(Unreadable::Picture));
    let text = visitor.text;
    if what == "request" {
        let none = read.is_err();
        let found = read.map_err(|why| problem("photo-request", photo::say(text, why)));
        let page = super::cluster::with_request(&app, &visitor, found).await?;
        return Ok(if none { unread(page) } else { page });
    }
    let (overview, activation) = load(&app, &visitor).await?;
    let code = StatusCode::UNPROCESSABLE_ENTITY;
    match (what.as_str(), read) {
        ("code", Ok(found)) => {
            let answers = Answers { code: Some(Secret::new(found)), ..Answers::default() };
            match app.agent.answers(&visitor.caller, &answers).await {
                Ok(activation) => Ok(to(after(Page::Code, &activation))),
                Err(refusal) => {
                    let code = status(&refusal);
                    let view = WizardView { activation, refusal: Some(refusal), ..WizardView::default() };
                    Ok(answer(&visitor, &overview, code, Page::Code, &view))
                }
            }
        }
        ("code", Err(why)) => {
            let problems = vec![problem("photo-code", photo::say(text, why))];
            let view = WizardView { activation, problems, ..WizardView::default() };
            Ok(unread(answer(&visitor, &overview, code, Page::Code, &view)))
        }
        ("answer", Ok(found)) => {
            match app.agent.offline_answer(&visitor.caller, &OfflineAnswer { answer: found }).await {
                Ok(activation) => Ok(to(wizard::next(&activation))),
                Err(refusal) => Ok(offline::again(&visitor, &overview, activation, Some(refusal), Vec::new())),
            }
        }
        ("answer", Err(why)) => {
            let problems = vec![problem("photo-answer", photo::say(text, why))];
            Ok(unread(offline::again(&visitor, &overview, activation, None, problems)))
        }
        _ => Err(nothing(&visitor)),
    }
}

/// For the live camera, which goes on looking (islands/camera.js).
fn unread(mut page: Response) -> Response {
    page.headers_mut().insert("gatehouse-unread", HeaderValue::from_static("1"));
    page
}

pub fn start_page(frame: Frame, overview: &Overview, view: &WizardView) -> impl IntoView + use<> {
    let text = frame.text;
    let frame = Frame { title: text.activate_title().to_owned(), ..frame };
    let body = match view.activation.stage {
        Stage::Active | Stage::Left => progress::member(text, &view.activation).into_any(),
        Stage::Unopened | Stage::Answering | Stage::Working => view! { <p>{text.activate_start_why()}</p> }.into_any(),
    };
    let go = (view.activation.stage != Stage::Active).then(|| {
        view! {
            <p class="actions"><a class="button" href="/activate/kind">{text.activate_next()}</a></p>
            <p class="small"><a class="link" href="/activate/offline">{text.activate_offline()}</a></p>
        }
    });
    let product = text.head_product(&overview.model, &overview.serial);
    view! {
        <Shell frame=frame>
            <div class="lead"><h1>{text.activate_title()}</h1><p class="muted">{product}</p></div>
            {body}
            {go}
        </Shell>
    }
}

pub fn wizard_page(frame: Frame, overview: &Overview, page: Page, view: &WizardView) -> impl IntoView + use<> {
    let text = frame.text;
    let title = title(text, page);
    let problem = !view.problems.is_empty() || view.refusal.is_some();
    let refresh = (page == Page::Progress).then_some(3);
    let frame = Frame { title: title.to_owned(), problem, refresh, ..frame };
    let body = match page {
        Page::Kind => questions::kind(text, overview, view).into_any(),
        Page::Power => questions::power(text).into_any(),
        Page::Cable => questions::cable(text, overview).into_any(),
        Page::Check => check::view(text, overview, view).into_any(),
        Page::Code => questions::code(text, view).into_any(),
        Page::Confirm => questions::confirm(text, overview, view).into_any(),
        Page::Cluster => cluster::view(text, overview, view).into_any(),
        Page::Review => review::view(text, overview, view).into_any(),
        Page::Progress => progress::ledger(text, &view.activation).into_any(),
        Page::Done => progress::member(text, &view.activation).into_any(),
    };
    let step = Page::QUESTIONS.iter().position(|question| *question == page);
    let all = Page::QUESTIONS.len();
    let step = step.map(|at| view! { <p class="small muted">{text.activate_step(all, at + 1)}</p> });
    let back = page.before().map(|before| {
        view! { <p class="small"><a class="link" href=format!("/activate/{}", before.word())>{text.activate_back()}</a></p> }
    });
    let problems = summary(text, &view.problems);
    let refusal = view.refusal.as_ref().map(|refusal| fault::note(text, refusal));
    view! {
        <Shell frame=frame>
            <div class="lead">{back}{step}<h1>{title}</h1></div>
            {problems}
            {refusal}
            {body}
        </Shell>
    }
}

fn title(text: Text, page: Page) -> &'static str {
    match page {
        Page::Kind => text.activate_kind(),
        Page::Power => text.activate_power(),
        Page::Cable => text.activate_cable(),
        Page::Check => text.activate_check(),
        Page::Code => text.activate_code(),
        Page::Confirm => text.activate_confirm(),
        Page::Cluster => text.activate_cluster(),
        Page::Review => text.activate_review(),
        Page::Progress => text.activate_progress(),
        Page::Done => text.activate_done(),
    }
}
