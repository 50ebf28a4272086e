//! Address conflict detection: every state with every event, and what must hold on any network.

use std::collections::BTreeSet;

use domain::{
    box_file::Mac,
    network::acd::{
        ANNOUNCE_INTERVAL, Action, ArpPacket, Claim, Conflict, Context, DEFEND_INTERVAL, Event, Held, Keep, Operation,
        Probes, RECHECK_INTERVAL, RECHECKS, RETRY_INTERVAL, Round, Sighting, State, Timing, step,
    },
    time::BootMillis,
};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::support::ip;

const NOW: BootMillis = BootMillis(100_000);
const OURS: Mac = Mac([2, 0, 0, 0, 0, 1]);
const OTHER_PORT: Mac = Mac([2, 0, 0, 0, 0, 2]);
const HIS: Mac = Mac([2, 0, 0, 0, 0, 0x66]);
const HERS: Mac = Mac([2, 0, 0, 0, 0, 0x77]);

fn claim(timing: Timing) -> Claim {
    Claim { address: ip("10.20.0.15"), mac: OURS, own: BTreeSet::from([OURS, OTHER_PORT]), timing, keep: Keep::Always }
}

/// One step with random number 0: the shortest waits.
fn at(now: BootMillis, state: State, event: Event) -> (State, Vec<Action>) {
    step(state, event, &Context { claim: &claim(Timing::SHORT), now, random: 0 })
}

fn after(millis: u64) -> BootMillis {
    NOW.plus(millis)
}

fn ago(millis: u64) -> BootMillis {
    BootMillis(NOW.0 - millis)
}

fn seen(first: BootMillis, last: BootMillis) -> Sighting {
    Sighting { mac: HIS, first, last }
}

fn probe() -> Action {
    Action::Send(ArpPacket::probe(OURS, ip("10.20.0.15")))
}

fn announcement() -> Action {
    Action::Send(ArpPacket::announcement(OURS, ip("10.20.0.15")))
}

/// What a device that has the address answers.
fn claimed_by(mac: Mac) -> ArpPacket {
    ArpPacket {
        operation: Operation::Reply,
        sender_mac: mac,
        sender: ip("10.20.0.15"),
        target_mac: OURS,
        target: ip("0.0.0.0"),
    }
}

fn probed_by(mac: Mac) -> ArpPacket {
    ArpPacket::probe(mac, ip("10.20.0.15"))
}

fn held(round: Round) -> Held {
    Held { round, conflict: None, defended: None }
}

fn fresh(with: Sighting) -> Conflict {
    Conflict { with, rechecks: RECHECKS, recheck_at: after(RECHECK_INTERVAL) }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn every_state_with_every_event() {
    let [probe_now, took] = [Event::Probe, Event::Assigned];
    let [dropped, lost, back, tick] = [Event::Dropped, Event::CarrierLost, Event::CarrierReturned, Event::Tick];
    let contested = Event::Received(claimed_by(HIS));
    let known = Some(seen(ago(5_000), ago(4_000)));
    let heard = seen(NOW, NOW);
    let heard_again = seen(ago(5_000), NOW);
    let again = after(RETRY_INTERVAL);

    let waiting = State::AwaitingCarrier { known };
    let sent = |left, millis| Probes { left, at: after(millis) };
    let asking = |probes| State::Probing { probes, known: None };
    let asking_again = State::Probing { probes: sent(2, 50), known };
    let refused = State::Refused { by: seen(ago(5_000), ago(4_000)), again: after(10) };
    let due = State::Refused { by: seen(ago(5_000), ago(4_000)), again: NOW };
    let settled = State::Held(held(Round::Settled));
    let unplugged = State::Held(held(Round::Unplugged));
    let announcing = |left, millis| State::Held(held(Round::Announcements { left, at: after(millis) }));
    let announcing_round = |millis| Round::Announcements { left: 1, at: after(millis) };
    let looking = |probes| State::Held(held(Round::Probes(probes)));
    let troubled = |round, conflict| State::Held(Held { round, conflict: Some(conflict), defended: Some(NOW) });
    let old = Conflict { with: seen(ago(5_000), ago(4_000)), rechecks: 0, recheck_at: NOW };
    let told = vec![Action::Conflict { mac: HIS }];
    let defended = vec![Action::Conflict { mac: HIS }, announcement(), Action::Defended { mac: HIS }];

    for (state, event, next, actions) in [
        (State::Idle, probe_now, asking(sent(2, 50)), vec![probe()]),
        (State::Idle, took, looking(sent(2, 50)), vec![probe()]),
        (State::Idle, dropped, State::Idle, vec![]),
        (State::Idle, lost, State::Idle, vec![]),
        (State::Idle, back, State::Idle, vec![]),
        (State::Idle, contested, State::Idle, vec![]),
        (State::Idle, tick, State::Idle, vec![]),
        (waiting, probe_now, waiting, vec![]),
        (waiting, took, State::Held(Held { conflict: known.map(fresh), ..held(Round::Unplugged) }), vec![]),
        (waiting, dropped, State::Idle, vec![]),
        (waiting, lost, waiting, vec![]),
        (waiting, back, asking_again, vec![probe()]),
        (waiting, contested, waiting, vec![]),
        (waiting, tick, waiting, vec![]),
        (asking(sent(2, 0)), probe_now, asking(sent(2, 0)), vec![]),
        (asking(sent(2, 30)), took, looking(sent(2, 30)), vec![]),
        (asking(sent(2, 0)), dropped, State::Idle, vec![]),
        (asking_again, lost, waiting, vec![]),
        (asking(sent(2, 0)), back, asking(sent(2, 0)), vec![]),
        (asking(sent(2, 0)), contested, State::Refused { by: heard, again }, told.clone()),
        (asking_again, contested, State::Refused { by: heard_again, again }, vec![]),
        (asking(sent(2, 1)), tick, asking(sent(2, 1)), vec![]),
        (asking(sent(2, 0)), tick, asking(sent(1, 50)), vec![probe()]),
        (asking(sent(1, 0)), tick, asking(sent(0, 60)), vec![probe()]),
        (asking(sent(0, 1)), tick, asking(sent(0, 1)), vec![]),
        (asking(sent(0, 0)), tick, State::Clear, vec![Action::Free]),
        (
            State::Probing { probes: sent(0, 0), known },
            tick,
            State::Clear,
            vec![Action::ConflictOver(seen(ago(5_000), ago(4_000))), Action::Free],
        ),
        (State::Clear, probe_now, asking(sent(2, 50)), vec![probe()]),
        (State::Clear, took, announcing(1, ANNOUNCE_INTERVAL), vec![announcement()]),
        (State::Clear, dropped, State::Idle, vec![]),
        (State::Clear, lost, State::AwaitingCarrier { known: None }, vec![]),
        (State::Clear, back, State::Clear, vec![]),
        (State::Clear, contested, State::Refused { by: heard, again }, told),
        (State::Clear, tick, State::Clear, vec![]),
        (refused, probe_now, asking_again, vec![probe()]),
        (
            refused,
            took,
            State::Held(Held { conflict: known.map(fresh), ..held(Round::Probes(sent(2, 50))) }),
            vec![probe()],
        ),
        (refused, dropped, State::Idle, vec![]),
        (refused, lost, waiting, vec![]),
        (refused, back, refused, vec![]),
        (refused, contested, State::Refused { by: heard_again, again: after(10) }, vec![]),
        (refused, tick, refused, vec![]),
        (due, tick, asking_again, vec![probe()]),
        (settled, probe_now, settled, vec![]),
        (settled, took, settled, vec![]),
        (settled, dropped, State::Idle, vec![]),
        (settled, lost, unplugged, vec![]),
        (settled, back, settled, vec![]),
        (settled, contested, troubled(Round::Settled, fresh(heard)), defended.clone()),
        (settled, tick, settled, vec![]),
        (unplugged, lost, unplugged, vec![]),
        (unplugged, back, looking(sent(2, 50)), vec![probe()]),
        (troubled(Round::Unplugged, old), back, troubled(Round::Probes(sent(2, 50)), fresh(old.with)), vec![probe()]),
        (troubled(Round::Unplugged, old), tick, troubled(Round::Unplugged, old), vec![]),
        (unplugged, probe_now, unplugged, vec![]),
        (unplugged, took, unplugged, vec![]),
        (unplugged, dropped, State::Idle, vec![]),
        (unplugged, contested, troubled(Round::Unplugged, fresh(heard)), defended.clone()),
        (unplugged, tick, unplugged, vec![]),
        (looking(sent(1, 0)), contested, troubled(Round::Probes(sent(1, 0)), fresh(heard)), defended.clone()),
        (looking(sent(1, 0)), lost, unplugged, vec![]),
        (looking(sent(1, 1)), tick, looking(sent(1, 1)), vec![]),
        (looking(sent(1, 0)), tick, looking(sent(0, 60)), vec![probe()]),
        (looking(sent(0, 0)), tick, announcing(1, ANNOUNCE_INTERVAL), vec![announcement()]),
        (announcing(1, 1), lost, unplugged, vec![]),
        (announcing(1, 1), tick, announcing(1, 1), vec![]),
        (announcing(1, 9), contested, troubled(announcing_round(9), fresh(heard)), defended),
        (announcing(1, 0), tick, settled, vec![announcement()]),
    ] {
        assert_eq!(at(NOW, state, event), (next, actions), "{state:?} {event:?}");
    }
}

#[test]
fn counts_others_only_and_only_what_is_about_the_address() {
    let foreign = ArpPacket { sender: ip("10.20.0.16"), ..claimed_by(HIS) };
    let request = ArpPacket { operation: Operation::Request, ..claimed_by(HIS) };
    let for_us = ArpPacket { target: ip("10.20.0.15"), ..foreign };
    let strange = ArpPacket { operation: Operation::Reply, ..probed_by(HIS) };
    for (packet, before_use, in_use) in [
        (claimed_by(HIS), true, true),
        (request, true, true),
        (ArpPacket::announcement(HIS, ip("10.20.0.15")), true, true),
        (probed_by(HIS), true, false),
        (claimed_by(OURS), false, false),
        (claimed_by(OTHER_PORT), false, false),
        (probed_by(OURS), false, false),
        (probed_by(OTHER_PORT), false, false),
        (ArpPacket::probe(HIS, ip("10.20.0.16")), false, false),
        (foreign, false, false),
        (for_us, false, false),
        (strange, false, false),
    ] {
        let probing = State::Probing { probes: Probes { left: 1, at: after(1) }, known: None };
        for state in [probing, State::Clear] {
            let (next, _) = at(NOW, state, Event::Received(packet));
            assert_eq!(matches!(next, State::Refused { .. }), before_use, "{packet:?}");
        }
        let (next, _) = at(NOW, State::Held(held(Round::Settled)), Event::Received(packet));
        assert_eq!(next.conflict().is_some(), in_use, "{packet:?}");
    }
}

#[test]
fn a_leased_address_is_defended_once_and_given_up_when_it_is_contested_again_at_once() {
    let leased = Claim { keep: Keep::UntilContested, ..claim(Timing::SHORT) };
    let contested = |now, state| {
        let event = Event::Received(claimed_by(HIS));
        step(state, event, &Context { claim: &leased, now, random: 0 })
    };
    let settled = State::Held(Held { round: Round::Settled, conflict: None, defended: None });
    let (once, first) = contested(NOW, settled);
    assert_eq!(first, [Action::Conflict { mac: HIS }, announcement(), Action::Defended { mac: HIS }]);
    let (again, second) = contested(after(DEFEND_INTERVAL), once);
    assert_eq!(second, [announcement(), Action::Defended { mac: HIS }], "an interval later it is a first time again");
    let (over, third) = contested(after(2 * DEFEND_INTERVAL - 1), again);
    assert_eq!((over, third), (State::Idle, vec![Action::GiveUp { mac: HIS }]));
    assert_eq!(contested(after(2 * DEFEND_INTERVAL), over), (State::Idle, Vec::new()), "told once");
}

#[test]
fn defends_at_once_and_then_once_an_interval() {
    let mut state = State::Held(held(Round::Settled));
    let mut defences = Vec::new();
    for second in 0..=25 {
        let (next, actions) = at(after(second * 1_000), state, Event::Received(claimed_by(HIS)));
        if actions.contains(&Action::Defended { mac: HIS }) {
            defences.push(second * 1_000);
        }
        state = next;
    }
    assert_eq!(defences, [0, DEFEND_INTERVAL, 2 * DEFEND_INTERVAL]);
    assert_eq!(state.conflict(), Some(&seen(NOW, after(25_000))));
}

#[test]
fn a_conflict_is_over_after_three_questions_without_an_answer() {
    let (mut state, _) = at(NOW, State::Held(held(Round::Settled)), Event::Received(claimed_by(HIS)));
    for _ in 0..RECHECKS {
        let due = state.deadline().expect("a question is due");
        let (next, actions) = at(due, state, Event::Tick);
        assert_eq!(actions, [probe()]);
        state = next;
    }
    let due = state.deadline().expect("the end is due");
    // an answer starts it anew
    let (still, _) = at(due, state, Event::Received(claimed_by(HIS)));
    assert_eq!(at(due, still, Event::Tick).1, []);
    let (next, actions) = at(due, state, Event::Tick);
    assert_eq!(actions, [Action::ConflictOver(seen(NOW, NOW))]);
    assert_eq!((next.deadline(), next.conflict()), (None, None));
}

#[test]
fn the_short_form_is_over_in_200_ms() {
    assert_eq!(Timing::SHORT.longest(), 200);
    assert_eq!(Timing::RFC_5227.longest(), 7_000);
}

#[derive(Clone, Debug)]
enum Happens {
    Due,
    Late(u64),
    Event(Event),
}

fn happens() -> impl Strategy<Value = Happens> {
    let mac = select(vec![OURS, OTHER_PORT, HIS, HIS, HERS]);
    let packet = (mac, any::<bool>()).prop_map(|(mac, probe)| if probe { probed_by(mac) } else { claimed_by(mac) });
    prop_oneof![
        12 => Just(Happens::Due),
        2 => (0..30_000_u64).prop_map(Happens::Late),
        4 => packet.prop_map(|packet| Happens::Event(Event::Received(packet))),
        3 => Just(Happens::Event(Event::Assigned)),
        3 => Just(Happens::Event(Event::Probe)),
        1 => select(vec![Event::CarrierLost, Event::CarrierReturned, Event::Tick, Event::Dropped]).prop_map(Happens::Event),
    ]
}

/// A random life, as what was seen at each step.
#[derive(Clone, Debug)]
struct Seen {
    at: BootMillis,
    before: State,
    event: Event,
    actions: Vec<Action>,
    after: State,
    /// The event came when it was due, or before.
    punctual: bool,
}

fn lives() -> impl Strategy<Value = (Timing, Vec<Seen>)> {
    let moment = (happens(), 0..40_u64, any::<u64>());
    (select(vec![Timing::SHORT, Timing::RFC_5227]), vec(moment, 1..150)).prop_map(|(timing, moments)| {
        let claim = claim(timing);
        let (mut state, mut now, mut life) = (State::default(), NOW, Vec::new());
        for (happens, passes, random) in moments {
            let due = state.deadline();
            let event = match happens {
                Happens::Due => {
                    now = due.unwrap_or(now).max(now);
                    Event::Tick
                }
                Happens::Late(by) => {
                    now = due.unwrap_or(now).max(now).plus(by);
                    Event::Tick
                }
                Happens::Event(event) => {
                    // others do not wait for our clock, but the clock does not wait for them either
                    now = now.plus(passes).min(due.unwrap_or(now.plus(passes)).max(now));
                    event
                }
            };
            let punctual = due.is_none_or(|due| now <= due);
            let (after, actions) = step(state, event, &Context { claim: &claim, now, random });
            life.push(Seen { at: now, before: state, event, actions, after, punctual });
            state = after;
        }
        (timing, life)
    })
}

proptest! {
    #[test]
    fn never_two_defences_within_the_interval((_, life) in lives()) {
        let mut last: Option<BootMillis> = None;
        for seen in &life {
            if matches!(seen.event, Event::Dropped) {
                last = None;
            }
            if seen.actions.iter().any(|a| matches!(a, Action::Defended { .. })) {
                prop_assert!(last.is_none_or(|last| last.plus(DEFEND_INTERVAL) <= seen.at), "{seen:?}");
                last = Some(seen.at);
            }
        }
    }

    #[test]
    fn every_claim_on_a_held_address_is_told_and_the_first_is_answered((_, life) in lives()) {
        for seen in &life {
            let foreign = matches!(seen.event, Event::Received(p) if p == claimed_by(HIS) || p == claimed_by(HERS));
            if let (State::Held(before), true) = (&seen.before, foreign) {
                prop_assert_eq!(seen.after.conflict().map(|c| c.last), Some(seen.at));
                prop_assert_eq!(seen.actions.contains(&announcement()), before.defended.is_none_or(
                    |last| last.plus(DEFEND_INTERVAL) <= seen.at));
                prop_assert!(matches!(seen.after, State::Held(_)), "it is never given up");
            }
        }
    }

    #[test]
    fn free_means_that_all_probes_were_sent_and_nobody_was_heard((timing, life) in lives()) {
        let (mut probes, mut last_probe, mut heard) = (0, NOW, false);
        for seen in &life {
            let began = !matches!(seen.before, State::Probing { .. });
            if began {
                (probes, heard) = (0, false);
            }
            if let Event::Received(packet) = seen.event {
                heard |= packet.sender_mac == HIS || packet.sender_mac == HERS;
            }
            if seen.actions.contains(&probe()) && matches!(seen.after, State::Probing { .. }) {
                let gap = last_probe.left(seen.at).max(seen.at.left(last_probe));
                prop_assert!(probes == 0 || gap >= timing.probe_min, "{gap}");
                (probes, last_probe) = (probes + 1, seen.at);
            }
            if seen.actions.contains(&Action::Free) {
                prop_assert!(!heard, "{seen:?}");
                prop_assert_eq!(probes, timing.probes);
                prop_assert!(last_probe.plus(timing.announce_wait) <= seen.at);
            }
        }
    }

    #[test]
    fn a_quiet_network_is_free_within_the_window((timing, life) in lives()) {
        let mut began = None;
        for seen in &life {
            let inside = matches!(seen.before, State::Probing { .. });
            if !inside {
                began = Some(seen.at);
            } else if !seen.punctual {
                began = None;
            }
            if let (State::Probing { .. }, Some(began)) = (&seen.after, began) {
                prop_assert!(began.left(seen.at) == 0 && seen.at.left(began) <= timing.longest(), "{seen:?}");
            }
            if let (true, Some(began)) = (seen.actions.contains(&Action::Free), began) {
                prop_assert!(seen.at.left(began) <= timing.longest(), "{seen:?}");
            }
        }
    }

    #[test]
    fn claims_nothing_that_it_does_not_hold((_, life) in lives()) {
        for seen in &life {
            let claims = seen.actions.contains(&announcement());
            prop_assert!(!claims || matches!(seen.after, State::Held(_)), "{seen:?}");
        }
    }

    #[test]
    fn each_conflict_is_told_once_and_ends_once((_, life) in lives()) {
        for seen in &life {
            let began = seen.actions.iter().filter(|a| matches!(a, Action::Conflict { .. })).count();
            let over = seen.actions.iter().filter(|a| matches!(a, Action::ConflictOver(_))).count();
            let (before, after) = (seen.before.conflict().is_some(), seen.after.conflict().is_some());
            prop_assert_eq!(began == 1, !before && after, "{:?}", seen);
            let ended = before && !after && !matches!(seen.event, Event::Dropped);
            prop_assert_eq!(over == 1, ended, "{:?}", seen);
        }
    }
}
