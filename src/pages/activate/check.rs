//! The pre-flight: the path to the registry, hop by hop, with what is broken and how to mend it.

use axum::{http::StatusCode, response::Response};
use leptos::prelude::*;

use super::{WizardView, answer};
use crate::{
    components::{
        note::Note,
        tag::Mood,
        words::{Ports, registry},
    },
    domain::{
        activation::{
            api::{Activation, Away, Checked},
            wizard::Page,
        },
        api::Overview,
        fault::Fault,
    },
    islands::DeviceClock,
    pages::{hops, refused, status},
    text::Text,
    web::{App, Visitor},
};

pub(super) async fn run(
    app: &App,
    visitor: &Visitor,
    overview: &Overview,
    activation: Activation,
) -> Result<Response, Response> {
    let (code, checked, refusal) = match app.agent.check_activation(&visitor.caller).await {
        Ok(checked) => (StatusCode::OK, Some(checked), None),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => return Err(refused(visitor, &refusal)),
        Err(refusal) => (status(&refusal), None, Some(refusal)),
    };
    let view = WizardView { activation, refusal, checked, ..WizardView::default() };
    Ok(answer(visitor, overview, code, Page::Check, &view))
}

pub(super) fn view(text: Text, overview: &Overview, view: &WizardView) -> impl IntoView + use<> {
    let result = view.checked.as_ref().map(|checked| result(text, overview, checked));
    let again = if view.checked.is_some() { text.activate_again() } else { text.activate_check_go() };
    view! {
        <p class="muted">{text.activate_check_why()}</p>
        {result}
        <form class="card" method="post" action="/activate/check">
            <p class="actions">
                <button name="go" value="check">{again}</button>
                <button name="go" value="on" class="plain">{text.activate_check_skip()}</button>
            </p>
        </form>
    }
}

fn result(text: Text, overview: &Overview, checked: &Checked) -> impl IntoView + use<> {
    let path = hops::result(text, &checked.report, Ports(&overview.network));
    let broken = checked.report.path.first_broken().is_some();
    let said = match &checked.registry {
        // the path has said it already
        Some(_) if broken => None,
        Some(away) => Some(view! { {away_note(text, away)}{set_clock(text, away)} }.into_any()),
        None if checked.reached => {
            Some(view! { <Note mood=Mood::Ok title=text.activate_check_reached() role="status">""</Note> }.into_any())
        }
        None => Some(view! { <Note mood=Mood::Info title=text.activate_check_unknown()>""</Note> }.into_any()),
    };
    view! { {path}{said} }
}

/// A box that was in a store for long has a clock that is wrong, and whoever visits it mostly has one that is right.
fn set_clock(text: Text, away: &Away) -> impl IntoView + use<> {
    matches!(away, Away::Clock { .. }).then(|| {
        view! {
            <form method="post" action="/system/time/clock">
                <input type="hidden" name="back" value="activate" />
                <DeviceClock>
                    <p class="actions" data-device hidden><button name="device" value="">{text.time_device()}</button></p>
                </DeviceClock>
            </form>
        }
    })
}

/// Why the registry cannot be asked, what to mend, and where.
pub(super) fn away_note(text: Text, away: &Away) -> impl IntoView + use<> {
    let place = registry::place(away).map(|href| {
        view! { <p class="actions"><a href=href>{text.away_to_place()}</a></p> }
    });
    let (title, mend) = (registry::away(text, away), registry::mend(text, away));
    view! {
        <Note mood=Mood::Warn title=title><p>{mend}</p>{place}</Note>
    }
}
