//! Looking at what DHCP would give, without taking it.

use domain::{
    dhcp::{
        anomaly::{Anomaly, Refusal},
        client::{Context, To},
        discover::{COLLECT, Event, MOST_OFFERS, Offer, REPEAT, Send, State, WINDOW, start, step},
        message::{Kind, Message, Options},
    },
    time::BootMillis,
};

use super::support::{MAC, OWN, ROGUE, STRANGER, from, ip, options, reply, settings};

struct Look {
    state: State,
    now: BootMillis,
    sent: Vec<Send>,
}

impl Look {
    fn new() -> Self {
        let now = BootMillis(50_000);
        let (state, send) = start(&Context { now, random: 3, settings: &settings() }, WINDOW);
        Self { state, now, sent: vec![send] }
    }

    fn on(&mut self, event: Event) {
        let settings = settings();
        let context = Context { now: self.now, random: 4, settings: &settings };
        let (state, send) = step(self.state.clone(), event, &context);
        self.state = state;
        self.sent.extend(send);
    }

    fn hear(&mut self, kind: Kind, options: Options) {
        let message = reply(kind, self.sent[0].message.xid, options);
        self.on(Event::Received(Box::new(message)));
    }

    fn finish(mut self) -> (Vec<Offer>, u64, Vec<Send>) {
        let began = self.now;
        while let Some(at) = self.state.deadline() {
            self.now = self.now.max(at);
            self.on(Event::Tick);
        }
        let State::Done(offers) = self.state else { panic!("{:?}", self.state) };
        (offers, self.now.left(began), self.sent)
    }
}

#[test]
fn asks_and_never_requests() {
    let mut look = Look::new();
    look.hear(Kind::Offer, options());
    look.hear(Kind::Ack, from(ROGUE));
    let (offers, took, sent) = look.finish();
    assert_eq!((offers.len(), took, sent.len()), (1, COLLECT, 1));
    assert_eq!((sent[0].message.kind, sent[0].to, sent[0].message.chaddr), (Kind::Discover, To::Broadcast, MAC));
    assert_eq!(offers[0].lease.as_ref().unwrap().gateway, Some(OWN));
}

#[test]
fn silence_ends_too() {
    let (offers, took, sent) = Look::new().finish();
    assert_eq!((offers.len(), took, sent.len()), (0, WINDOW, 3));
    assert_eq!(sent[2].message.secs, u16::try_from(2 * REPEAT / 1_000).unwrap());
    assert!(sent.iter().all(|send| send.message.xid == sent[0].message.xid && send.message.kind == Kind::Discover));
}

#[test]
fn every_server_is_shown_once_with_what_is_odd_about_it() {
    let mut look = Look::new();
    look.hear(Kind::Offer, Options { mtu: Some(1), ..options() });
    look.hear(Kind::Offer, options());
    look.hear(Kind::Offer, Options { lease_time: Some(0), ..from(ROGUE) });
    let (offers, ..) = look.finish();
    assert_eq!(offers.iter().map(|offer| offer.server).collect::<Vec<_>>(), [Some(OWN), Some(ROGUE)]);
    assert_eq!(offers[0].anomalies, [Anomaly::BadMtu { mtu: 1 }]);
    assert_eq!(offers[1].lease, Err(Refusal::TooShort { seconds: 0 }));
}

#[test]
fn a_flood_of_servers_neither_prolongs_nor_fills_it() {
    let mut look = Look::new();
    let began = look.now;
    for n in 0..200_u8 {
        look.now = look.now.plus(7);
        look.hear(Kind::Offer, from(ip(&format!("10.20.1.{n}"))));
    }
    let end = look.state.deadline().unwrap();
    assert_eq!(end.left(began), 7 + COLLECT);
    assert_eq!(look.finish().0.len(), MOST_OFFERS);
}

#[test]
fn what_is_for_others_is_not_heard() {
    let mut look = Look::new();
    let right = reply(Kind::Offer, look.sent[0].message.xid, options());
    for message in [Message { xid: right.xid ^ 1, ..right.clone() }, Message { chaddr: STRANGER, ..right.clone() }] {
        look.on(Event::Received(Box::new(message)));
    }
    assert!(look.finish().0.is_empty());
}
