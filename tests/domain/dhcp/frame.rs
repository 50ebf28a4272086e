//! Headers of IPv4 and UDP, made and read.

use std::net::{Ipv4Addr, SocketAddrV4};

use agent::dhcp::frame::{CLIENT_PORT, FrameError, SERVER_PORT, TooLong, build, parse};
use proptest::prelude::*;

use super::support::{ADDRESS, OWN, captured};

/// A UDP datagram of four bytes from 10.20.0.1:67 to 10.20.0.15:68, its checksums worked out apart from this code.
const PACKET: [u8; 32] = [
    0x45, 0x00, 0x00, 0x20, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0x26, 0x96, 10, 20, 0, 1, 10, 20, 0, 15, //
    0x00, 0x43, 0x00, 0x44, 0x00, 0x0c, 0x4d, 0x7a, 0xde, 0xad, 0xbe, 0xef,
];

fn reply(payload: &[u8]) -> Vec<u8> {
    build(SocketAddrV4::new(OWN, SERVER_PORT), SocketAddrV4::new(ADDRESS, CLIENT_PORT), payload)
        .expect("a short payload")
}

fn read(packet: &[u8]) -> Result<&[u8], FrameError> {
    parse(packet, SERVER_PORT, CLIENT_PORT).map(|datagram| datagram.payload)
}

/// Writes a header's checksum anew, after the test has changed it.
fn mend(packet: &mut [u8]) {
    let length = usize::from(packet[0] & 15) * 4;
    packet[10..12].fill(0);
    let sum = packet[..length].chunks(2).map(|w| u32::from(u16::from_be_bytes([w[0], w[1]]))).sum::<u32>();
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).expect("a header is short");
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
}

#[test]
fn is_what_other_hosts_send() {
    assert_eq!(reply(&[0xde, 0xad, 0xbe, 0xef]), PACKET);
    let read = parse(&PACKET, SERVER_PORT, CLIENT_PORT).unwrap();
    assert_eq!((read.from, read.to, read.payload), (OWN, ADDRESS, &[0xde, 0xad, 0xbe, 0xef][..]));
}

#[test]
fn reads_what_dnsmasq_sends_within_the_box() {
    let mut packet = captured();
    let datagram = parse(&packet, SERVER_PORT, CLIENT_PORT).unwrap();
    assert_eq!((datagram.from, datagram.to, datagram.payload.len()), (OWN, ADDRESS, packet.len() - 28));
    let whole = reply(datagram.payload);
    assert_ne!(whole[26..28], packet[26..28], "the captured checksum is only begun");
    packet[27] ^= 1;
    assert_eq!(read(&packet), Err(FrameError::Checksum));
}

#[test]
fn a_checksum_is_whole_absent_or_only_of_the_pseudo_header() {
    let pseudo = 0x0a14_u16 + 0x0001 + 0x0a14 + 0x000f + 17 + 12;
    for (checksum, taken) in [(0x4d7a, true), (0, true), (pseudo, true), (0x4d7b, false), (!pseudo, false)] {
        let mut packet = PACKET;
        packet[26..28].copy_from_slice(&u16::to_be_bytes(checksum));
        assert_eq!(read(&packet).is_ok(), taken, "{checksum:#x}");
    }
    let mut packet = PACKET;
    packet[31] ^= 1;
    assert_eq!(read(&packet), Err(FrameError::Checksum));
}

#[test]
fn skips_options_of_ip_and_what_ethernet_fills_up_with() {
    let mut packet = PACKET.to_vec();
    packet.splice(20..20, [1; 8]);
    (packet[0], packet[3]) = (0x47, 0x28);
    mend(&mut packet);
    packet.extend([0; 18]);
    assert_eq!(read(&packet), Ok(&[0xde, 0xad, 0xbe, 0xef][..]));
}

#[test]
fn refuses_what_is_not_for_the_client() {
    let changed = |at: usize, to: u8| {
        let mut packet = PACKET;
        packet[at] = to;
        mend(&mut packet);
        packet
    };
    for (packet, error) in [
        (changed(0, 0x65), FrameError::NotIpv4),
        (changed(6, 0x20), FrameError::Fragment),
        (changed(7, 0x01), FrameError::Fragment),
        (changed(9, 6), FrameError::NotUdp),
        (changed(21, 53), FrameError::Ports { from: 53, to: 68 }),
        (changed(23, 67), FrameError::Ports { from: 67, to: 67 }),
        (changed(25, 13), FrameError::Truncated),
        (changed(25, 7), FrameError::Truncated),
        (changed(3, 0x21), FrameError::Truncated),
        (changed(3, 0x13), FrameError::Truncated),
    ] {
        assert_eq!(read(&packet), Err(error), "{packet:x?}");
    }
    let mut packet = PACKET;
    packet[0] = 0x44;
    assert_eq!(read(&packet), Err(FrameError::NotIpv4));
    packet = PACKET;
    packet[8] = 63;
    assert_eq!(read(&packet), Err(FrameError::Checksum));
    assert!((0..PACKET.len()).all(|length| read(&PACKET[..length]).is_err()));
}

#[test]
fn says_when_a_payload_does_not_fit() {
    let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, CLIENT_PORT);
    assert!(build(any, any, &vec![0; 65_507]).is_ok());
    assert_eq!(build(any, any, &vec![0; 65_508]), Err(TooLong { length: 65_508 }));
}

proptest! {
    #[test]
    fn comes_back(payload in prop::collection::vec(any::<u8>(), 0..1_600), from: [u8; 4], to: [u8; 4]) {
        let (from, to) = (Ipv4Addr::from(from), Ipv4Addr::from(to));
        let packet = build(SocketAddrV4::new(from, 67), SocketAddrV4::new(to, 68), &payload).unwrap();
        let read = parse(&packet, 67, 68).unwrap();
        prop_assert_eq!((read.from, read.to, read.payload), (from, to, &payload[..]));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn a_damaged_packet_is_read_or_refused(at in 0..32_usize, to: u8, keep in 0..33_usize) {
        let mut packet = PACKET;
        packet[at] = to;
        if let Ok(payload) = read(&packet[..keep]) {
            prop_assert!(payload.len() <= keep);
        }
    }
}
