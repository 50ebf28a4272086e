//! The client of a switchover: this box, which has just given the virtual IP up, asks the site's network for it like any other host, until the
//! other box answers.

use std::{io, net::Ipv4Addr, time::Duration};

use domain::{
    box_file::Mac,
    network::acd::{ArpPacket, Operation},
};
use os::clock;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    arp,
    packet::{EtherType, PacketSocket},
};

/// Between two questions.
const EVERY: Duration = Duration::from_millis(10);
/// Then nobody has taken over.
const LIMIT: u64 = 30_000;

/// Who asks: the port of the virtual IP, and its own address there.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    pub index: u32,
    pub mac: Mac,
    pub own: Ipv4Addr,
}

/// Milliseconds from now until another machine answers for the address.
pub async fn gap(client: Client, address: Ipv4Addr) -> Option<u64> {
    match ask(client, address).await {
        Ok(gap) => gap,
        Err(error) => {
            tracing::warn!(%error, "the switchover cannot be measured");
            None
        }
    }
}

async fn ask(client: Client, address: Ipv4Addr) -> io::Result<Option<u64>> {
    let socket = PacketSocket::open(client.index, EtherType::Arp, &[])?;
    let question = ArpPacket {
        operation: Operation::Request,
        sender_mac: client.mac,
        sender: client.own,
        target_mac: Mac([0; 6]),
        target: address,
    };
    let since = clock::now();
    let mut each = interval(EVERY);
    each.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut buffer = [0; 64];
    loop {
        let passed = clock::now().left(since);
        if passed > LIMIT {
            return Ok(None);
        }
        tokio::select! {
            biased;
            length = socket.receive(&mut buffer) => {
                let Ok(packet) = arp::from_frame(buffer.get(..length?).unwrap_or_default()) else { continue };
                if packet.operation == Operation::Reply && packet.sender == address && packet.sender_mac != client.mac {
                    return Ok(Some(clock::now().left(since)));
                }
            }
            _ = each.tick() => socket.send(&arp::to_frame(&question))?,
        }
    }
}
