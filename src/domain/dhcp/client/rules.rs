//! The transitions: every state with every event.

use std::net::Ipv4Addr;

use super::{Action, Client, Context, Event, Lost, News, Problem, Remembered, Source, Standing, State, turn::Turn};
use crate::{
    box_file::Mac,
    dhcp::timing::{CARRIER_GRACE, FALLBACK_TRIES, REBOOT_TRIES, REQUEST_TRIES},
};

/// One transition.
pub fn step(client: Client, event: Event, ctx: &Context<'_>) -> (Client, Vec<Action>) {
    let mut turn = Turn::new(client, ctx);
    turn.lapse();
    match event {
        Event::Start { remembered, carrier } => turn.start(remembered, carrier),
        Event::CarrierFound => turn.carrier_found(),
        Event::CarrierLost => turn.carrier_lost(),
        Event::Received(message) => turn.received(&message),
        Event::Probed { address, conflict } => turn.probed(address, conflict),
        Event::Conflict { address, with } => turn.conflict(address, with),
        Event::Renew => turn.renew(),
        Event::Release => turn.give_back(),
        Event::Stop { release } => turn.stop(release),
        Event::Tick => turn.tick(),
    }
    (turn.client, turn.actions)
}

impl Turn<'_> {
    /// Ends the lease with its time, before anything else is looked at.
    fn lapse(&mut self) {
        let Some(lease) = self.client.running_lease().filter(|lease| lease.has_expired(self.now)) else { return };
        if self.client.lease().is_some() {
            self.client.problem = Some(Problem::Expired { address: lease.address.addr() });
        }
        self.lose(Lost::Expired, Some(Standing::Lapsed));
        match self.client.state {
            State::Bound { .. }
            | State::Renewing { .. }
            | State::Rebinding { .. }
            | State::InitReboot { .. }
            | State::Rebooting { .. }
            | State::Checking { source: Source::Remembered, .. } => self.start_over(),
            State::Stopped
            | State::Down { .. }
            | State::Init { .. }
            | State::Selecting { .. }
            | State::Requesting { .. }
            | State::Checking { source: Source::Granted, .. }
            | State::BackOff { .. }
            | State::Released { .. } => {}
        }
    }

    fn start(&mut self, remembered: Option<Remembered>, carrier: bool) {
        if self.client.state != State::Stopped {
            return;
        }
        self.client = Client { last_attempt: self.client.last_attempt, remembered, ..Client::default() };
        if self.client.running_lease().is_some_and(|lease| lease.has_expired(self.now)) {
            // never was in use since this start
            if let Some(remembered) = &mut self.client.remembered {
                remembered.standing = Standing::Lapsed;
            }
            self.actions.push(Action::Remember(None));
        }
        if let Some(lease) = self.client.lease().cloned() {
            self.client.held_since = self.now;
            self.actions.push(Action::Bound { lease: Box::new(lease), news: News::First });
        }
        if carrier {
            self.begin();
        } else {
            self.go(State::Down { since: self.now });
        }
        self.client.since = self.now;
    }

    fn carrier_found(&mut self) {
        match self.client.state {
            State::Down { .. } => self.begin(),
            State::Released { .. } => self.go(State::Released { carrier: true }),
            State::Stopped
            | State::Init { .. }
            | State::Selecting { .. }
            | State::Requesting { .. }
            | State::Checking { .. }
            | State::Bound { .. }
            | State::Renewing { .. }
            | State::Rebinding { .. }
            | State::InitReboot { .. }
            | State::Rebooting { .. }
            | State::BackOff { .. } => {}
        }
    }

    /// The conversation ends: nobody knows who will be at the other end next. The lease stays, for [`CARRIER_GRACE`] in
    /// use.
    fn carrier_lost(&mut self) {
        match self.client.state {
            State::Stopped | State::Down { .. } => {}
            State::Released { .. } => self.go(State::Released { carrier: false }),
            State::Init { .. }
            | State::Selecting { .. }
            | State::Requesting { .. }
            | State::Checking { .. }
            | State::Bound { .. }
            | State::Renewing { .. }
            | State::Rebinding { .. }
            | State::InitReboot { .. }
            | State::Rebooting { .. }
            | State::BackOff { .. } => self.go(State::Down { since: self.now }),
        }
    }

    fn probed(&mut self, address: Ipv4Addr, conflict: Option<Mac>) {
        match &self.client.state {
            State::Checking { attempt, lease, source } if lease.address.addr() == address => {
                let (attempt, lease, source) = (*attempt, (**lease).clone(), *source);
                match (conflict, source) {
                    (Some(with), Source::Granted | Source::Remembered) => self.decline(&lease, with),
                    (None, Source::Granted | Source::Remembered) if lease.has_expired(self.now) => self.start_over(),
                    (None, Source::Granted) => self.bind(lease),
                    // in use, and still nobody has confirmed it: the search goes on
                    (None, Source::Remembered) => {
                        self.take(lease);
                        self.discover_again(attempt);
                    }
                }
            }
            // the probe of a lease that is no longer spoken of
            State::Checking { .. }
            | State::Stopped
            | State::Down { .. }
            | State::Init { .. }
            | State::Selecting { .. }
            | State::Requesting { .. }
            | State::Bound { .. }
            | State::Renewing { .. }
            | State::Rebinding { .. }
            | State::InitReboot { .. }
            | State::Rebooting { .. }
            | State::BackOff { .. }
            | State::Released { .. } => {}
        }
    }

    fn conflict(&mut self, address: Ipv4Addr, with: Mac) {
        let Some(lease) = self.client.lease().filter(|lease| lease.address.addr() == address).cloned() else { return };
        match self.client.state {
            State::Stopped | State::Released { .. } => {}
            // the cable is out: nothing can be said, and nobody is there to hear it
            State::Down { .. } => {
                self.lose(Lost::Conflict, None);
                self.client.problem = Some(Problem::Conflict { address, with });
            }
            State::Init { .. }
            | State::Selecting { .. }
            | State::Requesting { .. }
            | State::Checking { .. }
            | State::Bound { .. }
            | State::Renewing { .. }
            | State::Rebinding { .. }
            | State::InitReboot { .. }
            | State::Rebooting { .. }
            | State::BackOff { .. } => self.decline(&lease, with),
        }
    }

    fn stop(&mut self, release: bool) {
        let down = match self.client.state {
            State::Stopped => return,
            State::Down { .. } => true,
            State::Init { .. }
            | State::Selecting { .. }
            | State::Requesting { .. }
            | State::Checking { .. }
            | State::Bound { .. }
            | State::Renewing { .. }
            | State::Rebinding { .. }
            | State::InitReboot { .. }
            | State::Rebooting { .. }
            | State::BackOff { .. }
            | State::Released { .. } => false,
        };
        if release {
            if !down {
                self.release();
            }
            self.lose(Lost::Released, None);
        } else if self.client.lease().is_some() {
            self.lose(Lost::Stopped, Some(Standing::Valid));
        }
        self.client.problem = None;
        self.go(State::Stopped);
    }

    /// Now, where the box would have waited; where it is asking already, it goes on.
    fn renew(&mut self) {
        match self.client.state {
            State::Bound { .. } => self.prolong_now(None),
            State::Renewing { attempt } | State::Rebinding { attempt } => self.prolong_now(Some(attempt)),
            State::BackOff { .. }
            | State::Init { .. }
            | State::InitReboot { .. }
            | State::Released { carrier: true } => {
                self.begin();
            }
            State::Released { carrier: false } => self.go(State::Down { since: self.now }),
            State::Stopped
            | State::Down { .. }
            | State::Selecting { .. }
            | State::Requesting { .. }
            | State::Checking { .. }
            | State::Rebooting { .. } => {}
        }
    }

    fn give_back(&mut self) {
        let carrier = match self.client.state {
            State::Stopped | State::Released { .. } => return,
            State::Down { .. } => false,
            State::Init { .. }
            | State::Selecting { .. }
            | State::Requesting { .. }
            | State::Checking { .. }
            | State::Bound { .. }
            | State::Renewing { .. }
            | State::Rebinding { .. }
            | State::InitReboot { .. }
            | State::Rebooting { .. }
            | State::BackOff { .. } => true,
        };
        if carrier {
            self.release();
        }
        self.lose(Lost::Released, None);
        self.client.problem = None;
        self.go(State::Released { carrier });
    }

    fn tick(&mut self) {
        let now = self.now;
        if let State::Down { since } = self.client.state
            && since.plus(CARRIER_GRACE) <= now
            && self.client.lease().is_some()
        {
            self.lose(Lost::NoCarrier, Some(Standing::Valid));
        }
        // a tick of an earlier deadline may still be on its way
        if self.client.state.due().is_none_or(|due| due > now) {
            return;
        }
        match self.client.state.clone() {
            State::Stopped | State::Down { .. } | State::Released { .. } => {}
            State::Init { .. } | State::BackOff { .. } => self.discover(),
            State::InitReboot { .. } => self.reboot(),
            State::Selecting { attempt, other: Some(offer) } => self.request(attempt, offer),
            State::Selecting { attempt, other: None } => {
                self.unanswered(attempt.tries);
                match &self.client.remembered {
                    Some(Remembered { lease, standing: Standing::Valid }) if attempt.tries >= FALLBACK_TRIES => {
                        let lease = Box::new(lease.clone());
                        self.probe(attempt, lease, Source::Remembered);
                    }
                    Some(_) | None => self.discover_again(attempt),
                }
            }
            State::Requesting { attempt, offer } if attempt.tries < REQUEST_TRIES => self.request_again(attempt, offer),
            State::Requesting { attempt, .. } => {
                self.unanswered(attempt.tries);
                self.start_over();
            }
            State::Rebooting { attempt } if attempt.tries < REBOOT_TRIES => self.reboot_again(attempt),
            State::Rebooting { attempt } => {
                self.unanswered(attempt.tries);
                self.discover();
            }
            State::Checking { lease, .. } => self.probed(lease.address.addr(), None),
            State::Bound { .. } => self.prolong(None),
            State::Renewing { attempt } | State::Rebinding { attempt } => {
                self.unanswered(attempt.tries);
                self.prolong(Some(attempt));
            }
        }
    }

    fn unanswered(&mut self, tries: u32) {
        self.client.problem = Some(Problem::NoAnswer { tries });
    }
}
