//! Restart and power-off.

use gatehouse::{
    components::nav::Place,
    domain::{
        api::Overview,
        fault::Fault,
        network::transaction::Actor,
        power::{PowerAction, PowerFailure},
    },
    pages::{
        render::to_html,
        system::{
            self,
            power::{self, PowerView},
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
    ]
}
