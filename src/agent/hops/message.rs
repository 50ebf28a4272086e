//! DNS messages as bytes (RFC 1035, section 4): one question for an address, and what an answer says to it. The socket is another's.
//!
//! What comes in is from strangers: each byte is looked at before it counts. Names in it are stepped over and never followed, so
//! that no pointer can lead round in a circle.

use std::net::Ipv4Addr;

use domain::network::validate::is_host;

/// Longest message over UDP without an extension (RFC 1035, section 2.3.4).
pub const LONGEST: usize = 512;
const HEADER: usize = 12;
/// RD: a server that asks others for us.
const RECURSION: u16 = 0x0100;
const RESPONSE: u16 = 0x8000;
const OPCODE: u16 = 0x7800;
const TRUNCATED: u16 = 0x0200;
const RCODE: u16 = 0x000f;
const NAME_ERROR: u16 = 3;
const A: u16 = 1;
const IN: u16 = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    id: u16,
    /// The message but its header.
    asked: Vec<u8>,
}

/// A server's word on the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The first address that another host can have.
    Address(Ipv4Addr),
    /// NXDOMAIN, or no such address.
    Unknown,
    Refused {
        rcode: u16,
    },
}

impl Question {
    /// `name` is a host's: labels of 1 to 63 letters, digits and hyphens, 253 bytes in all.
    pub fn new(id: u16, name: &str) -> Self {
        let mut asked = Vec::with_capacity(name.len() + 6);
        for label in name.split('.') {
            asked.push(u8::try_from(label.len()).unwrap_or_default());
            asked.extend(label.as_bytes());
        }
        asked.push(0);
        asked.extend([A, IN].map(u16::to_be_bytes).as_flattened());
        Self { id, asked }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let header = [self.id, RECURSION, 1, 0, 0, 0].map(u16::to_be_bytes);
        [header.as_flattened(), &self.asked].concat()
    }

    /// `None`: not an answer to this question, or one that ends too soon. It is as if nobody had sent it.
    pub fn answer(&self, message: &[u8]) -> Option<Answer> {
        let [id, flags, questions, answers] = [0, 2, 4, 6].map(|at| number(message, at));
        if id? != self.id || flags? & (RESPONSE | OPCODE) != RESPONSE {
            return None;
        }
        let rest = message.get(HEADER..)?;
        let records = match questions? {
            // a server that could not read the question need not repeat it
            0 if flags? & RCODE != 0 => rest,
            1 => {
                rest.split_at_checked(self.asked.len()).filter(|(asked, _)| asked.eq_ignore_ascii_case(&self.asked))?.1
            }
            _ => return None,
        };
        match flags? & RCODE {
            // what was cut off is not known; an address among the rest is good
            0 if flags? & TRUNCATED != 0 => {
                first_address(records, answers?).filter(|answer| matches!(answer, Answer::Address(_)))
            }
            0 => first_address(records, answers?),
            NAME_ERROR => Some(Answer::Unknown),
            rcode => Some(Answer::Refused { rcode }),
        }
    }
}

/// Whatever name it belongs to: aliases come first, and their address after them.
fn first_address(mut records: &[u8], count: u16) -> Option<Answer> {
    for _ in 0..count {
        records = after_name(records)?;
        let (kind, class, length) = (number(records, 0)?, number(records, 2)?, number(records, 8)?);
        let (data, rest) = records.get(10..)?.split_at_checked(usize::from(length))?;
        if let (A, IN, Ok(octets)) = (kind, class, <[u8; 4]>::try_from(data)) {
            let address = Ipv4Addr::from(octets);
            if is_host(address) {
                return Some(Answer::Address(address));
            }
        }
        records = rest;
    }
    Some(Answer::Unknown)
}

/// A name ends with the root's empty label or with a pointer to another place.
fn after_name(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let (length, rest) = bytes.split_first()?;
        bytes = match length {
            0 => return Some(rest),
            0xc0.. => return rest.get(1..),
            1..=63 => rest.get(usize::from(*length)..)?,
            64..0xc0 => return None,
        };
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn question() -> Question {
        Question::new(0x1234, "Internet.test")
    }

    /// An answer with these records to the question.
    fn message(flags: u16, records: &[&[u8]]) -> Vec<u8> {
        let count = u16::try_from(records.len()).expect("few");
        let header = [0x1234, RESPONSE | flags, 1, count, 0, 0].map(u16::to_be_bytes);
        [header.as_flattened(), &question().asked, &records.concat()].concat()
    }

    /// `name` is the bytes of a name.
    fn record(name: &[u8], kind: u16, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).expect("short");
        [name, [kind, IN, 0, 60, length].map(u16::to_be_bytes).as_flattened(), data].concat()
    }

    #[test]
    fn the_question_on_the_wire() {
        let expected = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x08Internet\x04test\0\0\x01\0\x01";
        assert_eq!(question().to_bytes(), expected);
    }

    #[test]
    fn reads_what_servers_say() {
        let address = record(b"\xc0\x0c", A, &[203, 0, 113, 1]);
        let found = Some(Answer::Address([203, 0, 113, 1].into()));
        assert_eq!(question().answer(&message(0, &[&address])), found);
        let alias = record(b"\x03www\xc0\x0c", 5, b"\x05other\0");
        assert_eq!(question().answer(&message(0x0400, &[&alias, &address])), found, "aliases are stepped over");
        assert_eq!(question().answer(&message(0, &[&alias])), Some(Answer::Unknown));
        for nowhere in [[127, 0, 0, 1], [0, 0, 0, 0], [224, 0, 0, 1]] {
            let sunk = record(b"\xc0\x0c", A, &nowhere);
            assert_eq!(question().answer(&message(0, &[&sunk])), Some(Answer::Unknown), "{nowhere:?}");
            assert_eq!(question().answer(&message(0, &[&sunk, &address])), found);
        }
        assert_eq!(question().answer(&message(0, &[])), Some(Answer::Unknown));
        assert_eq!(question().answer(&message(3, &[])), Some(Answer::Unknown));
        assert_eq!(question().answer(&message(5, &[])), Some(Answer::Refused { rcode: 5 }));
        assert_eq!(question().answer(b"\x12\x34\x80\x01\0\0\0\0\0\0\0\0"), Some(Answer::Refused { rcode: 1 }));
        assert_eq!(question().answer(&message(0x0200, &[&address])), found);
        assert_eq!(question().answer(&message(0x0200, &[])), None, "cut off");
        let mut shouting = message(0, &[&address]);
        shouting[HEADER..HEADER + 14].make_ascii_uppercase();
        assert_eq!(question().answer(&shouting), found, "letters of a question may come back larger");
    }

    #[test]
    fn what_does_not_answer_the_question_is_not_heard() {
        let good = message(0, &[&record(b"\xc0\x0c", A, &[203, 0, 113, 1])]);
        for length in 0..good.len() {
            assert_eq!(question().answer(&good[..length]), None, "{length} bytes");
        }
        // the number, "this is an answer", the kind of question, the count of questions, the name, the type
        for place in [0, 1, 2, 5, 13, good.len() - 18] {
            let mut other = good.clone();
            other[place] ^= if place == 2 { 0x80 } else { 1 };
            assert_eq!(question().answer(&other), None, "byte {place}");
        }
        let broken = record(b"\x40", A, &[203, 0, 113, 1]);
        assert_eq!(question().answer(&message(0, &[&broken])), None, "a label of a kind that does not exist");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not_heard(tail in prop::collection::vec(any::<u8>(), 0..100), count in any::<u16>()) {
            let mut bytes = message(0, &[&tail]);
            bytes[6..8].copy_from_slice(&count.to_be_bytes());
            if let Some(Answer::Address(address)) = question().answer(&bytes) {
                prop_assert!(is_host(address));
            }
            let _ = question().answer(&tail);
        }
    }
}
