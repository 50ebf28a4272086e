//! Two boxes, a registry and what is on its way between them. Everything in it is a value, so that it can be compared and gone on from
//! in several ways.

use std::collections::BTreeSet;

use domain::{
    pair::{Answer, Ask, Effect, Event, Message, Role, State, Terms, step},
    time::BootMillis,
};

/// On its way; it arrives after any time, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Letter {
    /// To this box, of the other one.
    Heartbeat { to: usize, message: Message },
    /// Of this box's life to the registry.
    Asked { by: usize, run: u64, number: u64, ask: Ask },
    /// Back to that life.
    Answered { to: usize, run: u64, number: u64, answer: Answer },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// `None`: without power.
    pub state: Option<State>,
    pub run: u64,
    /// What is open, and until when at the latest; the caller's hands, which a crash takes with it.
    pub open: Option<u64>,
    /// All is killed by then.
    pub closes: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub now: u64,
    pub nodes: [Node; 2],
    /// Who holds the registry's lease, in which epoch, and until when.
    pub lease: Option<(usize, u64, u64)>,
    pub epoch: u64,
    pub registry_away: bool,
    /// With the time at which it was sent.
    pub letters: BTreeSet<(u64, Letter)>,
    pub terms: Terms,
}

impl World {
    pub fn new(terms: Terms) -> Self {
        let node = || Node { state: None, run: 0, open: None, closes: None };
        let mut world = Self {
            now: 0,
            nodes: [node(), node()],
            lease: None,
            epoch: 0,
            registry_away: false,
            letters: BTreeSet::new(),
            terms,
        };
        world.starts(0);
        world.starts(1);
        world
    }

    pub fn starts(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        node.run += 1;
        node.state = Some(State::new(self.terms, node.run, BootMillis(self.now)));
        self.on(at, Event::Fit(true));
    }

    /// Power gone: nothing is open any more, and nothing is remembered.
    pub fn crashes(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        (node.state, node.open, node.closes) = (None, None, None);
    }

    pub fn on(&mut self, at: usize, event: Event) {
        self.on_clock(at, event, self.now);
    }

    /// `clock`: what this box's clock shows.
    pub fn on_clock(&mut self, at: usize, event: Event, clock: u64) {
        let Some(state) = self.nodes[at].state.take() else { return };
        let (state, effects) = step(state, event, BootMillis(clock));
        let node = &mut self.nodes[at];
        // what was to be closed by then is
        if !matches!(state.role(), Role::Active { .. } | Role::Stopping { .. }) {
            (node.open, node.closes) = (None, None);
        }
        node.state = Some(state);
        let run = node.run;
        for effect in effects {
            let letter = match effect {
                Effect::Say(message) => Letter::Heartbeat { to: 1 - at, message },
                Effect::Ask { number, ask } => Letter::Asked { by: at, run, number, ask },
                Effect::Open { epoch } | Effect::Goes { epoch } => {
                    self.nodes[at].open = Some(epoch);
                    continue;
                }
                Effect::Close { by } => {
                    self.nodes[at].closes = Some(by.0);
                    continue;
                }
            };
            self.letters.insert((self.now, letter));
        }
    }

    /// A letter arrives. The registry answers at once; its answer is a letter.
    pub fn arrives(&mut self, letter: (u64, Letter)) {
        let clocks = [self.now, self.now];
        self.arrives_by(letter, clocks);
    }

    pub fn arrives_by(&mut self, letter: (u64, Letter), clocks: [u64; 2]) {
        self.letters.remove(&letter);
        match letter.1 {
            Letter::Heartbeat { to, message } => self.on_clock(to, Event::Heard(message), clocks[to]),
            Letter::Answered { to, run, number, answer } => {
                if self.nodes[to].run == run {
                    self.on_clock(to, Event::Answered { number, answer }, clocks[to]);
                }
            }
            Letter::Asked { by, run, number, ask } => {
                if self.registry_away {
                    return;
                }
                let answer = self.decides(by, ask);
                self.letters.insert((self.now, Letter::Answered { to: by, run, number, answer }));
            }
        }
    }

    /// As `domain::cluster::lease` has it.
    fn decides(&mut self, by: usize, ask: Ask) -> Answer {
        let ends = self.now + self.terms.ttl;
        match (ask, self.lease) {
            (Ask::Acquire { released }, held)
                if held.is_none_or(|(holder, epoch, _)| holder == by || released == Some(epoch)) =>
            {
                self.epoch += 1;
                self.lease = Some((by, self.epoch, ends));
                Answer::Granted { epoch: self.epoch }
            }
            (Ask::Renew { epoch }, Some((holder, held, _))) if (holder, held) == (by, epoch) => {
                self.lease = Some((by, epoch, ends));
                Answer::Granted { epoch }
            }
            (Ask::Release { epoch }, Some((holder, held, _))) if (holder, held) == (by, epoch) => {
                self.lease = None;
                Answer::Granted { epoch }
            }
            (Ask::Acquire { .. } | Ask::Renew { .. } | Ask::Release { .. }, _) => Answer::Refused,
        }
    }

    /// A moment later: the registry's lease may have ended, and each box looks at its clock.
    pub fn passes(&mut self) {
        self.now += 1;
        self.expires();
        for at in [0, 1] {
            self.on(at, Event::Tick);
        }
    }

    pub fn expires(&mut self) {
        // a registry that is away forgets no lease, and lets none end
        if !self.registry_away && self.lease.is_some_and(|(_, _, ends)| ends <= self.now) {
            self.lease = None;
        }
    }

    pub fn active(&self) -> Vec<usize> {
        (0..2).filter(|at| self.nodes[*at].open.is_some()).collect()
    }

    pub fn role(&self, at: usize) -> Option<Role> {
        self.nodes[at].state.as_ref().map(State::role)
    }
}
