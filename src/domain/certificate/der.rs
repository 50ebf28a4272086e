//! Just enough of DER (X.690) to read a certificate: definite lengths, tags of one byte. What is more than that is no certificate of ours.

/// One element: its tag, its content, and all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    pub tag: u8,
    pub body: &'a [u8],
    pub whole: &'a [u8],
}

/// Elements one after the other. `None` is the end, or what is no element.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(&'a [u8]);

pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BITS: u8 = 0x03;
pub const OCTETS: u8 = 0x04;
pub const OID: u8 = 0x06;
pub const UTC_TIME: u8 = 0x17;
pub const GENERALIZED_TIME: u8 = 0x18;
pub const SEQUENCE: u8 = 0x30;
pub const SET: u8 = 0x31;

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn read(&mut self) -> Option<Element<'a>> {
        let (&tag, after) = self.0.split_first()?;
        // a tag that goes on in the next byte
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, after) = after.split_first()?;
        let (length, head) = if first < 0x80 {
            (usize::from(first), 2)
        } else {
            let digits = usize::from(first & 0x7f);
            if !(1..=3).contains(&digits) {
                return None;
            }
            let length = after.get(..digits)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            (length, 2 + digits)
        };
        let end = head.checked_add(length)?;
        let whole = self.0.get(..end)?;
        self.0 = &self.0[end..];
        Some(Element { tag, body: &whole[head..], whole })
    }

    /// The next one, which must be of this kind.
    pub fn take(&mut self, tag: u8) -> Option<Element<'a>> {
        self.read().filter(|element| element.tag == tag)
    }

    /// The next one, if it is of this kind; stays where it is otherwise.
    pub fn option(&mut self, tag: u8) -> Option<Element<'a>> {
        let mut ahead = *self;
        let element = ahead.take(tag)?;
        *self = ahead;
        Some(element)
    }
}

impl<'a> Element<'a> {
    pub fn inside(&self) -> Reader<'a> {
        Reader(self.body)
    }

    /// Of a bit string without unused bits.
    pub fn bits(&self) -> Option<&'a [u8]> {
        match self.body.split_first() {
            Some((0, bits)) => Some(bits),
            _ => None,
        }
    }

    /// How long a positive integer is.
    pub fn bit_length(&self) -> usize {
        let zeros = self.body.iter().take_while(|byte| **byte == 0).count();
        let digits = &self.body[zeros..];
        digits.first().map_or(0, |first| digits.len() * 8 - first.leading_zeros() as usize)
    }
}
