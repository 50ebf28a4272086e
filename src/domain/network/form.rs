//! The port form: what a person typed, as text, and how it becomes a spec.
//!
//! People paste full-width characters, stray spaces and `10.0.0.5/24`; all of that is understood before anything is refused.

mod ipv6;
mod routes;

use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::{
    issue::{Field, Issue, Rule},
    spec::{Ipv4Spec, Ipv6Spec, PortSpec},
    validate,
};
use crate::{
    dhcp::lease::{LARGEST_MTU, SMALLEST_MTU},
    name::PortName,
};

pub use routes::{RouteRow, RouteRows, row_name};

/// The fields as they were typed; kept as they are when the form is shown again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PortForm {
    /// `dhcp`, `static`, `ipv6` (no IPv4), or `off`.
    pub method: String,
    pub address: String,
    pub mask: String,
    pub gateway: String,
    pub dns1: String,
    pub dns2: String,
    /// Asked instead of the DHCP server's. Fields of their own: what was typed for a static network is wrong in the next one.
    pub own_dns1: String,
    pub own_dns2: String,
    #[serde(flatten)]
    pub routes: RouteRows,
    pub mtu: String,
    /// `auto`, `static` or `off`; whoever does not say leaves IPv6 as it is.
    pub ipv6_method: String,
    /// With its prefix: `2001:db8::15/64`.
    pub ipv6_address: String,
    pub ipv6_gateway: String,
    /// A checkbox: present when ticked.
    pub default_route: Option<String>,
    pub manage: Option<String>,
}

impl PortForm {
    /// The form that shows a saved spec.
    pub fn of(spec: &PortSpec) -> Self {
        let first = spec.ipv4.addresses().first();
        let dns = |own: bool, i: usize| match spec.dns.get(i) {
            Some(server) if own != matches!(spec.ipv4, Ipv4Spec::Static { .. }) => server.to_string(),
            Some(_) | None => String::new(),
        };
        let tick = |on: bool| on.then(|| "on".to_owned());
        Self {
            method: match spec.ipv4 {
                Ipv4Spec::Off if spec.is_off() => "off",
                Ipv4Spec::Off => "ipv6",
                Ipv4Spec::Dhcp => "dhcp",
                Ipv4Spec::Static { .. } => "static",
            }
            .to_owned(),
            address: first.map(|n| n.addr().to_string()).unwrap_or_default(),
            mask: first.map(|n| n.netmask().to_string()).unwrap_or_default(),
            gateway: spec.ipv4.gateway().map(|g| g.to_string()).unwrap_or_default(),
            dns1: dns(false, 0),
            dns2: dns(false, 1),
            own_dns1: dns(true, 0),
            own_dns2: dns(true, 1),
            routes: RouteRows::of(&spec.routes),
            mtu: spec.mtu.map(|mtu| mtu.to_string()).unwrap_or_default(),
            ipv6_method: match spec.ipv6() {
                // who switches the port on gets what is usual
                Ipv6Spec::Off if spec.ipv4 == Ipv4Spec::Off && spec.ipv6.is_none() => "auto",
                Ipv6Spec::Off => "off",
                Ipv6Spec::Auto => "auto",
                Ipv6Spec::Static { .. } => "static",
            }
            .to_owned(),
            ipv6_address: spec.ipv6().addresses().first().map(ToString::to_string).unwrap_or_default(),
            ipv6_gateway: spec.ipv6().gateway().map(|g| g.to_string()).unwrap_or_default(),
            default_route: tick(spec.default_route),
            manage: tick(spec.manage),
        }
    }

    /// The spec that the form asks for. `saved` gives what the form has no field for (second addresses, a third DNS server).
    ///
    /// # Errors
    /// All issues, each with its field.
    pub fn read(&self, port: &PortName, saved: &PortSpec) -> Result<PortSpec, Vec<Issue>> {
        let (ipv6, mut broken) = self.read_ipv6(saved);
        let asked = PortSpec {
            ipv4: Ipv4Spec::Off,
            ipv6,
            dns: Vec::new(),
            default_route: self.default_route.is_some(),
            manage: self.manage.is_some(),
            ..saved.clone()
        };
        let (spec, more) = match self.method.as_str() {
            // whatever stands in the other fields
            "off" => return Ok(PortSpec { ipv6: None, ..asked }),
            "dhcp" => self.read_own_dns(PortSpec { ipv4: Ipv4Spec::Dhcp, ..asked }, saved),
            "ipv6" => self.read_own_dns(asked, saved),
            "static" => self.read_static(asked, saved),
            _ => (asked, vec![(Field::Method, Rule::NotAChoice)]),
        };
        let own = if more.is_empty() { spec.ipv4.addresses() } else { &[] };
        let (routes, wrong_routes) = self.routes.read(own);
        broken.extend(more.into_iter().chain(wrong_routes));
        let mtu = read_mtu(&self.mtu).unwrap_or_else(|rule| {
            broken.push((Field::Mtu, rule));
            None
        });
        broken.sort_by_key(|(field, _)| *field);
        if broken.is_empty() {
            return Ok(PortSpec { routes, mtu, ..spec }.normalised());
        }
        Err(broken.into_iter().map(|(field, rule)| Issue::new(port, field, rule)).collect())
    }

    /// Where the network names DNS servers, others can be asked instead.
    fn read_own_dns(&self, mut spec: PortSpec, saved: &PortSpec) -> (PortSpec, Vec<(Field, Rule)>) {
        let mut broken = Vec::new();
        let mut dns = Vec::new();
        for (field, text) in [(Field::Dns1, &self.own_dns1), (Field::Dns2, &self.own_dns2)] {
            match optional_server(text) {
                Ok(Some(server)) => match validate::dns_server(server, &spec) {
                    Some(rule) => broken.push((field, rule)),
                    None => dns.push(server),
                },
                Ok(None) => {}
                Err(rule) => broken.push((field, rule)),
            }
        }
        if saved.ipv4 == spec.ipv4 && !dns.is_empty() {
            dns.extend(saved.dns.iter().skip(2));
        }
        spec.dns = dns;
        (spec, broken)
    }

    fn read_static(&self, asked: PortSpec, saved: &PortSpec) -> (PortSpec, Vec<(Field, Rule)>) {
        let mut broken = Vec::new();
        let network = address_and_mask(&self.address, &self.mask);
        broken.extend(network.clone().err().into_iter().flatten());
        let gateway = optional_address(&self.gateway).unwrap_or_else(|rule| {
            broken.push((Field::Gateway, rule));
            None
        });
        let servers = [(Field::Dns1, &self.dns1), (Field::Dns2, &self.dns2)].map(|(field, text)| {
            let server = optional_server(text).unwrap_or_else(|rule| {
                broken.push((field, rule));
                None
            });
            (field, server)
        });

        let usable = network.is_ok();
        let addresses = network.into_iter().chain(saved.ipv4.addresses().iter().skip(1).copied()).collect();
        let dns = servers.iter().filter_map(|(_, s)| *s).chain(saved.dns.iter().skip(2).copied()).collect();
        let spec = PortSpec { ipv4: Ipv4Spec::Static { addresses, gateway }, dns, ..asked };
        if usable {
            broken.extend(validate::addressing(&spec.ipv4));
        }
        // not the rules of the spec's list: an empty first field must not shift the blame to itself
        let rules = servers.iter().filter_map(|(field, s)| Some((*field, validate::dns_server((*s)?, &spec)?)));
        broken.extend(rules);
        (spec, broken)
    }
}

/// Full-width digits, dots and slashes become plain ones; spaces and marks that nobody sees go.
pub fn plain(text: &str) -> String {
    // zero-width spaces and joiners, directions of writing, word joiner, byte order mark: they come along with pasted text
    let unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}');
    text.chars()
        .filter(|c| !c.is_whitespace() && !unseen(*c))
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            '。' | '｡' => '.',
            _ => c,
        })
        .collect()
}

fn read_mtu(text: &str) -> Result<Option<u16>, Rule> {
    let text = plain(text);
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u16>() {
        _ if text.is_empty() => Ok(None),
        Ok(mtu) if digits && (SMALLEST_MTU..=LARGEST_MTU).contains(&mtu) => Ok(Some(mtu)),
        Ok(_) | Err(_) => Err(validate::MTU_RANGE),
    }
}

fn optional_server(text: &str) -> Result<Option<IpAddr>, Rule> {
    let text = plain(text);
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| Rule::NotAnIpAddress) }
}

fn optional_address(text: &str) -> Result<Option<Ipv4Addr>, Rule> {
    let text = plain(text);
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| Rule::NotAnAddress) }
}

/// Reads address and mask; an address with `/24` behind it needs no mask.
///
/// # Errors
/// Every issue of the two fields.
pub fn address_and_mask(address: &str, mask: &str) -> Result<Ipv4Net, Vec<(Field, Rule)>> {
    let (address, mask) = (plain(address), plain(mask));
    let (address, own_mask) = match address.split_once('/') {
        Some((address, mask)) => (address.to_owned(), Some(mask.to_owned())),
        None => (address, None),
    };
    let ip = match address.as_str() {
        "" => Err((Field::Address, Rule::Missing)),
        text => text.parse::<Ipv4Addr>().map_err(|_| (Field::Address, Rule::NotAnAddress)),
    };
    let prefix = match (own_mask.as_deref(), mask.as_str()) {
        (None, "") => Err((Field::Mask, Rule::Missing)),
        (Some(mask), "") | (None, mask) => prefix(mask),
        (Some(own), mask) => prefix(mask).and_then(|typed| match prefix(own) {
            Ok(own) if own == typed => Ok(typed),
            _ => Err((Field::Mask, Rule::NotAMask)),
        }),
    };
    match (ip, prefix) {
        (Ok(ip), Ok(prefix)) => Ipv4Net::new(ip, prefix).map_err(|_| vec![(Field::Mask, Rule::NotAMask)]),
        (ip, prefix) => Err([ip.err(), prefix.err()].into_iter().flatten().collect()),
    }
}

fn prefix(mask: &str) -> Result<u8, (Field, Rule)> {
    let bad = (Field::Mask, Rule::NotAMask);
    let digits = mask.strip_prefix('/').unwrap_or(mask);
    if digits.contains('.') {
        let mask = digits.parse::<Ipv4Addr>().map_err(|_| bad.clone())?;
        ipnet::ipv4_mask_to_prefix(mask).map_err(|_| bad)
    } else {
        match digits.parse::<u8>() {
            Ok(prefix) if prefix <= 32 && digits.bytes().all(|b| b.is_ascii_digit()) => Ok(prefix),
            _ => Err(bad),
        }
    }
}
