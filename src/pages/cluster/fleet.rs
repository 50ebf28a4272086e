//! After an account's sign-in: its clusters, and one of them.

use axum::{
    Form, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{Asked, ClusterHome, call, done, lead, map, needed, overview};
use crate::{
    components::{
        card::Card,
        field::{Field, Kind, field},
        format::{duration, moment},
        frame::{Frame, Shell},
        nav::Place,
        summary::Problem,
        tag::{Mood, tag},
    },
    domain::{
        activation::api::FleetSession,
        cluster::{
            api::{ClusterInfo, ClusterView, NewCluster},
            calls::{self, encode},
        },
        fault::Refusal,
    },
    pages::{frame as frame_for, render::render, status},
    text::Text,
    web::{App, Visitor},
};

/// One cluster.
#[derive(Clone, Debug)]
pub struct ClusterPage {
    pub view: ClusterView,
    pub done: bool,
}

#[derive(Debug, Default, Deserialize)]
struct New {
    #[serde(default)]
    name: String,
    #[serde(default)]
    model: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/cluster/new", get(new).post(create)).route("/cluster/of/{id}", get(show))
}

async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let view = needed::<calls::GetCluster>(&app, &visitor, &[&id], &()).await?;
    let path = format!("/cluster/of/{}", encode(&id));
    let view = ClusterPage { view, done: asked.done.is_some() };
    Ok(render(StatusCode::OK, || page(frame_for(&visitor, &overview, Place::Cluster, path), &overview.serial, &view)))
}

pub fn page(frame: Frame, this: &str, view: &ClusterPage) -> impl IntoView + use<> {
    let text = frame.text;
    let ClusterView { cluster, hosts, .. } = &view.view;
    let title = cluster.name.to_string();
    let frame = Frame { title: title.clone(), ..frame };
    let id = encode(cluster.id.as_str());
    let kept = cluster.reserved.iter().map(|serial| {
        let href = format!("/cluster/do/cancel/{}?cluster={id}", encode(serial.as_str()));
        view! { <li><span class="mono">{serial.to_string()}</span>" "<a class="link" href=href>{text.cluster_cancel()}</a></li> }
    });
    let kept = kept.collect::<Vec<_>>();
    let kept =
        (!kept.is_empty()).then(|| view! { <h3>{text.cluster_reserved()}</h3><ul class="plain-list">{kept}</ul> });
    let remove = format!("/cluster/do/cluster/{id}");
    let done = done(text, view.done);
    let drawn = map::drawn(text, hosts, &cluster.reserved, Some(this));
    let table = map::table(text, hosts, Some(this), true);
    let model = cluster.model.as_ref().map(ToString::to_string).unwrap_or_default();
    view! {
        <Shell frame=frame>
            {lead(text, title, &[], None)}
            <p class="muted">{model}</p>
            {done}
            <Card title=text.cluster_map()>{drawn}{kept}</Card>
            <Card title=text.cluster_hosts()>{table}</Card>
            <p class="actions"><a class="link" href=remove>{text.cluster_remove_cluster()}</a></p>
        </Shell>
    }
}

async fn new(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let frame = frame_for(&visitor, &overview, Place::Cluster, "/cluster/new");
    Ok(render(StatusCode::OK, || new_page(frame, &New::default(), &[], None)))
}

async fn create(State(app): State<App>, visitor: Visitor, Form(typed): Form<New>) -> Result<Response, Response> {
    let text = visitor.text;
    let mut problems = Vec::new();
    let mut wrong = |field: &str, message: &str| {
        problems.push(Problem { field: Some(field.to_owned()), message: message.to_owned() });
    };
    let name = typed.name.trim().parse().map_err(|_| wrong("name", text.activate_problem_cluster_name())).ok();
    let model = match typed.model.trim() {
        "" => None,
        model => model.parse().map_err(|_| wrong("model", text.activate_problem_cluster_name())).ok(),
    };
    let mut refusal = None;
    if let Some(name) = name.filter(|_| problems.is_empty()) {
        match call::<calls::CreateCluster>(&app, &visitor, &[], &NewCluster { name, model }).await? {
            Ok(made) => {
                let to = format!("/cluster/of/{}?done=1", encode(made.id.as_str()));
                return Ok(Redirect::to(&to).into_response());
            }
            Err(why) => refusal = Some(why),
        }
    }
    let code = refusal.as_ref().map_or(StatusCode::UNPROCESSABLE_ENTITY, status);
    let overview = overview(&app, &visitor).await?;
    let frame = frame_for(&visitor, &overview, Place::Cluster, "/cluster/new");
    Ok(render(code, || new_page(frame, &typed, &problems, refusal.as_ref())))
}

fn new_page(frame: Frame, typed: &New, problems: &[Problem], refusal: Option<&Refusal>) -> impl IntoView + use<> {
    let text = frame.text;
    let frame = Frame {
        title: text.cluster_new().to_owned(),
        problem: !problems.is_empty() || refusal.is_some(),
        path: "/cluster/new".to_owned(),
        ..frame
    };
    let of = |name: &str| problems.iter().find(|p| p.field.as_deref() == Some(name)).map(|p| p.message.clone());
    let name = Field {
        name: "name".into(),
        label: text.cluster_new_name().to_owned(),
        problem: of("name"),
        value: typed.name.clone(),
        ..Field::default()
    };
    let model = Field {
        name: "model".into(),
        label: text.cluster_new_model().to_owned(),
        hint: Some(text.cluster_new_model_hint().to_owned()),
        problem: of("model"),
        value: typed.model.clone(),
        ..Field::default()
    };
    let lead = lead(text, text.cluster_new().to_owned(), problems, refusal);
    view! {
        <Shell frame=frame>
            {lead}
            <form class="card stack" method="post" action="/cluster/new" novalidate>
                {field(name)}
                {field(model)}
                <p class="actions"><button>{text.cluster_new()}</button></p>
            </form>
        </Shell>
    }
}

/// The sign-in for the fleet.
pub(super) fn door(text: Text, user: &str) -> impl IntoView + use<> {
    let name = Field {
        name: "user".into(),
        label: text.cluster_user().to_owned(),
        value: user.to_owned(),
        ..Field::default()
    };
    let password = Field {
        name: "password".into(),
        label: text.cluster_password().to_owned(),
        kind: Kind::CurrentPassword,
        ..Field::default()
    };
    view! {
        <Card title=text.cluster_fleet()>
            <p class="muted">{text.cluster_fleet_why()}</p>
            <form class="stack" method="post" action="/cluster/sign-in" novalidate>
                {field(name)}
                {field(password)}
                <p class="actions"><button>{text.cluster_sign_in()}</button></p>
            </form>
        </Card>
    }
}

/// The account's clusters, and the ways on.
pub(super) fn list(text: Text, view: &ClusterHome, session: &FleetSession) -> impl IntoView + use<> {
    let left = duration(text, session.left / 1_000);
    let said = text.cluster_signed_in(left, &session.user);
    let service = view.service.as_ref().map(|service| match service.since {
        Some(since) => view! { <p>{text.cluster_service()}": "{text.cluster_service_on(moment(since))}</p> }.into_any(),
        None => view! {
            <p>{text.cluster_service()}" "{tag(Mood::Warn, text.cluster_service_off())}</p>
            <p class="actions"><a class="button" href="/cluster/do/enable/service">{text.cluster_service_go()}</a></p>
        }
        .into_any(),
    });
    let clusters = view.clusters.iter().map(|cluster| one(text, cluster)).collect::<Vec<_>>();
    let none = match (clusters.is_empty() && view.hosts.is_empty(), view.q.is_empty()) {
        (false, _) => None,
        (true, true) => Some(text.cluster_none().to_owned()),
        (true, false) => Some(text.cluster_none_found(&view.q)),
    };
    let none = none.map(|none| view! { <p class="muted">{none}</p> });
    let hosts = (!view.hosts.is_empty()).then(|| map::table(text, &view.hosts, None, true));
    let q = view.q.clone();
    view! {
        <Card title=text.cluster_fleet()>
            <div class="row">
                <p class="muted">{said}</p>
                <form class="end" method="post" action="/cluster/sign-out"><button class="plain">{text.cluster_sign_out()}</button></form>
            </div>
            {service}
            <form class="row" method="get" action="/cluster" role="search">
                <div class="field">
                    <label for="q">{text.cluster_search()}</label>
                    <input id="q" name="q" value=q autocomplete="off" />
                </div>
                <button class="plain">{text.cluster_search_go()}</button>
            </form>
            {none}
            <ul class="ports-list">{clusters}</ul>
            {hosts}
        </Card>
        <p class="actions">
            <a class="button" href="/cluster/new">{text.cluster_new()}</a>
            <a class="link" href="/cluster/codes">{text.cluster_codes()}</a>
            <a class="link" href="/cluster/boxes">{text.cluster_boxes()}</a>
            <a class="link" href="/cluster/by-hand">{text.cluster_by_hand()}</a>
        </p>
    }
}

fn one(text: Text, cluster: &ClusterInfo) -> impl IntoView + use<> {
    let href = format!("/cluster/of/{}", encode(cluster.id.as_str()));
    let model = cluster.model.as_ref().map(ToString::to_string).unwrap_or_default();
    let counts = text.cluster_counts(cluster.hosts, cluster.pairs);
    view! {
        <li>
            <a href=href><b>{cluster.name.to_string()}</b></a>
            <span class="muted">{counts}" · "{model}</span>
        </li>
    }
}
