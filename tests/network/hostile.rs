//! What a hostile DHCP server sends: nothing of it reaches the kernel, and the log has one line for each kind.

use std::{
    io,
    sync::{Arc, Mutex},
};

use dhcproto::v4::{DhcpOption, Message, MessageType};
use gatehouse::domain::{
    dhcp::client::StateName,
    network::{
        status::NetworkStatus,
        transaction::{Actor, Outcome, Why},
    },
};
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    dhcp::{by_dhcp, state},
    dhcp_server::{Script, Server, bytes, reply},
    lab::{Lab, awaiting, has, read},
};

/// The log of one test, in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("lock").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    /// From now on, on this thread.
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_max_level(tracing::Level::WARN)
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("lock")).into_owned()
    }

    fn count(&self, words: &str) -> usize {
        self.text().lines().filter(|line| line.contains(words)).count()
    }
}

const GOOD: [u8; 4] = [10, 20, 0, 77];

/// An answer of a server of its own, without its fault the best there is.
fn answer(asked: &Message, server: u8, address: [u8; 4], seconds: u32) -> Message {
    let kind = match asked.opts().msg_type() {
        Some(MessageType::Discover) => MessageType::Offer,
        _ => MessageType::Ack,
    };
    let mut answer = reply(asked, kind, [10, 20, 0, server].into());
    answer.set_yiaddr(address);
    let options = answer.opts_mut();
    options.insert(DhcpOption::SubnetMask([255, 255, 255, 0].into()));
    options.insert(DhcpOption::Router(vec![[10, 20, 0, 1].into()]));
    options.insert(DhcpOption::AddressLeaseTime(seconds));
    answer
}

/// One of each kind.
fn hostile(asked: &Message) -> Vec<Vec<u8>> {
    let whole = bytes(&answer(asked, 60, GOOD, 3600));
    let option = |number: u8, length: u8, value: &[u8]| {
        let end = [&[number, length][..], value].concat();
        // before the end marker
        let head = &whole[..whole.iter().rposition(|b| *b == 255).expect("an end")];
        [head, &end].concat()
    };
    let mut inside = answer(asked, 61, [192, 168, 100, 77], 3600);
    inside.opts_mut().insert(DhcpOption::Hostname("x".into()));
    vec![
        Vec::new(),
        whole[..200].to_vec(),
        whole[..250].to_vec(),
        option(12, 255, b"overlong"),
        [&whole[..236], &[0, 0, 0, 0], &whole[240..]].concat(),
        bytes(&inside),
        bytes(&answer(asked, 62, [127, 0, 0, 1], 3600)),
        bytes(&answer(asked, 63, [224, 0, 0, 1], 3600)),
        bytes(&answer(asked, 64, [10, 20, 0, 255], 3600)),
        bytes(&answer(asked, 65, GOOD, 0)),
    ]
}

/// A part of the line that each of them leaves.
const LINES: [&str; 8] = [
    "bytes are too short",
    "is longer than its field",
    "the magic cookie is missing",
    "Forbidden { address: 192.168.100.77",
    "BadAddress { address: 127.0.0.1",
    "BadAddress { address: 224.0.0.1",
    "BadAddress { address: 10.20.0.255",
    "TooShort { seconds: 0",
];

#[test]
fn hostile_packets_change_nothing_and_are_logged_once() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::silent().sending(hostile));
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        let (log, _guard) = Log::start();
        let before = lab.kernel();
        let resolver = read(&lab.file("resolv.conf"));
        let open = engine.apply(&by_dhcp(), 90_000).await.expect("apply");
        engine.until("asked twice", |_| server.seen("discover") >= 2).await;
        engine.until("logged", |_| LINES.iter().all(|line| log.count(line) > 0)).await;
        assert_eq!(lab.kernel(), before);
        assert_eq!(server.seen("request"), 0, "nothing of it is worth a question");
        engine.until("asked again", |_| server.seen("discover") >= 3).await;
        for line in LINES {
            assert_eq!(log.count(line), 1, "{line}: {}", log.text());
        }
        engine.network.go_back(Actor::Console).await.expect("back");
        let by = Actor::Console;
        assert_eq!(engine.ended(open.tx).await, Outcome::RolledBack { tx: open.tx, reason: Why::Asked { by } });
        assert_eq!((lab.kernel(), read(&lab.file("resolv.conf"))), (before, resolver));
    });
}

#[test]
fn among_hostile_packets_the_good_offer_is_found_and_renewed() {
    let lab = Lab::new();
    let server = Server::start(&lab, Script::giving("10.20.0.77").for_seconds(20).sending(hostile));
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        engine.open(&by_dhcp()).await;
        engine.keep().await;
        let kernel = lab.kernel();
        assert!(has(&engine.status(), "lan1", "10.20.0.77/24"), "{kernel}");
        let requests = server.seen("request");
        engine.until("renewed", |s| server.seen("request") > requests && bound(s)).await;
        assert_eq!(lab.kernel(), kernel);
    });
}

fn bound(status: &NetworkStatus) -> bool {
    state(status) == Some(StateName::Bound)
}

/// A usable lease with names that are none and a time that nobody believes.
fn unkempt(asked: &Message) -> Vec<Vec<u8>> {
    let mut answer = answer(asked, 1, GOOD, u32::MAX - 1);
    let options = answer.opts_mut();
    options.insert(DhcpOption::Hostname("\u{1b}[2Jroot\nnameserver 6.6.6.6".into()));
    options.insert(DhcpOption::DomainName("evil\nnameserver 6.6.6.6".into()));
    options.insert(DhcpOption::DomainNameServer(vec![[127, 0, 0, 1].into(), [10, 20, 0, 1].into()]));
    vec![bytes(&answer)]
}

#[test]
fn names_with_control_characters_and_absurd_lifetimes_are_left_out_of_a_lease_that_is_good_otherwise() {
    let lab = Lab::new();
    let _server = Server::start(&lab, Script::silent().sending(unkempt));
    lab.run(|lab| async move {
        let engine = lab.engine().await;
        let (log, _guard) = Log::start();
        engine.open(&by_dhcp()).await;
        assert!(awaiting(&engine.status()).is_some() && has(&engine.status(), "lan1", "10.20.0.77/24"));
        let lease = engine.status().dhcp.values().next().and_then(|d| d.view.lease.clone()).expect("a lease");
        assert_eq!((lease.host_name, lease.search), (None, Vec::new()));
        assert!(!read(&lab.file("resolv.conf")).contains("6.6.6.6"));
        for line in ["BadName { option: 12", "BadName { option: 15", "LongLease", "BadAddress { option: 6"] {
            assert_eq!(log.count(line), 1, "{line}: {}", log.text());
        }
        assert!(!log.text().contains('\u{1b}') && log.count("nameserver") == 0, "{}", log.text());
    });
}
