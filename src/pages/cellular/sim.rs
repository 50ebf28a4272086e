//! `/cellular/sim`: which SIM is in the slot, and what becomes of its PIN. What is typed here may cost a try; so each form says what is
//! left, and the last try asks for a word.

use leptos::prelude::*;
use serde::Deserialize;

use super::{SIM, lead, other, problem};
use crate::{
    components::{
        card::Card,
        choice::{Choice, choice},
        field::{Field, Kind, field},
        frame::{Frame, Shell},
        note::Note,
        summary::{Problem, summary},
        tag::Mood,
        words::tries,
    },
    domain::{
        api::Overview,
        cellular::{
            api::{CellularStatus, SimView as Its},
            machine::SimChange,
            modem::Lock,
        },
        fault::Refusal,
        network::issue,
    },
    text::Text,
};

/// The form that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    Unlock,
    Puk,
    Change,
    Enable,
    Disable,
    Forget,
}

#[derive(Clone, Debug, Default)]
pub struct SimView {
    /// What was asked for; without a refusal it is done.
    pub asked: Option<Asked>,
    pub refusal: Option<Refusal>,
}

pub fn sim_page(frame: Frame, overview: &Overview, status: &CellularStatus, view: &SimView) -> impl IntoView + use<> {
    let text = frame.text;
    let secrets = Secrets { text, overview, view };
    let forms = status.sim.as_ref().map_or_else(
        // a modem that starts anew after its last try has none for a moment: what comes next is said as it comes
        || super::state(text, overview).into_any(),
        |sim| match sim.lock {
            Lock::Pin => unlock(secrets, sim).into_any(),
            Lock::Puk => puk(secrets, sim).into_any(),
            Lock::Unknown | Lock::None | Lock::Other => manage(secrets, sim, status.pin).into_any(),
        },
    );
    let problems = secrets.problems();
    let change = status.sim_change.as_ref().map(|change| swapped(text, change));
    let done = view.asked.filter(|_| view.refusal.is_none()).map(|asked| said(text, asked));
    let other = other(text, view.refusal.as_ref());
    let power = view! {
        <p class="small muted">{text.cellular_swap_power()}" "<a href="/system/power">{text.cellular_to_power()}</a></p>
    };
    let frame = Frame {
        title: text.cellular_sim_title().to_owned(),
        problem: view.refusal.is_some(),
        path: SIM.to_owned(),
        refresh: status.sim.is_none().then_some(super::LOOK_AGAIN),
        ..frame
    };
    view! {
        <Shell frame=frame>
            {lead(text, text.cellular_sim_title(), text.cellular_sim_why())}
            {summary(text, &problems)}
            {other}
            {done}
            {change}
            {forms}
            {power}
        </Shell>
    }
}

fn said(text: Text, asked: Asked) -> impl IntoView {
    let (title, why) = match asked {
        Asked::Unlock | Asked::Puk => (text.cellular_said_unlocked(), text.cellular_said_unlocked_why()),
        Asked::Change | Asked::Enable | Asked::Disable | Asked::Forget => {
            (text.cellular_said_pin(), text.cellular_said_pin_why())
        }
    };
    view! {
        <Note mood=Mood::Ok title=title role="status">
            <p>{why}</p>
            <p><a class="link" href=super::PATH>{text.cellular_title()}</a></p>
        </Note>
    }
}

fn swapped(text: Text, change: &SimChange) -> impl IntoView + use<> {
    match change {
        SimChange::Other { known } => {
            let why = text.cellular_swap_other(known);
            view! {
            <Note mood=Mood::Warn title=text.cellular_swap()>
                <p>{why}</p>
                <form class="actions" method="post" action=format!("{SIM}/note")>
                    <button>{text.cellular_swap_note()}</button>
                    <a class="button plain" href=super::SETTINGS>{text.cellular_to_settings()}</a>
                </form>
            </Note>
            }
            .into_any()
        }
        SimChange::Missing { known } => {
            let why = text.cellular_swap_missing_why(known);
            view! {
            <Note mood=Mood::Warn title=text.cellular_swap_missing()>
                <p>{why}</p>
                <p class="actions"><a class="button" href="/system/power">{text.cellular_to_power()}</a></p>
            </Note>
            }
            .into_any()
        }
    }
}

/// What a form of digits is made of.
#[derive(Clone, Copy)]
struct Secrets<'s> {
    text: Text,
    overview: &'s Overview,
    view: &'s SimView,
}

impl Secrets<'_> {
    /// `form`: whose it is; a problem is told only in the form that was sent.
    fn field(
        self,
        form: Asked,
        name: &str,
        about: issue::Field,
        label: &str,
        hint: Option<&str>,
    ) -> impl IntoView + use<> {
        let refusal = self.view.refusal.as_ref().filter(|_| self.view.asked == Some(form));
        field(Field {
            name: id(form, name).into(),
            label: label.to_owned(),
            hint: hint.map(ToOwned::to_owned),
            problem: problem(self.text, self.overview, refusal, about, ""),
            kind: Kind::Secret,
            ..Field::default()
        })
        .into_any()
    }

    fn problems(self) -> Vec<Problem> {
        let abouts = [(issue::Field::Pin, "pin"), (issue::Field::Puk, "puk"), (issue::Field::NewPin, "new_pin")];
        let Some(form) = self.view.asked else { return Vec::new() };
        let found = abouts.into_iter().filter_map(|(about, name)| {
            let message = problem(self.text, self.overview, self.view.refusal.as_ref(), about, "")?;
            Some(Problem { field: Some(id(form, name)), message })
        });
        found.collect()
    }

    /// What is left, and the word that the last try asks for.
    fn last(self, left: Option<u8>, why: &str) -> impl IntoView + use<> {
        let said = tries(self.text, left);
        let last = (left == Some(1)).then(|| {
            choice(Choice {
                kind: "checkbox",
                name: "last",
                value: "yes",
                label: self.text.cellular_last_try().to_owned(),
                why: Some(why.to_owned()),
                chosen: false,
            })
        });
        view! { <p>{said}</p>{last} }
    }

    /// A form after which the SIM is open. `labels`: of the card and of the button.
    fn opens<V: IntoView + 'static>(
        self,
        ask: &'static str,
        labels: (&'static str, &'static str),
        fields: V,
    ) -> impl IntoView + use<V> {
        let keep = choice(Choice {
            kind: "checkbox",
            name: "keep",
            value: "yes",
            label: self.text.cellular_keep_pin().to_owned(),
            why: None,
            chosen: true,
        });
        view! {
            <Card title=labels.0 weighty=true>
                <form class="stack" method="post" action=format!("{SIM}/{ask}") novalidate>
                    {fields.into_any()}
                    {keep}
                    <p class="actions"><button>{labels.1}</button></p>
                </form>
            </Card>
        }
    }
}

/// Several forms of one page have a PIN each.
fn id(form: Asked, name: &str) -> String {
    match form {
        Asked::Unlock | Asked::Puk => name.to_owned(),
        Asked::Change => format!("change_{name}"),
        Asked::Enable => format!("enable_{name}"),
        Asked::Disable => format!("disable_{name}"),
        Asked::Forget => format!("forget_{name}"),
    }
}

fn unlock(of: Secrets, sim: &Its) -> impl IntoView + use<> {
    let text = of.text;
    let pin = of.field(Asked::Unlock, "pin", issue::Field::Pin, text.cellular_pin(), Some(text.cellular_pin_hint()));
    let last = of.last(sim.tries.pin, text.cellular_last_try_puk());
    let labels = (text.cellular_unlock_pin(), text.cellular_unlock_go());
    of.opens("unlock", labels, view! { {last}{pin} })
}

fn puk(of: Secrets, sim: &Its) -> impl IntoView + use<> {
    let text = of.text;
    let puk = of.field(Asked::Puk, "puk", issue::Field::Puk, text.cellular_puk(), Some(text.cellular_puk_hint()));
    let pin = of.field(Asked::Puk, "new_pin", issue::Field::NewPin, text.cellular_new_pin(), None);
    let last = of.last(sim.tries.puk, text.cellular_last_try_dead());
    of.opens("puk", (text.cellular_puk_go(), text.cellular_puk_go()), view! { {last}{puk}{pin} })
}

/// Of a SIM that is open. Where nobody knows whether it asks for its PIN, each way is offered.
fn manage(of: Secrets, sim: &Its, kept: bool) -> impl IntoView + use<> {
    let text = of.text;
    let now = match (sim.pin_enabled, kept) {
        (Some(false), _) => text.cellular_pin_off(),
        (Some(true), true) => text.cellular_pin_on_kept(),
        (Some(true), false) => text.cellular_pin_on_asked(),
        (None, _) => text.cellular_pin_unknown(),
    };
    let form = |asked: Asked, ask: &'static str, title: &'static str, fields: AnyView| {
        let open = of.view.asked == Some(asked) && of.view.refusal.is_some();
        view! {
            <details class="part" open=open>
                <summary>{title}</summary>
                <form class="stack" method="post" action=format!("{SIM}/pin")>
                    <input type="hidden" name="change" value=ask />
                    {fields}
                    <p class="actions"><button>{title}</button></p>
                </form>
            </details>
        }
    };
    let pin = |asked| {
        of.field(asked, "pin", issue::Field::Pin, text.cellular_pin_now(), Some(text.cellular_pin_hint())).into_any()
    };
    let change = (sim.pin_enabled != Some(false)).then(|| {
        let new = of.field(Asked::Change, "new_pin", issue::Field::NewPin, text.cellular_new_pin(), None);
        let fields = view! { {pin(Asked::Change)}{new} }.into_any();
        form(Asked::Change, "change", text.cellular_pin_change(), fields)
    });
    let disable = (sim.pin_enabled != Some(false))
        .then(|| form(Asked::Disable, "disable", text.cellular_pin_disable(), pin(Asked::Disable)));
    let enable = (sim.pin_enabled != Some(true))
        .then(|| form(Asked::Enable, "enable", text.cellular_pin_enable(), pin(Asked::Enable)));
    let forget = kept.then(|| form(Asked::Forget, "forget", text.cellular_pin_forget(), ().into_any()));
    let left = tries(text, sim.tries.pin);
    view! {
        <Card title=text.cellular_pin_manage()>
            <p>{now}</p>
            <p class="muted">{left}</p>
            {change}
            {disable}
            {enable}
            {forget}
        </Card>
    }
}
