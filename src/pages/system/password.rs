//! `/system/password`: a new password in place of the old one. All other browsers are signed out; this one goes on.

use axum::{
    Form, Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::get,
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{Came, Said, lead, overview};
use crate::{
    components::{
        card::Card,
        field::{Field, Kind, field},
        frame::{Frame, Shell},
        nav::Place,
        note::Note,
        summary::{problems, summary},
        tag::Mood,
        words::{explain, password_rule},
    },
    domain::{
        api::{ChangePassword, Overview},
        fault::Fault,
        secret::Secret,
    },
    pages::{fault, frame as frame_for, refused, render::render, status},
    text::Text,
    web::{App, Visitor, cookies},
};

pub(super) const PATH: &str = "/system/password";
/// Where a sign-in leads with a password that is older than the site wants.
pub const OLD: &str = "/system/password?old";

pub(super) fn said(text: Text, overview: &Overview) -> Said {
    let state = &overview.system.password;
    match (state.old(overview.now), state.set) {
        (Some(days), _) => Said::marked(Mood::Warn, text.password_old(), text.password_age(days)),
        (None, Some(set)) => Said::plain(text.password_age(overview.now.0.saturating_sub(set.0) / 86_400)),
        (None, None) => Said::plain(text.password_age_unknown()),
    }
}

#[derive(Clone, Debug, Default)]
pub struct PasswordView {
    /// Whether the person came here from the sign-in.
    pub old: bool,
    pub came: Came,
}

#[derive(Debug, Deserialize)]
struct Asked {
    old: Option<String>,
    saved: Option<String>,
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    old_password: Secret,
    #[serde(default)]
    password: Secret,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(show).post(save))
}

async fn show(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let came = Came { saved: asked.saved.is_some(), refusal: None };
    Ok(answer(&visitor, &overview, StatusCode::OK, &PasswordView { old: asked.old.is_some(), came }))
}

async fn save(State(app): State<App>, visitor: Visitor, Form(typed): Form<Typed>) -> Result<Response, Response> {
    let change = ChangePassword { old: typed.old_password, new: typed.password };
    let refusal = match app.agent.change_password(&visitor.caller, &change).await {
        Ok(session) => {
            let cookie = [(header::SET_COOKIE, cookies::set_session(&session.token))];
            return Ok((AppendHeaders(cookie), Redirect::to("/system/password?saved")).into_response());
        }
        Err(refusal) if refusal.fault == Fault::NotSignedIn => return Err(refused(&visitor, &refusal)),
        Err(refusal) => refusal,
    };
    let code = status(&refusal);
    let overview = overview(&app, &visitor).await?;
    let view = PasswordView { old: false, came: Came { saved: false, refusal: Some(refusal) } };
    Ok(answer(&visitor, &overview, code, &view))
}

fn answer(visitor: &Visitor, overview: &Overview, code: StatusCode, view: &PasswordView) -> Response {
    render(code, || page(frame_for(visitor, overview, Place::System, PATH), overview, view))
}

pub fn page(frame: Frame, overview: &Overview, view: &PasswordView) -> impl IntoView + use<> {
    let text = frame.text;
    let refusal = view.came.refusal.as_ref();
    let (wrong, unfit) = match refusal.map(|r| &r.fault) {
        Some(fault @ Fault::WrongPassword) => {
            let said = explain(text, fault);
            (Some(format!("{}{} {}", said.what, text.stop(), text.password_old_next())), None)
        }
        Some(Fault::BadPassword { rule }) => (None, Some(password_rule(text, *rule).to_owned())),
        _ => (None, None),
    };
    let other = refusal.filter(|_| wrong.is_none() && unfit.is_none()).map(|refusal| fault::note(text, refusal));
    let complex = overview.system.password.policy.complexity;
    let hint = if complex { text.password_hint_complex() } else { text.setup_password_hint() };
    let fields = [
        Field {
            name: "old_password".into(),
            label: text.password_current().to_owned(),
            problem: wrong,
            kind: Kind::CurrentPassword,
            ..Field::default()
        },
        Field {
            name: "password".into(),
            label: text.setup_password().to_owned(),
            hint: Some(hint.to_owned()),
            problem: unfit,
            kind: Kind::NewPassword,
            ..Field::default()
        },
    ];
    let problems = problems(&fields);
    let frame = Frame {
        title: text.password_title().to_owned(),
        problem: !problems.is_empty(),
        path: PATH.to_owned(),
        ..frame
    };
    let saved = view.came.saved.then(|| {
        view! {
            <Note mood=Mood::Ok title=text.password_saved() role="status"><p>{text.password_saved_why()}</p></Note>
        }
    });
    let old = overview.system.password.old(overview.now).filter(|_| !view.came.saved).map(|days| {
        let later = view.old.then(|| view! { <p class="actions"><a href="/">{text.password_later()}</a></p> });
        view! {
            <Note mood=Mood::Warn title=text.password_old()><p>{text.password_old_why(days)}</p>{later}</Note>
        }
    });
    view! {
        <Shell frame=frame>
            {lead(text, text.password_title(), text.password_why())}
            {summary(text, &problems)}
            {saved}
            {old}
            {other}
            <Card title=text.password_card()>
                <form class="stack" method="post" action=PATH>
                    {fields.map(|its| field(its).into_any()).into_iter().collect_view()}
                    <p class="actions"><button>{text.password_go()}</button></p>
                </form>
                <p class="small muted">{text.login_lost()}</p>
            </Card>
        </Shell>
    }
}
