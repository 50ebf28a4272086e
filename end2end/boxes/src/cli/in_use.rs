//! Whether the addresses of a wire to this machine are free here. A box to try must not take a network away that is in use: an
//! address or a route of the machine that overlaps it is a reason to refuse.

use boxes::{Error, Result};
use serde::Deserialize;
use std::{net::Ipv4Addr, process::Command};

pub type Prefix = (Ipv4Addr, u8);
pub const SERVICE: Prefix = (Ipv4Addr::new(192, 168, 100, 0), 24);
pub const SITE: Prefix = (Ipv4Addr::new(10, 20, 0, 0), 24);
/// Shorter prefixes are default routes by another name (a VPN's 0.0.0.0/1).
const SHORTEST: u8 = 8;

#[derive(Debug, Deserialize)]
struct Link {
    #[serde(default)]
    ifname: String,
    #[serde(default)]
    addr_info: Vec<Address>,
}

#[derive(Debug, Deserialize)]
struct Address {
    local: Option<Ipv4Addr>,
    #[serde(default)]
    prefixlen: u8,
}

#[derive(Debug, Deserialize)]
struct Route {
    dst: String,
    #[serde(default)]
    dev: String,
}

/// Says what uses a network here, or `None` if nothing does.
pub fn user_of(network: Prefix) -> Result<Option<String>> {
    let links: Vec<Link> = serde_json::from_slice(&ip(&["-4", "-j", "address", "show"])?)?;
    let routes: Vec<Route> = serde_json::from_slice(&ip(&["-4", "-j", "route", "show", "table", "all"])?)?;
    Ok(user(network, &links, &routes))
}

fn user(network: Prefix, links: &[Link], routes: &[Route]) -> Option<String> {
    let by_address = links.iter().find_map(|link| {
        let mut used = link.addr_info.iter().filter_map(|a| Some((a.local?, a.prefixlen)));
        let (address, length) = used.find(|used| overlaps(network, *used))?;
        Some(format!("{} has the address {address}/{length}", link.ifname))
    });
    let by_route = || {
        let route = routes.iter().find(|route| prefix(&route.dst).is_some_and(|used| overlaps(network, used)))?;
        Some(format!("there is a route to {} by {}", route.dst, route.dev))
    };
    by_address.or_else(by_route)
}

fn prefix(text: &str) -> Option<Prefix> {
    match text.split_once('/') {
        Some((address, length)) => Some((address.parse().ok()?, length.parse().ok()?)),
        None => Some((text.parse().ok()?, 32)),
    }
}

fn overlaps(network: Prefix, (address, length): Prefix) -> bool {
    let shared = u32::from(length.min(network.1));
    let difference = u32::from(address) ^ u32::from(network.0);
    length >= SHORTEST && difference >> (32 - shared) == 0
}

fn ip(arguments: &[&str]) -> Result<Vec<u8>> {
    let command = || format!("ip {}", arguments.join(" "));
    let output = Command::new("ip").args(arguments).output();
    let output = output.map_err(|source| Error::Io { what: format!("run {}", command()), source })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Error::Command { command: command(), printed: String::from_utf8_lossy(&output.stderr).trim().into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overlaps_the_service_network_is_found() {
        for (text, expected) in [
            ("192.168.100.0/24", true),
            ("192.168.100.7", true),
            ("192.168.0.0/16", true),
            ("192.168.100.128/25", true),
            ("192.168.101.0/24", false),
            ("10.0.0.0/8", false),
            ("128.0.0.0/1", false),
            ("default", false),
        ] {
            assert_eq!(prefix(text).is_some_and(|used| overlaps(SERVICE, used)), expected, "{text}");
        }
    }

    #[test]
    fn the_user_is_named() {
        let json = r#"[{"ifname":"eth0","addr_info":[{"family":"inet","local":"192.168.100.5","prefixlen":24}]}]"#;
        let links: Vec<Link> = serde_json::from_str(json).unwrap();
        assert_eq!(user(SERVICE, &links, &[]).unwrap(), "eth0 has the address 192.168.100.5/24");
    }
}
