//! Random lives of a box with three uplinks: cables that come and go, gateways that answer when they like.

use std::{collections::BTreeMap, net::Ipv4Addr};

use domain::{
    name::PortName,
    network::failover::{Effect, Event, Facts, State, Switch, SwitchWhy, UP_AFTER, step},
    time::BootMillis,
};
use proptest::{collection::vec, prelude::*};

use crate::support::name;

const UPLINKS: usize = 3;

#[derive(Clone, Debug)]
enum Happens {
    /// Probes have these outcomes for some seconds, each after so many milliseconds; `None` is lost.
    Network {
        outcomes: [Option<bool>; UPLINKS],
        latency: u64,
        rounds: usize,
    },
    /// Something of one uplink is gone or back: carrier, address, gateway.
    Fact {
        uplink: usize,
        which: u8,
    },
    /// A person decides whether it may be used.
    Allow {
        uplink: usize,
    },
    /// An outcome that nobody asked for.
    Stray {
        uplink: usize,
        answered: bool,
    },
    Pass(u64),
}

fn happens() -> impl Strategy<Value = Happens> {
    let outcome = prop_oneof![5 => Just(Some(true)), 3 => Just(Some(false)), 1 => Just(None)];
    prop_oneof![
        8 => ([outcome.clone(), outcome.clone(), outcome], 0..1_000_u64, 1..25_usize)
            .prop_map(|(outcomes, latency, rounds)| Happens::Network { outcomes, latency, rounds }),
        3 => (0..UPLINKS, 0..3_u8).prop_map(|(uplink, which)| Happens::Fact { uplink, which }),
        1 => (0..UPLINKS).prop_map(|uplink| Happens::Allow { uplink }),
        2 => (0..UPLINKS, any::<bool>()).prop_map(|(uplink, answered)| Happens::Stray { uplink, answered }),
        1 => (0..5_000_u64).prop_map(Happens::Pass),
    ]
}

fn gateway(uplink: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, u8::try_from(uplink).expect("few"), 1)
}

fn named(uplink: usize) -> PortName {
    name(&format!("lan{uplink}"))
}

fn index(uplink: &PortName) -> usize {
    (0..UPLINKS).find(|i| named(*i) == *uplink).expect("one of ours")
}

/// What a bystander knows of an uplink, counted in another way than the rules do.
#[derive(Clone, Debug, Default)]
struct Known {
    facts: Facts,
    /// Since the last answer or the last time it came up.
    misses: usize,
    /// The first answer after the last miss or the last time it came up.
    answers_since: Option<BootMillis>,
    answered_ever: bool,
    given_up: bool,
    usable: bool,
    left_silent: Option<BootMillis>,
    won: Option<BootMillis>,
}

impl Known {
    fn up(&self) -> bool {
        self.facts.reach().is_some()
    }

    /// Usable after ten seconds of answers, or with the first one if it was never given up.
    fn answered(&mut self, now: BootMillis) {
        self.misses = 0;
        self.answered_ever = true;
        let since = *self.answers_since.get_or_insert(now);
        self.usable |= !self.given_up || since.plus(UP_AFTER) <= now;
    }

    fn missed(&mut self) {
        self.misses += 1;
        self.answers_since = None;
        if self.misses >= 3 {
            (self.given_up, self.usable) = (true, false);
        }
    }
}

#[derive(Clone, Debug)]
struct Life {
    state: State,
    now: BootMillis,
    known: [Known; UPLINKS],
    asked: BTreeMap<usize, BootMillis>,
    switches: Vec<Switch>,
}

impl Life {
    fn new() -> Self {
        let facts = |uplink| Facts { carrier: true, address: true, gateway: Some(gateway(uplink)), allowed: true };
        let known = std::array::from_fn(|uplink| Known { facts: facts(uplink), ..Known::default() });
        let mut life = Self {
            state: State::default(),
            now: BootMillis(1_000),
            known,
            asked: BTreeMap::new(),
            switches: Vec::new(),
        };
        life.observe();
        life
    }

    fn observe(&mut self) {
        let seen = self.known.iter().enumerate().map(|(uplink, known)| (named(uplink), known.facts.clone())).collect();
        self.event(Event::Observed(seen));
    }

    /// After a change of facts, which may put the box on any uplink: nothing that was left is gone back to early.
    fn observe_anew(&mut self) {
        for known in &mut self.known {
            known.left_silent = None;
        }
        self.observe();
    }

    fn event(&mut self, event: Event) {
        let before = self.state.clone();
        let (state, effects) = step(before.clone(), event, self.now);
        self.state = state;
        for effect in effects {
            match effect {
                Effect::ProbeGateway { uplink, .. } => {
                    let again = self.asked.insert(index(&uplink), self.now);
                    if again.is_some_and(|at| at != self.now) {
                        self.known[index(&uplink)].missed();
                    }
                }
                Effect::Changed(switch) => {
                    self.judge(&switch);
                    self.switches.push(switch);
                }
            }
        }
        self.holds_at_any_time();
    }

    fn outcome(&mut self, uplink: usize, answered: bool) {
        let waited_for = self.asked.remove(&uplink).is_some();
        let (name, gateway) = (named(uplink), gateway(uplink));
        if answered && self.known[uplink].up() {
            self.known[uplink].answered(self.now);
        } else if !answered && waited_for && self.known[uplink].up() {
            self.known[uplink].missed();
        }
        let event =
            if answered { Event::Answered { uplink: name, gateway } } else { Event::Missed { uplink: name, gateway } };
        self.event(event);
    }

    fn live(&mut self, happens: &Happens) {
        match happens {
            Happens::Pass(millis) => self.pass(*millis),
            Happens::Stray { uplink, answered } => self.outcome(*uplink, *answered),
            Happens::Allow { uplink } => {
                let known = &mut self.known[*uplink];
                known.facts.allowed = !known.facts.allowed;
                known.won = None;
                self.observe_anew();
            }
            Happens::Fact { uplink, which } => {
                let known = &mut self.known[*uplink];
                let (was_up, facts) = (known.up(), &mut known.facts);
                match which {
                    0 => facts.carrier = !facts.carrier,
                    1 => facts.address = !facts.address,
                    _ => facts.gateway = if facts.gateway.is_some() { None } else { Some(gateway(*uplink)) },
                }
                if was_up != known.up() {
                    known.given_up |= known.answered_ever;
                    (known.misses, known.answers_since, known.usable) = (0, None, false);
                    self.asked.remove(uplink);
                }
                self.observe_anew();
            }
            Happens::Network { outcomes, latency, rounds } => {
                for _ in 0..*rounds {
                    let due = self.state.deadline().map_or(0, |at| at.left(self.now));
                    self.pass(due);
                    for uplink in self.asked.keys().copied().collect::<Vec<_>>() {
                        if let Some(answered) = outcomes[uplink] {
                            self.now = self.now.plus(*latency / 4);
                            self.outcome(uplink, answered);
                        }
                    }
                }
            }
        }
    }

    /// Ticks come when they are due.
    fn pass(&mut self, millis: u64) {
        let end = self.now.plus(millis);
        while let Some(at) = self.state.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            let due = self.asked.iter().filter(|(_, asked)| asked.plus(1_000) <= self.now);
            for uplink in due.map(|(uplink, _)| *uplink).collect::<Vec<_>>() {
                // its time is over: a miss, which the tick below counts too
                self.asked.remove(&uplink);
                self.known[uplink].missed();
            }
            self.event(Event::Tick);
        }
        self.now = end;
    }

    fn holds_at_any_time(&self) {
        let ranked = self.state.ranked();
        assert_eq!(ranked.len(), UPLINKS);
        let in_use = ranked.iter().filter(|r| r.why.is_in_use()).map(|r| &r.uplink).collect::<Vec<_>>();
        assert_eq!(in_use.first().copied(), self.state.in_use());
        assert!(in_use.len() <= 1, "{ranked:?}");
        let may = |known: &Known| known.facts.allowed && known.up();
        assert!(in_use.iter().all(|uplink| may(&self.known[index(uplink)])), "{ranked:?}");
        assert_eq!(in_use.is_empty(), !self.known.iter().any(may), "a silent gateway is better than none: {ranked:?}");
    }

    fn judge(&mut self, switch: &Switch) {
        let now = self.now;
        let from = switch.from.as_ref().map(index);
        let to = switch.to.as_ref().map(index);
        match switch.why {
            SwitchWhy::BetterUsable => {
                let (to, from) = (to.expect("a better one"), from.expect("a worse one"));
                assert!(to < from && self.known[to].usable, "{switch:?} {:?}", self.known[to]);
                let won = self.known[to].won.replace(now);
                assert!(won.is_none_or(|won| won.plus(UP_AFTER) <= now), "{switch:?} after {won:?}");
            }
            SwitchWhy::GatewaySilent => {
                let from = &mut self.known[from.expect("a silent one")];
                assert!(from.misses >= 3, "{switch:?} {from:?}");
                // three questions a second apart, and the answer to the last one may have been slow
                let left = from.left_silent.replace(now);
                assert!(left.is_none_or(|left| left.plus(2_000) <= now), "{switch:?} after {left:?}");
            }
            SwitchWhy::Unsteady => {
                let (from, to) = (&self.known[from.expect("one")], &self.known[to.expect("a usable one")]);
                assert!(from.given_up && from.answers_since.is_none(), "{switch:?} {from:?}");
                assert!(to.usable, "{switch:?} {to:?}");
            }
            SwitchWhy::First => assert_eq!(from, None),
            SwitchWhy::NotAllowed => assert!(!self.known[from.expect("one")].facts.allowed),
            SwitchWhy::NoCarrier => assert!(!self.known[from.expect("one")].facts.carrier),
            SwitchWhy::NoAddress => assert!(!self.known[from.expect("one")].facts.address),
            SwitchWhy::NoGateway => assert_eq!(self.known[from.expect("one")].facts.gateway, None),
            SwitchWhy::Removed | SwitchWhy::Reordered => panic!("{switch:?}"),
        }
    }
}

proptest! {
    #[test]
    fn no_life_moves_the_box_without_a_reason(life in vec(happens(), 1..60)) {
        let mut box_ = Life::new();
        for happens in &life {
            box_.live(happens);
        }
    }

    #[test]
    fn the_first_usable_uplink_is_used_in_the_end(life in vec(happens(), 0..40), answers in any::<[bool; UPLINKS]>()) {
        let mut box_ = Life::new();
        for happens in &life {
            box_.live(happens);
        }
        let started = box_.switches.len();
        box_.live(&Happens::Network { outcomes: answers.map(Some), latency: 10, rounds: 150 });
        let usable = (0..UPLINKS).find(|i| answers[*i] && box_.known[*i].up() && box_.known[*i].facts.allowed);
        if let Some(usable) = usable {
            prop_assert_eq!(box_.state.in_use(), Some(&named(usable)));
        }
        // perhaps one as the lesser evil meanwhile, but then it stays there
        prop_assert!(box_.switches.len() - started <= UPLINKS, "{:?}", &box_.switches[started..]);
    }

    #[test]
    fn lost_packets_alone_do_not_move_the_box(lost in vec(0..10_u8, 1..200)) {
        let mut box_ = Life::new();
        box_.live(&Happens::Network { outcomes: [Some(true); UPLINKS], latency: 10, rounds: 3 });
        let mut row = 0;
        for one in lost {
            // three in ten, but never three in a row
            let miss = one < 3 && row < 2;
            row = if miss { row + 1 } else { 0 };
            while !box_.asked.contains_key(&0) {
                let due = box_.state.deadline().map_or(0, |at| at.left(box_.now));
                box_.pass(due);
                for other in [1, 2] {
                    if box_.asked.contains_key(&other) {
                        box_.outcome(other, true);
                    }
                }
            }
            box_.outcome(0, !miss);
        }
        prop_assert_eq!(box_.switches.len(), 1);
    }
}
