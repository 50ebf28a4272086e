//! The ways to the peer: a UDP socket each, and the seal on what goes over them.

use std::{
    io,
    net::{SocketAddr, SocketAddrV4, UdpSocket},
};

use ring::{
    hmac::{self, HMAC_SHA256, Key},
    rand::{SecureRandom, SystemRandom},
};
use socket2::{Domain, Protocol, Socket, Type};

use super::kernel;
use crate::domain::{
    pair::{
        beat::{Beat, LENGTH, SEALED},
        guard::Wire,
        link::HEARTBEAT,
    },
    secret::Secret,
    time::BootMillis,
};

#[derive(Debug)]
pub struct Wires {
    pub all: Vec<Way>,
    key: Key,
}

#[derive(Debug)]
pub struct Way {
    pub wire: Wire,
    pub socket: Option<UdpSocket>,
    /// When something came over it last.
    pub heard: Option<BootMillis>,
}

impl Wires {
    pub fn new(wires: &[Wire], secret: &Secret) -> Self {
        let way = |wire: &Wire| Way { wire: wire.clone(), socket: None, heard: None };
        let key = Key::new(HMAC_SHA256, secret.expose().as_bytes());
        let mut this = Self { all: wires.iter().map(way).collect(), key };
        this.mend();
        this
    }

    /// Addresses that somebody took away come back, and sockets that could not be made are.
    pub fn mend(&mut self) {
        for way in &mut self.all {
            let Wire { interface, own, .. } = &way.wire;
            if let Err(error) = kernel::plug(interface, *own) {
                tracing::debug!(interface, %error, "a way to the peer is not there");
                way.socket = None;
            } else if way.socket.is_none() {
                way.socket = open(&way.wire)
                    .inspect_err(|error| tracing::warn!(interface, %error, "no heartbeat over this way"))
                    .ok();
            }
        }
    }

    pub fn send(&mut self, beat: Beat) {
        let mut bytes = beat.to_bytes();
        let (text, seal) = bytes.split_at_mut(SEALED);
        seal.copy_from_slice(hmac::sign(&self.key, text).as_ref());
        for way in &mut self.all {
            let to = SocketAddr::V4(SocketAddrV4::new(way.wire.peer, HEARTBEAT));
            let Some(socket) = &way.socket else { continue };
            // what is lost is said again; another interface, or none, is looked for when the wires are mended
            let sent = socket.send_to(&bytes, to);
            if sent.is_err_and(|error| error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error())) {
                way.socket = None;
            }
        }
    }

    /// One that came over the way and is the peer's.
    pub fn receive(&mut self, way: usize, now: BootMillis) -> Option<Beat> {
        let way = self.all.get_mut(way)?;
        let mut bytes = [0; LENGTH + 1];
        loop {
            let (length, from) = way.socket.as_ref()?.recv_from(&mut bytes).ok()?;
            let Ok(sealed) = <&[u8; LENGTH]>::try_from(bytes.get(..length)?) else { continue };
            let (text, seal) = sealed.split_at(SEALED);
            if from.ip() != way.wire.peer || hmac::verify(&self.key, text, seal).is_err() {
                continue;
            }
            if let Some(beat) = Beat::from_bytes(sealed) {
                way.heard = Some(now);
                return Some(beat);
            }
        }
    }
}

/// A number that no other start has.
pub fn run() -> u64 {
    let mut bytes = [0; 8];
    // a guard without random numbers could not be told from its earlier life; the clock at least differs
    if SystemRandom::new().fill(&mut bytes).is_err() {
        return crate::clock::now().0;
    }
    u64::from_be_bytes(bytes)
}

fn open(wire: &Wire) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.bind_device(Some(wire.interface.as_bytes()))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // to the wire's other end, and nowhere else
    socket.set_ttl_v4(1)?;
    // CS6: before what fills the wire (RFC 2474)
    socket.set_tos_v4(0xc0)?;
    socket.bind(&SocketAddr::V4(SocketAddrV4::new(wire.own.addr(), HEARTBEAT)).into())?;
    Ok(socket.into())
}
