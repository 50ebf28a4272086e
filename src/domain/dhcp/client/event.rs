//! What the client is told, and what it wants done.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::Remembered;
use crate::{
    box_file::Mac,
    dhcp::{
        anomaly::Anomaly,
        lease::{Lease, Part},
        message::Message,
    },
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A lease is wanted from now on.
    Start {
        remembered: Option<Remembered>,
        carrier: bool,
    },
    CarrierFound,
    CarrierLost,
    /// A message to port 68 came in.
    Received(Box<Message>),
    /// Answers [`Action::Probe`]; with the hardware address of the other host that has it, if one does.
    Probed {
        address: Ipv4Addr,
        conflict: Option<Mac>,
    },
    /// Another host claims the address in use, and the defence failed (RFC 5227 section 2.4).
    Conflict {
        address: Ipv4Addr,
        with: Mac,
    },
    /// A person wants a lease, or more time for the one in use, now and not when it is due.
    Renew,
    /// A person gives the lease back. None is asked for until [`Event::Renew`].
    Release,
    /// No lease is wanted any more. It is given back with RELEASE, or kept for the next start.
    Stop {
        release: bool,
    },
    /// Time has passed; sent when [`super::Client::deadline`] comes.
    Tick,
}

/// To be done in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Send {
        message: Box<Message>,
        to: To,
    },
    /// Ask by ARP whether anybody has this address; answered with [`Event::Probed`].
    Probe(Ipv4Addr),
    /// This lease is in use from now on, in place of the one before.
    Bound {
        lease: Box<Lease>,
        news: News,
    },
    /// The lease must not be used any more.
    Lost {
        lease: Box<Lease>,
        why: Lost,
    },
    /// Save this for the next start, in place of what was saved.
    Remember(Option<Box<Lease>>),
    /// For people; 0.0.0.0 stands for a server that does not say who it is.
    Note {
        server: Ipv4Addr,
        anomaly: Anomaly,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// From 0.0.0.0 to 255.255.255.255, in a broadcast frame.
    Broadcast,
    /// From the address in use and by this port, whatever the routes of others say.
    Unicast { from: Ipv4Addr, to: Ipv4Addr },
}

/// What a [`Action::Bound`] brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// No lease was in use before.
    First,
    /// The one in use goes on, but for these parts.
    Renewed(Vec<Part>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    Expired,
    /// Its server took it back.
    Nak,
    /// Another host has the address.
    Conflict,
    /// The cable is away for long.
    NoCarrier,
    Stopped,
    Released,
}
