//! One step in the making: the moves that the rules are put together from.

use std::net::Ipv4Addr;

use super::{Action, Attempt, Client, Context, Lost, News, Problem, Remembered, Source, Standing, State};
use crate::{
    dhcp::{
        anomaly::Anomaly,
        lease::Lease,
        timing::{ATTEMPT_PAUSE, Dice, LONGEST_BACK_OFF, START_SPREAD},
    },
    time::BootMillis,
};

/// A server that makes up new oddities, or new servers, is heard this often. Fewer: real trouble goes unseen. More:
/// memory.
const MOST_NOTES: usize = 64;
/// Renewals begin up to this fraction of T1 early, so that boxes that started together part (RFC 2131 section 4.4.5).
const RENEW_SPREAD: u64 = 64;

#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub client: Client,
    pub actions: Vec<Action>,
    pub now: BootMillis,
    pub ctx: &'a Context<'a>,
    pub dice: Dice,
}

impl<'a> Turn<'a> {
    pub fn new(client: Client, ctx: &'a Context<'a>) -> Self {
        Self { client, actions: Vec::new(), now: ctx.now, ctx, dice: Dice::new(ctx.random) }
    }

    pub fn go(&mut self, state: State) {
        if self.client.state.name() != state.name() {
            self.client.since = self.now;
        }
        self.client.state = state;
    }

    pub fn note(&mut self, server: Ipv4Addr, anomaly: Anomaly) {
        if self.client.noted.len() < MOST_NOTES && self.client.noted.insert((server, anomaly)) {
            self.actions.push(Action::Note { server, anomaly });
        }
    }

    fn earliest(&mut self) -> BootMillis {
        let apart = self.client.last_attempt.map_or(self.now, |last| last.plus(ATTEMPT_PAUSE));
        self.now.plus(self.dice.up_to(START_SPREAD)).max(apart)
    }

    pub fn start_over(&mut self) {
        let at = self.earliest();
        self.go(State::Init { at });
    }

    /// Asks for the remembered lease first, where there is one.
    pub fn begin(&mut self) {
        let again = self.client.remembered.as_ref().is_some_and(|r| match r.standing {
            Standing::InUse | Standing::Valid | Standing::EarlierBoot => true,
            Standing::Lapsed => false,
        });
        let at = self.earliest();
        self.go(if again { State::InitReboot { at } } else { State::Init { at } });
    }

    pub fn probe(&mut self, attempt: Attempt, lease: Box<Lease>, source: Source) {
        self.actions.push(Action::Probe(lease.address.addr()));
        self.go(State::Checking { attempt: attempt.probing(self.now), lease, source });
    }

    /// From now on this lease is in use.
    pub fn take(&mut self, lease: Lease) {
        let news = self.client.lease().map_or(News::First, |old| News::Renewed(old.changes(&lease)));
        if self.client.lease().is_none_or(|old| old.address != lease.address) {
            self.client.held_since = self.now;
        }
        self.forgive();
        self.actions.push(Action::Bound { lease: Box::new(lease.clone()), news });
        self.actions.push(Action::Remember(Some(Box::new(lease.clone()))));
        self.client.remembered = Some(Remembered { lease, standing: Standing::InUse });
    }

    /// Takes what a server granted.
    pub fn bind(&mut self, lease: Lease) {
        let renew_at = lease.renew_at().map(|at| {
            let early = self.dice.up_to(at.left(self.now) / RENEW_SPREAD);
            BootMillis(at.0.saturating_sub(early))
        });
        self.take(lease);
        self.client.problem = None;
        self.go(State::Bound { renew_at });
    }

    /// Past failures no longer count once a lease has been held for long.
    fn forgive(&mut self) {
        if self.client.lease().is_some() && self.now.left(self.client.held_since) >= LONGEST_BACK_OFF {
            self.client.failures = 0;
        }
    }

    /// The remembered lease is not in use any more. It is forgotten, but for what `keep` says.
    pub fn lose(&mut self, why: Lost, keep: Option<Standing>) {
        self.forgive();
        let Some(Remembered { lease, standing }) = self.client.remembered.take() else { return };
        if standing == Standing::InUse {
            self.client.noted.clear();
            self.actions.push(Action::Lost { lease: Box::new(lease.clone()), why });
        }
        if !matches!(keep, Some(Standing::Valid)) {
            self.actions.push(Action::Remember(None));
        }
        self.client.remembered = keep.map(|standing| Remembered { lease, standing });
    }

    pub fn back_off(&mut self, problem: Problem) {
        self.client.failures = self.client.failures.saturating_add(1);
        self.client.problem = Some(problem);
        let until = self.now.plus(self.dice.back_off(self.client.failures));
        self.go(State::BackOff { until });
    }
}
