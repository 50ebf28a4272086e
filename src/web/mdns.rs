//! The box's name on each wire on which its pages are served: `https://<host name>.local/` follows the address.
//!
//! In this process because it has no privilege: the questions come from anybody. One socket for each interface, bound to it, so that an
//! answer is always the address of the interface on which the question came; and bound to the group's address, so that nobody beyond
//! the wire can ask.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    time::Duration,
};

use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};
use tokio::{net::UdpSocket, sync::watch, task::JoinSet, time::sleep};

use super::{follow::Known, host};
use crate::{
    clock,
    domain::{
        api::{Hello, Listen},
        mdns::{
            GROUP, LONGEST, PORT, asked,
            claim::{Claim, Say},
            claimed, probe, read, response,
        },
    },
};

/// Before a socket that could not be opened, or broke, is tried again.
const RETRY: Duration = Duration::from_secs(1);
const EVERYBODY: SocketAddrV4 = SocketAddrV4::new(GROUP, PORT);

/// What one wire is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    names: Vec<String>,
    addresses: Vec<Ipv4Addr>,
    /// Of the whole box: two of its ports may be on one wire.
    own: Vec<Ipv4Addr>,
}

impl Told {
    /// The name that every box has is told on the service port only: elsewhere there may be many boxes.
    fn new(hello: &Hello, listen: &Listen) -> Self {
        let local = |name: &String| name.strip_suffix(".local").is_some_and(|label| !label.contains('.'));
        let names = host::names(Some(hello)).into_iter().map(|n| n.to_ascii_lowercase()).filter(local);
        let names = names.filter(|name| listen.service || name != host::ANY_BOX).collect();
        let own = hello.listen.iter().flat_map(|l| l.addresses.iter().copied()).collect();
        Self { names, addresses: listen.addresses.clone(), own }
    }
}

/// Answers on the interfaces that `known` names, until its sender is gone.
pub async fn keep(mut known: watch::Receiver<Known>) {
    let mut wires = HashMap::<(String, u32), (watch::Sender<Told>, JoinSet<()>)>::new();
    loop {
        let hello = known.borrow_and_update().hello.clone();
        if let Some(hello) = hello {
            let key = |listen: &Listen| (listen.interface.clone(), listen.index);
            wires.retain(|wire, _| hello.listen.iter().any(|l| key(l) == *wire));
            for listen in &hello.listen {
                let (told, _) = wires.entry(key(listen)).or_insert_with(|| {
                    let (sender, told) = watch::channel(Told::default());
                    let mut task = JoinSet::new();
                    task.spawn(stay(listen.interface.clone(), listen.index, told));
                    (sender, task)
                });
                let now = Told::new(&hello, listen);
                told.send_if_modified(|before| {
                    let changed = *before != now;
                    *before = now;
                    changed
                });
            }
        }
        if known.changed().await.is_err() {
            return;
        }
    }
}

async fn stay(interface: String, index: u32, mut told: watch::Receiver<Told>) {
    loop {
        let outcome = match open(&interface, index) {
            Ok(socket) => {
                Wire { interface: &interface, socket, told: Told::default(), claims: Vec::new() }.run(&mut told).await
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => return,
            Err(error) => tracing::debug!(interface, %error, "no multicast DNS"),
        }
        sleep(RETRY).await;
    }
}

fn open(interface: &str, index: u32) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    // another responder on the box may have the port too
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.bind(&EVERYBODY.into())?;
    socket.join_multicast_v4_n(&GROUP, &InterfaceIndexOrAddress::Index(index))?;
    // section 11: receivers may look whether it came from their own wire
    socket.set_multicast_ttl_v4(255)?;
    socket.set_multicast_loop_v4(false)?;
    UdpSocket::from_std(socket.into())
}

struct Wire<'a> {
    interface: &'a str,
    socket: UdpSocket,
    told: Told,
    claims: Vec<Claim>,
}

impl Wire<'_> {
    /// Ends when nobody tells it anything any more.
    async fn run(mut self, told: &mut watch::Receiver<Told>) -> io::Result<()> {
        let mut buffer = vec![0; LONGEST];
        self.take(told.borrow_and_update().clone());
        loop {
            let deadline = self.claims.iter().filter_map(Claim::deadline).min();
            tokio::select! {
                changed = told.changed() => match changed {
                    Ok(()) => self.take(told.borrow_and_update().clone()),
                    Err(_) => return Ok(()),
                },
                received = self.socket.recv_from(&mut buffer) => {
                    let (length, from) = received?;
                    if let SocketAddr::V4(from) = from {
                        self.hear(&buffer[..length], from).await;
                    }
                }
                () = clock::until(deadline) => self.tick().await,
            }
        }
    }

    fn take(&mut self, told: Told) {
        let now = clock::now();
        self.claims.retain(|claim| told.names.contains(&claim.name));
        for name in &told.names {
            match self.claims.iter_mut().find(|claim| claim.name == *name) {
                Some(claim) if told.addresses != self.told.addresses => claim.announce(now),
                Some(_) => {}
                None => self.claims.push(Claim::new(name.clone(), now)),
            }
        }
        self.told = told;
    }

    async fn tick(&mut self) {
        let (now, addresses) = (clock::now(), &self.told.addresses);
        let mut say = Vec::new();
        for claim in &mut self.claims {
            match claim.tick(now) {
                Some(Say::Probe) => say.push(probe(&claim.name, addresses)),
                Some(Say::Announcement) => say.push(response(&claim.name, addresses, None)),
                None => {}
            }
        }
        for message in say.into_iter().filter(|_| !addresses.is_empty()) {
            self.send(&message, EVERYBODY).await;
        }
    }

    async fn hear(&mut self, bytes: &[u8], from: SocketAddrV4) {
        let Some(message) = read(bytes) else { return };
        if let Some((name, address)) = claimed(&message, &self.told.names, &self.told.own) {
            let now = clock::now();
            if self.claims.iter_mut().find(|claim| claim.name == name).is_some_and(|claim| claim.taken(now)) {
                tracing::warn!(interface = self.interface, name, %address, "another device has this name");
            }
        }
        let held = self.claims.iter().filter(|c| c.is_held()).map(|c| c.name.clone()).collect::<Vec<_>>();
        for (name, unicast) in asked(&message, &held).into_iter().filter(|_| !self.told.addresses.is_empty()) {
            let legacy = (from.port() != PORT).then_some(message.id);
            let to = if unicast || legacy.is_some() { from } else { EVERYBODY };
            self.send(&response(name, &self.told.addresses, legacy), to).await;
        }
    }

    /// What is lost is asked again.
    async fn send(&self, message: &[u8], to: SocketAddrV4) {
        if let Err(error) = self.socket.send_to(message, to).await {
            tracing::debug!(interface = self.interface, %error, %to, "cannot be sent");
        }
    }
}
