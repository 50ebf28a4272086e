//! The port form: what a person typed, as text, and how it becomes a spec.
//!
//! People paste full-width characters, stray spaces and `10.0.0.5/24`; all of that is understood before anything is refused.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::{
    issue::{Field, Issue, Rule},
    spec::{Ipv4Spec, PortSpec},
    validate,
};
use crate::domain::name::PortName;

/// The fields as they were typed; kept as they are when the form is shown again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PortForm {
    /// `static` or `off`.
    pub method: String,
    pub address: String,
    pub mask: String,
    pub gateway: String,
    pub dns1: String,
    pub dns2: String,
    /// A checkbox: present when ticked.
    pub default_route: Option<String>,
    pub manage: Option<String>,
}

impl PortForm {
    /// The form that shows a saved spec.
    pub fn of(spec: &PortSpec) -> Self {
        let first = spec.ipv4.addresses().first();
        let dns = |i: usize| spec.dns.get(i).map(ToString::to_string).unwrap_or_default();
        let tick = |on: bool| on.then(|| "on".to_owned());
        Self {
            method: match spec.ipv4 {
                Ipv4Spec::Off => "off",
                Ipv4Spec::Static { .. } => "static",
            }
            .to_owned(),
            address: first.map(|n| n.addr().to_string()).unwrap_or_default(),
            mask: first.map(|n| n.netmask().to_string()).unwrap_or_default(),
            gateway: spec.ipv4.gateway().map(|g| g.to_string()).unwrap_or_default(),
            dns1: dns(0),
            dns2: dns(1),
            default_route: tick(spec.default_route),
            manage: tick(spec.manage),
        }
    }

    /// The spec that the form asks for. `saved` gives what the form has no field for (second addresses, a third DNS server).
    ///
    /// # Errors
    /// All issues, each with its field.
    pub fn read(&self, port: &PortName, saved: &PortSpec) -> Result<PortSpec, Vec<Issue>> {
        let flags = |ipv4, dns| PortSpec {
            ipv4,
            dns,
            default_route: self.default_route.is_some(),
            manage: self.manage.is_some(),
        };
        match self.method.as_str() {
            "off" => Ok(flags(Ipv4Spec::Off, Vec::new())),
            "static" => self.read_static(port, saved, flags),
            _ => Err(vec![Issue::new(port, Field::Method, Rule::NotAChoice)]),
        }
    }

    fn read_static(
        &self,
        port: &PortName,
        saved: &PortSpec,
        flags: impl Fn(Ipv4Spec, Vec<Ipv4Addr>) -> PortSpec,
    ) -> Result<PortSpec, Vec<Issue>> {
        let mut issues = Vec::new();
        let mut note = |field, result: Result<Option<Ipv4Addr>, Rule>| match result {
            Ok(value) => value,
            Err(rule) => {
                issues.push(Issue::new(port, field, rule));
                None
            }
        };
        let gateway = note(Field::Gateway, optional_address(&self.gateway));
        let dns1 = note(Field::Dns1, optional_address(&self.dns1));
        let dns2 = note(Field::Dns2, optional_address(&self.dns2));
        let network = match address_and_mask(&self.address, &self.mask) {
            Ok(network) => Some(network),
            Err(found) => {
                issues.splice(0..0, found.into_iter().map(|(field, rule)| Issue::new(port, field, rule)));
                None
            }
        };
        let addresses = network.into_iter().chain(saved.ipv4.addresses().iter().skip(1).copied()).collect();
        let dns = [dns1, dns2].into_iter().flatten().chain(saved.dns.iter().skip(2).copied()).collect();
        let spec = flags(Ipv4Spec::Static { addresses, gateway }, dns);
        if network.is_some() {
            issues.extend(validate::port_alone(port, &spec));
        }
        if issues.is_empty() { Ok(spec) } else { Err(issues) }
    }
}

/// Full-width digits, dots and slashes become plain ones; spaces go.
pub fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != '\u{feff}' && *c != '\u{200b}')
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            '。' => '.',
            _ => c,
        })
        .collect()
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
        (Some(mask), "") => prefix(mask),
        (None, "") => Err((Field::Mask, Rule::Missing)),
        (None, mask) => prefix(mask),
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
