//! Uplink failover: what each thing that happens leads to. The properties are in `failover_properties`.

use std::{collections::BTreeSet, net::Ipv4Addr};

use domain::{
    name::PortName,
    network::failover::{
        ANSWER_LIMIT, Effect, Event, Facts, FailoverView, HISTORY, PROBE_IN_DOUBT, PROBE_STEADY, State, Switch,
        SwitchWhy, UP_AFTER, Why, step,
    },
    time::BootMillis,
};

use crate::support::{ip, name};

const LAN1: Facts = Facts { carrier: true, address: true, gateway: Some(Ipv4Addr::new(10, 0, 1, 1)), allowed: true };
const LAN2: Facts = Facts { gateway: Some(Ipv4Addr::new(10, 0, 2, 1)), ..LAN1 };
const UNPLUGGED: Facts = Facts { carrier: false, ..LAN1 };

/// A box with the uplinks `lan1` and `lan2`, in this order.
#[derive(Debug, Default)]
struct Machine {
    state: State,
    now: BootMillis,
    effects: Vec<Effect>,
    /// Whose outcome is waited for.
    pending: BTreeSet<String>,
}

impl Machine {
    fn with(lan1: Facts, lan2: Facts) -> Self {
        let mut machine = Self { now: BootMillis(100_000), ..Self::default() };
        machine.see(lan1, lan2);
        machine
    }

    /// Both have been heard; `lan1` is in use.
    fn well() -> Self {
        let mut machine = Self::with(LAN1, LAN2);
        machine.answer("lan1");
        machine.answer("lan2");
        machine
    }

    /// `lan1` has gone silent, `lan2` is in use.
    fn on_second() -> Self {
        let mut machine = Self::well();
        machine.miss("lan1", 3);
        assert_eq!(machine.in_use(), Some("lan2"));
        machine
    }

    fn happens(&mut self, event: Event) {
        if let Event::Answered { uplink, .. } | Event::Missed { uplink, .. } = &event {
            self.pending.remove(uplink.as_str());
        }
        let (state, effects) = step(std::mem::take(&mut self.state), event, self.now);
        for effect in &effects {
            if let Effect::ProbeGateway { uplink, .. } = effect {
                self.pending.insert(uplink.to_string());
            }
        }
        (self.state, self.effects) = (state, effects);
    }

    fn see(&mut self, lan1: Facts, lan2: Facts) {
        self.happens(Event::Observed(vec![(name("lan1"), lan1), (name("lan2"), lan2)]));
    }

    fn answer(&mut self, uplink: &str) {
        self.happens(Event::Answered { uplink: name(uplink), gateway: gateway(uplink) });
    }

    /// So many probes of this uplink come back without an answer, each as soon as it is sent.
    fn miss(&mut self, uplink: &str, times: usize) {
        for _ in 0..times {
            self.probe_of(uplink);
            self.happens(Event::Missed { uplink: name(uplink), gateway: gateway(uplink) });
        }
    }

    /// Goes on until a probe of this uplink is on its way. The other one answers meanwhile, if it did before.
    fn probe_of(&mut self, uplink: &str) {
        let other = if uplink == "lan1" { "lan2" } else { "lan1" };
        while !self.pending.contains(uplink) {
            if self.pending.contains(other) && matches!(self.why(other), Why::InUse | Why::LowerInOrder) {
                self.answer(other);
            }
            self.now = self.state.deadline().expect("somebody is asked").max(self.now);
            self.happens(Event::Tick);
        }
    }

    fn asks(&self, uplink: &str) -> bool {
        let probe = Effect::ProbeGateway { uplink: name(uplink), gateway: gateway(uplink) };
        self.effects.contains(&probe)
    }

    fn in_use(&self) -> Option<&str> {
        self.state.in_use().map(PortName::as_str)
    }

    fn why(&self, uplink: &str) -> Why {
        self.state.ranked().iter().find(|r| r.uplink == name(uplink)).expect("it is there").why
    }

    fn last_switch(&self) -> Switch {
        self.state.view().history.first().expect("a switch").clone()
    }
}

fn gateway(uplink: &str) -> Ipv4Addr {
    if uplink == "lan1" { ip("10.0.1.1") } else { ip("10.0.2.1") }
}

#[test]
fn every_state_of_a_gateway_with_every_outcome() {
    /// Brings `lan2`, which is not in use, into the state; `now` is when the outcome comes.
    type Setup = fn(&mut Machine);
    let cases: [(&str, Setup, [Why; 3]); 7] = {
        const START: u64 = 100_000;
        let silent_since = |at| Why::GatewaySilent { since: BootMillis(START + at) };
        let until = |at| Why::Recovering { until: Some(BootMillis(START + at + UP_AFTER)) };
        let (untested, usable) = (Why::GatewayUntested, Why::LowerInOrder);
        let paused = Why::Recovering { until: None };
        // after an answer, after a miss, when time passes
        [
            ("untested", |_| {}, [usable, untested, untested]),
            ("untested, two misses", |m| m.miss("lan2", 2), [usable, silent_since(2_000), untested]),
            ("answering", |m| m.answer("lan2"), [usable, usable, usable]),
            (
                "answering, two misses",
                |m| {
                    m.answer("lan2");
                    m.miss("lan2", 2);
                },
                [usable, silent_since(5_000), usable],
            ),
            ("silent", |m| m.miss("lan2", 3), [until(3_000), silent_since(2_000), silent_since(2_000)]),
            (
                "recovering",
                |m| {
                    m.miss("lan2", 3);
                    m.answer("lan2");
                },
                [until(2_000), paused, until(2_000)],
            ),
            (
                "recovering, a miss",
                |m| {
                    m.miss("lan2", 3);
                    m.answer("lan2");
                    m.miss("lan2", 1);
                },
                [until(4_000), paused, paused],
            ),
        ]
    };
    for (title, setup, [answered, missed, ticked]) in cases {
        let machine = || {
            let mut machine = Machine::with(LAN1, LAN2);
            machine.answer("lan1");
            setup(&mut machine);
            machine.probe_of("lan2");
            machine
        };
        let mut one = machine();
        one.answer("lan2");
        assert_eq!(one.why("lan2"), answered, "{title}, answered");
        let mut one = machine();
        one.happens(Event::Missed { uplink: name("lan2"), gateway: gateway("lan2") });
        assert_eq!(one.why("lan2"), missed, "{title}, missed");
        let mut one = machine();
        one.happens(Event::Tick);
        assert_eq!(one.why("lan2"), ticked, "{title}, time");
    }
}

#[test]
fn what_an_uplink_lacks_is_told_and_keeps_it_from_use() {
    let no_address = Facts { address: false, ..LAN1 };
    let no_gateway = Facts { gateway: None, ..LAN1 };
    let not_allowed = Facts { allowed: false, ..LAN1 };
    for (facts, why, left) in [
        (UNPLUGGED, Why::NoCarrier, SwitchWhy::NoCarrier),
        (no_address, Why::NoAddress, SwitchWhy::NoAddress),
        (no_gateway, Why::NoGateway, SwitchWhy::NoGateway),
        (not_allowed, Why::NotAllowed, SwitchWhy::NotAllowed),
    ] {
        let mut machine = Machine::with(facts.clone(), UNPLUGGED);
        assert_eq!((machine.in_use(), machine.why("lan1")), (None, why));
        machine.answer("lan1");
        assert_eq!(machine.in_use(), None, "an answer does not make up for it");

        let mut machine = Machine::well();
        machine.see(facts, LAN2);
        assert_eq!((machine.in_use(), machine.why("lan1")), (Some("lan2"), why));
        assert_eq!(machine.last_switch().why, left);
    }
}

#[test]
fn nobody_waits_for_the_only_uplink() {
    let mut machine = Machine::with(LAN1, UNPLUGGED);
    assert_eq!(machine.why("lan1"), Why::InUseUntested);
    assert_eq!(machine.last_switch().why, SwitchWhy::First);
    machine.answer("lan1");
    assert_eq!(machine.why("lan1"), Why::InUse);
    machine.miss("lan1", 3);
    assert_eq!(machine.why("lan1"), Why::InUseThoughSilent { since: machine.now });
    machine.answer("lan1");
    assert_eq!(machine.why("lan1"), Why::InUseThoughRecovering { until: Some(machine.now.plus(UP_AFTER)) });
    machine.see(UNPLUGGED, UNPLUGGED);
    assert_eq!(machine.in_use(), None);
    machine.see(LAN1, UNPLUGGED);
    assert_eq!(machine.why("lan1"), Why::InUseThoughRecovering { until: None });
}

#[test]
fn two_misses_are_nothing_and_the_third_moves_the_box() {
    let mut machine = Machine::well();
    machine.miss("lan1", 2);
    assert_eq!(machine.in_use(), Some("lan1"));
    machine.answer("lan1");
    machine.miss("lan1", 2);
    assert_eq!(machine.in_use(), Some("lan1"), "they must be in a row");
    machine.miss("lan1", 1);
    let switch =
        Switch { at: machine.now, from: Some(name("lan1")), to: Some(name("lan2")), why: SwitchWhy::GatewaySilent };
    assert_eq!(machine.last_switch(), switch);
    assert!(machine.effects.contains(&Effect::Changed(switch)));
    assert_eq!(machine.why("lan1"), Why::GatewaySilent { since: machine.now });
    assert_eq!(machine.state.ranked()[0].uplink, name("lan2"), "the one in use comes first");
}

#[test]
fn comes_back_after_ten_seconds_of_answers() {
    let mut machine = Machine::on_second();
    machine.answer("lan1");
    let back = machine.now.plus(UP_AFTER);
    assert_eq!(machine.why("lan1"), Why::Recovering { until: Some(back) });
    machine.now = BootMillis(back.0 - 1);
    machine.answer("lan1");
    assert_eq!(machine.in_use(), Some("lan2"));
    machine.now = back;
    machine.answer("lan1");
    assert_eq!((machine.in_use(), machine.last_switch().why), (Some("lan1"), SwitchWhy::BetterUsable));
}

#[test]
fn a_miss_on_the_way_back_starts_the_ten_seconds_anew() {
    let mut machine = Machine::on_second();
    machine.answer("lan1");
    machine.miss("lan1", 1);
    assert_eq!(machine.why("lan1"), Why::Recovering { until: None });
    machine.now = machine.now.plus(UP_AFTER);
    machine.answer("lan1");
    assert_eq!(machine.why("lan1"), Why::Recovering { until: Some(machine.now.plus(UP_AFTER)) });
    assert_eq!(machine.in_use(), Some("lan2"));
}

#[test]
fn a_cable_that_comes_back_waits_like_a_gateway() {
    let mut machine = Machine::well();
    machine.see(UNPLUGGED, LAN2);
    machine.see(LAN1, LAN2);
    machine.answer("lan1");
    assert_eq!(machine.in_use(), Some("lan2"));
    machine.now = machine.now.plus(UP_AFTER);
    machine.answer("lan1");
    assert_eq!(machine.in_use(), Some("lan1"));
}

#[test]
fn a_better_uplink_that_was_never_up_is_used_with_its_first_answer() {
    let mut machine = Machine::with(UNPLUGGED, LAN2);
    machine.answer("lan2");
    machine.see(LAN1, LAN2);
    assert_eq!((machine.in_use(), machine.why("lan1")), (Some("lan2"), Why::GatewayUntested));
    machine.answer("lan1");
    assert_eq!((machine.in_use(), machine.last_switch().why), (Some("lan1"), SwitchWhy::BetterUsable));
}

#[test]
fn the_second_uplink_does_not_take_over_because_it_answers_a_moment_earlier() {
    let mut machine = Machine::with(LAN1, LAN2);
    machine.answer("lan2");
    assert_eq!((machine.in_use(), machine.why("lan2")), (Some("lan1"), Why::LowerInOrder));
    machine.miss("lan1", 3);
    assert_eq!(machine.in_use(), Some("lan2"));
}

#[test]
fn between_two_silent_ones_the_box_stays_until_one_answers() {
    let mut machine = Machine::on_second();
    machine.miss("lan2", 3);
    assert_eq!(machine.why("lan2"), Why::InUseThoughSilent { since: machine.now });
    machine.answer("lan1");
    assert_eq!(machine.why("lan1"), Why::InUseThoughRecovering { until: Some(machine.now.plus(UP_AFTER)) });
    // and does not go back while that one answers
    machine.answer("lan2");
    assert_eq!(machine.in_use(), Some("lan1"));
}

#[test]
fn an_unsteady_uplink_is_left_for_a_usable_one() {
    let mut machine = Machine::with(LAN1, UNPLUGGED);
    machine.miss("lan1", 3);
    machine.see(LAN1, LAN2);
    machine.answer("lan2");
    assert_eq!(machine.in_use(), Some("lan2"), "lan1 is silent");
    let mut machine = Machine::with(LAN1, UNPLUGGED);
    machine.miss("lan1", 3);
    machine.answer("lan1");
    machine.see(LAN1, LAN2);
    machine.answer("lan2");
    assert_eq!(machine.in_use(), Some("lan1"), "it answers, and will be usable soon");
    machine.miss("lan1", 1);
    assert_eq!((machine.in_use(), machine.last_switch().why), (Some("lan2"), SwitchWhy::Unsteady));
}

#[test]
fn a_new_order_counts_at_once() {
    let mut machine = Machine::well();
    machine.happens(Event::Observed(vec![(name("lan2"), LAN2), (name("lan1"), LAN1)]));
    assert_eq!((machine.in_use(), machine.last_switch().why), (Some("lan2"), SwitchWhy::Reordered));
    machine.happens(Event::Observed(vec![(name("lan1"), LAN1)]));
    assert_eq!((machine.in_use(), machine.last_switch().why), (Some("lan1"), SwitchWhy::Removed));
}

#[test]
fn a_new_order_counts_also_between_two_silent_ones() {
    let mut machine = Machine::well();
    machine.miss("lan2", 3);
    machine.miss("lan1", 3);
    assert_eq!(machine.in_use(), Some("lan1"));
    machine.happens(Event::Observed(vec![(name("lan2"), LAN2), (name("lan1"), LAN1)]));
    assert_eq!((machine.in_use(), machine.last_switch().why), (Some("lan2"), SwitchWhy::Reordered));
}

#[test]
fn another_gateway_starts_afresh_and_outcomes_of_the_old_one_are_ignored() {
    let mut machine = Machine::on_second();
    let moved = Facts { gateway: Some(ip("10.0.1.254")), ..LAN1 };
    machine.see(moved, LAN2);
    assert_eq!(machine.why("lan1"), Why::GatewayUntested);
    machine.answer("lan1");
    assert_eq!(machine.why("lan1"), Why::GatewayUntested, "the old gateway's answer");
    machine.happens(Event::Answered { uplink: name("lan1"), gateway: ip("10.0.1.254") });
    assert_eq!(machine.in_use(), Some("lan1"));
}

#[test]
fn asks_often_in_doubt_and_seldom_when_all_is_well() {
    let mut machine = Machine::with(LAN1, UNPLUGGED);
    assert!(machine.asks("lan1"), "as soon as it is up");
    let asked = machine.now;
    machine.now = machine.now.plus(200);
    machine.answer("lan1");
    assert_eq!(machine.state.deadline(), Some(asked.plus(PROBE_STEADY)), "counted from the question");
    machine.now = asked.plus(PROBE_STEADY);
    machine.happens(Event::Tick);
    assert!(machine.asks("lan1"));
    machine.happens(Event::Missed { uplink: name("lan1"), gateway: gateway("lan1") });
    assert_eq!(machine.state.deadline(), Some(asked.plus(PROBE_STEADY + PROBE_IN_DOUBT)));
    machine.see(UNPLUGGED, UNPLUGGED);
    assert_eq!(machine.state.deadline(), None);
}

#[test]
fn a_probe_without_an_outcome_is_a_miss_and_counts_once() {
    let mut machine = Machine::with(LAN1, UNPLUGGED);
    for _ in 0..2 {
        machine.now = machine.now.plus(ANSWER_LIMIT);
        machine.happens(Event::Tick);
        assert!(machine.asks("lan1"), "it is asked again");
    }
    assert_eq!(machine.why("lan1"), Why::InUseUntested);
    machine.now = machine.now.plus(ANSWER_LIMIT);
    machine.happens(Event::Tick);
    assert_eq!(machine.why("lan1"), Why::InUseThoughSilent { since: machine.now });

    let mut machine = Machine::with(LAN1, UNPLUGGED);
    for _ in 0..5 {
        machine.happens(Event::Missed { uplink: name("lan1"), gateway: gateway("lan1") });
    }
    assert_eq!(machine.why("lan1"), Why::InUseUntested, "one question, one miss");
}

#[test]
fn the_history_keeps_the_last_switches_newest_first() {
    let mut machine = Machine::with(LAN1, UNPLUGGED);
    for _ in 0..HISTORY {
        machine.now = machine.now.plus(1);
        machine.see(UNPLUGGED, UNPLUGGED);
        machine.see(LAN1, UNPLUGGED);
    }
    let history = machine.state.view().history;
    assert_eq!(history.len(), HISTORY);
    assert_eq!((history[0].at, history[0].why), (machine.now, SwitchWhy::First));
    assert!(history.is_sorted_by_key(|s| std::cmp::Reverse(s.at)));
}

#[test]
fn the_view_reads_back() {
    let mut machine = Machine::on_second();
    machine.answer("lan1");
    let view = machine.state.view();
    let json = serde_json::to_string(&view).expect("json");
    assert_eq!(serde_json::from_str::<FailoverView>(&json).expect(&json), view);
    assert!(json.starts_with(r#"{"uplinks":[{"uplink":"lan2","why":"in_use"}"#), "{json}");
}
