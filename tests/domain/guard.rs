//! The dead man's switch: every state with every event, and what must hold for any agent.

use domain::{
    guard::{Effect, Event, GRACE, Promise, State, step},
    time::BootMillis,
};
use proptest::prelude::*;

const NOW: BootMillis = BootMillis(10_000);

fn by(millis: u64) -> Promise {
    Promise(Some(BootMillis(millis)))
}

#[test]
fn every_state_with_every_event() {
    let (none, open) = (Promise(None), by(9_000));
    let overdue = by(NOW.0 - GRACE);
    let again = State::Killed { again: BootMillis(NOW.0 + GRACE) };
    let late = State::Killed { again: NOW };
    for (state, event, next, effect) in [
        (State::Alone, Event::Connected, State::Watching(none), None),
        (State::Alone, Event::Promised(open), State::Alone, None),
        (State::Alone, Event::Ended, State::Alone, None),
        (State::Alone, Event::Tick, State::Alone, None),
        (State::Watching(open), Event::Connected, State::Watching(none), None),
        (State::Watching(none), Event::Promised(open), State::Watching(open), None),
        (State::Watching(open), Event::Promised(none), State::Watching(none), None),
        (State::Watching(overdue), Event::Promised(open), State::Watching(open), None),
        (State::Watching(open), Event::Ended, State::Alone, None),
        (State::Watching(none), Event::Tick, State::Watching(none), None),
        (State::Watching(open), Event::Tick, State::Watching(open), None),
        (State::Watching(overdue), Event::Tick, again, Some(Effect::Kill)),
        (again, Event::Connected, State::Watching(none), None),
        (again, Event::Promised(open), again, None),
        (again, Event::Ended, State::Alone, None),
        (again, Event::Tick, again, None),
        (late, Event::Tick, again, Some(Effect::Kill)),
    ] {
        assert_eq!(step(state, event, NOW), (next, effect), "{state:?} {event:?}");
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Connected),
        prop::option::of(0..30_000_u64).prop_map(|at| Event::Promised(Promise(at.map(BootMillis)))),
        Just(Event::Ended),
        Just(Event::Tick),
    ]
}

proptest! {
    #[test]
    fn nobody_is_killed_within_the_grace_or_without_a_promise(
        events in prop::collection::vec((event(), 0..3_000_u64), 0..60),
    ) {
        let (mut state, mut now, mut promised) = (State::default(), BootMillis(1), None);
        for (event, passes) in events {
            now = now.plus(passes);
            match (state, event) {
                (_, Event::Connected | Event::Ended) => promised = None,
                (State::Watching(_), Event::Promised(promise)) => promised = promise.0,
                _ => {}
            }
            let (next, effect) = step(state, event, now);
            if effect == Some(Effect::Kill) {
                prop_assert!(promised.is_some_and(|at| at.plus(GRACE) <= now), "{state:?} at {now:?}");
            }
            state = next;
        }
    }

    #[test]
    fn a_promise_comes_back_from_its_bytes(at in prop::option::of(1..u64::MAX)) {
        let promise = Promise(at.map(BootMillis));
        prop_assert_eq!(Promise::from_bytes(promise.to_bytes()), promise);
    }
}
