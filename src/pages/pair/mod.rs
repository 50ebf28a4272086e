//! `/cluster/pair`: who of the two boxes is active, whether the pair is protected and if not why, what is set, and what may be asked of it. Its state
//! is also on `/cluster`, in short.

mod act;
mod handlers;
mod history;
pub(in crate::pages) mod settings;
mod state;

use leptos::prelude::*;

pub use act::{Act, page as act_page};
pub use handlers::routes;
pub use settings::Typed;
pub use state::{brief, state};

use crate::{
    components::{
        card::Card,
        frame::{Frame, Shell},
        note::Note,
        tag::Mood,
    },
    domain::{
        api::Overview,
        fault::Refusal,
        pair::api::{PairStatus, Phase},
    },
    pages::fault,
};

pub(super) const PATH: &str = "/cluster/pair";
const SETTINGS: &str = "/cluster/pair/settings";
/// Seconds until a browser without scripts looks again.
const LOOK_AGAIN: u8 = 10;

/// What is not the pair's status.
#[derive(Clone, Debug, Default)]
pub struct PairView {
    /// What was typed and refused; `None`: what is in force.
    pub typed: Option<Typed>,
    pub refusal: Option<Refusal>,
    pub saved: bool,
    pub done: bool,
}

pub fn page(frame: Frame, overview: &Overview, status: &PairStatus, view: &PairView) -> impl IntoView + use<> {
    let text = frame.text;
    let (form, problems) = settings::form(text, overview, status, view);
    let refusal = view.refusal.as_ref().filter(|_| problems.is_empty()).map(|refusal| fault::note(text, refusal));
    let frame = Frame {
        title: text.pair_title().to_owned(),
        problem: !problems.is_empty(),
        path: PATH.to_owned(),
        refresh: view.typed.is_none().then_some(LOOK_AGAIN),
        ..frame
    };
    let said = [(view.saved, text.pair_saved()), (view.done, text.pair_done())].into_iter().filter(|(it, _)| *it);
    let said = said.map(|(_, title)| view! { <Note mood=Mood::Ok title=title role="status">""</Note> });
    let said = said.collect_view();
    let paired = !matches!(status.phase, Phase::Single);
    let actions = paired.then(|| act::actions(text, status)).flatten();
    let history = history::card(text, status);
    let state = state::state(text, overview);
    view! {
        <Shell frame=frame>
            <div class="lead">
                <p class="small"><a class="link" href="/cluster">{text.nav_cluster()}</a></p>
                <h1>{text.pair_title()}</h1>
                <p class="muted">{text.pair_why()}</p>
            </div>
            {crate::components::summary::summary(text, &problems)}
            {refusal}
            {said}
            {state}
            {actions}
            <Card title=text.pair_settings()><p class="muted">{text.pair_settings_why()}</p>{form}</Card>
            {history}
        </Shell>
    }
}
