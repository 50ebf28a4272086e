//! A client with a clock of its own, and servers that say what a test wants. Everything that is said goes over the
//! wire.

use std::net::Ipv4Addr;

use agent::dhcp::wire;
use domain::{
    box_file::Mac,
    dhcp::{
        Settings,
        client::{Action, Client, Context, Event, Remembered, Standing, State, StateName, To, step},
        lease::Lease,
        message::{Kind, Message, Op, Options},
    },
    time::BootMillis,
};
use ipnet::Ipv4Net;

pub const MAC: Mac = Mac([2, 0, 0, 0, 1, 1]);
pub const STRANGER: Mac = Mac([2, 0, 0, 0, 9, 9]);
pub const OWN: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 1);
pub const ROGUE: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 66);
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 15);
pub const SECOND: u64 = 1_000;
pub const MINUTE: u64 = 60 * SECOND;

pub fn ip(text: &str) -> Ipv4Addr {
    text.parse().expect("address")
}

pub fn net(text: &str) -> Ipv4Net {
    text.parse().expect("network")
}

/// A DHCPOFFER of dnsmasq 2.90 from IP's header on, as it came out of a veth pair: its UDP checksum is only begun.
pub fn captured() -> Vec<u8> {
    let hex = include_str!("offer.hex").split_whitespace().collect::<String>();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal")).collect()
}

pub fn settings() -> Settings {
    Settings { mac: MAC, host_name: Some("box-7".to_owned()), forbidden: vec![net("192.168.100.0/24")] }
}

pub fn reply(kind: Kind, xid: u32, options: Options) -> Message {
    Message {
        op: Op::Reply,
        kind,
        xid,
        secs: 0,
        broadcast: false,
        ciaddr: Ipv4Addr::UNSPECIFIED,
        yiaddr: if kind == Kind::Nak { Ipv4Addr::UNSPECIFIED } else { ADDRESS },
        giaddr: Ipv4Addr::UNSPECIFIED,
        chaddr: MAC,
        options,
    }
}

/// What a well-behaved server gives, for an hour.
pub fn options() -> Options {
    Options {
        subnet_mask: Some(ip("255.255.255.0")),
        routers: vec![OWN],
        dns: vec![ip("10.20.0.2")],
        lease_time: Some(3_600),
        server_id: Some(OWN),
        ..Options::default()
    }
}

pub fn from(server: Ipv4Addr) -> Options {
    Options { server_id: Some(server), ..options() }
}

pub fn nak(server: Ipv4Addr) -> Options {
    Options { server_id: Some(server), message: Some("no lease".to_owned()), ..Options::default() }
}

pub fn lease(obtained: BootMillis) -> Lease {
    Lease::from_ack(&reply(Kind::Ack, 1, options()), obtained, &[]).expect("a lease").0
}

pub fn remembered(standing: Standing, obtained: BootMillis) -> Remembered {
    Remembered { lease: lease(obtained), standing }
}

fn over_the_wire(message: &Message) -> Message {
    wire::decode(&wire::encode(message).expect("every message can be written")).expect("and read")
}

/// Its fields are open: a test looks at, and does, what it likes.
#[derive(Clone)]
pub struct Lab {
    pub client: Client,
    pub now: BootMillis,
    pub random: u64,
    pub settings: Settings,
    /// Of the last message sent.
    pub xid: u32,
    pub sent: Vec<(BootMillis, Message, To)>,
}

impl Lab {
    pub fn new() -> Self {
        Self {
            client: Client::default(),
            now: BootMillis(100 * SECOND),
            random: 7,
            settings: settings(),
            xid: 0,
            sent: Vec::new(),
        }
    }

    pub fn started(remembered: Option<Remembered>) -> Self {
        let mut lab = Self::new();
        lab.on(Event::Start { remembered, carrier: true });
        lab
    }

    pub fn on(&mut self, event: Event) -> Vec<Action> {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let context = Context { now: self.now, random: self.random, settings: &self.settings };
        let (client, actions) = step(self.client.clone(), event, &context);
        self.client = client;
        for action in &actions {
            if let Action::Send { message, to } = action {
                assert_eq!(over_the_wire(message), **message);
                self.xid = message.xid;
                self.sent.push((self.now, (**message).clone(), *to));
            }
        }
        actions
    }

    /// Lets the time pass until the client does something by itself.
    pub fn tick(&mut self) -> Vec<Action> {
        self.now = self.now.max(self.client.deadline().expect("something is due"));
        self.on(Event::Tick)
    }

    /// Lets this much time pass, with every tick that is due in it.
    pub fn pass(&mut self, millis: u64) -> Vec<Action> {
        let end = self.now.plus(millis);
        let mut actions = Vec::new();
        let mut in_place = 0;
        while let Some(at) = self.client.deadline().filter(|at| *at <= end) {
            in_place = if at > self.now { 0 } else { in_place + 1 };
            assert!(in_place < 4, "ticks without end in {:?}", self.client);
            actions.extend(self.tick());
        }
        self.now = end;
        actions
    }

    pub fn hear(&mut self, message: Message) -> Vec<Action> {
        self.on(Event::Received(Box::new(over_the_wire(&message))))
    }

    /// A server's answer to the last message.
    pub fn answer(&mut self, kind: Kind, options: Options) -> Vec<Action> {
        self.hear(reply(kind, self.xid, options))
    }

    pub fn probed(&mut self, conflict: Option<Mac>) -> Vec<Action> {
        let address = match self.client.state() {
            State::Checking { lease, .. } => lease.address.addr(),
            other => panic!("{other:?} probes nothing"),
        };
        self.on(Event::Probed { address, conflict })
    }

    pub fn selecting() -> Self {
        let mut lab = Self::started(None);
        lab.tick();
        lab
    }

    pub fn requesting() -> Self {
        let mut lab = Self::selecting();
        lab.answer(Kind::Offer, options());
        lab
    }

    pub fn checking() -> Self {
        let mut lab = Self::requesting();
        lab.answer(Kind::Ack, options());
        lab
    }

    pub fn bound() -> Self {
        let mut lab = Self::checking();
        lab.probed(None);
        lab
    }

    pub fn renewing() -> Self {
        let mut lab = Self::bound();
        lab.tick();
        lab
    }

    pub fn rebinding() -> Self {
        let mut lab = Self::renewing();
        while lab.name() != StateName::Rebinding {
            lab.tick();
        }
        lab
    }

    pub fn rebooting(standing: Standing) -> Self {
        let mut lab = Self::started(Some(remembered(standing, BootMillis(90 * SECOND))));
        lab.tick();
        lab
    }

    pub fn backing_off() -> Self {
        let mut lab = Self::requesting();
        lab.answer(Kind::Nak, nak(OWN));
        lab
    }

    pub fn released() -> Self {
        let mut lab = Self::bound();
        lab.on(Event::Release);
        lab
    }

    pub fn name(&self) -> StateName {
        self.client.state().name()
    }

    pub fn last(&self) -> &Message {
        &self.sent.last().expect("something was sent").1
    }
}

pub fn words(actions: &[Action]) -> Vec<String> {
    actions.iter().map(word).collect()
}

/// An action for people.
fn word(action: &Action) -> String {
    match action {
        Action::Send { message, to: To::Broadcast } => format!("send {:?}", message.kind),
        Action::Send { message, to: To::Unicast { to, .. } } => format!("send {:?} to {to}", message.kind),
        Action::Probe(address) => format!("probe {address}"),
        Action::Bound { lease, news } => format!("bound {} {news:?}", lease.address),
        Action::Lost { lease, why } => format!("lost {} {why:?}", lease.address),
        Action::Remember(Some(lease)) => format!("remember {}", lease.address),
        Action::Remember(None) => "forget".to_owned(),
        Action::Note { server, anomaly } => format!("note {server} {anomaly:?}"),
    }
}
