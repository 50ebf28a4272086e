//! `/cellular`: the way out by a SIM. How far the box has come is on the first page, with the one thing that is in the way; what is set
//! is on `/cellular/settings`, and what concerns the SIM and its PIN on `/cellular/sim`.

mod facts;
mod handlers;
mod settings;
mod signal;
mod sim;
mod state;

use leptos::prelude::*;

pub use handlers::routes;
pub use settings::{SettingsView, Typed, settings_page};
pub use sim::{Asked, SimView, sim_page};
pub use state::state;

use super::port;
use crate::{
    components::{
        frame::{Frame, Shell},
        note::Note,
        tag::Mood,
        words::issue,
    },
    domain::{
        api::Overview,
        cellular::api::CellularStatus,
        fault::{Fault, Refusal},
        network::issue::Field,
    },
    pages::fault,
    text::Text,
};

pub(super) const PATH: &str = "/cellular";
const SETTINGS: &str = "/cellular/settings";
const SIM: &str = "/cellular/sim";
/// Seconds until a browser without scripts looks again; nothing can be typed on the first page.
const LOOK_AGAIN: u8 = 10;

pub fn page(
    frame: Frame,
    overview: &Overview,
    status: &CellularStatus,
    refusal: Option<&Refusal>,
) -> impl IntoView + use<> {
    let text = frame.text;
    let refusal = refusal.map(|refusal| fault::note(text, refusal));
    let damaged = status.settings_problem.is_some().then(|| {
        view! { <Note mood=Mood::Bad title=text.cellular_settings_damaged()>""</Note> }
    });
    let slot = status.slot.as_ref().and_then(|slot| overview.network.port(slot)).filter(|slot| slot.link.is_some());
    let addresses = slot.map(|slot| port::status(text, slot, overview));
    let state = state(text, overview);
    let (signal, usage, ids) = (signal::card(text, status), facts::usage(text, status), facts::ids(text, status));
    let frame = Frame { title: text.cellular_title().to_owned(), refresh: Some(LOOK_AGAIN), ..frame };
    view! {
        <Shell frame=frame>
            <div class="lead">
                <p class="small"><a class="link" href="/network">{text.nav_network()}</a></p>
                <h1>{text.cellular_title()}</h1>
                <p class="muted">{text.cellular_why()}</p>
            </div>
            {refusal}
            {damaged}
            {state}
            <div class="cols">{signal}{usage}{addresses}{ids}</div>
        </Shell>
    }
}

/// The top of a page below the first one.
fn lead(text: Text, title: &'static str, why: &'static str) -> impl IntoView {
    view! {
        <div class="lead">
            <p class="small"><a class="link" href=PATH>{text.cellular_title()}</a></p>
            <h1>{title}</h1>
            <p class="muted">{why}</p>
        </div>
    }
}

/// What is wrong with a field.
fn problem(text: Text, overview: &Overview, refusal: Option<&Refusal>, field: Field, typed: &str) -> Option<String> {
    let Fault::Invalid { issues } = &refusal?.fault else { return None };
    let found = issues.iter().find(|issue| issue.field == field)?;
    Some(issue(text, found, typed, crate::components::words::Ports(&overview.network)))
}

/// What was refused, where no field is to blame.
fn other(text: Text, refusal: Option<&Refusal>) -> Option<impl IntoView + use<>> {
    let refusal = refusal.filter(|refusal| !matches!(refusal.fault, Fault::Invalid { .. }))?;
    Some(fault::note(text, refusal))
}
