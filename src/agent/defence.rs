//! Defends a port's addresses against other devices (RFC 5227, section 2.4): one task for each port that has some. The rules
//! are in [`domain::network::acd`]; what it finds goes to the network task.

use std::{collections::BTreeMap, io, net::Ipv4Addr, time::Duration};

use tokio::sync::mpsc;

use super::{
    acd::Whose,
    arp,
    packet::{EtherType, PacketSocket},
    secrets,
};
use domain::{
    box_file::Mac,
    name::PortName,
    network::acd::{Action, ArpPacket, Claim, Context, Event, Keep, State, Timing, step},
};
use os::clock;

/// After a socket's error, such as that the interface went down. Shorter: a broken driver keeps a core busy. Longer: a conflict is
/// seen later.
const PAUSE: Duration = Duration::from_millis(200);
/// Orders that may wait.
const MAILBOX: usize = 8;

/// What became of one of our addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub port: PortName,
    pub address: Ipv4Addr,
    pub what: Finding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Another device uses it too.
    UsedBy(Mac),
    /// And goes on, so that a leased address is not to be used any longer.
    GivenUpTo(Mac),
    /// The other device is gone, or the address is.
    Over,
}

#[derive(Debug)]
enum Order {
    /// These addresses, and no others.
    Hold(BTreeMap<Ipv4Addr, Keep>),
    Carrier(bool),
}

/// The way to a port's defence. Dropped, it ends.
#[derive(Debug)]
pub struct Defence {
    pub index: u32,
    holds: BTreeMap<Ipv4Addr, Keep>,
    carrier: bool,
    orders: mpsc::Sender<Order>,
}

impl Defence {
    /// # Errors
    /// The kernel's: the interface is gone.
    pub fn start(port: PortName, whose: Whose, found: mpsc::Sender<Found>) -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel(MAILBOX);
        let (index, socket) = (whose.index, PacketSocket::open(whose.index, EtherType::Arp, &[])?);
        let watch = Watch { port, whose, socket, claims: BTreeMap::new(), found };
        tokio::spawn(watch.run(inbox));
        Ok(Self { index, holds: BTreeMap::new(), carrier: true, orders })
    }

    /// What the port has now.
    pub async fn hold(&mut self, addresses: BTreeMap<Ipv4Addr, Keep>, carrier: bool) {
        if addresses != self.holds {
            self.holds.clone_from(&addresses);
            drop(self.orders.send(Order::Hold(addresses)).await);
        }
        if carrier != self.carrier {
            self.carrier = carrier;
            drop(self.orders.send(Order::Carrier(carrier)).await);
        }
    }
}

struct Watch {
    port: PortName,
    whose: Whose,
    socket: PacketSocket,
    claims: BTreeMap<Ipv4Addr, (Claim, State)>,
    found: mpsc::Sender<Found>,
}

impl Watch {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut buffer = [0; 64];
        loop {
            let deadline = self.claims.values().filter_map(|(_, state)| state.deadline()).min();
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(Order::Hold(addresses)) => self.hold(addresses).await,
                    Some(Order::Carrier(true)) => self.all(Event::CarrierReturned).await,
                    Some(Order::Carrier(false)) => self.all(Event::CarrierLost).await,
                    None => return,
                },
                length = self.socket.receive(&mut buffer) => match length {
                    Ok(length) => if let Ok(packet) = arp::from_frame(&buffer[..length]) {
                        self.all(Event::Received(packet)).await;
                    },
                    Err(error) => {
                        tracing::debug!(port = %self.port, %error, "no ARP can be received");
                        tokio::time::sleep(PAUSE).await;
                    }
                },
                () = clock::until(deadline) => self.all(Event::Tick).await,
            }
        }
    }

    async fn hold(&mut self, addresses: BTreeMap<Ipv4Addr, Keep>) {
        let dropped = self.claims.keys().filter(|a| !addresses.contains_key(a)).copied().collect::<Vec<_>>();
        for address in dropped {
            self.claims.remove(&address);
            self.tell(address, Finding::Over).await;
        }
        for (address, keep) in addresses {
            if let Some((claim, _)) = self.claims.get_mut(&address) {
                claim.keep = keep;
            } else {
                let (mac, own) = (self.whose.mac, self.whose.own.clone());
                let claim = Claim { address, mac, own, timing: Timing::SHORT, keep };
                self.claims.insert(address, (claim, State::default()));
                self.one(address, Event::Assigned).await;
            }
        }
    }

    async fn all(&mut self, event: Event) {
        for address in self.claims.keys().copied().collect::<Vec<_>>() {
            self.one(address, event).await;
        }
    }

    async fn one(&mut self, address: Ipv4Addr, event: Event) {
        let Some((claim, state)) = self.claims.get_mut(&address) else { return };
        let context = Context { claim, now: clock::now(), random: secrets::random() };
        let (next, actions) = step(*state, event, &context);
        *state = next;
        for action in actions {
            match action {
                Action::Send(packet) => self.send(&packet),
                Action::Conflict { mac } => {
                    tracing::error!(port = %self.port, %address, other = %mac, "another device uses the address");
                    self.tell(address, Finding::UsedBy(mac)).await;
                }
                Action::Defended { mac } => {
                    tracing::warn!(port = %self.port, %address, other = %mac, "the address is defended");
                }
                Action::GiveUp { mac } => {
                    tracing::error!(port = %self.port, %address, other = %mac, "the leased address is given up");
                    self.tell(address, Finding::GivenUpTo(mac)).await;
                }
                Action::ConflictOver(other) => {
                    tracing::info!(port = %self.port, %address, other = %other.mac, "the other device is gone");
                    self.tell(address, Finding::Over).await;
                }
                Action::Free => {}
            }
        }
    }

    fn send(&self, packet: &ArpPacket) {
        if let Err(error) = self.socket.send(&arp::to_frame(packet)) {
            tracing::debug!(port = %self.port, %error, "no ARP can be sent");
        }
    }

    async fn tell(&self, address: Ipv4Addr, what: Finding) {
        drop(self.found.send(Found { port: self.port.clone(), address, what }).await);
    }
}
