//! `/system/proxy`: the site's proxy. It is tested before it is saved; what does not work is saved only where a person says so.

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{After, Came, Said, lead, overview};
use crate::{
    components::{
        card::Card,
        choice::{Choice, choice},
        field::{Field, Kind, field},
        frame::{Frame, Shell},
        nav::Place,
        summary::{problems, summary},
    },
    domain::{api::Overview, fault::Fault, network::issue, secret::Secret, settings::request::ProxyRequest},
    pages::{frame as frame_for, refused, render::render, status},
    text::Text,
    web::{App, Visitor},
};

pub(super) const PATH: &str = "/system/proxy";

pub(super) fn said(text: Text, overview: &Overview) -> Said {
    let proxy = overview.settings.proxy.as_ref();
    Said::plain(proxy.map_or_else(|| text.proxy_none().to_owned(), |proxy| proxy.url.to_string()))
}

/// As it was typed; never a password.
#[derive(Clone, Debug, Default)]
pub struct ProxyFormView {
    pub url: String,
    pub user: String,
    pub ca: String,
    pub host: String,
    pub came: Came,
}

impl ProxyFormView {
    pub fn of(overview: &Overview) -> Self {
        let saved = overview.settings.proxy.clone();
        saved.map_or_else(Self::default, |proxy| Self {
            url: proxy.url.to_string(),
            user: proxy.user.unwrap_or_default(),
            ca: proxy.ca.unwrap_or_default(),
            ..Self::default()
        })
    }
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    proxy_url: String,
    #[serde(default)]
    proxy_user: String,
    #[serde(default)]
    proxy_password: Secret,
    #[serde(default)]
    proxy_ca: String,
    #[serde(default)]
    host: String,
    untested: Option<String>,
    /// "Use no proxy": nothing else counts.
    none: Option<String>,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(show).post(save))
}

async fn show(State(app): State<App>, visitor: Visitor, Query(after): Query<After>) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let came = Came { saved: after.saved.is_some(), refusal: None };
    Ok(answer(&visitor, &overview, StatusCode::OK, ProxyFormView { came, ..ProxyFormView::of(&overview) }))
}

async fn save(State(app): State<App>, visitor: Visitor, Form(typed): Form<Typed>) -> Result<Response, Response> {
    let request = if typed.none.is_some() {
        ProxyRequest::default()
    } else {
        ProxyRequest {
            url: typed.proxy_url.clone(),
            user: typed.proxy_user.clone(),
            password: typed.proxy_password,
            ca: typed.proxy_ca.clone(),
            host: typed.host.clone(),
            untested: typed.untested.is_some(),
        }
    };
    let refusal = match app.agent.set_proxy(&visitor.caller, &request).await {
        Ok(_) => return Ok(Redirect::to("/system/proxy?saved").into_response()),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => return Err(refused(&visitor, &refusal)),
        Err(refusal) => refusal,
    };
    let code = status(&refusal);
    let came = Came { saved: false, refusal: Some(refusal) };
    let view =
        ProxyFormView { url: typed.proxy_url, user: typed.proxy_user, ca: typed.proxy_ca, host: typed.host, came };
    let overview = overview(&app, &visitor).await?;
    Ok(answer(&visitor, &overview, code, view))
}

fn answer(visitor: &Visitor, overview: &Overview, code: StatusCode, view: ProxyFormView) -> Response {
    render(code, || page(frame_for(visitor, overview, Place::System, PATH), overview, view))
}

pub fn page(frame: Frame, overview: &Overview, view: ProxyFormView) -> impl IntoView + use<> {
    let text = frame.text;
    let ProxyFormView { url, user, ca, host, came } = view;
    let problem = |field, typed: &str| came.problem(text, overview, field, typed);
    let kept = overview.settings.proxy.as_ref().is_some_and(|proxy| proxy.password);
    let fields = [
        Field {
            name: "proxy_url".into(),
            label: text.proxy_url().to_owned(),
            hint: Some(text.proxy_url_hint().to_owned()),
            problem: problem(issue::Field::ProxyUrl, &url),
            value: url,
            ..Field::default()
        },
        Field {
            name: "proxy_user".into(),
            label: text.proxy_user().to_owned(),
            problem: problem(issue::Field::ProxyUser, &user),
            value: user,
            ..Field::default()
        },
        Field {
            name: "proxy_password".into(),
            label: text.proxy_password().to_owned(),
            hint: kept.then(|| text.proxy_password_kept().to_owned()),
            problem: problem(issue::Field::ProxyPassword, ""),
            kind: Kind::Secret,
            ..Field::default()
        },
        Field {
            name: "proxy_ca".into(),
            label: text.proxy_ca().to_owned(),
            hint: Some(text.proxy_ca_hint().to_owned()),
            problem: problem(issue::Field::ProxyCa, ""),
            value: ca,
            kind: Kind::Lines,
            ..Field::default()
        },
        Field {
            name: "host".into(),
            label: text.proxy_host().to_owned(),
            hint: Some(text.proxy_host_hint().to_owned()),
            problem: problem(issue::Field::Host, &host),
            value: host,
            ..Field::default()
        },
    ];
    let problems = problems(&fields);
    let frame =
        Frame { title: text.proxy_title().to_owned(), problem: !problems.is_empty(), path: PATH.to_owned(), ..frame };
    let fails = matches!(came.refusal.as_ref().map(|r| &r.fault), Some(Fault::ProxyFails { .. }));
    let untested = fails.then(|| {
        choice(Choice {
            kind: "checkbox",
            name: "untested",
            value: "yes",
            label: text.proxy_untested().to_owned(),
            why: Some(text.proxy_untested_why().to_owned()),
            chosen: false,
        })
    });
    let none = overview.settings.proxy.is_some().then(|| {
        view! {
            <form method="post" action=PATH>
                <input type="hidden" name="none" value="yes" />
                <p class="actions"><button class="plain">{text.proxy_remove()}</button></p>
            </form>
        }
    });
    view! {
        <Shell frame=frame>
            {lead(text, text.proxy_title(), text.proxy_why())}
            {summary(text, &problems)}
            {came.note(text)}
            <Card title=text.proxy_card()>
                <form class="stack" method="post" action=PATH novalidate>
                    {fields.map(field).into_iter().collect_view()}
                    {untested}
                    <p class="actions"><button>{text.proxy_save()}</button></p>
                </form>
                {none}
            </Card>
        </Shell>
    }
}
