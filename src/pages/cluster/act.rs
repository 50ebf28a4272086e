//! What changes the fleet: a page that says what will happen, and a button that does it. Done again it is no error.

use std::collections::HashMap;

use axum::{
    Form, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use leptos::prelude::*;

use super::{PATH, call, lead, overview};
use crate::{
    components::{
        field::{Field, field},
        frame::{Frame, Shell},
        nav::Place,
        summary::Problem,
    },
    domain::{
        cluster::{
            api::{RemoveAsk, ReplaceAsk},
            calls::{self, encode},
        },
        fault::{Fault, Refusal},
    },
    pages::{frame as frame_for, refused, render::render, status},
    text::Text,
    web::{App, Visitor},
};

/// What may be done, by its word in the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Enable,
    Remove,
    Force,
    Replace,
    Unpair,
    Agree,
    Cancel,
    Cluster,
    Revoke,
    Forget,
}

impl Act {
    pub const ALL: [Self; 10] = [
        Self::Enable,
        Self::Remove,
        Self::Force,
        Self::Replace,
        Self::Unpair,
        Self::Agree,
        Self::Cancel,
        Self::Cluster,
        Self::Revoke,
        Self::Forget,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Enable => "enable",
            Self::Remove => "remove",
            Self::Force => "force",
            Self::Replace => "replace",
            Self::Unpair => "unpair",
            Self::Agree => "agree",
            Self::Cancel => "cancel",
            Self::Cluster => "cluster",
            Self::Revoke => "revoke",
            Self::Forget => "forget",
        }
    }

    /// Title, consequences, button.
    fn words(self, t: Text, name: &str) -> (String, &'static str, &'static str) {
        match self {
            Self::Enable => (t.cluster_act_enable().into(), t.cluster_act_enable_why(), t.cluster_act_enable_go()),
            Self::Remove => (t.cluster_act_remove(name), t.cluster_act_remove_why(), t.cluster_act_remove_go()),
            Self::Force => (t.cluster_act_force(name), t.cluster_act_force_why(), t.cluster_act_force_go()),
            Self::Replace => (t.cluster_replace(name), t.cluster_replace_why(), t.cluster_replace_go()),
            Self::Unpair => (t.cluster_act_unpair(name), t.cluster_act_unpair_why(), t.cluster_act_unpair_go()),
            Self::Agree => (t.cluster_act_agree(name), t.cluster_act_agree_why(), t.cluster_act_agree_go()),
            Self::Cancel => (t.cluster_act_cancel(name), t.cluster_act_cancel_why(), t.cluster_act_cancel_go()),
            Self::Cluster => (t.cluster_act_cluster(name), t.cluster_act_cluster_why(), t.cluster_act_cluster_go()),
            Self::Revoke => (t.cluster_act_revoke(name), t.cluster_act_revoke_why(), t.cluster_act_revoke_go()),
            Self::Forget => (t.cluster_act_forget(name), t.cluster_act_forget_why(), t.cluster_act_forget_go()),
        }
    }

    /// Whether a tick is asked for as well, because it cannot be taken back.
    fn needs_tick(self) -> bool {
        matches!(self, Self::Enable | Self::Force)
    }

    /// Where it leads when it is done.
    fn after(self) -> &'static str {
        match self {
            Self::Revoke => "/cluster/codes",
            Self::Forget => "/cluster/boxes",
            _ => PATH,
        }
    }
}

#[derive(Clone, Debug)]
pub struct ActView {
    pub act: Act,
    /// As it stands in the address.
    pub subject: String,
    /// As people call it.
    pub name: String,
    pub typed: String,
    pub problems: Vec<Problem>,
    pub refusal: Option<Refusal>,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/cluster/do/{act}/{subject}", get(show).post(perform))
}

fn of(visitor: &Visitor, word: &str) -> Result<Act, Response> {
    let found = Act::ALL.into_iter().find(|act| act.word() == word);
    found.ok_or_else(|| refused(visitor, &crate::client::here(Fault::NotFound)))
}

/// A cluster is called by its name; what the registry does not tell is called by its number.
async fn named(app: &App, visitor: &Visitor, act: Act, subject: &str) -> Result<String, Response> {
    let found = match act {
        Act::Cluster => {
            let view = call::<calls::GetCluster>(app, visitor, &[subject], &()).await?;
            view.ok().map(|view| view.cluster.name.to_string())
        }
        Act::Remove | Act::Force | Act::Replace | Act::Unpair | Act::Agree => {
            let hosts = call::<calls::ListHosts>(app, visitor, &[], &()).await?.unwrap_or_default();
            let host = hosts.into_iter().find(|host| host.serial.as_str() == subject);
            host.map(|host| format!("{} ({subject})", host.name))
        }
        Act::Enable | Act::Cancel | Act::Revoke | Act::Forget => None,
    };
    Ok(found.unwrap_or_else(|| subject.to_owned()))
}

async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path((word, subject)): Path<(String, String)>,
) -> Result<Response, Response> {
    let act = of(&visitor, &word)?;
    // whoever is not signed in for the fleet is led there first
    if app.agent.fleet(&visitor.caller).await.map_err(|r| refused(&visitor, &r))?.is_none() {
        return Ok(Redirect::to(PATH).into_response());
    }
    let name = named(&app, &visitor, act, &subject).await?;
    let view = ActView { act, subject, name, typed: String::new(), problems: Vec::new(), refusal: None };
    answer(&app, &visitor, StatusCode::OK, &view).await
}

async fn answer(app: &App, visitor: &Visitor, code: StatusCode, view: &ActView) -> Result<Response, Response> {
    let overview = overview(app, visitor).await?;
    let path = format!("/cluster/do/{}/{}", view.act.word(), encode(&view.subject));
    Ok(render(code, || page(frame_for(visitor, &overview, Place::Cluster, path), view)))
}

async fn perform(
    State(app): State<App>,
    visitor: Visitor,
    Path((word, subject)): Path<(String, String)>,
    Form(typed): Form<HashMap<String, String>>,
) -> Result<Response, Response> {
    let act = of(&visitor, &word)?;
    let text = visitor.text;
    let with = typed.get("with").map(|with| with.trim().to_owned()).unwrap_or_default();
    let wrong = |field: &str, message: &str| vec![Problem { field: Some(field.into()), message: message.into() }];
    let mut problems = Vec::new();
    if act.needs_tick() && typed.get("sure").map(String::as_str) != Some("yes") {
        problems = wrong("sure-yes", text.cluster_sure_missing());
    }
    let replacement = with.parse();
    if act == Act::Replace && replacement.is_err() {
        problems = wrong("with", text.activate_problem_serial());
    }
    let mut refusal = None;
    if problems.is_empty() {
        let path = [subject.as_str()];
        let (app, visitor) = (&app, &visitor);
        let done = match (act, replacement) {
            (Act::Enable, _) => call::<calls::EnableService>(app, visitor, &[], &()).await?.map(drop),
            (Act::Remove, _) => {
                call::<calls::RemoveHost>(app, visitor, &path, &RemoveAsk { force: false }).await?.map(drop)
            }
            (Act::Force, _) => {
                call::<calls::RemoveHost>(app, visitor, &path, &RemoveAsk { force: true }).await?.map(drop)
            }
            (Act::Replace, Ok(with)) => {
                call::<calls::ReplaceHost>(app, visitor, &path, &ReplaceAsk { with }).await?.map(drop)
            }
            (Act::Unpair, _) => call::<calls::UnpairHost>(app, visitor, &path, &()).await?.map(drop),
            (Act::Agree, _) => call::<calls::AgreeLateRenewal>(app, visitor, &path, &()).await?.map(drop),
            (Act::Cancel, _) => call::<calls::CancelReservation>(app, visitor, &path, &()).await?.map(drop),
            (Act::Cluster, _) => call::<calls::RemoveCluster>(app, visitor, &path, &()).await?.map(drop),
            (Act::Revoke, _) => call::<calls::RevokeCode>(app, visitor, &path, &()).await?.map(drop),
            (Act::Forget, _) => call::<calls::ForgetBox>(app, visitor, &path, &()).await?.map(drop),
            (Act::Replace, Err(_)) => Ok(()),
        };
        match done {
            Ok(()) => return Ok(Redirect::to(&format!("{}?done=1", act.after())).into_response()),
            Err(why) => refusal = Some(why),
        }
    }
    let code = refusal.as_ref().map_or(StatusCode::UNPROCESSABLE_ENTITY, status);
    let name = named(&app, &visitor, act, &subject).await?;
    let view = ActView { act, subject, name, typed: with, problems, refusal };
    answer(&app, &visitor, code, &view).await
}

pub fn page(frame: Frame, view: &ActView) -> impl IntoView + use<> {
    let text = frame.text;
    let (title, why, go) = view.act.words(text, &view.name);
    let problem = !view.problems.is_empty() || view.refusal.is_some();
    let frame = Frame { title: title.clone(), problem, ..frame };
    let action = format!("/cluster/do/{}/{}", view.act.word(), encode(&view.subject));
    let with = (view.act == Act::Replace).then(|| {
        field(Field {
            name: "with".into(),
            label: text.cluster_replace_with().to_owned(),
            problem: view.problems.first().map(|problem| problem.message.clone()),
            value: view.typed.clone(),
            ..Field::default()
        })
    });
    let tick = view.act.needs_tick().then(|| {
        crate::components::choice::choice(crate::components::choice::Choice {
            kind: "checkbox",
            name: "sure",
            value: "yes",
            label: text.cluster_sure().to_owned(),
            why: None,
            chosen: false,
        })
    });
    let lead = lead(text, title, &view.problems, view.refusal.as_ref());
    view! {
        <Shell frame=frame>
            {lead}
            <form class="card stack" method="post" action=action novalidate>
                <p>{why}</p>
                {with}
                {tick}
                <p class="actions"><button>{go}</button><a class="link" href=PATH>{text.cluster_back()}</a></p>
            </form>
        </Shell>
    }
}
