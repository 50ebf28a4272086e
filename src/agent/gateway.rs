//! Asks a gateway by ARP whether it is there, for the choice of the uplink: one question, one second.
//!
//! The kernel's own verdict ([`super::kernel::Kernel::answers`]) takes three and a half seconds, and comes from its cache while
//! there is traffic.

use std::{io, net::Ipv4Addr, time::Duration};

use tokio::time::timeout;

use super::{
    acd::Whose,
    arp,
    packet::{EtherType, PacketSocket},
};
use domain::{
    box_file::Mac,
    network::{
        acd::{ArpPacket, Operation},
        failover::ANSWER_LIMIT,
    },
};

/// Whether `gateway` answers the port's address `from`.
pub async fn answers(whose: &Whose, from: Ipv4Addr, gateway: Ipv4Addr) -> bool {
    let heard = timeout(Duration::from_millis(ANSWER_LIMIT), ask(whose, from, gateway)).await;
    match heard {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::debug!(%gateway, %error, "the gateway cannot be asked");
            false
        }
        Err(_) => false,
    }
}

async fn ask(whose: &Whose, from: Ipv4Addr, gateway: Ipv4Addr) -> io::Result<()> {
    let socket = PacketSocket::open(whose.index, EtherType::Arp, &[])?;
    let question = ArpPacket {
        operation: Operation::Request,
        sender_mac: whose.mac,
        sender: from,
        target_mac: Mac([0; 6]),
        target: gateway,
    };
    socket.send(&arp::to_frame(&question))?;
    let mut buffer = [0; 64];
    loop {
        let length = socket.receive(&mut buffer).await?;
        let heard = arp::from_frame(&buffer[..length]);
        if heard.is_ok_and(|packet| packet.sender == gateway && !whose.own.contains(&packet.sender_mac)) {
            return Ok(());
        }
    }
}
