//! What DHCP would give: DISCOVER and its offers, without a REQUEST, so that a page can show it before anything
//! changes.
//!
//! It may run beside a [`super::client`] on the same port: they have different xids.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{
    anomaly::{Anomaly, Refusal},
    client::{Context, To},
    lease::Lease,
    message::{Kind, Message},
    timing::Dice,
};
use crate::time::BootMillis;

/// For the first offer. Shorter: a server that pings an address before it offers it, or a relay, is missed. Longer: the
/// person waits before an empty page.
pub const WINDOW: u64 = 8_000;
/// Before DISCOVER is repeated without an answer.
pub const REPEAT: u64 = 3_000;
/// After the first offer, for those of other servers.
pub const COLLECT: u64 = 1_500;
/// Servers that are shown; each gets one line.
pub const MOST_OFFERS: usize = 8;

/// What one server offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub server: Option<Ipv4Addr>,
    /// The lease that it would be, or why it would not be taken.
    pub lease: Result<Lease, Refusal>,
    pub anomalies: Vec<Anomaly>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Collecting {
        xid: u32,
        began: BootMillis,
        repeat_at: BootMillis,
        until: BootMillis,
        offers: Vec<Offer>,
    },
    /// In the order of their coming; the client would take the first that can be used.
    Done(Vec<Offer>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Received(Box<Message>),
    /// Time has passed; sent when [`State::deadline`] comes.
    Tick,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Send {
    pub message: Box<Message>,
    pub to: To,
}

/// `window`: milliseconds for the first offer, such as [`WINDOW`].
pub fn start(ctx: &Context<'_>, window: u64) -> (State, Send) {
    let xid = Dice::new(ctx.random).xid();
    let state = State::Collecting {
        xid,
        began: ctx.now,
        repeat_at: ctx.now.plus(REPEAT),
        until: ctx.now.plus(window),
        offers: Vec::new(),
    };
    (state, discover(ctx, xid, 0))
}

/// One transition.
pub fn step(state: State, event: Event, ctx: &Context<'_>) -> (State, Option<Send>) {
    match (state, event) {
        (State::Collecting { xid, began, repeat_at, until, mut offers }, Event::Received(message)) => {
            let settings = ctx.settings;
            if message.kind == Kind::Offer && message.answers(xid, settings.mac, &settings.client_id()) {
                collect(&mut offers, &message, ctx);
            }
            let until = if offers.is_empty() { until } else { until.min(ctx.now.plus(COLLECT)) };
            (State::Collecting { xid, began, repeat_at, until, offers }, None)
        }
        (State::Collecting { until, offers, .. }, Event::Tick) if until <= ctx.now => (State::Done(offers), None),
        (State::Collecting { xid, began, repeat_at, until, offers }, Event::Tick)
            if repeat_at <= ctx.now && offers.is_empty() =>
        {
            let secs = u16::try_from(ctx.now.left(began) / 1_000).unwrap_or(u16::MAX);
            let repeat_at = ctx.now.plus(REPEAT);
            (State::Collecting { xid, began, repeat_at, until, offers }, Some(discover(ctx, xid, secs)))
        }
        // too early, or over
        (state @ (State::Collecting { .. } | State::Done(_)), Event::Tick)
        | (state @ State::Done(_), Event::Received(_)) => (state, None),
    }
}

impl State {
    /// When a [`Event::Tick`] is due.
    pub fn deadline(&self) -> Option<BootMillis> {
        match self {
            Self::Collecting { repeat_at, until, offers, .. } if offers.is_empty() => Some(*repeat_at.min(until)),
            Self::Collecting { until, .. } => Some(*until),
            Self::Done(_) => None,
        }
    }
}

fn discover(ctx: &Context<'_>, xid: u32, secs: u16) -> Send {
    Send { message: Box::new(ctx.settings.discover(xid, secs, None)), to: To::Broadcast }
}

/// The first offer of each server.
fn collect(offers: &mut Vec<Offer>, message: &Message, ctx: &Context<'_>) {
    let server = message.options.server_id;
    if offers.len() == MOST_OFFERS || offers.iter().any(|offer| offer.server == server) {
        return;
    }
    let (lease, anomalies) = match Lease::from_ack(message, ctx.now, &ctx.settings.forbidden) {
        Ok((lease, anomalies)) => (Ok(lease), anomalies),
        Err(refusal) => (Err(refusal), Vec::new()),
    };
    offers.push(Offer { server, lease, anomalies });
}
