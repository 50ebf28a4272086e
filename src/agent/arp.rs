//! ARP packets as bytes: 28 for Ethernet and IPv4 (RFC 826), 42 with the Ethernet header. Slices only; the socket is another's.
//!
//! What comes in is from strangers: each byte is looked at before it counts, and none makes this panic.

use std::net::Ipv4Addr;

use domain::{
    box_file::Mac,
    network::acd::{ArpPacket, Operation},
};

pub const PACKET: usize = 28;
pub const FRAME: usize = HEADER + PACKET;
const HEADER: usize = 14;

const BROADCAST: [u8; 6] = [0xff; 6];
/// `ETH_P_ARP`.
const ETHER_TYPE: [u8; 2] = [0x08, 0x06];
/// Hardware type 1 (Ethernet), protocol 0x0800 (IPv4), the lengths of their addresses.
const ETHERNET_IPV4: [u8; 6] = [0, 1, 0x08, 0x00, 6, 4];
const REQUEST: u16 = 1;
const REPLY: u16 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadArp {
    #[error("{0} bytes are too few")]
    Short(usize),
    #[error("the frame is no ARP")]
    NotArp,
    #[error("it is not about IPv4 over Ethernet")]
    NotEthernetIpv4,
    #[error("operation {0} is neither request nor reply")]
    Operation(u16),
}

pub fn to_bytes(packet: &ArpPacket) -> [u8; PACKET] {
    let operation = match packet.operation {
        Operation::Request => REQUEST,
        Operation::Reply => REPLY,
    };
    let mut bytes = [0; PACKET];
    bytes[..6].copy_from_slice(&ETHERNET_IPV4);
    bytes[6..8].copy_from_slice(&operation.to_be_bytes());
    bytes[8..14].copy_from_slice(&packet.sender_mac.0);
    bytes[14..18].copy_from_slice(&packet.sender.octets());
    bytes[18..24].copy_from_slice(&packet.target_mac.0);
    bytes[24..].copy_from_slice(&packet.target.octets());
    bytes
}

/// Reads a packet. What follows its 28 bytes is the padding of short frames, and ignored.
///
/// # Errors
/// Says what kind of other packet it is.
pub fn from_bytes(bytes: &[u8]) -> Result<ArpPacket, BadArp> {
    let (packet, _) = bytes.split_first_chunk::<PACKET>().ok_or(BadArp::Short(bytes.len()))?;
    if !packet.starts_with(&ETHERNET_IPV4) {
        return Err(BadArp::NotEthernetIpv4);
    }
    let operation = match u16::from_be_bytes(at(packet, 6)) {
        REQUEST => Operation::Request,
        REPLY => Operation::Reply,
        other => return Err(BadArp::Operation(other)),
    };
    Ok(ArpPacket {
        operation,
        sender_mac: Mac(at(packet, 8)),
        sender: Ipv4Addr::from(at::<4>(packet, 14)),
        target_mac: Mac(at(packet, 18)),
        target: Ipv4Addr::from(at::<4>(packet, 24)),
    })
}

/// The packet as a broadcast frame.
pub fn to_frame(packet: &ArpPacket) -> [u8; FRAME] {
    let mut frame = [0; FRAME];
    frame[..6].copy_from_slice(&BROADCAST);
    frame[6..12].copy_from_slice(&packet.sender_mac.0);
    frame[12..HEADER].copy_from_slice(&ETHER_TYPE);
    frame[HEADER..].copy_from_slice(&to_bytes(packet));
    frame
}

/// Reads a frame. Whom it was sent to does not matter: a reply to another tells who has an address, too.
///
/// # Errors
/// Says what kind of other frame it is.
pub fn from_frame(frame: &[u8]) -> Result<ArpPacket, BadArp> {
    let (header, packet) = frame.split_first_chunk::<HEADER>().ok_or(BadArp::Short(frame.len()))?;
    if header.ends_with(&ETHER_TYPE) { from_bytes(packet) } else { Err(BadArp::NotArp) }
}

/// `N` bytes from `start`; both are constants of the layout, within the packet.
fn at<const N: usize>(packet: &[u8; PACKET], start: usize) -> [u8; N] {
    std::array::from_fn(|i| packet[start + i])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HIS: Mac = Mac([0x02, 0, 0, 0, 0, 0x66]);
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 15);

    #[test]
    fn a_probe_on_the_wire() {
        let bytes = to_bytes(&ArpPacket::probe(HIS, ADDRESS));
        let expected = [
            0, 1, 8, 0, 6, 4, 0, 1, // Ethernet, IPv4, request
            2, 0, 0, 0, 0, 0x66, 0, 0, 0, 0, // from, without an address
            0, 0, 0, 0, 0, 0, 10, 20, 0, 15, // for
        ];
        assert_eq!(bytes, expected);
        assert_eq!(
            to_frame(&ArpPacket::probe(HIS, ADDRESS))[..14],
            [255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 0x66, 8, 6]
        );
    }

    #[test]
    fn refuses_what_is_something_else() {
        let good = to_bytes(&ArpPacket::announcement(HIS, ADDRESS));
        assert_eq!(from_bytes(&good[..27]), Err(BadArp::Short(27)));
        assert_eq!(from_bytes(&[]), Err(BadArp::Short(0)));
        for place in 0..6 {
            let mut other = good;
            other[place] ^= 1;
            assert_eq!(from_bytes(&other), Err(BadArp::NotEthernetIpv4), "byte {place}");
        }
        for operation in [0, 3, 0x0100, u16::MAX] {
            let mut other = good;
            other[6..8].copy_from_slice(&operation.to_be_bytes());
            assert_eq!(from_bytes(&other), Err(BadArp::Operation(operation)));
        }
        let mut frame = to_frame(&ArpPacket::announcement(HIS, ADDRESS));
        assert_eq!(from_frame(&frame[..13]), Err(BadArp::Short(13)));
        frame[13] = 0;
        assert_eq!(from_frame(&frame), Err(BadArp::NotArp));
    }

    fn packet() -> impl Strategy<Value = ArpPacket> {
        (any::<bool>(), any::<[u8; 6]>(), any::<u32>(), any::<[u8; 6]>(), any::<u32>()).prop_map(
            |(request, sender_mac, sender, target_mac, target)| ArpPacket {
                operation: if request { Operation::Request } else { Operation::Reply },
                sender_mac: Mac(sender_mac),
                sender: sender.into(),
                target_mac: Mac(target_mac),
                target: target.into(),
            },
        )
    }

    proptest! {
        #[test]
        fn a_packet_comes_back_from_its_bytes(packet in packet(), padding in prop::collection::vec(any::<u8>(), 0..20)) {
            let padded = |bytes: &[u8]| [bytes, &padding].concat();
            prop_assert_eq!(from_bytes(&padded(&to_bytes(&packet))), Ok(packet));
            prop_assert_eq!(from_frame(&padded(&to_frame(&packet))), Ok(packet));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80), arp in any::<bool>()) {
            let bytes = if arp { [&ETHERNET_IPV4[..], &bytes].concat() } else { bytes };
            if let Ok(packet) = from_bytes(&bytes) {
                prop_assert_eq!(&to_bytes(&packet)[..], &bytes[..PACKET]);
            }
            let _ = from_frame(&bytes);
        }
    }
}
