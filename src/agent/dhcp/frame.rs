//! IPv4 and UDP around a DHCP message: the client speaks before its port has an address, so it makes its own headers.
//!
//! Ethernet's header is the packet socket's part. Fragments are not put together: the answer that the client asks for
//! fits one frame, and whoever sends it in pieces is not heard.

use std::net::{Ipv4Addr, SocketAddrV4};

/// A server's and a relay's port.
pub const SERVER_PORT: u16 = 67;
pub const CLIENT_PORT: u16 = 68;

const IP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
const UDP: u8 = 17;
const TTL: u8 = 64;
/// More fragments, and the offset.
const FRAGMENT: u16 = 0x3fff;
const DO_NOT_FRAGMENT: u16 = 0x4000;

/// Why a packet is not for the client. Most of what an interface sees is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("the packet ends too early")]
    Truncated,
    #[error("it is not IPv4")]
    NotIpv4,
    #[error("it is a fragment")]
    Fragment,
    #[error("it is not UDP")]
    NotUdp,
    #[error("it is for port {to}, from port {from}")]
    Ports { from: u16, to: u16 },
    #[error("a checksum is wrong")]
    Checksum,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{length} bytes do not fit a datagram")]
pub struct TooLong {
    pub length: usize,
}

/// A datagram that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    pub from: Ipv4Addr,
    pub to: Ipv4Addr,
    pub payload: &'a [u8],
}

/// An IPv4 packet with one UDP datagram.
///
/// # Errors
/// The payload does not fit; what the client composes does.
pub fn build(from: SocketAddrV4, to: SocketAddrV4, payload: &[u8]) -> Result<Vec<u8>, TooLong> {
    let too_long = TooLong { length: payload.len() };
    let total = u16::try_from(IP_HEADER + UDP_HEADER + payload.len()).map_err(|_| too_long)?;
    let udp_length = u16::try_from(UDP_HEADER + payload.len()).map_err(|_| too_long)?;

    let mut packet = Vec::with_capacity(usize::from(total));
    packet.extend([0x45, 0]);
    packet.extend(total.to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(DO_NOT_FRAGMENT.to_be_bytes());
    packet.extend([TTL, UDP, 0, 0]);
    packet.extend(from.ip().octets());
    packet.extend(to.ip().octets());
    let checksum = !fold(sum(&packet));
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());

    packet.extend(from.port().to_be_bytes());
    packet.extend(to.port().to_be_bytes());
    packet.extend(udp_length.to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(payload);
    let checksum = match !fold(pseudo_header(*from.ip(), *to.ip(), udp_length) + sum(&packet[IP_HEADER..])) {
        // 0 stands for "none" (RFC 768)
        0 => u16::MAX,
        checksum => checksum,
    };
    packet[IP_HEADER + 6..IP_HEADER + 8].copy_from_slice(&checksum.to_be_bytes());
    Ok(packet)
}

/// The datagram in an IPv4 packet between two ports; bytes after its end, which short frames are filled up with, are
/// left out.
///
/// # Errors
/// Why it is none for us.
pub fn parse(packet: &[u8], from_port: u16, to_port: u16) -> Result<Datagram<'_>, FrameError> {
    let first = *packet.first().ok_or(FrameError::Truncated)?;
    let header_length = usize::from(first & 0x0f) * 4;
    if first >> 4 != 4 || header_length < IP_HEADER {
        return Err(FrameError::NotIpv4);
    }
    let header = packet.get(..header_length).ok_or(FrameError::Truncated)?;
    if fold(sum(header)) != u16::MAX {
        return Err(FrameError::Checksum);
    }
    if word(header, 6)? & FRAGMENT != 0 {
        return Err(FrameError::Fragment);
    }
    if header[9] != UDP {
        return Err(FrameError::NotUdp);
    }
    let udp = packet.get(header_length..usize::from(word(header, 2)?)).ok_or(FrameError::Truncated)?;
    let (from, to) = (word(udp, 0)?, word(udp, 2)?);
    if (from, to) != (from_port, to_port) {
        return Err(FrameError::Ports { from, to });
    }
    let length = word(udp, 4)?;
    let datagram = udp.get(..usize::from(length)).ok_or(FrameError::Truncated)?;
    let payload = datagram.get(UDP_HEADER..).ok_or(FrameError::Truncated)?;
    let (from, to) = (address(header, 12)?, address(header, 16)?);
    if !checksum_holds(word(datagram, 6)?, pseudo_header(from, to, length), sum(datagram)) {
        return Err(FrameError::Checksum);
    }
    Ok(Datagram { from, to, payload })
}

/// None, a whole one, or the half that the kernel leaves for hardware that is not there: a packet that never saw a
/// wire, from a server in another namespace of this box, has only the pseudo header in it (`CHECKSUM_PARTIAL`).
fn checksum_holds(given: u16, pseudo: u32, whole: u32) -> bool {
    given == 0 || fold(pseudo + whole) == u16::MAX || given == fold(pseudo)
}

fn pseudo_header(from: Ipv4Addr, to: Ipv4Addr, udp_length: u16) -> u32 {
    sum(&from.octets()) + sum(&to.octets()) + u32::from(UDP) + u32::from(udp_length)
}

/// RFC 1071, not folded; 64 KiB of words fit 32 bits.
fn sum(bytes: &[u8]) -> u32 {
    let (words, odd) = bytes.as_chunks::<2>();
    let words = words.iter().map(|word| u32::from(u16::from_be_bytes(*word))).sum::<u32>();
    words + odd.first().map_or(0, |last| u32::from(*last) << 8)
}

fn fold(sum: u32) -> u16 {
    let once = (sum & 0xffff) + (sum >> 16);
    u16::try_from((once & 0xffff) + (once >> 16)).unwrap_or(u16::MAX)
}

fn word(bytes: &[u8], at: usize) -> Result<u16, FrameError> {
    let word = bytes.get(at..).and_then(|rest| rest.first_chunk::<2>());
    word.map(|word| u16::from_be_bytes(*word)).ok_or(FrameError::Truncated)
}

fn address(bytes: &[u8], at: usize) -> Result<Ipv4Addr, FrameError> {
    let octets = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    octets.map(|octets| Ipv4Addr::from(*octets)).ok_or(FrameError::Truncated)
}
