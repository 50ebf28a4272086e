//! Which seed is for this box, what must hold of it, and in which order it is applied.

use std::net::Ipv4Addr;

use super::{Part, Seed};
use crate::{
    box_file::{BoxFile, SERVICE_ADDRESS},
    network::{
        issue::{Field, Issue, Rule},
        validate::validate,
    },
    settings::{
        MOST_TIME_SERVERS,
        proxy::looks_like_pem,
        request::{Own, ProxyRequest, WantedProxy},
    },
};

/// What is known of the box that a seed is offered to.
#[derive(Clone, Copy, Debug)]
pub struct Box<'a> {
    pub serial: &'a str,
    /// It has a password.
    pub set_up: bool,
    /// The digest of the seed that was applied last.
    pub applied: Option<&'a str>,
}

/// What is to be done with a seed that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Apply,
    /// It has been applied: a stick may stay in the box for ever.
    Already,
    /// It names another box.
    OtherBox {
        serial: String,
    },
    /// The box is set up. Whoever has a stick and names no box may not change what somebody uses.
    NeedsSerial,
}

pub fn judge(seed: &Seed, digest: &str, here: Box) -> Verdict {
    match &seed.serial {
        _ if here.applied == Some(digest) => Verdict::Already,
        Some(serial) if serial != here.serial => Verdict::OtherBox { serial: serial.clone() },
        None if here.set_up => Verdict::NeedsSerial,
        Some(_) | None => Verdict::Apply,
    }
}

/// What is wrong with values that are each well-formed. `board`: `None` where nobody knows the box; its ports are not looked at then.
pub fn check(seed: &Seed, board: Option<&BoxFile>) -> Vec<Issue> {
    let mut issues = Vec::new();
    let of = |field, rule| Issue { port: None, field, rule };
    if let (Some(network), Some(board)) = (&seed.network, board) {
        issues.extend(validate(network, board));
    }
    if seed.time.as_ref().is_some_and(|time| time.servers.len() > MOST_TIME_SERVERS) {
        issues.push(of(Field::TimeServers, Rule::TooMany { most: MOST_TIME_SERVERS }));
    }
    if let Err(found) = seed.proxy() {
        issues.extend(found);
    }
    if seed.registry.as_ref().and_then(|registry| registry.ca.as_deref()).is_some_and(|ca| !looks_like_pem(ca)) {
        issues.push(of(Field::RegistryCa, Rule::NotACertificate));
    }
    issues
}

/// The parts that the seed has, in the order in which they are applied. The password is the last: with it the box counts as set up, and
/// is open to whoever knows it.
pub fn steps(seed: &Seed) -> Vec<Part> {
    let parts = [
        (Part::Language, seed.language.is_some()),
        (Part::HostName, seed.host_name.is_some()),
        (Part::Time, seed.time.is_some()),
        (Part::Proxy, seed.proxy.is_some()),
        (Part::Registry, seed.registry.is_some()),
        (Part::Network, seed.network.is_some()),
        (Part::Password, seed.password_hash.is_some()),
    ];
    parts.into_iter().filter_map(|(part, there)| there.then_some(part)).collect()
}

impl Seed {
    /// The proxy that it wants. Nobody is there to mend one that does not work, so it is not tested.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn proxy(&self) -> Result<Option<WantedProxy>, Vec<Issue>> {
        let Some(proxy) = &self.proxy else { return Ok(None) };
        let addresses: Vec<Ipv4Addr> = vec![SERVICE_ADDRESS];
        let name = self.host_name.as_ref().map_or("", |name| name.as_str());
        let request = ProxyRequest {
            url: proxy.url.clone(),
            user: proxy.user.clone(),
            password: proxy.password.clone(),
            ca: proxy.ca.clone(),
            host: String::new(),
            untested: true,
        };
        match request.check(None, Own { name, addresses: &addresses })? {
            Some(wanted) => Ok(Some(wanted)),
            None => Err(vec![Issue { port: None, field: Field::ProxyUrl, rule: Rule::Missing }]),
        }
    }
}
