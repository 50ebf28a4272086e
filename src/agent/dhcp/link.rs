//! A port's packet socket, as DHCP messages.

use std::{
    collections::{BTreeMap, HashSet},
    io,
    mem::{self, Discriminant},
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    sync::Mutex,
};

use socket2::{Domain, Protocol, Socket, Type};

use super::{
    frame::{self, CLIENT_PORT, SERVER_PORT},
    wire,
};
use crate::packet::{EtherType, PacketSocket, dhcp_replies};
use domain::{
    box_file::Mac,
    dhcp::{client::To, message::Message},
};

/// Of `if_ether.h`: destination, source, type.
const ETHERNET_HEADER: usize = 14;
const BROADCAST: Mac = Mac([0xff; 6]);
/// A whole Ethernet frame, jumbo ones included.
const LONGEST_FRAME: usize = 9216 + ETHERNET_HEADER;
/// Servers whose hardware addresses are kept. A network has one or two; who makes up more gains nothing.
const MOST_SERVERS: usize = 16;
/// Lines about what cannot be read, for as long as the port has this client. Fewer: real trouble goes unseen. More: who makes up
/// senders fills the log.
const MOST_TOLD: usize = 64;

#[derive(Debug)]
pub struct Link {
    socket: PacketSocket,
    interface: String,
    mac: Mac,
    /// By which neighbour each server's last message came: itself, or the relay.
    neighbours: Mutex<BTreeMap<Ipv4Addr, Mac>>,
    /// Who sent what could not be read, and why: it is told once, however often it comes.
    unreadable: Mutex<HashSet<(Ipv4Addr, Discriminant<wire::DecodeError>)>>,
    /// Never read. Without it the kernel answers a server's unicast with "port unreachable", which some take for a refusal.
    _sink: UdpSocket,
}

impl Link {
    /// # Errors
    /// The kernel's: the interface is gone, or a socket cannot be had.
    pub fn open(index: u32, interface: &str, mac: Mac) -> io::Result<Self> {
        Ok(Self {
            socket: PacketSocket::open(index, EtherType::Ip, &dhcp_replies())?,
            interface: interface.to_owned(),
            mac,
            neighbours: Mutex::default(),
            unreadable: Mutex::default(),
            _sink: udp(interface, Ipv4Addr::UNSPECIFIED)?,
        })
    }

    /// The next message from a server. What is none is passed over.
    ///
    /// # Errors
    /// The kernel's: the interface went down or away.
    pub async fn receive(&self) -> io::Result<Message> {
        let mut buffer = vec![0; LONGEST_FRAME];
        loop {
            let length = self.socket.receive(&mut buffer).await?;
            let Some((header, packet)) = buffer[..length].split_at_checked(ETHERNET_HEADER) else { continue };
            let Ok(datagram) = frame::parse(packet, SERVER_PORT, CLIENT_PORT) else { continue };
            match wire::decode(datagram.payload) {
                Ok(message) => {
                    self.remember(&message, header);
                    return Ok(message);
                }
                Err(error) => self.tell(datagram.from, error),
            }
        }
    }

    fn tell(&self, from: Ipv4Addr, error: wire::DecodeError) {
        let Ok(mut told) = self.unreadable.lock() else { return };
        if told.len() < MOST_TOLD && told.insert((from, mem::discriminant(&error))) {
            tracing::warn!(interface = self.interface, %from, %error, "a DHCP message cannot be read");
        }
    }

    fn remember(&self, message: &Message, header: &[u8]) {
        let (Some(server), Some(mac)) = (message.options.server_id, header[6..12].first_chunk::<6>()) else { return };
        if let Ok(mut known) = self.neighbours.lock()
            && (known.len() < MOST_SERVERS || known.contains_key(&server))
        {
            known.insert(server, Mac(*mac));
        }
    }

    /// # Errors
    /// The kernel's. Messages are repeated by the rules, so an error is only worth a line in the log.
    pub fn send(&self, message: &Message, to: To) -> io::Result<()> {
        let payload = wire::encode(message).map_err(io::Error::other)?;
        let (from, to, mac) = match to {
            To::Broadcast => (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, Some(BROADCAST)),
            To::Unicast { from, to } => {
                (from, to, self.neighbours.lock().ok().and_then(|known| known.get(&to).copied()))
            }
        };
        // after a restart nobody knows the neighbour; the kernel finds it, while it has the address
        let Some(mac) = mac else {
            return udp(&self.interface, from)?.send_to(&payload, (to, SERVER_PORT)).map(drop);
        };
        let packet = frame::build(SocketAddrV4::new(from, CLIENT_PORT), SocketAddrV4::new(to, SERVER_PORT), &payload)
            .map_err(io::Error::other)?;
        let mut bytes = Vec::with_capacity(ETHERNET_HEADER + packet.len());
        bytes.extend(mac.0);
        bytes.extend(self.mac.0);
        bytes.extend([0x08, 0x00]);
        bytes.extend(packet);
        self.socket.send(&bytes)
    }
}

fn udp(interface: &str, from: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.bind(&SocketAddrV4::new(from, CLIENT_PORT).into())?;
    Ok(socket.into())
}
