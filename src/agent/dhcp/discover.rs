//! What DHCP would give on a port, asked without taking it.

use std::io;

use super::Link;
use crate::secrets;
use domain::dhcp::{
    Settings,
    client::Context,
    discover::{Event, Offer, State, start, step},
};
use os::clock;

/// Takes `window` milliseconds where nobody answers, and one and a half seconds after the first offer.
///
/// # Errors
/// The kernel's: the interface is gone or down.
pub async fn offers(index: u32, interface: &str, settings: &Settings, window: u64) -> io::Result<Vec<Offer>> {
    let link = Link::open(index, interface, settings.mac)?;
    let context = || Context { now: clock::now(), random: secrets::random(), settings };
    let (mut state, first) = start(&context(), window);
    link.send(&first.message, first.to)?;
    loop {
        let event = match &state {
            State::Done(offers) => return Ok(offers.clone()),
            State::Collecting { .. } => tokio::select! {
                message = link.receive() => Event::Received(Box::new(message?)),
                () = clock::until(state.deadline()) => Event::Tick,
            },
        };
        let (next, send) = step(state, event, &context());
        state = next;
        if let Some(again) = send {
            link.send(&again.message, again.to)?;
        }
    }
}
