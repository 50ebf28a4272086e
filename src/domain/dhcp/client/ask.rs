//! What the client sends, when, and in which state it waits for the answer.

use super::{Action, Attempt, Lost, Problem, State, To, turn::Turn};
use crate::{
    box_file::Mac,
    dhcp::{
        lease::Lease,
        message::Message,
        timing::{ATTEMPT_PAUSE, RENEW_PAUSE},
    },
    time::BootMillis,
};

/// After so many DISCOVERs, each has a xid of its own: nobody answers the one before so late.
const SHARED_XID: u32 = 5;

impl Turn<'_> {
    fn send(&mut self, message: Message, to: To) {
        self.actions.push(Action::Send { message: Box::new(message), to });
    }

    fn attempt(&mut self) -> Attempt {
        self.client.last_attempt = Some(self.now);
        let again = self.now.plus(self.dice.repeat_after(1));
        Attempt { xid: self.dice.xid(), began: self.now, asked: self.now, secs: 0, tries: 1, again }
    }

    fn secs(&self, began: BootMillis) -> u16 {
        u16::try_from(self.now.left(began) / 1_000).unwrap_or(u16::MAX)
    }

    /// The same question once more.
    pub fn repetition(&mut self, attempt: Attempt) -> Attempt {
        let tries = attempt.tries.saturating_add(1);
        let again = self.now.plus(self.dice.repeat_after(tries));
        Attempt { tries, again, secs: self.secs(attempt.began), ..attempt }
    }

    pub fn discover(&mut self) {
        let attempt = self.attempt();
        self.send_discover(attempt);
    }

    pub fn discover_again(&mut self, attempt: Attempt) {
        let mut next = self.repetition(attempt);
        if next.tries > SHARED_XID {
            next.xid = self.dice.xid();
        }
        self.send_discover(next);
    }

    fn send_discover(&mut self, attempt: Attempt) {
        let wish = self.client.remembered.as_ref().map(|r| r.lease.address.addr());
        self.send(self.ctx.settings.discover(attempt.xid, attempt.secs, wish), To::Broadcast);
        self.go(State::Selecting { attempt, other: None });
    }

    /// Takes an offer: under the xid and with the `secs` of the DISCOVER (RFC 2131 section 4.3.2).
    pub fn request(&mut self, discover: Attempt, offer: Box<Lease>) {
        let again = self.now.plus(self.dice.repeat_after(1));
        self.send_request(Attempt { asked: self.now, tries: 1, again, ..discover }, offer);
    }

    pub fn request_again(&mut self, attempt: Attempt, offer: Box<Lease>) {
        let secs = attempt.secs;
        let next = self.repetition(attempt);
        self.send_request(Attempt { secs, ..next }, offer);
    }

    fn send_request(&mut self, attempt: Attempt, offer: Box<Lease>) {
        self.send(self.ctx.settings.request_offer(attempt.xid, attempt.secs, &offer), To::Broadcast);
        self.go(State::Requesting { attempt, offer });
    }

    pub fn reboot(&mut self) {
        let attempt = self.attempt();
        self.send_reboot(attempt);
    }

    pub fn reboot_again(&mut self, attempt: Attempt) {
        let next = self.repetition(attempt);
        self.send_reboot(next);
    }

    fn send_reboot(&mut self, attempt: Attempt) {
        let Some(remembered) = &self.client.remembered else { return self.start_over() };
        let message = self.ctx.settings.request_again(attempt.xid, attempt.secs, &remembered.lease);
        self.send(message, To::Broadcast);
        self.go(State::Rebooting { attempt });
    }

    /// Asks for more time: the lease's own server until T2, all of them until its end. `before`: the question that had
    /// no answer.
    pub fn prolong(&mut self, before: Option<Attempt>) {
        let Some(lease) = self.client.lease().cloned() else { return self.start_over() };
        let forever = BootMillis(u64::MAX);
        let (t2, end) = (lease.rebind_at().unwrap_or(forever), lease.expires().unwrap_or(forever));
        let rebinding = t2 <= self.now;
        let until = if rebinding { end } else { t2 };
        let fresh = self.attempt();
        let began = before.map_or(self.now, |b| b.began);
        let tries = before.map_or(1, |b| b.tries.saturating_add(1));
        let again = self.now.plus((until.left(self.now) / 2).max(RENEW_PAUSE)).min(until);
        let attempt = Attempt { began, tries, again, secs: self.secs(began), ..fresh };
        let message = self.ctx.settings.request_more_time(attempt.xid, attempt.secs, &lease);
        if rebinding {
            self.send(message, To::Broadcast);
            self.go(State::Rebinding { attempt });
        } else {
            self.send(message, To::Unicast { from: lease.address.addr(), to: lease.server });
            self.go(State::Renewing { attempt });
        }
    }

    /// Because a person waits: the second question follows soon, and from then on at the RFC's pace. Who asks again and again is not
    /// heard each time.
    pub fn prolong_now(&mut self, before: Option<Attempt>) {
        if self.client.last_attempt.is_some_and(|last| last.plus(ATTEMPT_PAUSE) > self.now) {
            return;
        }
        self.prolong(before);
        let soon = self.now.plus(self.dice.repeat_after(1));
        let sooner = |attempt: Attempt| Attempt { again: attempt.again.min(soon), ..attempt };
        match self.client.state {
            State::Renewing { attempt } => self.go(State::Renewing { attempt: sooner(attempt) }),
            State::Rebinding { attempt } => self.go(State::Rebinding { attempt: sooner(attempt) }),
            // there was nothing to prolong
            State::Stopped
            | State::Down { .. }
            | State::Init { .. }
            | State::Selecting { .. }
            | State::Requesting { .. }
            | State::Checking { .. }
            | State::Bound { .. }
            | State::InitReboot { .. }
            | State::Rebooting { .. }
            | State::BackOff { .. }
            | State::Released { .. } => {}
        }
    }

    /// Another host has the address of `lease`.
    pub fn decline(&mut self, lease: &Lease, with: Mac) {
        let address = lease.address.addr();
        let message = self.ctx.settings.decline(self.dice.xid(), lease);
        self.send(message, To::Broadcast);
        if self.client.remembered.as_ref().is_some_and(|r| r.lease.address.addr() == address) {
            self.lose(Lost::Conflict, None);
        }
        self.back_off(Problem::Conflict { address, with });
    }

    /// Gives the lease in use back.
    pub fn release(&mut self) {
        let Some(lease) = self.client.lease() else { return };
        let to = To::Unicast { from: lease.address.addr(), to: lease.server };
        let lease = lease.clone();
        let message = self.ctx.settings.release(self.dice.xid(), &lease);
        self.send(message, to);
    }
}
