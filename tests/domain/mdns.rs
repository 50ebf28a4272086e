//! Multicast DNS: messages as they are on the wire, hostile ones, and the life of a name.

use std::net::Ipv4Addr;

use domain::{
    mdns::{
        CONFLICT_PAUSE, PROBES, asked,
        claim::{Claim, Say},
        claimed, probe, read, response,
    },
    time::BootMillis,
};
use proptest::{collection::vec, prelude::*};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 100, 198);
const OTHER: Ipv4Addr = Ipv4Addr::new(192, 168, 100, 150);

fn ours() -> Vec<String> {
    vec!["box-1.local".to_owned(), "gatehouse.local".to_owned()]
}

/// A question for `name`, from a resolver that wants type and class so.
fn question(name: &str, kind: u16, class: u16) -> Vec<u8> {
    let mut bytes = vec![0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).expect("short"));
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    bytes.extend([kind.to_be_bytes(), class.to_be_bytes()].concat());
    bytes
}

#[test]
fn only_a_question_for_an_address_of_our_name_is_answered() {
    let answers = |bytes: &[u8]| {
        let message = read(bytes).expect("a message");
        asked(&message, &ours()).into_iter().map(|(name, unicast)| (name.to_owned(), unicast)).collect::<Vec<_>>()
    };
    assert_eq!(answers(&question("BOX-1.Local", 1, 1)), [("box-1.local".to_owned(), false)]);
    assert_eq!(answers(&question("gatehouse.local", 255, 0x8001)), [("gatehouse.local".to_owned(), true)]);
    for (name, kind, class) in [("box-2.local", 1, 1), ("box-1.local", 28, 1), ("box-1.local", 1, 3), ("box-1", 1, 1)] {
        assert_eq!(answers(&question(name, kind, class)), [], "{name} {kind} {class}");
    }
    // a dot inside a label is no border between labels
    let mut dotted = question("box-1.local", 1, 1);
    dotted[12] = 11;
    dotted[18] = b'.';
    assert_eq!(answers(&dotted), []);
}

#[test]
fn an_answer_is_read_as_it_was_written_and_another_devices_is_a_claim() {
    let told = read(&response("box-1.local", &[ADDRESS], None)).expect("a message");
    assert_eq!(told.addresses, [("box-1.local".to_owned(), ADDRESS)]);
    assert_eq!(asked(&told, &ours()), []);
    assert_eq!(claimed(&told, &ours(), &[ADDRESS]), None, "our own word");
    assert_eq!(claimed(&told, &ours(), &[OTHER]), Some(("box-1.local", ADDRESS)));
    let legacy = read(&response("box-1.local", &[ADDRESS], Some(7))).expect("a message");
    assert_eq!((legacy.id, legacy.questions.len()), (7, 1));
    let asks = read(&probe("box-1.local", &[ADDRESS])).expect("a message");
    assert_eq!(asked(&asks, &ours()), [("box-1.local", false)], "whoever has it answers a probe");
}

#[test]
fn a_name_that_leads_round_is_none() {
    let mut bytes = question("a.local", 1, 1);
    bytes[12] = 0xc0;
    bytes[13] = 12;
    assert_eq!(read(&bytes), None);
}

#[test]
fn a_name_is_asked_for_then_announced_and_left_to_whoever_has_it() {
    let mut claim = Claim::new("box-1.local".to_owned(), BootMillis(0));
    let mut said = Vec::new();
    while let Some(due) = claim.deadline() {
        assert_eq!(claim.is_held(), said.contains(&Say::Announcement));
        said.extend(claim.tick(due));
    }
    assert_eq!(said[..3], [Say::Probe; PROBES as usize]);
    assert_eq!(said[3..], [Say::Announcement; 2]);
    assert!(claim.is_held());

    assert!(claim.taken(BootMillis(5_000)) && !claim.taken(BootMillis(6_000)), "told once");
    assert!(!claim.is_held());
    let due = claim.deadline().expect("tried again");
    assert_eq!(due, BootMillis(6_000 + CONFLICT_PAUSE));
    assert_eq!(claim.tick(due), None);
    assert_eq!(claim.tick(claim.deadline().expect("probes")), Some(Say::Probe));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..600)) {
        drop(read(&bytes));
    }

    /// Bytes of a real message, some of them changed: reading ends, and nothing is answered but our names.
    #[test]
    fn a_broken_message_is_read_or_refused(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..12), cut in 0..80_usize) {
        let mut bytes = response("box-1.local", &[ADDRESS, OTHER], Some(1));
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len().saturating_sub(cut / 2));
        if let Some(message) = read(&bytes) {
            for (name, _) in asked(&message, &ours()) {
                prop_assert!(ours().iter().any(|own| own == name));
            }
        }
    }
}
