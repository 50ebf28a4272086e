//! The transitions, and the choice.

use std::net::Ipv4Addr;

use super::{
    ANSWER_LIMIT, Effect, Event, Facts, HISTORY, Probe, State, Switch, SwitchWhy, Uplink,
    gateway::{Gateway, Tier},
};
use crate::{name::PortName, time::BootMillis};

/// One transition.
pub fn step(mut state: State, event: Event, now: BootMillis) -> (State, Vec<Effect>) {
    let mut reordered = false;
    match event {
        Event::Observed(seen) => reordered = state.observe(seen, now),
        Event::Answered { uplink, gateway } => state.with(&uplink, gateway, |u| u.answered(now)),
        Event::Missed { uplink, gateway } => state.with(&uplink, gateway, |u| u.missed(now)),
        Event::Tick => {}
    }
    let mut effects: Vec<_> = state.uplinks.iter_mut().filter_map(|uplink| uplink.probe(now)).collect();
    effects.extend(state.switch(reordered, now).map(Effect::Changed));
    (state, effects)
}

impl State {
    /// Takes over what was seen; answers whether uplinks that were there before changed places.
    fn observe(&mut self, seen: Vec<(PortName, Facts)>, now: BootMillis) -> bool {
        let before = std::mem::take(&mut self.uplinks);
        let mut last_place = 0;
        let mut reordered = false;
        for (name, facts) in seen {
            // one that is named twice has its first place
            if self.uplink(&name).is_some() {
                continue;
            }
            let known = before.iter().position(|u| u.name == name);
            reordered |= known.is_some_and(|place| place < last_place);
            last_place = known.unwrap_or(last_place);
            let mut uplink = known.map_or_else(|| Uplink::new(name, now), |place| before[place].clone());
            uplink.observe(facts, now);
            self.uplinks.push(uplink);
        }
        reordered
    }

    /// For an outcome that is about the gateway that the uplink has now.
    fn with(&mut self, name: &PortName, gateway: Ipv4Addr, change: impl FnOnce(&mut Uplink)) {
        if let Some(uplink) = self.uplinks.iter_mut().find(|u| u.name == *name && u.facts.reach() == Some(gateway)) {
            change(uplink);
        }
    }

    fn switch(&mut self, reordered: bool, now: BootMillis) -> Option<Switch> {
        let to = self.choose(reordered).map(|u| u.name.clone());
        if to == self.in_use {
            return None;
        }
        let why = self.why_left(to.as_ref(), reordered);
        let from = std::mem::replace(&mut self.in_use, to.clone());
        let switch = Switch { at: now, from, to, why };
        self.history.push_back(switch.clone());
        while self.history.len() > HISTORY {
            self.history.pop_front();
        }
        Some(switch)
    }

    fn choose(&self, reordered: bool) -> Option<&Uplink> {
        // `min_by_key` takes the first of equals: the order decides within a tier
        let best = self.uplinks.iter().filter(|u| u.is_candidate()).min_by_key(|u| u.gateway.tier())?;
        let current = self.in_use.as_ref().and_then(|name| self.uplink(name)).filter(|u| u.is_candidate());
        match current {
            Some(current) if !reordered && self.stays(current, best) => Some(current),
            Some(_) | None => Some(best),
        }
    }

    /// Whether the uplink in use is kept, with `best` at hand.
    fn stays(&self, current: &Uplink, best: &Uplink) -> bool {
        match (current.gateway.tier(), best.gateway.tier()) {
            (Tier::Usable | Tier::AnswersNow, Tier::Usable) => !self.is_before(best, current),
            // one that was never heard has the time of three misses; one that was given up has none
            (Tier::Unknown, Tier::Usable) => {
                matches!(current.gateway, Gateway::Untested { .. }) && !self.is_before(best, current)
            }
            (Tier::Silent, Tier::Usable | Tier::AnswersNow) => false,
            // none is usable: moving from one doubt to another helps nobody
            (
                Tier::Usable | Tier::AnswersNow | Tier::Unknown | Tier::Silent,
                Tier::AnswersNow | Tier::Unknown | Tier::Silent,
            ) => true,
        }
    }

    fn is_before(&self, one: &Uplink, other: &Uplink) -> bool {
        let place = |uplink: &Uplink| self.uplinks.iter().position(|u| u.name == uplink.name);
        place(one) < place(other)
    }

    fn why_left(&self, to: Option<&PortName>, reordered: bool) -> SwitchWhy {
        let Some(from) = &self.in_use else { return SwitchWhy::First };
        let Some(from) = self.uplink(from) else { return SwitchWhy::Removed };
        if !from.facts.allowed {
            return SwitchWhy::NotAllowed;
        }
        if !from.facts.carrier {
            return SwitchWhy::NoCarrier;
        }
        if !from.facts.address {
            return SwitchWhy::NoAddress;
        }
        if from.facts.gateway.is_none() {
            return SwitchWhy::NoGateway;
        }
        if reordered {
            return SwitchWhy::Reordered;
        }
        let better = to.and_then(|to| self.uplink(to)).is_some_and(|to| self.is_before(to, from));
        match from.gateway.tier() {
            Tier::Silent => SwitchWhy::GatewaySilent,
            Tier::Usable | Tier::AnswersNow | Tier::Unknown if better => SwitchWhy::BetterUsable,
            Tier::Usable | Tier::AnswersNow | Tier::Unknown => SwitchWhy::Unsteady,
        }
    }
}

impl Uplink {
    fn new(name: PortName, now: BootMillis) -> Self {
        Self {
            name,
            facts: Facts::default(),
            gateway: Gateway::fresh(false),
            given_up: false,
            probe: Probe::Due { at: now },
        }
    }

    /// It may be used, usable or not.
    fn is_candidate(&self) -> bool {
        self.facts.allowed && self.facts.reach().is_some()
    }

    fn observe(&mut self, facts: Facts, now: BootMillis) {
        // another gateway is another network: what was learnt of the old one says nothing about it
        if facts.gateway.is_some() && self.facts.gateway.is_some() && facts.gateway != self.facts.gateway {
            self.given_up = false;
            self.facts = Facts::default();
        }
        if facts.reach().is_none() && self.facts.reach().is_some() {
            self.given_up |= self.gateway.tier() == Tier::Usable;
        }
        if facts.reach().is_some() && self.facts.reach().is_none() {
            self.gateway = Gateway::fresh(self.given_up);
            self.probe = Probe::Due { at: now };
        }
        self.facts = facts;
    }

    fn answered(&mut self, now: BootMillis) {
        self.gateway = self.gateway.answered(now);
        self.settle(now);
    }

    /// Only of a probe that is waited for: one that was counted when its time was over is not counted again.
    fn missed(&mut self, now: BootMillis) {
        match self.probe {
            Probe::Asked { .. } => {
                self.gateway = self.gateway.missed(now);
                self.given_up |= self.gateway.tier() == Tier::Silent;
                self.settle(now);
            }
            Probe::Due { .. } => {}
        }
    }

    /// When to ask next, counted from the last question, so that slow answers don't slow the probing down.
    fn settle(&mut self, now: BootMillis) {
        match self.probe {
            Probe::Asked { at } => self.probe = Probe::Due { at: at.plus(self.gateway.interval()).max(now) },
            Probe::Due { .. } => {}
        }
    }

    fn probe(&mut self, now: BootMillis) -> Option<Effect> {
        let gateway = self.facts.reach()?;
        if matches!(self.probe, Probe::Asked { at } if at.plus(ANSWER_LIMIT) <= now) {
            self.missed(now);
        }
        match self.probe {
            Probe::Due { at } if at <= now => {
                self.probe = Probe::Asked { at: now };
                Some(Effect::ProbeGateway { uplink: self.name.clone(), gateway })
            }
            Probe::Due { .. } | Probe::Asked { .. } => None,
        }
    }
}
