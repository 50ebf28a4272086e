//! `/network/change`: the change that is open, or how the last one ended.

mod awaiting;
mod handlers;
mod outcome;

use leptos::prelude::*;

pub use handlers::{routes, show_to};

use super::{fault, landing::Landing};
use crate::{
    components::{
        card::Card,
        countdown::busy,
        frame::{Frame, Shell},
        words::{Ports, actor, phase},
    },
    domain::{
        api::Overview,
        fault::Refusal,
        network::{
            status::NetworkStatus,
            transaction::{OpenView, PhaseView},
        },
    },
    islands::Change,
    text::Text,
    web::cookies::ChangeSecrets,
};

/// What the page shows besides the network itself.
#[derive(Clone, Debug)]
pub struct ChangeView {
    /// The secrets of this browser, if it applied the change.
    pub mine: Option<ChangeSecrets>,
    /// Over the service port, which works before and after.
    pub service: bool,
    pub landing: Landing,
    pub refusal: Option<Refusal>,
}

pub fn page(frame: Frame, overview: &Overview, view: &ChangeView) -> impl IntoView + use<> {
    let text = frame.text;
    let network = &overview.network;
    let open = network.transaction.open.as_ref();
    let refusal = view.refusal.as_ref().map(|refusal| fault::note(text, refusal));
    let waits = open.is_none_or(|open| matches!(open.phase, PhaseView::AwaitingConfirm { .. }));
    let body = match open {
        Some(OpenView { phase: PhaseView::AwaitingConfirm { left, window, checks }, new_spec, .. }) => {
            let asked = awaiting::Asked { left: *left, window: *window, checks, new_spec };
            awaiting::awaiting(text, network, &asked, view).into_any()
        }
        Some(open) => working(text, network, open, view).into_any(),
        None => outcome::outcome(text, network).into_any(),
    };
    let by = open.filter(|_| view.mine.is_none()).map(|open| text.change_by(actor(text, &open.by)));
    let by = by.map(|by| view! { <p class="muted">{by}</p> });
    let name = open.map_or("none", |open| phase_name(&open.phase));
    let frame = Frame {
        title: text.change_title().to_owned(),
        problem: view.refusal.is_some(),
        path: "/network/change".to_owned(),
        refresh: (!waits).then_some(2),
        ..frame
    };
    view! {
        <Shell frame=frame>
            {refusal}
            <Change>
                <div class="stack narrow" data-change data-phase=name>
                    <p class="quiet-text" data-say aria-live="polite" data-template=text.change_seconds_left("{seconds}")></p>
                    {by}
                    {body}
                </div>
            </Change>
        </Shell>
    }
}

/// The word of the phase for scripts, in the page and at `/network/change/state`.
fn phase_name(phase: &PhaseView) -> &'static str {
    match phase {
        PhaseView::Planned | PhaseView::Armed => "planned",
        PhaseView::Asking { .. } => "asking",
        PhaseView::Applying { .. } => "applying",
        PhaseView::Verifying => "verifying",
        PhaseView::AwaitingConfirm { .. } => "awaiting",
        PhaseView::Committing => "committing",
        PhaseView::RollingBack => "rolling_back",
    }
}

fn working(text: Text, network: &NetworkStatus, open: &OpenView, view: &ChangeView) -> impl IntoView + use<> {
    let said = phase(text, &open.phase, Ports(network));
    let note = super::preview::landing_note(text, &view.landing);
    // nothing has changed yet, and a silent server is waited for long
    let back = matches!(open.phase, PhaseView::Asking { .. }).then(|| {
        view! {
            <form class="actions" method="post" action="/network/change/rollback">
                <button class="plain">{text.change_go_back()}</button>
            </form>
        }
    });
    let title = match &open.phase {
        PhaseView::RollingBack => text.change_undoing(),
        PhaseView::Committing => text.change_keeping(),
        PhaseView::Asking { ports } if !ports.is_empty() => text.change_leasing_title(),
        _ => text.headline_changing(),
    };
    view! {
        <h1>{title}</h1>
        <Card title=text.change_now()>
            {busy(&said)}
            <p class="muted">{text.change_wait()}</p>
            {note}
            {back}
        </Card>
    }
}
