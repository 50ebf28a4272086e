//! The task of one port's client.

use std::{
    collections::BTreeSet,
    io,
    net::Ipv4Addr,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::sync::mpsc;

use super::Link;
use crate::{acd, secrets};
use domain::{
    box_file::Mac,
    dhcp::{
        Settings,
        client::{self, Action, ClientView, Context, Event, Lost, Remembered},
        lease::Lease,
    },
    name::PortName,
};
use os::clock;

/// After a socket's error, such as that the interface went down. Shorter: a broken driver keeps a core busy. Longer: an offer is
/// missed.
const PAUSE: Duration = Duration::from_millis(200);
/// Orders that may wait.
const MAILBOX: usize = 8;

#[derive(Clone, Debug)]
pub struct Setup {
    pub port: PortName,
    pub index: u32,
    pub interface: String,
    pub settings: Settings,
    /// The hardware addresses of all ports of the box: two of them in one network hear each other.
    pub own: BTreeSet<Mac>,
    pub remembered: Option<Remembered>,
    pub carrier: bool,
}

/// What a client tells the network task.
#[derive(Clone, Debug)]
pub struct Report {
    pub port: PortName,
    /// The client's number: a word of one that was stopped meanwhile does not count.
    pub client: u64,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    /// In use from now on.
    Bound(Box<Lease>),
    /// Not to be used any more.
    Lost(Lost),
    /// To be saved for the next start.
    Remember(Option<Box<Lease>>),
    View(Box<ClientView>),
}

enum Order {
    Carrier(bool),
    Conflict { address: Ipv4Addr, with: Mac },
    Renew,
    Release,
    Stop { release: bool },
}

/// The way to a running client. Dropped, it ends without a word to the server.
#[derive(Debug)]
pub struct Client {
    pub number: u64,
    pub index: u32,
    carrier: bool,
    orders: mpsc::Sender<Order>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Carrier(there) => write!(f, "Carrier({there})"),
            Self::Conflict { address, with } => write!(f, "Conflict({address}, {with})"),
            Self::Renew => f.write_str("Renew"),
            Self::Release => f.write_str("Release"),
            Self::Stop { release } => write!(f, "Stop({release})"),
        }
    }
}

impl Client {
    /// # Errors
    /// The kernel's: the interface is gone.
    pub fn start(setup: Setup, reports: mpsc::Sender<Report>) -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let link = Link::open(setup.index, &setup.interface, setup.settings.mac)?;
        let (orders, inbox) = mpsc::channel(MAILBOX);
        let (index, carrier) = (setup.index, setup.carrier);
        let begin = Event::Start { remembered: setup.remembered.clone(), carrier };
        let running = Running {
            setup,
            number,
            link,
            client: client::Client::default(),
            probing: None,
            told: ClientView::default(),
            reports,
        };
        tokio::spawn(running.run(begin, inbox));
        Ok(Self { number, index, carrier, orders })
    }

    pub async fn carrier(&mut self, there: bool) {
        if there != self.carrier {
            self.carrier = there;
            drop(self.orders.send(Order::Carrier(there)).await);
        }
    }

    /// Another device has the address in use, and stays.
    pub async fn conflict(&self, address: Ipv4Addr, with: Mac) {
        drop(self.orders.send(Order::Conflict { address, with }).await);
    }

    /// A person wants a lease, or more time for the one in use, now.
    pub async fn renew(&self) {
        drop(self.orders.send(Order::Renew).await);
    }

    /// A person gives the lease back, and wants none until they say so.
    pub async fn release(&self) {
        drop(self.orders.send(Order::Release).await);
    }

    /// The lease is given back, or kept for the next start.
    pub async fn stop(self, release: bool) {
        drop(self.orders.send(Order::Stop { release }).await);
    }
}

type Probing = Pin<Box<dyn Future<Output = Option<Mac>> + Send>>;

struct Running {
    setup: Setup,
    number: u64,
    link: Link,
    client: client::Client,
    probing: Option<(Ipv4Addr, Probing)>,
    told: ClientView,
    reports: mpsc::Sender<Report>,
}

impl Running {
    async fn run(mut self, begin: Event, mut orders: mpsc::Receiver<Order>) {
        let mut event = begin;
        loop {
            let last = matches!(event, Event::Stop { .. });
            // the box may have been given another one
            self.setup.settings.host_name = super::host_name();
            let context = Context { now: clock::now(), random: secrets::random(), settings: &self.setup.settings };
            let (next, actions) = client::step(self.client, event, &context);
            self.client = next;
            for action in actions {
                self.perform(action).await;
            }
            let view = self.client.view();
            if view != self.told {
                self.told.clone_from(&view);
                self.report(What::View(Box::new(view))).await;
            }
            if last {
                return;
            }
            event = loop {
                tokio::select! {
                    order = orders.recv() => match order {
                        Some(Order::Carrier(true)) => break Event::CarrierFound,
                        Some(Order::Carrier(false)) => break Event::CarrierLost,
                        Some(Order::Conflict { address, with }) => break Event::Conflict { address, with },
                        Some(Order::Renew) => break Event::Renew,
                        Some(Order::Release) => break Event::Release,
                        Some(Order::Stop { release }) => break Event::Stop { release },
                        None => return,
                    },
                    message = self.link.receive() => match message {
                        Ok(message) => break Event::Received(Box::new(message)),
                        Err(error) => {
                            tracing::debug!(port = %self.setup.port, %error, "nothing can be received");
                            tokio::time::sleep(PAUSE).await;
                        }
                    },
                    (address, conflict) = probed(&mut self.probing) => break Event::Probed { address, conflict },
                    () = clock::until(self.client.deadline()) => break Event::Tick,
                }
            };
        }
    }

    async fn perform(&mut self, action: Action) {
        let port = self.setup.port.clone();
        match action {
            Action::Send { message, to } => {
                tracing::debug!(%port, kind = ?message.kind, ?to, "sends");
                if let Err(error) = self.link.send(&message, to) {
                    tracing::debug!(%port, %error, kind = ?message.kind, "cannot be sent");
                }
            }
            Action::Probe(address) => {
                let whose =
                    acd::Whose { index: self.setup.index, mac: self.setup.settings.mac, own: self.setup.own.clone() };
                self.probing = Some((address, Box::pin(async move { acd::in_use(&whose, address).await })));
            }
            Action::Bound { lease, news } => {
                tracing::info!(%port, address = %lease.address, server = %lease.server, ?news, "has a lease");
                self.report(What::Bound(lease)).await;
            }
            Action::Lost { lease, why } => {
                tracing::warn!(%port, address = %lease.address, ?why, "has lost its lease");
                self.report(What::Lost(why)).await;
            }
            Action::Remember(lease) => self.report(What::Remember(lease)).await,
            Action::Note { server, anomaly } => tracing::warn!(%port, %server, ?anomaly, "the DHCP server is odd"),
        }
    }

    async fn report(&mut self, what: What) {
        let report = Report { port: self.setup.port.clone(), client: self.number, what };
        drop(self.reports.send(report).await);
    }
}

async fn probed(probing: &mut Option<(Ipv4Addr, Probing)>) -> (Ipv4Addr, Option<Mac>) {
    match probing {
        Some((address, future)) => {
            let answer = (*address, future.await);
            *probing = None;
            answer
        }
        None => std::future::pending().await,
    }
}
