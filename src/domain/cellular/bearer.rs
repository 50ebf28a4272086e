//! From what the mobile network gave to a port of the network engine. Every value is checked, or it does not get through.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::{
    cause::Cause,
    modem::{Bearer, IpConfig, Method},
    spec::CellularSpec,
};
use crate::{
    dhcp::lease::{LARGEST_MTU, SMALLEST_MTU},
    network::{
        spec::{Ipv4Spec, Ipv6Spec, PortSpec, SMALLEST_IPV6_MTU},
        validate::{MAX_DNS, addressing, addressing_ipv6, is_host, is_ipv6_host},
    },
};

/// The longest name that the kernel gives an interface (`IFNAMSIZ`).
const LONGEST_INTERFACE: usize = 15;
/// Below it nobody has a network to themselves.
const WIDEST: u8 = 8;
const NARROWEST: u8 = 30;

/// A connection that can be used: over which interface, and with which addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub interface: String,
    pub port: PortSpec,
}

/// What a connected bearer gives.
///
/// # Errors
/// Why it cannot be used.
pub fn link(bearer: &Bearer, spec: &CellularSpec) -> Result<Link, Cause> {
    let interface = bearer.interface.as_deref().filter(|name| is_interface(name)).ok_or(Cause::NoAddress)?;
    if [&bearer.ipv4, &bearer.ipv6].iter().any(|config| config.as_ref().is_some_and(|c| c.method == Method::Ppp)) {
        return Err(Cause::NeedsPpp);
    }
    let configs = || bearer.ipv4.iter().chain(&bearer.ipv6);
    let ipv4 = bearer.ipv4.as_ref().map_or(Ipv4Spec::Off, ipv4);
    let ipv6 = bearer.ipv6.as_ref().map_or(Ipv6Spec::Off, ipv6);
    if ipv4 == Ipv4Spec::Off && ipv6 == Ipv6Spec::Off {
        return Err(Cause::NoAddress);
    }
    let told = configs().filter_map(|config| u16::try_from(config.mtu?).ok()).min();
    let least = if ipv6 == Ipv6Spec::Off { SMALLEST_MTU } else { SMALLEST_IPV6_MTU };
    let mtu = spec.mtu.or(told).filter(|mtu| (least..=LARGEST_MTU).contains(mtu));
    let mut dns = Vec::new();
    for server in configs().flat_map(|config| &config.dns).filter_map(|server| server.parse().ok()).filter(is_server) {
        if !dns.contains(&server) && dns.len() < MAX_DNS && !is_own(&ipv4, &ipv6, server) {
            dns.push(server);
        }
    }
    let port = PortSpec { ipv4, ipv6: Some(ipv6), dns, mtu, ..PortSpec::default() };
    Ok(Link { interface: interface.to_owned(), port })
}

/// A name that the kernel could have given.
pub fn is_interface(name: &str) -> bool {
    (1..=LONGEST_INTERFACE).contains(&name.len())
        && !matches!(name, "." | ".." | "lo")
        && name.bytes().all(|b| b.is_ascii_graphic() && b != b'/' && b != b':')
}

fn ipv4(config: &IpConfig) -> Ipv4Spec {
    match config.method {
        Method::Dhcp => Ipv4Spec::Dhcp,
        Method::Static => {
            let address = config.address.as_deref().and_then(|text| text.parse::<Ipv4Addr>().ok());
            let gateway = config.gateway.as_deref().and_then(|text| text.parse().ok());
            address.filter(|ip| is_host(*ip)).and_then(|ip| static_ipv4(ip, gateway)).unwrap_or_default()
        }
        Method::Unknown | Method::Ppp => Ipv4Spec::Off,
    }
}

/// Nobody else is on the link but the gateway, so that the network is made no wider than the two need: some networks give a prefix of /8,
/// which would take the site's own ranges away from its cables. Where no gateway is given (raw IP: there are no neighbours, and the kernel
/// asks for none), a neighbour's address stands for it.
fn static_ipv4(address: Ipv4Addr, gateway: Option<Ipv4Addr>) -> Option<Ipv4Spec> {
    let around = |gateway: Ipv4Addr| {
        (WIDEST..=NARROWEST).rev().filter_map(|prefix| Ipv4Net::new(address, prefix).ok()).find(|net| {
            let spec = Ipv4Spec::Static { addresses: vec![*net], gateway: Some(gateway) };
            addressing(&spec).is_empty()
        })
    };
    let given = gateway.filter(|gateway| is_host(*gateway)).and_then(|gateway| Some((around(gateway)?, gateway)));
    let neighbour = || {
        let number = u32::from(address);
        let near = [number.checked_sub(1), number.checked_add(1)].into_iter().flatten().map(Ipv4Addr::from);
        near.filter(|ip| is_host(*ip)).find_map(|ip| Some((around(ip)?, ip)))
    };
    let (net, gateway) = given.or_else(neighbour)?;
    Some(Ipv4Spec::Static { addresses: vec![net], gateway: Some(gateway) })
}

/// A link-local address is only what the modem begins with: the real one comes from the network's router.
fn ipv6(config: &IpConfig) -> Ipv6Spec {
    match config.method {
        Method::Dhcp => Ipv6Spec::Auto,
        Method::Static => {
            let parse = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Ipv6Addr>().ok());
            let prefix = config.prefix.and_then(|prefix| u8::try_from(prefix).ok()).unwrap_or(64);
            match parse(&config.address).and_then(|ip| Ipv6Net::new(ip, prefix).ok()) {
                Some(net) if net.addr().is_unicast_link_local() => Ipv6Spec::Auto,
                Some(net) => static_ipv6(net, parse(&config.gateway)),
                None => Ipv6Spec::Off,
            }
        }
        Method::Unknown | Method::Ppp => Ipv6Spec::Off,
    }
}

/// Any link-local address; it stands for a gateway where none is given, as in [`static_ipv4`].
const SOMEBODY: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

fn static_ipv6(net: Ipv6Net, gateway: Option<Ipv6Addr>) -> Ipv6Spec {
    let by = |gateway| Ipv6Spec::Static { addresses: vec![net], gateway: Some(gateway) };
    let fits = |spec: &Ipv6Spec| addressing_ipv6(spec).is_empty();
    gateway.into_iter().chain([SOMEBODY]).map(by).find(fits).unwrap_or_default()
}

fn is_server(server: &IpAddr) -> bool {
    match server {
        IpAddr::V4(ip) => is_host(*ip),
        IpAddr::V6(ip) => is_ipv6_host(*ip),
    }
}

fn is_own(ipv4: &Ipv4Spec, ipv6: &Ipv6Spec, server: IpAddr) -> bool {
    match server {
        IpAddr::V4(ip) => ipv4.addresses().iter().any(|net| net.addr() == ip),
        IpAddr::V6(ip) => ipv6.addresses().iter().any(|net| net.addr() == ip),
    }
}
