//! Asks the neighbours whether an address is free (RFC 5227): the packets of what [`domain::network::acd`] decides.

use std::{collections::BTreeSet, io, net::Ipv4Addr};

use super::{
    arp,
    packet::{EtherType, PacketSocket},
    secrets,
};
use domain::{
    box_file::Mac,
    network::acd::{Action, Claim, Context, Event, Keep, State, Timing, step},
};
use os::clock;

/// The port that asks.
#[derive(Clone, Debug)]
pub struct Whose {
    pub index: u32,
    pub mac: Mac,
    /// The hardware addresses of all ports of the box.
    pub own: BTreeSet<Mac>,
}

/// The hardware address of another device that has this address; `None` also where it cannot be asked. Takes 0.2 s.
pub async fn in_use(whose: &Whose, address: Ipv4Addr) -> Option<Mac> {
    match ask(whose, address).await {
        Ok(other) => other,
        Err(error) => {
            tracing::warn!(%address, %error, "cannot ask whether the address is free");
            None
        }
    }
}

async fn ask(whose: &Whose, address: Ipv4Addr) -> io::Result<Option<Mac>> {
    let socket = PacketSocket::open(whose.index, EtherType::Arp, &[])?;
    let claim = Claim { address, mac: whose.mac, own: whose.own.clone(), timing: Timing::SHORT, keep: Keep::Always };
    let (mut state, mut event) = (State::default(), Event::Probe);
    let mut buffer = [0; 64];
    loop {
        let context = Context { claim: &claim, now: clock::now(), random: secrets::random() };
        let (next, actions) = step(state, event, &context);
        state = next;
        for action in actions {
            match action {
                Action::Send(packet) => socket.send(&arp::to_frame(&packet))?,
                Action::Free => return Ok(None),
                Action::Conflict { mac } => return Ok(Some(mac)),
                Action::Defended { .. } | Action::GiveUp { .. } | Action::ConflictOver(_) => {}
            }
        }
        event = loop {
            tokio::select! {
                biased;
                length = socket.receive(&mut buffer) => {
                    if let Ok(packet) = arp::from_frame(&buffer[..length?]) {
                        break Event::Received(packet);
                    }
                }
                () = clock::until(state.deadline()) => break Event::Tick,
            }
        };
    }
}
