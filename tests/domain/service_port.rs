//! When the service port gives addresses: the table of its states, and random lives of a cable.

use std::net::Ipv4Addr;

use domain::{
    box_file::{SERVICE_ADDRESS, service_net},
    service_port::{
        Answer, Check, Effect, Event, FIRST_PAUSE, FIRST_RECHECK, Failure, LONGEST_PAUSE, RANGE, RECHECK,
        SILENT_RECHECK, SPREAD, STEADY, ServicePortStatus, State, Trouble, step,
    },
    time::BootMillis,
};
use proptest::{collection::vec, prelude::*};

const NOW: BootMillis = BootMillis(1_000_000);
const BEFORE: BootMillis = BootMillis(900_000);
const OTHER: Option<Ipv4Addr> = Some(Ipv4Addr::new(10, 20, 0, 1));

fn ended() -> Failure {
    Failure::Ended { reason: "exit status: 2".into() }
}

fn trouble(times: u32) -> Trouble {
    Trouble { why: ended(), times }
}

fn serving(since: BootMillis, check: Check) -> State {
    State::Serving { since, check, trouble: None }
}

fn silent(check: Check) -> State {
    State::Silent { other: OTHER, since: BEFORE, check }
}

#[test]
fn each_state_answers_each_event() {
    use Effect::{Check as Ask, DropCheck, StartServer, StopServer};
    let (due, later) = (Check::At(NOW), Check::At(NOW.plus(1)));
    let checking = || State::Checking { trouble: None };
    let failed = |times, pause| State::Failed { trouble: trouble(times), retry_at: NOW.plus(pause) };
    let first = serving(NOW, Check::At(NOW.plus(FIRST_RECHECK)));
    let newly_silent = State::Silent { other: OTHER, since: NOW, check: Check::At(NOW.plus(SILENT_RECHECK)) };
    let nobody = || Event::Checked(Answer::Nobody);
    let other = || Event::Checked(Answer::Server(OTHER));
    let unanswered = || Event::Checked(Answer::Failed { reason: "down".into() });
    let table: Vec<(State, Event, State, Vec<Effect>)> = vec![
        (State::NoLink, Event::LinkUp, checking(), vec![Ask]),
        (State::NoLink, nobody(), State::NoLink, vec![]),
        (checking(), nobody(), first.clone(), vec![StartServer]),
        (checking(), other(), newly_silent.clone(), vec![]),
        (checking(), Event::LinkDown, State::NoLink, vec![DropCheck]),
        (checking(), Event::LinkUp, checking(), vec![]),
        (serving(BEFORE, due), Event::Tick, serving(BEFORE, Check::Running), vec![Ask]),
        (serving(BEFORE, later), Event::Tick, serving(BEFORE, later), vec![]),
        (serving(BEFORE, Check::Running), nobody(), serving(BEFORE, Check::At(NOW.plus(RECHECK))), vec![]),
        (serving(BEFORE, Check::Running), other(), newly_silent, vec![StopServer]),
        (serving(BEFORE, Check::Running), unanswered(), serving(BEFORE, Check::At(NOW.plus(RECHECK))), vec![]),
        (serving(BEFORE, later), other(), serving(BEFORE, later), vec![]),
        (serving(BEFORE, later), Event::LinkDown, State::NoLink, vec![StopServer]),
        (serving(BEFORE, Check::Running), Event::LinkDown, State::NoLink, vec![DropCheck, StopServer]),
        (serving(BEFORE, later), Event::ServerEnded(ended()), failed(1, FIRST_PAUSE), vec![]),
        (serving(BEFORE, Check::Running), Event::ServerEnded(ended()), failed(1, FIRST_PAUSE), vec![DropCheck]),
        (silent(due), Event::Tick, silent(Check::Running), vec![Ask]),
        (silent(Check::Running), nobody(), first, vec![StartServer]),
        (silent(Check::Running), other(), silent(Check::At(NOW.plus(SILENT_RECHECK))), vec![]),
        (silent(Check::Running), unanswered(), silent(Check::At(NOW.plus(SILENT_RECHECK))), vec![]),
        (silent(later), nobody(), silent(later), vec![]),
        (silent(later), Event::LinkDown, State::NoLink, vec![]),
        (failed(3, 0), Event::Tick, State::Checking { trouble: Some(trouble(3)) }, vec![Ask]),
        (failed(3, 1), Event::Tick, failed(3, 1), vec![]),
        (failed(3, 1), Event::LinkDown, State::NoLink, vec![]),
    ];
    for (state, event, wanted, effects) in table {
        let said = format!("{state:?} + {event:?}");
        assert_eq!(step(state, event, NOW, 0), (wanted, effects), "{said}");
    }
    let cannot = Failure::CannotCheck { reason: "down".into() };
    let (never, effects) = step(checking(), unanswered(), NOW, 0);
    assert_eq!(never.status(), ServicePortStatus::Failed { why: cannot }, "never serve on a guess");
    assert_eq!(effects, []);
}

#[test]
fn a_server_that_always_ends_is_tried_less_and_less_often_and_stays_an_alarm() {
    let (mut state, mut now, mut pauses) = (State::NoLink, NOW, Vec::new());
    state = step(state, Event::LinkUp, now, 0).0;
    for _ in 0..9 {
        state = step(state, Event::Checked(Answer::Nobody), now, 0).0;
        state = step(state, Event::ServerEnded(ended()), now, 0).0;
        let due = state.deadline().expect("a next try");
        pauses.push(due.left(now));
        now = due;
        state = step(state, Event::Tick, now, 0).0;
        assert!(matches!(state.status(), ServicePortStatus::Failed { .. }), "{state:?}");
    }
    assert_eq!(pauses[..3], [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]);
    assert_eq!(pauses[7..], [LONGEST_PAUSE, LONGEST_PAUSE]);
    // one that ran well has no history
    state = step(state, Event::Checked(Answer::Nobody), now, 0).0;
    let after = now.plus(STEADY);
    state = step(state, Event::ServerEnded(ended()), after, 0).0;
    assert_eq!(state.deadline(), Some(after.plus(FIRST_PAUSE)));
}

#[test]
fn laptops_get_addresses_of_the_port_that_are_nobodys() {
    let (first, last) = RANGE;
    assert!(service_net().contains(&first) && service_net().contains(&last) && first <= last);
    for taken in [SERVICE_ADDRESS, Ipv4Addr::new(192, 168, 100, 197)] {
        assert!(!(first..=last).contains(&taken), "{taken}");
    }
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => Just(Event::LinkUp),
        1 => Just(Event::LinkDown),
        4 => Just(Event::Checked(Answer::Nobody)),
        3 => Just(Event::Checked(Answer::Server(OTHER))),
        1 => Just(Event::Checked(Answer::Failed { reason: String::new() })),
        2 => Just(Event::ServerEnded(ended())),
        4 => Just(Event::Tick),
    ]
}

proptest! {
    /// Whatever happens: the server runs only after a check on this link that nobody answered, and no check is forgotten.
    #[test]
    fn the_server_runs_only_where_nobody_else_does(happens in vec((events(), 0..40_000_u64, any::<u64>()), 1..200)) {
        let (mut state, mut now) = (State::default(), NOW);
        let (mut runs, mut asks) = (false, false);
        for (event, passes, random) in happens {
            now = now.plus(passes);
            let clear = asks && event == Event::Checked(Answer::Nobody);
            let rival = asks && matches!(event, Event::Checked(Answer::Server(_)));
            let (checked, died) = (matches!(event, Event::Checked(_)), matches!(event, Event::ServerEnded(_)));
            // what was not asked for, or does not run, cannot report
            if (checked && !asks) || (died && !runs) {
                let (next, effects) = step(state.clone(), event, now, random);
                prop_assert_eq!((next, effects), (state.clone(), vec![]));
                continue;
            }
            asks &= !checked;
            runs &= !died;
            let (next, effects) = step(state, event, now, random);
            state = next;
            for effect in effects {
                match effect {
                    Effect::Check => { prop_assert!(!asks); asks = true; }
                    Effect::DropCheck => { prop_assert!(asks); asks = false; }
                    Effect::StartServer => { prop_assert!(!runs && clear); runs = true; }
                    Effect::StopServer => { prop_assert!(runs); runs = false; }
                }
            }
            prop_assert_eq!((runs, asks), (state.is_serving(), state.is_checking()));
            prop_assert!(!(rival && runs), "serves beside another server");
            let idle = state == State::NoLink;
            prop_assert_eq!(state.deadline().is_none(), idle || asks);
            if let Some(due) = state.deadline() {
                prop_assert!(due.left(now) <= RECHECK + SPREAD);
            }
        }
    }
}
