//! Somebody on the wire between box and registry who loses the answers to long questions: the activation is the longest.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use super::Fleet;
use crate::lab::eventually;

/// After the client's hello. A question about the time or a code is shorter; an activation has a signing request.
const LONG: usize = 750;

struct Relay {
    loses: Arc<AtomicBool>,
    lost: Arc<AtomicUsize>,
}

impl Relay {
    /// What comes to the registry's port from outside goes through it.
    fn between(fleet: &Fleet) -> Self {
        let ns = fleet.registry.ns();
        let rules = "add table ip relay; add chain ip relay in { type nat hook prerouting priority dstnat; }; \
                     add rule ip relay in tcp dport 9443 redirect to :9444";
        let made = fleet.registry.exec(&["nft", rules]).expect("nft");
        assert_eq!(made.code, 0, "{made:?}");
        let listener = ns.run(|| TcpListener::bind("0.0.0.0:9444")).expect("ns").expect("listens");
        let this = Self { loses: Arc::default(), lost: Arc::default() };
        let (loses, lost, enter) = (this.loses.clone(), this.lost.clone(), ns.on_thread_start());
        thread::spawn(move || {
            enter();
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect("10.20.0.10:9443") else { continue };
                let (loses, lost) = (loses.load(Ordering::SeqCst), lost.clone());
                thread::spawn(move || pass(&client, &server, loses, &lost));
            }
        });
        this
    }
}

fn pass(client: &TcpStream, server: &TcpStream, loses: bool, lost: &AtomicUsize) {
    let deaf = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut bytes = [0; 16_384];
            while let Ok(n @ 1..) = (&*server).read(&mut bytes) {
                if deaf.load(Ordering::SeqCst) {
                    lost.fetch_add(1, Ordering::SeqCst);
                    break;
                }
                if (&*client).write_all(&bytes[..n]).is_err() {
                    break;
                }
            }
            drop(client.shutdown(Shutdown::Both));
            drop(server.shutdown(Shutdown::Both));
        });
        let (mut bytes, mut sent, mut hello) = ([0; 16_384], 0, true);
        while let Ok(n @ 1..) = (&*client).read(&mut bytes) {
            sent += if std::mem::take(&mut hello) { 0 } else { n };
            if loses && sent > LONG {
                // before the server has it, and so before it can answer
                deaf.store(true, Ordering::SeqCst);
            }
            if (&*server).write_all(&bytes[..n]).is_err() {
                break;
            }
        }
        drop(server.shutdown(Shutdown::Write));
    });
}

#[test]
fn a_reply_that_is_lost_on_the_way_makes_no_second_host() {
    let fleet = Fleet::new();
    let relay = Relay::between(&fleet);
    let code = fleet.registry.code(&[]).expect("code");
    relay.loses.store(true, Ordering::SeqCst);
    fleet.begin(&code, &["--association", "none"]);
    eventually("answers that were lost", || (relay.lost.load(Ordering::SeqCst) >= 1).then_some(()));
    eventually("the registry's host", || (fleet.hosts() == ["7F3K-2219"]).then_some(()));
    let waits = eventually("a box that waits", || Some(fleet.status()).filter(|s| !s["waiting"].is_null()));
    assert_eq!(
        (waits["stage"].as_str(), waits["waiting"]["why"]["away"].as_str()),
        (Some("working"), Some("no_answer"))
    );
    // given up and begun again meanwhile: it is the same box to the registry still
    assert_eq!(fleet.lab.cli(&["activate", "--stop"]).code, 0);
    fleet.begin(&code, &["--association", "none"]);
    relay.loses.store(false, Ordering::SeqCst);
    fleet.active();
    assert_eq!(fleet.hosts(), ["7F3K-2219"]);
}
