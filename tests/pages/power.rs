//! Restart, power-off and factory reset.

use gatehouse::{
    components::nav::Place,
    domain::{
        api::Overview,
        fault::Fault,
        network::{
            issue::{Field, Issue, Rule},
            transaction::Actor,
        },
        power::{PowerAction, PowerFailure},
    },
    pages::{
        render::to_html,
        system::{
            self, Came,
            power::{self, PowerView},
            reset::{self, ResetView},
        },
    },
    text::Text,
};

use super::{
    all::{frame, refusal},
    boxes::{awaiting, changing_box, working_box},
};

fn page(text: Text, overview: &Overview, view: PowerView) -> String {
    to_html(|| power::page(frame(text, Some(overview), Some(Place::System)), overview, view))
}

fn sure(text: Text, overview: &Overview, view: ResetView) -> String {
    to_html(|| reset::sure(frame(text, Some(overview), Some(Place::System)), overview, view))
}

pub fn pages(text: Text) -> Vec<(&'static str, String)> {
    let (working, changing) = (working_box(), changing_box(awaiting(true)));
    let mut failed = working_box();
    failed.power.failed =
        Some(PowerFailure { action: PowerAction::Restart, reason: "Operation inhibited by \"dpkg\"".to_owned() });
    let asks = |action| PowerView { asks: Some(action), refusal: None };
    let going = |action| to_html(|| power::going(frame(text, Some(&working), Some(Place::System)), action));
    let system = to_html(|| system::page(frame(text, Some(&failed), Some(Place::System)), &failed));
    vec![
        ("power", page(text, &working, PowerView::default())),
        ("power-restart", page(text, &working, asks(PowerAction::Restart))),
        ("power-off", page(text, &working, asks(PowerAction::Off))),
        ("power-while-changing", page(text, &changing, asks(PowerAction::Restart))),
        ("power-failed", page(text, &failed, PowerView::default())),
        ("power-refused", {
            let fault = Fault::ChangeOpen { by: Actor::Console, left: 74_000 };
            page(text, &changing, PowerView { asks: Some(PowerAction::Off), refusal: Some(refusal(fault)) })
        }),
        ("power-restarting", going(PowerAction::Restart)),
        ("power-switching-off", going(PowerAction::Off)),
        ("system-power-failed", system),
        ("reset", to_html(|| reset::page(frame(text, Some(&working), Some(Place::System)), &working))),
        ("reset-while-changing", to_html(|| reset::page(frame(text, Some(&changing), Some(Place::System)), &changing))),
        ("reset-sure", sure(text, &working, ResetView::default())),
        ("reset-other-box", {
            let issues = vec![Issue { port: None, field: Field::ResetName, rule: Rule::NotThisBox }];
            let refusal = Some(refusal(Fault::Invalid { issues }));
            let typed = "\"><script>alert(1)</script>".to_owned();
            sure(text, &working, ResetView { typed, came: Came { saved: false, refusal } })
        }),
        ("reset-going", to_html(|| reset::going(frame(text, Some(&working), Some(Place::System))))),
    ]
}
