//! The IPv6 part of the port form.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

use super::{Field, PortForm, Rule, plain, validate};
use crate::network::spec::{Ipv6Spec, PortSpec};

impl PortForm {
    /// What IPv6 shall be, and what is wrong with it. `saved` gives second addresses, and everything where the form does not say.
    pub(super) fn read_ipv6(&self, saved: &PortSpec) -> (Option<Ipv6Spec>, Vec<(Field, Rule)>) {
        match self.ipv6_method.as_str() {
            "" => (saved.ipv6.clone(), Vec::new()),
            "off" => (Some(Ipv6Spec::Off), Vec::new()),
            "auto" => (Some(Ipv6Spec::Auto), Vec::new()),
            "static" => self.read_static_ipv6(saved),
            _ => (None, vec![(Field::Ipv6Method, Rule::NotAChoice)]),
        }
    }

    fn read_static_ipv6(&self, saved: &PortSpec) -> (Option<Ipv6Spec>, Vec<(Field, Rule)>) {
        let (network, gateway) = (address_and_prefix(&self.ipv6_address), optional_ipv6(&self.ipv6_gateway));
        let mut broken = Vec::new();
        broken.extend(network.clone().err().map(|rule| (Field::Ipv6Address, rule)));
        broken.extend(gateway.clone().err().map(|rule| (Field::Ipv6Gateway, rule)));
        let usable = network.is_ok();
        let addresses = network.into_iter().chain(saved.ipv6().addresses().iter().skip(1).copied()).collect();
        let spec = Ipv6Spec::Static { addresses, gateway: gateway.unwrap_or_default() };
        if usable {
            broken.extend(validate::addressing_ipv6(&spec));
        }
        (Some(spec), broken)
    }
}

/// `2001:db8::15/64`, also as a zone file or a full keyboard has it.
fn address_and_prefix(text: &str) -> Result<Ipv6Net, Rule> {
    let text = plain(text);
    if text.is_empty() {
        return Err(Rule::Missing);
    }
    let Some((address, prefix)) = text.split_once('/') else {
        return Err(if text.parse::<Ipv6Addr>().is_ok() { Rule::Ipv6PrefixMissing } else { Rule::NotAnIpv6Address });
    };
    let address = address.parse::<Ipv6Addr>().map_err(|_| Rule::NotAnIpv6Address)?;
    let digits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
    let prefix = prefix.parse().ok().filter(|_| digits);
    prefix.and_then(|prefix| Ipv6Net::new(address, prefix).ok()).ok_or(Rule::Ipv6PrefixOutOfRange)
}

fn optional_ipv6(text: &str) -> Result<Option<Ipv6Addr>, Rule> {
    let text = plain(text);
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| Rule::NotAnIpv6Address) }
}
