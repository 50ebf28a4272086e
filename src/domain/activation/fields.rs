//! What codes, requests and answers consist of: numbered fields, each with its length, in the order of their numbers.
//!
//! Compact, because a QR code of a request must still be read from a screen; and there is one form of each content only.

use super::Malformed;

/// A field's number and bytes.
pub type Field<'a> = (u8, &'a [u8]);

/// Fields of more than 65,535 bytes are not made; they would be cut.
pub fn write(fields: &[Field<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, content) in fields {
        let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
        bytes.push(*number);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&content[..usize::from(length)]);
    }
    bytes
}

/// The fields of a content.
#[derive(Clone, Debug)]
pub struct Fields<'a>(Vec<Field<'a>>);

impl<'a> Fields<'a> {
    /// # Errors
    /// When a field is cut off, or one comes before a lower number.
    pub fn read(mut bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Vec::<Field<'a>>::new();
        while !bytes.is_empty() {
            let [number, high, low, rest @ ..] = bytes else { return Err(Malformed::CutOff) };
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let (content, after) = rest.split_at_checked(length).ok_or(Malformed::CutOff)?;
            if fields.last().is_some_and(|(before, _)| before > number) {
                return Err(Malformed::Content);
            }
            fields.push((*number, content));
            bytes = after;
        }
        Ok(Self(fields))
    }

    /// All that have this number.
    pub fn all(&self, number: u8) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.0.iter().filter(move |(n, _)| *n == number).map(|(_, content)| *content)
    }

    /// The one that has this number; one that is there twice is malformed.
    pub fn optional(&self, number: u8) -> Result<Option<&'a [u8]>, Malformed> {
        let mut found = self.all(number);
        let first = found.next();
        if found.next().is_some() { Err(Malformed::Content) } else { Ok(first) }
    }

    pub fn one(&self, number: u8) -> Result<&'a [u8], Malformed> {
        self.optional(number)?.ok_or(Malformed::CutOff)
    }

    pub fn array<const N: usize>(&self, number: u8) -> Result<[u8; N], Malformed> {
        self.one(number)?.try_into().map_err(|_| Malformed::Content)
    }

    pub fn number(&self, number: u8) -> Result<u64, Malformed> {
        self.array(number).map(u64::from_be_bytes)
    }

    /// A text that `T` takes.
    pub fn text<T: std::str::FromStr>(&self, number: u8) -> Result<T, Malformed> {
        parse(self.one(number)?)
    }

    pub fn optional_text<T: std::str::FromStr>(&self, number: u8) -> Result<Option<T>, Malformed> {
        self.optional(number)?.map(parse).transpose()
    }

    /// # Errors
    /// When there is a field that this version does not know: what it says could matter.
    pub fn only(&self, known: &[u8]) -> Result<(), Malformed> {
        if self.0.iter().all(|(number, _)| known.contains(number)) { Ok(()) } else { Err(Malformed::Newer) }
    }
}

pub fn parse<T: std::str::FromStr>(content: &[u8]) -> Result<T, Malformed> {
    std::str::from_utf8(content).ok().and_then(|text| text.parse().ok()).ok_or(Malformed::Content)
}
