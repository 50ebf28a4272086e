//! The options of a received message: found in up to three fields, joined, and read one by one.

use std::{collections::BTreeMap, net::Ipv4Addr};

use ipnet::Ipv4Net;

use super::DecodeError;
use domain::dhcp::message::{ClasslessRoute, Options, code};

const PAD: u8 = 0;
const END: u8 = 255;
/// Names that are read of option 119: two bytes can point to a name of 255, so the length alone is no limit.
const MOST_NAMES: usize = 16;
/// RFC 1035 section 2.3.4.
const LONGEST_NAME: usize = 255;

/// The values by their number; parts of one option are joined (RFC 3396).
#[derive(Debug, Default)]
pub(super) struct Fields {
    values: BTreeMap<u8, Vec<u8>>,
    malformed: Vec<u8>,
}

impl Fields {
    /// `file` and `sname` hold options too if option 52 says so (RFC 2132 section 9.3); they follow in this order.
    pub(super) fn gather(options: &[u8], file: &[u8], sname: &[u8]) -> Result<Self, DecodeError> {
        let mut fields = Self::default();
        fields.walk(options)?;
        let overload = fields.byte(code::OVERLOAD).unwrap_or_default();
        if overload & 1 != 0 {
            fields.walk(file)?;
        }
        if overload & 2 != 0 {
            fields.walk(sname)?;
        }
        Ok(fields)
    }

    /// The end marker may be missing; a value may not.
    fn walk(&mut self, mut field: &[u8]) -> Result<(), DecodeError> {
        while let [option, rest @ ..] = field {
            field = match *option {
                PAD => rest,
                END => break,
                option => {
                    let truncated = DecodeError::Truncated { option };
                    let (length, rest) = rest.split_first().ok_or(truncated)?;
                    let (value, rest) = rest.split_at_checked(usize::from(*length)).ok_or(truncated)?;
                    self.values.entry(option).or_default().extend(value);
                    rest
                }
            };
        }
        Ok(())
    }

    pub(super) fn byte(&mut self, option: u8) -> Option<u8> {
        self.read(option, |value| <[u8; 1]>::try_from(value).ok()).map(|[byte]| byte)
    }

    pub(super) fn options(mut self) -> Options {
        Options {
            subnet_mask: self.address(code::SUBNET_MASK),
            routers: self.addresses(code::ROUTER),
            dns: self.addresses(code::DNS),
            host_name: self.text(code::HOST_NAME),
            domain_name: self.text(code::DOMAIN_NAME),
            mtu: self.short(code::MTU),
            ntp: self.addresses(code::NTP),
            requested_address: self.address(code::REQUESTED_ADDRESS),
            lease_time: self.long(code::LEASE_TIME),
            server_id: self.address(code::SERVER_ID),
            parameter_request_list: self.values.remove(&code::PARAMETER_REQUEST_LIST).unwrap_or_default(),
            message: self.text(code::MESSAGE),
            max_message_size: self.short(code::MAX_MESSAGE_SIZE),
            t1: self.long(code::T1),
            t2: self.long(code::T2),
            vendor_class: self.text(code::VENDOR_CLASS),
            client_id: self.values.remove(&code::CLIENT_ID),
            domain_search: self.read(code::DOMAIN_SEARCH, names).unwrap_or_default(),
            classless_routes: self.read(code::CLASSLESS_ROUTES, routes).unwrap_or_default(),
            malformed: self.malformed,
        }
    }

    fn read<T>(&mut self, option: u8, parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        let value = self.values.remove(&option)?;
        let parsed = parse(&value);
        if parsed.is_none() {
            self.malformed.push(option);
        }
        parsed
    }

    fn address(&mut self, option: u8) -> Option<Ipv4Addr> {
        self.read(option, |value| <[u8; 4]>::try_from(value).ok()).map(Ipv4Addr::from)
    }

    fn addresses(&mut self, option: u8) -> Vec<Ipv4Addr> {
        let list = |value: &[u8]| {
            let (addresses, rest) = value.as_chunks::<4>();
            (rest.is_empty() && !addresses.is_empty()).then(|| addresses.iter().copied().map(Ipv4Addr::from).collect())
        };
        self.read(option, list).unwrap_or_default()
    }

    fn short(&mut self, option: u8) -> Option<u16> {
        self.read(option, |value| value.try_into().ok()).map(u16::from_be_bytes)
    }

    fn long(&mut self, option: u8) -> Option<u32> {
        self.read(option, |value| value.try_into().ok()).map(u32::from_be_bytes)
    }

    /// Without the NUL that some servers end it with (RFC 2132 section 2). What is not UTF-8 is shown to be so.
    fn text(&mut self, option: u8) -> Option<String> {
        let value = self.values.remove(&option)?;
        let text = String::from_utf8_lossy(&value);
        Some(text.trim_end_matches('\0').to_owned()).filter(|text| !text.is_empty())
    }
}

/// Option 121: width, as many bytes of the destination as it needs, gateway (RFC 3442).
fn routes(mut value: &[u8]) -> Option<Vec<ClasslessRoute>> {
    let mut routes = Vec::new();
    while let [width, rest @ ..] = value {
        let significant = usize::from(width.div_ceil(8));
        let (given, rest) = rest.split_at_checked(significant)?;
        let mut destination = [0; 4];
        destination.get_mut(..significant)?.copy_from_slice(given);
        let (gateway, rest) = rest.split_first_chunk::<4>()?;
        let destination = Ipv4Net::new(Ipv4Addr::from(destination), *width).ok()?;
        routes.push(ClasslessRoute { destination, gateway: Ipv4Addr::from(*gateway) });
        value = rest;
    }
    Some(routes).filter(|routes| !routes.is_empty())
}

/// Option 119: names of RFC 1035, compressed within the option (RFC 3397).
fn names(value: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut at = 0;
    while at < value.len() && names.len() < MOST_NAMES {
        let (name, next) = name(value, at)?;
        names.push(name);
        at = next;
    }
    Some(names).filter(|names| !names.is_empty())
}

/// The name at `at`, and where the next one begins. Pointers go backwards only, so that they come to an end.
fn name(value: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut name = String::new();
    let mut next = None;
    let mut before = at;
    loop {
        match *value.get(at)? {
            0 => return Some((name, next.unwrap_or(at + 1))),
            high @ 0xc0..=0xff => {
                let target = usize::from(high & 0x3f) << 8 | usize::from(*value.get(at + 1)?);
                if target >= before {
                    return None;
                }
                next = next.or(Some(at + 2));
                (at, before) = (target, target);
            }
            length @ 1..=0x3f => {
                let label = value.get(at + 1..=at + usize::from(length))?;
                // a dot in a label would make two of it
                if !label.is_ascii() || label.contains(&b'.') {
                    return None;
                }
                if !name.is_empty() {
                    name.push('.');
                }
                name.extend(label.iter().copied().map(char::from));
                if name.len() > LONGEST_NAME {
                    return None;
                }
                at += 1 + label.len();
            }
            0x40..=0xbf => return None,
        }
    }
}
