//! Multicast DNS, as far as a box needs it: its own name's address (RFC 6762), IPv4 only.
//!
//! What comes in may be from anybody on the wire: [`read`] takes it apart without trusting a length or a pointer, and gives `None` for
//! what is no DNS message.

pub mod claim;

use std::net::Ipv4Addr;

pub const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
pub const PORT: u16 = 5353;
/// Seconds that others may remember an answer (RFC 6762, section 10). Shorter: more questions. Longer: a changed address is believed
/// too long by those who missed the announcement.
pub const TTL: u32 = 120;
/// Between probes, and before the first (section 8.1).
pub const PROBE_PAUSE: u64 = 250;
pub const PROBES: u32 = 3;
/// Before a name that another device has is tried again. Shorter: noise. Longer: it is missed for long after the other has gone.
pub const CONFLICT_PAUSE: u64 = 60_000;

/// A message is an Ethernet frame long at most; section 17 allows 9000 bytes.
pub const LONGEST: usize = 9000;
/// Questions and records of one message that are looked at.
const MOST: usize = 64;
const A: u16 = 1;
const ANY: u16 = 255;
const INTERNET: u16 = 1;
/// In a question: answer by unicast. In a record: forget what was known (sections 5.4, 10.2).
const TOP_BIT: u16 = 0x8000;
const RESPONSE: u16 = 0x8000;
const AUTHORITATIVE: u16 = 0x0400;
const OPCODE: u16 = 0x7800;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    pub id: u16,
    pub response: bool,
    pub questions: Vec<Question>,
    /// Addresses of names, in the answers.
    pub addresses: Vec<(String, Ipv4Addr)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Lower case, without the last dot.
    pub name: String,
    pub unicast: bool,
    /// Whether an address answers it: type A or any, class IN or any.
    pub address: bool,
}

/// Takes a message apart; `None` for what is none. Records after one that cannot be read are left out.
pub fn read(bytes: &[u8]) -> Option<Message> {
    let number = |at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    let flags = number(2)?;
    if flags & OPCODE != 0 {
        return None;
    }
    let mut message = Message { id: number(0)?, response: flags & RESPONSE != 0, ..Message::default() };
    let mut at = 12;
    bytes.get(..at)?;
    for _ in 0..usize::from(number(4)?).min(MOST) {
        let (name, end) = name(bytes, at)?;
        let (kind, class) = (number(end)?, number(end + 2)?);
        at = end + 4;
        let address = matches!(kind, A | ANY) && matches!(class & !TOP_BIT, INTERNET | ANY);
        message.questions.push(Question { name, unicast: class & TOP_BIT != 0, address });
    }
    for _ in 0..usize::from(number(6)?).min(MOST) {
        let Some((record, end)) = record(bytes, at) else { break };
        message.addresses.extend(record);
        at = end;
    }
    Some(message)
}

/// The address in a record, if it is one, and where the next begins.
fn record(bytes: &[u8], at: usize) -> Option<(Option<(String, Ipv4Addr)>, usize)> {
    let number = |at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    let (name, fixed) = name(bytes, at)?;
    let (kind, class, length) = (number(fixed)?, number(fixed + 2)?, usize::from(number(fixed + 8)?));
    let (begin, end) = (fixed + 10, fixed + 10 + length);
    let data = bytes.get(begin..end)?;
    let address = data.first_chunk::<4>().filter(|_| kind == A && class & !TOP_BIT == INTERNET && length == 4);
    Some((address.map(|a| (name, Ipv4Addr::from(*a))), end))
}

/// A name and where what follows it begins. Pointers lead backwards only, so that none leads round.
fn name(bytes: &[u8], mut at: usize) -> Option<(String, usize)> {
    let (mut name, mut end) = (String::new(), None);
    loop {
        let length = usize::from(*bytes.get(at)?);
        match length {
            0 => return Some((name, end.unwrap_or(at + 1))),
            1..=63 => {
                let label = bytes.get(at + 1..at + 1 + length)?;
                if name.len() + length > 255 {
                    return None;
                }
                if !name.is_empty() {
                    name.push('.');
                }
                // a name of ours is ASCII, with dots between labels only; any other has to differ from it
                name.extend(label.iter().map(|b| if *b == b'.' { '\0' } else { char::from(b.to_ascii_lowercase()) }));
                at += 1 + length;
            }
            192..=255 => {
                let to = (length & 0x3f) << 8 | usize::from(*bytes.get(at + 1)?);
                end = end.or(Some(at + 2));
                if to >= at {
                    return None;
                }
                at = to;
            }
            _ => return None,
        }
    }
}

/// The answer to a question, or an announcement: `name` (a host name, lower case) has these addresses. `legacy`: an old resolver
/// asked from another port; it wants its id and its question back, and no flush bit (section 6.7).
pub fn response(name: &str, addresses: &[Ipv4Addr], legacy: Option<u16>) -> Vec<u8> {
    let class = if legacy.is_some() { INTERNET } else { INTERNET | TOP_BIT };
    let ttl = if legacy.is_some() { TTL.min(10) } else { TTL };
    let counts = [u16::from(legacy.is_some()), count(addresses), 0, 0];
    let mut bytes = header(legacy.unwrap_or(0), RESPONSE | AUTHORITATIVE, counts);
    if legacy.is_some() {
        write_name(&mut bytes, name);
        bytes.extend([A.to_be_bytes(), INTERNET.to_be_bytes()].concat());
    }
    write_records(&mut bytes, name, addresses, class, ttl);
    bytes
}

/// Asks whether another device has the name, and tells what this one would say (section 8.1).
pub fn probe(name: &str, addresses: &[Ipv4Addr]) -> Vec<u8> {
    let mut bytes = header(0, 0, [1, 0, count(addresses), 0]);
    write_name(&mut bytes, name);
    bytes.extend([ANY.to_be_bytes(), INTERNET.to_be_bytes()].concat());
    write_records(&mut bytes, name, addresses, INTERNET, TTL);
    bytes
}

/// The names that are asked for, each once, and whether all who ask want it by unicast.
pub fn asked<'a>(message: &Message, ours: &'a [String]) -> Vec<(&'a str, bool)> {
    if message.response {
        return Vec::new();
    }
    let of = |name: &'a String| {
        let mut questions = message.questions.iter().filter(|q| q.address && q.name == *name).peekable();
        questions.peek()?;
        Some((name.as_str(), questions.all(|q| q.unicast)))
    };
    ours.iter().filter_map(of).collect()
}

/// A name of ours that another device claims: an address that is none of this box's.
pub fn claimed<'a>(message: &Message, ours: &'a [String], own: &[Ipv4Addr]) -> Option<(&'a str, Ipv4Addr)> {
    let mut found = message.addresses.iter().filter(|(_, address)| message.response && !own.contains(address));
    found.find_map(|(name, address)| Some((ours.iter().find(|own| *own == name)?.as_str(), *address)))
}

fn count(addresses: &[Ipv4Addr]) -> u16 {
    u16::try_from(addresses.len()).unwrap_or(u16::MAX)
}

fn header(id: u16, flags: u16, counts: [u16; 4]) -> Vec<u8> {
    [id, flags].into_iter().chain(counts).flat_map(u16::to_be_bytes).collect()
}

fn write_name(bytes: &mut Vec<u8>, name: &str) {
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).unwrap_or_default());
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
}

fn write_records(bytes: &mut Vec<u8>, name: &str, addresses: &[Ipv4Addr], class: u16, ttl: u32) {
    for address in addresses {
        write_name(bytes, name);
        bytes.extend([A.to_be_bytes(), class.to_be_bytes()].concat());
        bytes.extend(ttl.to_be_bytes());
        bytes.extend(4_u16.to_be_bytes());
        bytes.extend(address.octets());
    }
}
