//! What comes from outside as bytes, each as one function that must never panic, whatever the bytes are. libFuzzer calls them by
//! `targets/`, and the tests of the domain with the seeds and changes of them.

#![allow(dead_code, reason = "each target uses one of them")]

use agent::dhcp::{
    frame::{self, CLIENT_PORT, SERVER_PORT},
    wire,
};
use domain::{
    box_file::{BoxFile, service_net},
    dhcp::{
        Settings,
        client::{Action, Client, Context, Event, step},
        lease::Lease,
        message::{Kind, Message},
    },
    network::{
        effective::Conditions,
        journal::{Found, Journal},
        kernel::KernelState,
        plan::plan,
        spec::NetworkSpec,
        transaction::{self, State},
        validate::validate,
    },
    time::BootMillis,
};

const BOARD: &str = r#"
model = "B-012"
serial = "FUZZ"
[[port]]
name = "lan1"
label = "LAN1"
role = "uplink"
device = { name = "lan1" }
[[port]]
name = "lan2"
label = "LAN2"
role = "uplink"
device = { name = "lan2" }
[[port]]
name = "lan3"
label = "LAN3"
role = "service"
device = { name = "lan3" }
"#;

/// A packet from the wire, up to a lease and through the client; the payload alone, too, so that no checksum stands in the way.
pub fn dhcp(bytes: &[u8]) {
    let inside = frame::parse(bytes, SERVER_PORT, CLIENT_PORT).map(|datagram| datagram.payload);
    for payload in inside.into_iter().chain([bytes]) {
        if let Ok(message) = wire::decode(payload) {
            lease(&message);
            heard(message);
        }
    }
}

fn lease(message: &Message) {
    let Ok((lease, _)) = Lease::from_ack(message, BootMillis(1_000), &[service_net()]) else { return };
    assert!(!service_net().contains(&lease.address.addr()), "{lease:?}");
    let names = lease.search.iter().chain(&lease.host_name);
    assert!(names.into_iter().all(|name| name.bytes().all(|b| b.is_ascii_graphic())), "{lease:?}");
    let json = serde_json::to_string(&lease).expect("a lease can be saved");
    assert_eq!(serde_json::from_str::<Lease>(&json).expect("and read"), lease);
}

/// The same message as the answer to whatever the client asks, as long as it is the client who speaks.
fn heard(mut message: Message) {
    let mac = message.chaddr;
    let settings = Settings { mac, host_name: None, forbidden: vec![service_net()] };
    let (mut client, mut now) = (Client::default(), BootMillis(1_000_000));
    let mut event = Event::Start { remembered: None, carrier: true };
    for _ in 0..8 {
        let (next, actions) = step(client, event, &Context { now, random: 7, settings: &settings });
        client = next;
        let asked = actions.iter().find_map(|action| match action {
            Action::Send { message, .. } => Some(message.xid),
            _ => None,
        });
        let probed = actions.iter().find_map(|action| match action {
            Action::Probe(address) => Some(*address),
            _ => None,
        });
        event = match (asked, probed) {
            (Some(xid), _) => {
                message.xid = xid;
                message.kind = if message.kind == Kind::Offer { Kind::Ack } else { Kind::Offer };
                Event::Received(Box::new(message.clone()))
            }
            (None, Some(address)) => Event::Probed { address, conflict: None },
            (None, None) => {
                let Some(due) = client.deadline() else { return };
                now = now.max(due);
                Event::Tick
            }
        };
    }
}

/// A spec file, up to a plan.
pub fn spec(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(spec) = toml::from_str::<NetworkSpec>(text) else { return };
    let board = toml::from_str::<BoxFile>(BOARD).expect("board");
    if !validate(&spec, &board).is_empty() {
        return;
    }
    let (now, saved) = (KernelState::default(), NetworkSpec::default());
    let spec = spec.normalised();
    plan(&now, &saved, &spec, &Conditions::default(), &board);
    let text = toml::to_string(&spec).expect("a spec can be saved");
    assert_eq!(toml::from_str::<NetworkSpec>(&text).expect("and read"), spec);
}

/// A journal, up to the end of its change; in the boot that wrote it and in the next one.
pub fn journal(bytes: &[u8]) {
    let Ok(journal) = serde_json::from_slice::<Journal>(bytes) else { return };
    for boot in [journal.boot_id.clone(), "another".to_owned()] {
        for now in [BootMillis(0), BootMillis(u64::MAX / 2)] {
            let found = Found::Journal(Box::new(journal.clone()));
            let (state, effects) = transaction::start(found, &boot, &journal.transaction.old_spec, now);
            assert!(
                !matches!(state, State::Idle) || effects.iter().any(|e| matches!(e, transaction::Effect::Finish(_))),
                "{state:?}"
            );
            let (state, _) = transaction::step(state, transaction::Event::Tick, BootMillis(u64::MAX / 2));
            drop(transaction::step(state, transaction::Event::Settled(Vec::new()), BootMillis(u64::MAX / 2)));
        }
    }
}
