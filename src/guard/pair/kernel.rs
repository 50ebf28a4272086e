//! The few things that the guard writes to the kernel by itself: the pair's own addresses, and the virtual IP's end where keepalived left it.
//! Neither is the network engine's: addresses that it did not make are foreign to it.

use std::{io, net::IpAddr};

use ipnet::Ipv4Net;
use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    address::{AddressAttribute, AddressMessage, AddressScope},
    link::{LinkFlags, LinkMessage},
};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use rustix::{io::Errno, net::netdevice};

/// `None`: there is no such interface now.
pub fn index(interface: &str) -> Option<u32> {
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::DGRAM, None).ok()?;
    netdevice::name_to_index(&socket, interface).ok()
}

/// The wire is up and has the address. Asked for again it changes nothing.
pub fn plug(interface: &str, address: Ipv4Net) -> io::Result<()> {
    let index = index(interface).ok_or(io::ErrorKind::NotFound)?;
    let mut link = LinkMessage::default();
    link.header.index = index;
    (link.header.flags, link.header.change_mask) = (LinkFlags::Up, LinkFlags::Up);
    ask(RouteNetlinkMessage::SetLink(link), 0)?;
    let message = RouteNetlinkMessage::NewAddress(message(index, address, AddressScope::Link));
    ask(message, NLM_F_CREATE | NLM_F_REPLACE)
}

/// Takes an address away; one that is not there is as good.
pub fn remove(interface: &str, address: Ipv4Net) -> io::Result<()> {
    let Some(index) = index(interface) else { return Ok(()) };
    match ask(RouteNetlinkMessage::DelAddress(message(index, address, AddressScope::Universe)), 0) {
        Err(error) if error.raw_os_error() == Some(Errno::ADDRNOTAVAIL.raw_os_error()) => Ok(()),
        other => other,
    }
}

fn message(index: u32, net: Ipv4Net, scope: AddressScope) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.prefix_len = net.prefix_len();
    message.header.index = index;
    message.header.scope = scope;
    message.attributes =
        vec![AddressAttribute::Local(IpAddr::V4(net.addr())), AddressAttribute::Address(IpAddr::V4(net.addr()))];
    message
}

fn ask(message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
    let mut message = NetlinkMessage::from(message);
    message.header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.send(&bytes, 0)?;
    let (answer, _) = socket.recv_from_full()?;
    let answer = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&answer).map_err(io::Error::other)?;
    match answer.payload {
        NetlinkPayload::Error(error) if error.code.is_some() => Err(error.to_io()),
        _ => Ok(()),
    }
}
