//! The plan beside the form: what will change, where this page will be, and the button that does it.

use std::borrow::Cow;

use axum::{
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;

use super::offers::offers;
use crate::{
    components::{
        card::Card,
        note::Note,
        plan::{Sign, plan_list},
        tag::Mood,
        words::{Ports, item},
    },
    domain::{
        api::Applied,
        network::{
            plan::{Plan, Verb},
            status::NetworkStatus,
        },
    },
    pages::landing::Landing,
    text::Text,
    web::{
        App, Visitor,
        cookies::{self, ChangeSecrets},
    },
};

#[derive(Clone, Debug)]
pub struct Preview {
    pub plan: Plan,
    /// [`Plan::base`] as text, to come back with the form.
    pub base: String,
    pub landing: Landing,
}

impl Preview {
    pub fn of(app: &App, visitor: &Visitor, plan: Plan) -> Self {
        // nothing in it can fail to be written
        let base = serde_json::to_string(&plan.base).unwrap_or_default();
        let landing = Landing::of_plan(app, visitor, &plan);
        Self { plan, base, landing }
    }
}

/// To the page that follows the change, with its secrets for this browser alone.
pub fn follow(applied: Applied) -> Response {
    let secrets = ChangeSecrets { confirm: applied.confirm, handoff: applied.handoff };
    ([(header::SET_COOKIE, cookies::set_change(&secrets))], Redirect::to("/network/change")).into_response()
}

/// The form that applies a plan: where it goes, where "discard" leads, and what was asked for.
#[derive(Clone, Debug)]
pub struct Applies {
    pub action: String,
    pub back: String,
    pub fields: Vec<(Cow<'static, str>, String)>,
}

pub fn preview(text: Text, network: &NetworkStatus, applies: Applies, preview: &Preview) -> impl IntoView + use<> {
    let Preview { plan, base, landing } = preview;
    let mut lines = plan
        .changes
        .iter()
        .map(|change| {
            let sign = match change.verb {
                Verb::Adds => Sign::Adds,
                Verb::Removes => Sign::Removes,
            };
            (sign, item(text, &change.what, Ports(network)))
        })
        .collect::<Vec<_>>();
    if lines.is_empty() {
        // what the kernel lacks of what is saved already
        lines.push((Sign::Adds, text.preview_repairs().to_owned()));
    }
    if let Landing::Stays { at } = landing {
        lines.push((Sign::Keeps, text.preview_stays(at)));
    }
    let gone = plan.leaving.iter().map(ToString::to_string).collect::<Vec<_>>();
    let gone = (!gone.is_empty()).then(|| {
        view! { <p>{text.preview_disconnects(crate::components::format::list(text, &gone))}</p> }
    });
    let moves = landing_note(text, landing);
    let offers = offers(text, plan, Ports(network));
    let list = plan_list(text, lines);
    let Applies { action, back, mut fields } = applies;
    fields.push(("base".into(), base.clone()));
    let hidden = fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> });
    let hidden = hidden.collect::<Vec<_>>();
    view! {
        <Card title=text.preview_title() weighty=true id="plan">
            {list}
            {offers}
            {gone}
            {moves}
            <p class="muted">{text.preview_safe()}</p>
            <form class="actions" method="post" action=action>
                {hidden}
                <button>{text.preview_apply()}</button>
                <a class="button plain" href=back>{text.preview_discard()}</a>
            </form>
        </Card>
    }
}

/// Where the page goes, before it goes there.
pub fn landing_note(text: Text, landing: &Landing) -> Option<AnyView> {
    match landing {
        Landing::Stays { .. } => None,
        Landing::Moves { to, fingerprint } => {
            let url = format!("https://{to}");
            let print = fingerprint.clone().map(|print| {
                view! { <p>{text.preview_fingerprint()}</p>{by_eight(&print)} }
            });
            let view = view! {
                <Note mood=Mood::Warn title=text.preview_moves(url)>
                    <p>{text.preview_moves_why()}</p>
                    {print}
                </Note>
            };
            Some(view.into_any())
        }
        Landing::Later { .. } => {
            let view = view! {
                <Note mood=Mood::Warn title=text.preview_later()><p>{text.preview_later_why()}</p></Note>
            };
            Some(view.into_any())
        }
        Landing::Lost { at } => {
            let view = view! {
                <Note mood=Mood::Bad title=text.preview_lost(at)><p>{text.preview_lost_why()}</p></Note>
            };
            Some(view.into_any())
        }
    }
}

/// Eight bytes do not part, so that lines can be compared with what the browser shows.
fn by_eight(print: &str) -> impl IntoView + use<> {
    let bytes = print.split_inclusive(':').collect::<Vec<_>>();
    let parts = bytes.chunks(8).map(|part| view! { <span>{part.concat()}</span> }).collect::<Vec<_>>();
    view! { <p class="fingerprint">{parts}</p> }
}
