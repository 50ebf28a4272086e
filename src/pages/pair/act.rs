//! What may be asked of the pair: each on a page that says what will happen, with a button.

use leptos::prelude::*;

use crate::{
    components::{
        card::Card,
        frame::{Frame, Shell},
    },
    domain::{
        fault::Refusal,
        pair::{
            api::{PairStatus, Phase},
            readiness::Reason,
        },
    },
    pages::fault,
    text::Text,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Switchover,
    Drill,
    Maintenance,
    EndMaintenance,
    Clear,
}

impl Act {
    pub const ALL: [Self; 5] = [Self::Switchover, Self::Drill, Self::Maintenance, Self::EndMaintenance, Self::Clear];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Switchover => "switchover",
            Self::Drill => "drill",
            Self::Maintenance => "maintenance",
            Self::EndMaintenance => "end-maintenance",
            Self::Clear => "clear",
        }
    }

    /// What it is called, and what it does.
    fn words(self, t: Text) -> (&'static str, &'static str) {
        match self {
            Self::Switchover => (t.pair_switchover(), t.pair_switchover_why()),
            Self::Drill => (t.pair_drill(), t.pair_drill_why()),
            Self::Maintenance => (t.pair_maintenance(), t.pair_maintenance_why()),
            Self::EndMaintenance => (t.pair_maintenance_end(), t.pair_maintenance_end_why()),
            Self::Clear => (t.pair_clear(), t.pair_clear_why()),
        }
    }

    /// Whether it means something now.
    fn fits(self, status: &PairStatus) -> bool {
        match self {
            Self::Switchover | Self::Drill => matches!(status.phase, Phase::Active | Phase::Standby),
            Self::Maintenance => {
                let alone = matches!(status.phase, Phase::Single | Phase::Pairing | Phase::Awaiting { .. });
                !alone && !is_maintained(status)
            }
            Self::EndMaintenance => is_maintained(status),
            // also where another state is what one sees first
            Self::Clear => status.reasons.iter().any(|reason| matches!(reason, Reason::Fenced { .. })),
        }
    }
}

fn is_maintained(status: &PairStatus) -> bool {
    status.reasons.contains(&Reason::Maintenance { here: true })
}

/// Nothing where nothing can be done.
pub(super) fn actions(text: Text, status: &PairStatus) -> Option<impl IntoView + use<>> {
    let links = Act::ALL.into_iter().filter(|act| act.fits(status)).map(|act| {
        let (title, why) = act.words(text);
        let href = format!("{}/do/{}", super::PATH, act.word());
        view! { <li><a class="link" href=href>{title}</a><br /><span class="small muted">{why}</span></li> }
    });
    let links = links.collect::<Vec<_>>();
    (!links.is_empty()).then(|| view! { <Card title=text.pair_actions()><ul class="checks">{links}</ul></Card> })
}

pub fn page(frame: Frame, act: Act, refusal: Option<&Refusal>) -> impl IntoView + use<> {
    let text = frame.text;
    let (title, why) = act.words(text);
    let path = format!("{}/do/{}", super::PATH, act.word());
    let refusal = refusal.map(|refusal| fault::note(text, refusal));
    let frame = Frame { title: title.to_owned(), problem: refusal.is_some(), path: path.clone(), ..frame };
    view! {
        <Shell frame=frame>
            <div class="lead">
                <p class="small"><a class="link" href=super::PATH>{text.pair_title()}</a></p>
                <h1>{title}</h1>
            </div>
            {refusal}
            <p>{why}</p>
            <form method="post" action=path>
                <p class="actions"><button>{title}</button></p>
            </form>
        </Shell>
    }
}
