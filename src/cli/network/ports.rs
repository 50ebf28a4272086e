//! Ports as people read them.

use crate::{
    cli::table::aligned,
    domain::{
        box_file::Role,
        network::status::{AddressStatus, Detection, Origin, PortStatus, RouteStatus},
    },
};

/// One line a port.
pub(in crate::cli) fn table(ports: &[PortStatus]) -> String {
    let head = ["PORT", "ON THE CHASSIS", "ROLE", "LINK", "ADDRESSES"].map(str::to_owned);
    let rows = ports.iter().map(|port| {
        let addresses = port.addresses.iter().map(address).collect::<Vec<_>>();
        [port.name.to_string(), port.label.clone(), role(port.role).to_owned(), link(port), addresses.join(", ")]
    });
    aligned(&[head].into_iter().chain(rows).collect::<Vec<_>>())
}

/// One line a route, those of the main table first named without a number.
pub(super) fn routes(ports: &[PortStatus]) -> String {
    let head = ["TO", "VIA", "PORT", "TABLE", "METRIC", ""].map(str::to_owned);
    let row = |port: &PortStatus, route: &RouteStatus| {
        let to = if route.destination.prefix_len() == 0 { "default".to_owned() } else { route.destination.to_string() };
        let via = route.gateway.map_or_else(|| "-".to_owned(), |g| g.to_string());
        let table = if route.table == crate::domain::network::kernel::MAIN_TABLE {
            "main".to_owned()
        } else {
            route.table.to_string()
        };
        let foreign = match route.origin {
            Origin::Gatehouse => String::new(),
            Origin::Router => "from a router".to_owned(),
            Origin::LinkLocal | Origin::Other => "not ours".to_owned(),
        };
        [to, via, port.name.to_string(), table, route.metric.to_string(), foreign]
    };
    let rows = ports.iter().flat_map(|p| p.routes.iter().map(move |r| row(p, r)));
    aligned(&[head].into_iter().chain(rows).collect::<Vec<_>>())
}

/// `2001:db8::15/64 (from a router)`; what is usual is not said.
fn address(address: &AddressStatus) -> String {
    let origin = (address.origin == Origin::Router).then_some("from a router");
    let checked = match address.duplicates {
        Detection::Unique => None,
        Detection::Tentative => Some("is being checked"),
        Detection::Duplicate => Some("another device has it"),
    };
    let said = origin.into_iter().chain(checked).collect::<Vec<_>>();
    if said.is_empty() { address.net.to_string() } else { format!("{} ({})", address.net, said.join(", ")) }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Uplink => "uplink",
        Role::Service => "service",
        Role::Heartbeat => "heartbeat",
        Role::Sim => "sim",
    }
}

fn link(port: &PortStatus) -> String {
    match &port.link {
        None => "absent".to_owned(),
        Some(link) if !link.up => "off".to_owned(),
        Some(link) if !link.carrier => "no cable".to_owned(),
        Some(link) => link.speed.map_or_else(|| "connected".to_owned(), |speed| format!("{speed} Mbit/s")),
    }
}
