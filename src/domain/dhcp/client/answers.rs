//! What servers say, and whom the client believes.
//!
//! An offer is free. An ACK counts from the server that was asked; where all were asked (Rebooting, Rebinding), from
//! any. A NAK counts only from the server that gave, or is about to give, the lease: anybody on the wire could send one
//! otherwise, and a second server that is set up wrongly does.

use std::net::Ipv4Addr;

use super::{Attempt, Lost, Problem, Remembered, Standing, State, turn::Turn};
use crate::dhcp::{
    anomaly::{Anomaly, Refusal},
    lease::Lease,
    message::{Kind, Message},
    names,
    timing::{OWN_SERVER_GRACE, REBOOT_TRIES},
};

impl Turn<'_> {
    pub(super) fn received(&mut self, message: &Message) {
        let settings = self.ctx.settings;
        let current = self.client.state.attempt();
        if !current.is_some_and(|attempt| message.answers(attempt.xid, settings.mac, &settings.client_id())) {
            return;
        }
        match message.kind {
            Kind::Offer => self.offered(message),
            Kind::Ack => self.acked(message),
            Kind::Nak => self.naked(message),
            // a server has no business saying these
            Kind::Discover | Kind::Request | Kind::Decline | Kind::Release => {}
        }
    }

    fn offered(&mut self, message: &Message) {
        match self.client.state.clone() {
            State::Selecting { attempt, other } => {
                let Ok(offer) = self.examine(message, attempt) else { return };
                self.choose(attempt, other, Box::new(offer));
            }
            State::Requesting { offer, .. } => self.other_server(message, offer.server),
            State::Stopped
            | State::Down { .. }
            | State::Init { .. }
            | State::Checking { .. }
            | State::Bound { .. }
            | State::Renewing { .. }
            | State::Rebinding { .. }
            | State::InitReboot { .. }
            | State::Rebooting { .. }
            | State::BackOff { .. }
            | State::Released { .. } => {}
        }
    }

    /// The first offer that can be used, but the remembered lease's own server has a moment longer.
    fn choose(&mut self, attempt: Attempt, other: Option<Box<Lease>>, offer: Box<Lease>) {
        if let Some(first) = other.as_ref().filter(|first| first.server != offer.server) {
            let second = if self.is_own(offer.server) { first.server } else { offer.server };
            self.note(second, Anomaly::OtherServer);
        }
        let own =
            self.client.remembered.as_ref().is_none_or(|r| r.standing == Standing::Lapsed) || self.is_own(offer.server);
        if own {
            self.request(attempt, offer);
        } else if other.is_none() {
            let again = attempt.again.min(self.now.plus(OWN_SERVER_GRACE));
            self.go(State::Selecting { attempt: Attempt { again, ..attempt }, other: Some(offer) });
        }
    }

    fn is_own(&self, server: Ipv4Addr) -> bool {
        self.client.remembered.as_ref().is_some_and(|r| r.lease.server == server)
    }

    fn acked(&mut self, message: &Message) {
        match self.client.state.clone() {
            State::Requesting { attempt, offer } => {
                if message.options.server_id.is_some_and(|server| server != offer.server) {
                    return self.other_server(message, offer.server);
                }
                match self.examine(message, attempt) {
                    Ok(lease) => self.granted(attempt, lease),
                    Err(problem) => self.back_off(problem),
                }
            }
            State::Renewing { attempt } => {
                if message.options.server_id.is_some_and(|server| !self.is_own(server)) {
                    let own = self.client.remembered.as_ref().map_or(Ipv4Addr::UNSPECIFIED, |r| r.lease.server);
                    return self.other_server(message, own);
                }
                self.prolonged(message, attempt);
            }
            State::Rebinding { attempt } | State::Rebooting { attempt } => self.prolonged(message, attempt),
            State::Stopped
            | State::Down { .. }
            | State::Init { .. }
            | State::Selecting { .. }
            | State::Checking { .. }
            | State::Bound { .. }
            | State::InitReboot { .. }
            | State::BackOff { .. }
            | State::Released { .. } => {}
        }
    }

    /// One that cannot be used is no answer: the lease in hand goes on until its end.
    fn prolonged(&mut self, message: &Message, attempt: Attempt) {
        match self.examine(message, attempt) {
            Ok(lease) => self.granted(attempt, lease),
            Err(problem) => self.client.problem = Some(problem),
        }
    }

    fn granted(&mut self, attempt: Attempt, lease: Lease) {
        if lease.has_expired(self.now) {
            return;
        }
        if self.client.lease().is_some_and(|held| held.address.addr() == lease.address.addr()) {
            self.bind(lease);
        } else {
            self.probe(attempt, Box::new(lease), super::Source::Granted);
        }
    }

    fn naked(&mut self, message: &Message) {
        let own = self.client.remembered.as_ref().map(|r| r.lease.server);
        match self.client.state.clone() {
            State::Requesting { offer, .. } => self.nak_of(message, Some(offer.server)),
            State::Checking { lease, .. } => self.nak_of(message, Some(lease.server)),
            State::Renewing { .. } | State::Rebinding { .. } => self.nak_of(message, own),
            State::Rebooting { attempt } => {
                self.nak_of(message, own);
                // Likely a new network. The lease stays, but its server is not waited for any longer.
                if let State::Rebooting { .. } = self.client.state {
                    let again = attempt.again.min(self.now.plus(OWN_SERVER_GRACE));
                    self.go(State::Rebooting { attempt: Attempt { tries: REBOOT_TRIES, again, ..attempt } });
                }
            }
            // nothing has been asked that could be refused
            State::Stopped
            | State::Down { .. }
            | State::Init { .. }
            | State::Selecting { .. }
            | State::Bound { .. }
            | State::InitReboot { .. }
            | State::BackOff { .. }
            | State::Released { .. } => {}
        }
    }

    fn nak_of(&mut self, message: &Message, chosen: Option<Ipv4Addr>) {
        let Some(server) = message.options.server_id else {
            return self.note(Ipv4Addr::UNSPECIFIED, Anomaly::NamelessNak);
        };
        if Some(server) != chosen {
            return self.note(server, Anomaly::ForeignNak);
        }
        if let Some(Remembered { lease, .. }) = &self.client.remembered
            && lease.server == server
        {
            self.lose(Lost::Nak, None);
        }
        let text = message.options.message.as_deref().map(names::text).unwrap_or_default();
        self.back_off(Problem::Nak { server, text });
    }

    fn other_server(&mut self, message: &Message, chosen: Ipv4Addr) {
        if let Some(server) = message.options.server_id.filter(|server| *server != chosen) {
            self.note(server, Anomaly::OtherServer);
        }
    }

    /// The lease in a message, with what is odd about it noted.
    fn examine(&mut self, message: &Message, attempt: Attempt) -> Result<Lease, Problem> {
        let server = message.options.server_id;
        match Lease::from_ack(message, attempt.asked, &self.ctx.settings.forbidden) {
            Ok((lease, anomalies)) => {
                for anomaly in anomalies {
                    self.note(lease.server, anomaly);
                }
                Ok(lease)
            }
            Err(refusal) => {
                self.note(server.unwrap_or(Ipv4Addr::UNSPECIFIED), Anomaly::Refused(refusal));
                Err(refused(server, refusal))
            }
        }
    }
}

fn refused(server: Option<Ipv4Addr>, refusal: Refusal) -> Problem {
    Problem::Refused { server, refusal }
}
