//! `/cluster`: the box's own cluster; and, after an account's sign-in, all of its clusters. The sign-in is the agent's, for this session
//! of the pages alone; nothing of it is in a page or a cookie.

mod act;
mod boxes;
mod codes;
mod fleet;
mod hand;
mod map;
mod own;

use std::collections::HashMap;

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{fault, frame as frame_for, refused, render::render, status};
use crate::{
    components::{
        field::Field,
        frame::{Frame, Shell},
        nav::Place,
        note::Note,
        summary::{Problem, summary},
        tag::Mood,
    },
    domain::{
        activation::api::{FleetSession, FleetSignIn, OwnCluster},
        api::Overview,
        cluster::{
            api::{ClusterInfo, HostInfo, ServiceInfo},
            calls::{self, Call},
            problem::Problem as Refused,
        },
        fault::{Fault, Refusal},
        secret::Secret,
    },
    text::Text,
    web::{App, Visitor},
};

pub use act::{Act, ActView, page as act_page};
pub use boxes::{BoxesView, page as boxes_page};
pub use codes::{CodesView, page as codes_page};
pub use fleet::{ClusterPage, page as cluster_page};
pub(super) use hand::with_request;
pub use hand::{HandView, page as hand_page};

const PATH: &str = "/cluster";

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub struct ClusterHome {
    pub own: OwnCluster,
    pub session: Option<FleetSession>,
    pub service: Option<ServiceInfo>,
    /// Of the account, where somebody is signed in for it.
    pub clusters: Vec<ClusterInfo>,
    /// Hosts that were found by a search.
    pub hosts: Vec<HostInfo>,
    pub q: String,
    pub user: String,
    pub done: bool,
    pub refusal: Option<Refusal>,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    done: Option<String>,
}

#[derive(Debug, Deserialize)]
struct SignIn {
    #[serde(default)]
    user: String,
    #[serde(default)]
    password: Secret,
}

pub fn routes() -> Router<App> {
    Router::new()
        .route(PATH, get(show))
        .route("/cluster/sign-in", post(sign_in))
        .route("/cluster/sign-out", post(sign_out))
        .merge(act::routes())
        .merge(boxes::routes())
        .merge(codes::routes())
        .merge(fleet::routes())
        .merge(hand::routes())
}

async fn overview(app: &App, visitor: &Visitor) -> Result<Overview, Response> {
    app.agent.overview(&visitor.caller).await.map_err(|r| refused(visitor, &r))
}

/// A call of the registry. Whoever is not signed in for the fleet any more is led to where that is done.
async fn call<C: Call>(
    app: &App,
    visitor: &Visitor,
    path: &[&str],
    ask: &C::Ask,
) -> Result<Result<C::Answer, Refusal>, Response> {
    match app.agent.fleet_call::<C>(&visitor.caller, path, &[], ask).await {
        Ok(answer) => Ok(Ok(answer)),
        Err(refusal) => match refusal.fault {
            Fault::FleetSignInFirst => Err(Redirect::to(PATH).into_response()),
            Fault::NotSignedIn => Err(refused(visitor, &refusal)),
            _ => Ok(Err(refusal)),
        },
    }
}

/// The same where there is nothing to show without the answer.
async fn needed<C: Call>(app: &App, visitor: &Visitor, path: &[&str], ask: &C::Ask) -> Result<C::Answer, Response> {
    call::<C>(app, visitor, path, ask).await?.map_err(|refusal| refused(visitor, &refusal))
}

async fn show(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let view = home(&app, &visitor, asked, None, String::new()).await?;
    Ok(rendered(&visitor, &overview, &view))
}

async fn home(
    app: &App,
    visitor: &Visitor,
    asked: Asked,
    refusal: Option<Refusal>,
    user: String,
) -> Result<ClusterHome, Response> {
    let or = |r: Refusal| refused(visitor, &r);
    let own = app.agent.own_cluster(&visitor.caller).await.map_err(or)?;
    let session = app.agent.fleet(&visitor.caller).await.map_err(or)?;
    let q = asked.q.trim().to_owned();
    let mut view = ClusterHome { own, session, q, user, done: asked.done.is_some(), refusal, ..ClusterHome::default() };
    if view.session.is_some() {
        let found = app.agent.fleet_call::<calls::ListClusters>(&visitor.caller, &[], &[], &()).await;
        match found {
            Ok(clusters) => view.clusters = clusters,
            Err(refusal) => {
                view.session = app.agent.fleet(&visitor.caller).await.map_err(or)?;
                view.refusal = Some(refusal);
                return Ok(view);
            }
        }
        let service = app.agent.fleet_call::<calls::GetService>(&visitor.caller, &[], &[], &()).await;
        view.service = service.ok();
        if !view.q.is_empty() {
            let hosts = app.agent.fleet_call::<calls::ListHosts>(&visitor.caller, &[], &[], &()).await;
            let wanted = view.q.to_lowercase();
            let fits = |text: &str| text.to_lowercase().contains(&wanted);
            view.clusters.retain(|cluster| fits(cluster.name.as_str()));
            view.hosts = hosts.unwrap_or_default();
            view.hosts.retain(|host| fits(host.serial.as_str()) || fits(host.name.as_str()));
        }
    }
    Ok(view)
}

fn rendered(visitor: &Visitor, overview: &Overview, view: &ClusterHome) -> Response {
    let code = match &view.refusal {
        Some(Refusal { fault: Fault::Registry { problem: Refused::WrongPassword, .. }, .. }) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Some(refusal) => status(refusal),
        None => StatusCode::OK,
    };
    render(code, || page(frame_for(visitor, overview, Place::Cluster, PATH), overview, view))
}

async fn sign_in(
    State(app): State<App>,
    visitor: Visitor,
    Form(SignIn { user, password }): Form<SignIn>,
) -> Result<Response, Response> {
    let refusal = if let Ok(name) = user.trim().parse() {
        let ask = FleetSignIn { user: name, password };
        match app.agent.fleet_sign_in(&visitor.caller, &ask).await {
            Ok(_) => return Ok(Redirect::to(PATH).into_response()),
            Err(refusal) if refusal.fault == Fault::NotSignedIn => return Err(refused(&visitor, &refusal)),
            Err(refusal) => refusal,
        }
    } else {
        // nobody is called so: the same answer as for anybody who is not there
        let fault = Fault::Registry { problem: Refused::WrongPassword, registry_operation: String::new() };
        crate::client::here(fault)
    };
    let overview = overview(&app, &visitor).await?;
    let view = home(&app, &visitor, Asked::default(), Some(refusal), user).await?;
    Ok(rendered(&visitor, &overview, &view))
}

async fn sign_out(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    app.agent.fleet_sign_out(&visitor.caller).await.map_err(|r| refused(&visitor, &r))?;
    Ok(Redirect::to(PATH).into_response())
}

pub fn page(frame: Frame, overview: &Overview, view: &ClusterHome) -> impl IntoView + use<> {
    let text = frame.text;
    let problem = view.refusal.is_some();
    let frame = Frame { title: text.cluster_title().to_owned(), problem, path: PATH.to_owned(), ..frame };
    let refusal = view.refusal.as_ref().map(|refusal| fault::note(text, refusal));
    let own = own::card(text, overview, &view.own);
    let pair = super::pair::brief(text, overview);
    let fleet = match &view.session {
        Some(session) => fleet::list(text, view, session).into_any(),
        None => fleet::door(text, &view.user).into_any(),
    };
    let done = done(text, view.done);
    view! {
        <Shell frame=frame>
            <div class="lead"><h1>{text.cluster_title()}</h1></div>
            {done}
            {refusal}
            {pair}
            {own}
            {fleet}
        </Shell>
    }
}

fn done(text: Text, done: bool) -> Option<impl IntoView + use<>> {
    done.then(|| view! { <Note mood=Mood::Ok title=text.cluster_done() role="status">""</Note> })
}

/// A line of a form as it was typed, with what is wrong with it.
fn line(name: &'static str, label: &str, typed: &HashMap<String, String>, problems: &[Problem]) -> Field {
    Field {
        name: name.into(),
        label: label.to_owned(),
        problem: problems.iter().find(|p| p.field.as_deref() == Some(name)).map(|p| p.message.clone()),
        value: typed.get(name).cloned().unwrap_or_default(),
        ..Field::default()
    }
}

/// The head of a page below, with its problems.
fn lead(text: Text, title: String, problems: &[Problem], refusal: Option<&Refusal>) -> impl IntoView + use<> {
    let problems = summary(text, problems);
    let refusal = refusal.map(|refusal| fault::note(text, refusal));
    view! {
        <div class="lead">
            <p class="small"><a class="link" href=PATH>{text.cluster_back()}</a></p>
            <h1>{title}</h1>
        </div>
        {problems}
        {refusal}
    }
}
