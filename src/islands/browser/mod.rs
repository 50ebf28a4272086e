//! The behaviours. None of them may fail loudly: what cannot be done is left to the plain page.

mod change;
mod device_clock;
mod dom;
mod form_check;
mod handoff;
mod live;

use web_sys::Element;

use super::Behaviour;

pub(super) fn start(behaviour: Behaviour, root: &Element) {
    match behaviour {
        Behaviour::Live => live::start(root),
        Behaviour::Change => change::start(root),
        Behaviour::FormCheck => form_check::start(root),
        Behaviour::Handoff => handoff::start(root),
        Behaviour::DeviceClock => device_clock::start(root),
    }
}
