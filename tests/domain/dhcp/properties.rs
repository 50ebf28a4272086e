//! Random lives: servers that lie, cables that come and go, probes that find somebody, clocks that run on.

use std::net::Ipv4Addr;

use domain::{
    dhcp::{
        client::{Action, Event, Lost, News, Remembered, Standing, State, StateName},
        lease::{
            LARGEST_MTU, Lease, Lifetimes, MOST_DNS, MOST_NTP, MOST_ROUTES, MOST_SEARCH, SHORTEST_LEASE, SMALLEST_MTU,
        },
        message::{ClasslessRoute, Kind, Message, Options},
    },
    time::BootMillis,
};
use ipnet::Ipv4Net;
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::support::{ADDRESS, Lab, MINUTE, OWN, ROGUE, SECOND, STRANGER, ip, lease, nak, options, reply, settings};

/// Addresses of which many are traps.
fn address() -> impl Strategy<Value = Ipv4Addr> + Clone {
    let traps =
        ["0.0.0.0", "255.255.255.255", "127.0.0.1", "192.168.100.198", "169.254.1.1", "224.0.0.1", "10.20.0.255"];
    let good = vec![OWN, ROGUE, ADDRESS, ip("10.20.0.16"), ip("10.20.1.7")];
    prop_oneof![
        3 => select(good),
        2 => select(traps.map(ip).to_vec()),
        1 => any::<[u8; 4]>().prop_map(Ipv4Addr::from),
    ]
}

fn seconds() -> impl Strategy<Value = u32> + Clone {
    prop_oneof![select(vec![0, 1, 9, 10, 30, 120, 600, 3_600, u32::MAX - 1, u32::MAX]), any::<u32>(), 10..7_200_u32]
}

/// What a server says that wants to harm, or is broken.
fn hostile() -> impl Strategy<Value = (Ipv4Addr, Options)> + Clone {
    let masks = ["255.255.255.0", "255.255.0.0", "255.0.255.0", "0.0.0.0", "255.255.255.255"].map(ip).to_vec();
    let names = ["lan", "a b", "x\ny", "..", "Site.Example"].map(str::to_owned).to_vec();
    let route = (address(), 0..=32_u8, address())
        .prop_map(|(to, width, gateway)| ClasslessRoute { destination: Ipv4Net::new_assert(to, width), gateway });
    let net = (address(), option::weighted(0.9, select(masks)), option::weighted(0.9, address()), vec(address(), 0..3));
    let time = (option::weighted(0.9, seconds()), option::of(seconds()), option::of(seconds()));
    let rest = (vec(address(), 0..6), vec(select(names), 0..9), option::of(any::<u16>()), vec(route, 0..20));
    (net, time, rest).prop_map(|(net, time, rest)| {
        let options = Options {
            subnet_mask: net.1,
            server_id: net.2,
            routers: net.3,
            lease_time: time.0,
            t1: time.1,
            t2: time.2,
            ntp: rest.0.clone(),
            dns: rest.0,
            domain_search: rest.1,
            mtu: rest.2,
            classless_routes: rest.3,
            ..Options::default()
        };
        (net.0, options)
    })
}

fn sound(lease: &Lease) {
    let (address, forbidden) = (lease.address.addr(), settings().forbidden[0]);
    let no_host =
        |ip: &Ipv4Addr| ip.octets()[0] == 0 || ip.is_loopback() || ip.is_link_local() || ip.octets()[0] >= 224;
    let leads_in = |ip: &Ipv4Addr| forbidden.contains(ip) || no_host(ip);
    assert!(!leads_in(&address) && !no_host(&lease.server), "{lease:?}");
    if lease.address.prefix_len() < 31 {
        assert!(address != lease.address.network() && address != lease.address.broadcast(), "{lease:?}");
    }
    match lease.lifetimes {
        Lifetimes::Infinite => {}
        Lifetimes::Finite { t1, t2, lease } => assert!(0 < t1 && t1 < t2 && t2 < lease && lease >= SHORTEST_LEASE),
    }
    let on_link = |gateway: &Ipv4Addr| {
        lease.address.contains(gateway)
            || lease.routes.iter().any(|r| r.gateway.is_none() && r.destination.contains(gateway))
    };
    let gateways = lease.routes.iter().filter_map(|r| r.gateway).chain(lease.gateway);
    for gateway in gateways {
        assert!(on_link(&gateway) && !leads_in(&gateway) && gateway != address, "{lease:?}");
    }
    assert!(lease.routes.iter().all(|r| !forbidden.contains(&r.destination) && r.destination.prefix_len() > 0));
    assert!(!lease.dns.iter().chain(&lease.ntp).any(leads_in), "{lease:?}");
    assert!(lease.dns.len() <= MOST_DNS && lease.ntp.len() <= MOST_NTP);
    assert!(lease.search.len() <= MOST_SEARCH && lease.routes.len() <= MOST_ROUTES);
    assert!(lease.search.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'.')), "{lease:?}");
    assert!(lease.mtu.is_none_or(|mtu| (SMALLEST_MTU..=LARGEST_MTU).contains(&mtu)));
}

#[derive(Clone, Debug)]
enum Happens {
    /// A server that plays by the rules answers what was asked last.
    Served,
    Nak(Ipv4Addr),
    Hostile(Kind, Box<(Ipv4Addr, Options)>),
    /// An answer to an earlier message.
    Late(Kind),
    Probed(bool),
    Conflict,
    Carrier(bool),
    Start(Option<Standing>, bool),
    Renew,
    Release,
    Stop(bool),
    Deadline,
}

fn happens() -> impl Strategy<Value = Happens> + Clone {
    let kinds = || select(vec![Kind::Offer, Kind::Ack, Kind::Nak]);
    let standings = vec![Standing::InUse, Standing::Valid, Standing::EarlierBoot, Standing::Lapsed];
    prop_oneof![
        20 => Just(Happens::Served),
        4 => select(vec![OWN, ROGUE]).prop_map(Happens::Nak),
        8 => (kinds(), hostile()).prop_map(|(kind, what)| Happens::Hostile(kind, Box::new(what))),
        3 => kinds().prop_map(Happens::Late),
        8 => prop::bool::weighted(0.2).prop_map(Happens::Probed),
        1 => Just(Happens::Conflict),
        4 => any::<bool>().prop_map(Happens::Carrier),
        3 => (option::of(select(standings)), any::<bool>()).prop_map(|(standing, carrier)| Happens::Start(standing, carrier)),
        1 => Just(Happens::Renew),
        1 => Just(Happens::Release),
        1 => any::<bool>().prop_map(Happens::Stop),
        20 => Just(Happens::Deadline),
    ]
}

fn life() -> impl Strategy<Value = Vec<(Happens, u64)>> {
    let passes = prop_oneof![8 => 0..300_u64, 4 => 0..20_000_u64, 1 => 0..7_200_000_u64];
    vec((happens(), passes), 1..80)
}

/// A client whose every step is checked.
struct Life {
    lab: Lab,
    in_use: Option<Lease>,
    earlier: Vec<u32>,
}

impl Life {
    fn new() -> Self {
        Self { lab: Lab::started(None), in_use: None, earlier: vec![0] }
    }

    /// What a good server says to the last message.
    fn served(&self) -> Option<Event> {
        let kind = match self.lab.client.state() {
            State::Selecting { .. } => Kind::Offer,
            State::Requesting { .. } | State::Renewing { .. } | State::Rebinding { .. } | State::Rebooting { .. } => {
                Kind::Ack
            }
            State::Checking { lease, .. } => {
                return Some(Event::Probed { address: lease.address.addr(), conflict: None });
            }
            _ => return None,
        };
        Some(Event::Received(Box::new(reply(kind, self.lab.xid, options()))))
    }

    fn event(&mut self, happens: &Happens) -> Option<Event> {
        let received = |message: Message| Event::Received(Box::new(message));
        let xid = self.lab.xid;
        Some(match happens {
            Happens::Served => self.served()?,
            Happens::Nak(server) => received(reply(Kind::Nak, xid, nak(*server))),
            Happens::Hostile(kind, said) => received(Message { yiaddr: said.0, ..reply(*kind, xid, said.1.clone()) }),
            Happens::Late(kind) => received(reply(*kind, self.earlier[self.earlier.len() / 2], options())),
            Happens::Probed(conflict) => match self.lab.client.state() {
                State::Checking { lease, .. } => {
                    Event::Probed { address: lease.address.addr(), conflict: conflict.then_some(STRANGER) }
                }
                _ => Event::Probed { address: ADDRESS, conflict: conflict.then_some(STRANGER) },
            },
            Happens::Conflict => Event::Conflict { address: self.in_use.as_ref()?.address.addr(), with: STRANGER },
            Happens::Carrier(true) => Event::CarrierFound,
            Happens::Carrier(false) => Event::CarrierLost,
            Happens::Start(standing, carrier) => {
                let obtained = BootMillis(self.lab.now.0.saturating_sub(40 * MINUTE));
                let remembered = standing.map(|standing| Remembered { lease: lease(obtained), standing });
                Event::Start { remembered, carrier: *carrier }
            }
            Happens::Renew => Event::Renew,
            Happens::Release => Event::Release,
            Happens::Stop(release) => Event::Stop { release: *release },
            Happens::Deadline => {
                self.lab.now = self.lab.now.max(self.lab.client.deadline()?);
                Event::Tick
            }
        })
    }

    fn on(&mut self, event: Event) {
        let (before, xid) = (self.lab.client.clone(), self.lab.xid);
        let late = matches!(&event, Event::Received(message) if message.xid != xid);
        let actions = self.lab.on(event.clone());
        let now = self.lab.now;
        let sends = actions.iter().filter(|action| matches!(action, Action::Send { .. })).count();
        assert!(sends <= 1, "one question at a time: {actions:?}");
        for action in &actions {
            match action {
                Action::Bound { lease, news } => {
                    assert_eq!(*news == News::First, self.in_use.is_none(), "{event:?}");
                    assert!(!lease.has_expired(now), "{event:?}");
                    sound(lease);
                    self.in_use = Some((**lease).clone());
                }
                Action::Lost { lease, why } => {
                    assert_eq!(self.in_use.take().as_ref(), Some(&**lease));
                    assert_eq!(*why == Lost::Expired, lease.has_expired(now));
                }
                Action::Send { .. } | Action::Probe(_) | Action::Remember(_) | Action::Note { .. } => {}
            }
        }
        if sends == 1 {
            self.earlier.push(self.lab.xid);
        }
        assert_eq!(self.lab.client.lease(), self.in_use.as_ref());
        assert!(self.in_use.as_ref().is_none_or(|lease| !lease.has_expired(now)), "used past its end");
        let lapsed = actions.iter().any(|action| matches!(action, Action::Remember(None)));
        assert!(!late || lapsed || self.lab.client == before, "an old answer counts: {event:?}");
        match self.lab.name() {
            StateName::Stopped | StateName::Released => {
                assert_eq!((self.lab.client.deadline(), &self.in_use), (None, &None));
            }
            StateName::Down | StateName::Bound => {}
            _ => assert!(self.lab.client.deadline().is_some(), "{:?} hangs", self.lab.name()),
        }
    }

    fn live(&mut self, life: &[(Happens, u64)]) {
        for (happens, passes) in life {
            self.pass(*passes);
            if let Some(event) = self.event(happens) {
                self.on(event);
            }
        }
    }

    /// Every tick comes on time, and none leads in a circle.
    fn pass(&mut self, millis: u64) {
        let end = self.lab.now.plus(millis);
        let mut in_place = 0;
        while let Some(at) = self.lab.client.deadline().filter(|at| *at <= end) {
            in_place = if at > self.lab.now { 0 } else { in_place + 1 };
            assert!(in_place < 4, "ticks without end in {:?}", self.lab.client);
            self.lab.now = self.lab.now.max(at);
            self.on(Event::Tick);
        }
        self.lab.now = end;
    }
}

/// The most messages in any minute.
fn busiest(lab: &Lab) -> usize {
    let times = lab.sent.iter().map(|sent| sent.0).collect::<Vec<_>>();
    (0..times.len())
        .map(|at| times[at..].iter().take_while(|t| **t < times[at].plus(MINUTE)).count())
        .max()
        .unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_address_is_used_past_its_end_whatever_happens(life in life()) {
        let mut client = Life::new();
        client.live(&life);
        // an attempt each two seconds, of which each could be DISCOVER, REQUEST and DECLINE; people may stop and start
        // as they like
        prop_assert!(busiest(&client.lab) <= 100, "{}", busiest(&client.lab));
    }

    #[test]
    fn ticks_that_never_come_prolong_nothing(life in life()) {
        let mut client = Life::new();
        for (happens, passes) in life {
            client.lab.now = client.lab.now.plus(passes);
            if let Some(event) = client.event(&happens) {
                client.on(event);
            }
        }
    }

    #[test]
    fn a_good_server_is_found_again_after_anything(life in life()) {
        let mut client = Life::new();
        client.live(&life);
        client.on(Event::Start { remembered: None, carrier: true });
        client.on(Event::CarrierFound);
        if client.lab.name() == StateName::Released {
            client.on(Event::Renew);
        }
        let patience = client.lab.now.plus(15 * MINUTE);
        while client.lab.now < patience {
            match client.served() {
                Some(event) => client.on(event),
                None if client.lab.name() == StateName::Bound => break,
                None => client.pass(SECOND),
            }
            client.pass(10);
        }
        // a lease of another server is renewed there, and only after T2 by this one
        let kept = matches!(client.lab.name(), StateName::Bound | StateName::Renewing);
        prop_assert!(client.in_use.is_some() && kept, "{:?}", client.lab.client);
    }

    #[test]
    fn servers_alone_cannot_make_it_talk_much(life in vec((prop_oneof![
        2 => Just(Happens::Served),
        2 => Just(Happens::Nak(OWN)),
        1 => Just(Happens::Nak(ROGUE)),
        3 => (select(vec![Kind::Offer, Kind::Ack]), hostile()).prop_map(|(kind, what)| Happens::Hostile(kind, Box::new(what))),
        1 => Just(Happens::Probed(true)),
    ], 0..300_u64), 1..200)) {
        let mut client = Life::new();
        client.live(&life);
        client.pass(MINUTE);
        prop_assert!(busiest(&client.lab) <= 24, "{}", busiest(&client.lab));
    }

    #[test]
    fn a_hostile_answer_gives_a_sound_lease_or_none((yiaddr, options) in hostile(), kind in select(vec![Kind::Offer, Kind::Ack])) {
        let message = Message { yiaddr, ..reply(kind, 1, options) };
        if let Ok((lease, _)) = Lease::from_ack(&message, BootMillis(1), &settings().forbidden) {
            sound(&lease);
        }
    }
}

#[test]
fn a_nak_storm_backs_off() {
    let mut lab = Lab::selecting();
    let end = lab.now.plus(60 * MINUTE);
    while lab.now < end {
        for kind in [Kind::Offer, Kind::Nak, Kind::Nak, Kind::Ack] {
            lab.answer(kind, options());
        }
        lab.pass(SECOND);
    }
    assert!(busiest(&lab) <= 10, "{} in a minute", busiest(&lab));
    assert!(lab.sent.len() <= 40, "{} in an hour", lab.sent.len());
}

#[test]
fn a_server_that_takes_back_what_it_gave_is_backed_off_from() {
    let mut life = Life::new();
    let end = life.lab.now.plus(60 * MINUTE);
    while life.lab.now < end {
        if life.lab.name() == StateName::Renewing {
            let refusal = reply(Kind::Nak, life.lab.xid, nak(OWN));
            life.on(Event::Received(Box::new(refusal)));
        } else if let Some(Event::Received(message)) = life.served() {
            let short = Options { lease_time: Some(SHORTEST_LEASE), ..options() };
            life.on(Event::Received(Box::new(Message { options: short, ..*message })));
        } else if let Some(event) = life.served() {
            life.on(event);
        }
        life.pass(500);
    }
    assert!(life.lab.sent.len() <= 60, "{} in an hour", life.lab.sent.len());
}
