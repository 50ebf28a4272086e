//! Who answers for the virtual IP, asked each 10 ms by ARP from a host of the site: each box that has the address answers with its own hardware
//! address, also two at once.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use boxes::Ns;
use gatehouse::{
    agent::{
        arp,
        packet::{EtherType, PacketSocket},
    },
    domain::{
        box_file::Mac,
        network::acd::{ArpPacket, Operation},
    },
};

/// Between two questions.
pub const EVERY: Duration = Duration::from_millis(10);
const OWN: Mac = Mac([2, 0, 0, 0, 0x0a, 0x77]);

pub struct Prober {
    ends: Arc<AtomicBool>,
    looks: JoinHandle<Seen>,
    started: Instant,
}

/// What was answered.
#[derive(Debug, Default)]
pub struct Seen {
    /// For each question: when it was asked, since the start, and by whom it was answered.
    pub asked: Vec<(Duration, Vec<Mac>)>,
}

impl Prober {
    pub fn start(ns: &Ns, address: &str) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let (ns, address, told) = (ns.clone(), address.parse().expect("an address"), ends.clone());
        let started = Instant::now();
        let looks = std::thread::spawn(move || {
            ns.enter().expect("the third namespace");
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(look(address, started, &told))
        });
        Self { ends, looks, started }
    }

    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    pub fn end(self) -> Seen {
        self.ends.store(true, Ordering::Relaxed);
        self.looks.join().expect("the prober")
    }
}

async fn look(address: Ipv4Addr, started: Instant, ends: &AtomicBool) -> Seen {
    let index = std::fs::read_to_string("/proc/net/dev").map(|_| ()).and_then(|()| index_of("eth0")).expect("eth0");
    let socket = PacketSocket::open(index, EtherType::Arp, &[]).expect("a packet socket");
    let question = ArpPacket {
        operation: Operation::Request,
        sender_mac: OWN,
        sender: Ipv4Addr::new(10, 20, 0, 77),
        target_mac: Mac([0; 6]),
        target: address,
    };
    let mut seen = Seen::default();
    let mut each = tokio::time::interval(EVERY);
    each.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut buffer = [0; 64];
    while !ends.load(Ordering::Relaxed) {
        tokio::select! {
            biased;
            length = socket.receive(&mut buffer) => {
                let Ok(packet) = arp::from_frame(&buffer[..length.expect("a frame")]) else { continue };
                let answers = packet.operation == Operation::Reply && packet.sender == address && packet.target_mac == OWN;
                if let Some((_, by)) = seen.asked.last_mut().filter(|(_, by)| answers && !by.contains(&packet.sender_mac)) {
                    by.push(packet.sender_mac);
                }
            }
            _ = each.tick() => {
                seen.asked.push((started.elapsed(), Vec::new()));
                socket.send(&arp::to_frame(&question)).expect("sent");
            }
        }
    }
    seen
}

fn index_of(interface: &str) -> std::io::Result<u32> {
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::DGRAM, None)?;
    Ok(rustix::net::netdevice::name_to_index(&socket, interface)?)
}

impl Seen {
    /// Without what others on the site have answered.
    pub fn of(mut self, boxes: [Mac; 2]) -> Self {
        self.asked.iter_mut().for_each(|(_, by)| by.retain(|mac| boxes.contains(mac)));
        self
    }

    /// How long two answered at once.
    pub fn double(&self) -> Duration {
        let both = self.asked.iter().filter(|(_, by)| by.len() > 1).count();
        EVERY * u32::try_from(both).expect("few")
    }

    /// From `since` until this box answered for the first time.
    pub fn until(&self, mac: Mac, since: Duration) -> Option<Duration> {
        self.asked.iter().find(|(at, by)| *at >= since && by.contains(&mac)).map(|(at, _)| at.saturating_sub(since))
    }

    /// The longest time without an answer by anybody, within what was seen.
    pub fn gap(&self) -> Duration {
        let (mut last, mut longest) = (self.asked.first().map_or(Duration::ZERO, |(at, _)| *at), Duration::ZERO);
        for (at, by) in &self.asked {
            if !by.is_empty() {
                longest = longest.max(at.saturating_sub(last));
                last = *at;
            }
        }
        let end = self.asked.last().map_or(Duration::ZERO, |(at, _)| *at);
        longest.max(end.saturating_sub(last))
    }
}
