//! The transitions.

use super::{
    ANNOUNCE_INTERVAL, ANNOUNCEMENTS, Action, ArpPacket, Conflict, Context, DEFEND_INTERVAL, Event, Held, Keep, Probes,
    RECHECK_INTERVAL, RECHECKS, RETRY_INTERVAL, Round, Sighting, State,
};
use crate::{box_file::Mac, time::BootMillis};

type Next = (State, Vec<Action>);

/// One transition.
pub fn step(state: State, event: Event, context: &Context) -> Next {
    match event {
        Event::Probe => probe(state, context),
        Event::Assigned => assigned(state, context),
        Event::Dropped => (State::Idle, Vec::new()),
        Event::CarrierLost => (carrier_lost(state), Vec::new()),
        Event::CarrierReturned => carrier_returned(state, context),
        Event::Received(packet) => received(state, &packet, context),
        Event::Tick => tick(state, context),
    }
}

fn probe(state: State, context: &Context) -> Next {
    match state {
        State::Idle | State::Clear => probing(None, context),
        State::Refused { by, .. } => probing(Some(by), context),
        // it is being asked for, will be when there is a cable, or is ours
        State::AwaitingCarrier { .. } | State::Probing { .. } | State::Held(_) => (state, Vec::new()),
    }
}

fn assigned(state: State, context: &Context) -> Next {
    let held = |round, known: Option<Sighting>| {
        let conflict = known.map(|with| Conflict::with(with, context.now));
        advance(Held { round, conflict, defended: None }, context)
    };
    match state {
        State::Clear => held(Round::announcements(context.now), None),
        State::Idle => held(Round::Probes(Probes::begin(context)), None),
        State::AwaitingCarrier { known } => held(Round::Unplugged, known),
        State::Probing { probes, known } => held(Round::Probes(probes), known),
        State::Refused { by, .. } => held(Round::Probes(Probes::begin(context)), Some(by)),
        State::Held(_) => (state, Vec::new()),
    }
}

fn carrier_lost(state: State) -> State {
    match state {
        State::Idle => State::Idle,
        // the cable may come back in another network
        State::Clear => State::AwaitingCarrier { known: None },
        State::Probing { known, .. } | State::AwaitingCarrier { known } => State::AwaitingCarrier { known },
        State::Refused { by, .. } => State::AwaitingCarrier { known: Some(by) },
        State::Held(held) => State::Held(Held { round: Round::Unplugged, ..held }),
    }
}

fn carrier_returned(state: State, context: &Context) -> Next {
    match state {
        State::AwaitingCarrier { known } => probing(known, context),
        State::Held(held) if held.round == Round::Unplugged => {
            // what was known of the other device is asked for anew
            let conflict = held.conflict.map(|c| Conflict::with(c.with, context.now));
            advance(Held { round: Round::Probes(Probes::begin(context)), conflict, ..held }, context)
        }
        State::Idle | State::Probing { .. } | State::Clear | State::Refused { .. } | State::Held(_) => {
            (state, Vec::new())
        }
    }
}

fn received(state: State, packet: &ArpPacket, context: &Context) -> Next {
    let (claim, now) = (context.claim, context.now);
    match state {
        State::Held(held) if packet.contests(claim) => defend(held, packet.sender_mac, context),
        State::Probing { known, .. } if packet.forbids(claim) => refuse(known, packet.sender_mac, now),
        State::Clear if packet.forbids(claim) => refuse(None, packet.sender_mac, now),
        State::Refused { by, again } if packet.forbids(claim) => {
            (State::Refused { by: Sighting::again(Some(by), packet.sender_mac, now), again }, Vec::new())
        }
        // no cable, nobody wants the address, or it is not about it
        State::Idle
        | State::AwaitingCarrier { .. }
        | State::Probing { .. }
        | State::Clear
        | State::Refused { .. }
        | State::Held(_) => (state, Vec::new()),
    }
}

fn tick(state: State, context: &Context) -> Next {
    match state {
        State::Probing { probes, known } => ask(probes, known, context),
        State::Refused { by, again } if again <= context.now => probing(Some(by), context),
        State::Held(held) => advance(held, context),
        State::Idle | State::AwaitingCarrier { .. } | State::Clear | State::Refused { .. } => (state, Vec::new()),
    }
}

fn probing(known: Option<Sighting>, context: &Context) -> Next {
    ask(Probes::begin(context), known, context)
}

fn ask(probes: Probes, known: Option<Sighting>, context: &Context) -> Next {
    let (left, sent) = probes.advance(context);
    match left {
        Some(probes) => (State::Probing { probes, known }, sent.into_iter().collect()),
        None => (State::Clear, known.map(Action::ConflictOver).into_iter().chain([Action::Free]).collect()),
    }
}

fn refuse(known: Option<Sighting>, mac: Mac, now: BootMillis) -> Next {
    let told = known.is_none().then_some(Action::Conflict { mac });
    let by = Sighting::again(known, mac, now);
    (State::Refused { by, again: now.plus(RETRY_INTERVAL) }, told.into_iter().collect())
}

/// The RFC counts from the last *recorded* conflict, and records those that it answers: so one defence an interval,
/// also against a device that never stops. A leased address is not worth more than one.
fn defend(mut held: Held, mac: Mac, context: &Context) -> Next {
    let now = context.now;
    let mut actions = Vec::new();
    if held.conflict.is_none() {
        actions.push(Action::Conflict { mac });
    }
    held.conflict = Some(Conflict::with(Sighting::again(held.conflict.map(|c| c.with), mac, now), now));
    if held.defended.is_none_or(|last| last.plus(DEFEND_INTERVAL) <= now) {
        held.defended = Some(now);
        actions.extend([Action::Send(announcement(context)), Action::Defended { mac }]);
    } else if context.claim.keep == Keep::UntilContested {
        actions.push(Action::GiveUp { mac });
        return (State::Idle, actions);
    }
    (State::Held(held), actions)
}

/// Sends what is due for a held address.
fn advance(mut held: Held, context: &Context) -> Next {
    let mut actions = Vec::new();
    if let Round::Probes(probes) = held.round {
        let (left, sent) = probes.advance(context);
        actions.extend(sent);
        held.round = left.map_or(Round::announcements(context.now), Round::Probes);
    }
    match held.round {
        Round::Announcements { left, at } if at <= context.now => {
            actions.push(Action::Send(announcement(context)));
            held.round = match left.saturating_sub(1) {
                0 => Round::Settled,
                left => Round::Announcements { left, at: context.now.plus(ANNOUNCE_INTERVAL) },
            };
        }
        Round::Unplugged | Round::Probes(_) | Round::Announcements { .. } | Round::Settled => {}
    }
    if let Some(conflict) = held.conflict.filter(|c| held.round != Round::Unplugged && c.recheck_at <= context.now) {
        let (left, action) = conflict.recheck(context);
        actions.push(action);
        held.conflict = left;
    }
    (State::Held(held), actions)
}

fn announcement(context: &Context) -> ArpPacket {
    ArpPacket::announcement(context.claim.mac, context.claim.address)
}

impl Probes {
    fn begin(context: &Context) -> Self {
        let timing = &context.claim.timing;
        Self { left: timing.probes, at: context.now.plus(between(0, timing.probe_wait, context.random)) }
    }

    /// What is left, `None` after the wait for answers, and what is sent. Counted from now, not from when it was due: a
    /// tick that comes late must not cut the next wait.
    fn advance(self, context: &Context) -> (Option<Self>, Option<Action>) {
        let timing = &context.claim.timing;
        if context.now < self.at {
            return (Some(self), None);
        }
        let wait = match self.left {
            0 => return (None, None),
            1 => timing.announce_wait,
            2.. => between(timing.probe_min, timing.probe_max, context.random),
        };
        let sent = Action::Send(ArpPacket::probe(context.claim.mac, context.claim.address));
        (Some(Self { left: self.left - 1, at: context.now.plus(wait) }), Some(sent))
    }
}

impl Round {
    fn announcements(now: BootMillis) -> Self {
        Self::Announcements { left: ANNOUNCEMENTS, at: now }
    }
}

impl Conflict {
    fn with(with: Sighting, now: BootMillis) -> Self {
        Self { with, rechecks: RECHECKS, recheck_at: now.plus(RECHECK_INTERVAL) }
    }

    /// A device that has the address answers a probe for it, however little it says otherwise.
    fn recheck(self, context: &Context) -> (Option<Self>, Action) {
        match self.rechecks.checked_sub(1) {
            None => (None, Action::ConflictOver(self.with)),
            Some(rechecks) => {
                let recheck_at = context.now.plus(RECHECK_INTERVAL);
                let question = ArpPacket::probe(context.claim.mac, context.claim.address);
                (Some(Self { rechecks, recheck_at, ..self }), Action::Send(question))
            }
        }
    }
}

impl Sighting {
    fn again(known: Option<Self>, mac: Mac, now: BootMillis) -> Self {
        Self { mac, first: known.map_or(now, |k| k.first), last: now }
    }
}

/// Evenly spread, ends included.
fn between(least: u64, most: u64, random: u64) -> u64 {
    least + random % (most.saturating_sub(least).saturating_add(1))
}
