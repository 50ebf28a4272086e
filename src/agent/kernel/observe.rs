//! Reads the kernel's network state, whole.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use futures_util::TryStreamExt;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use rtnetlink::{
    IpVersion, RouteMessageBuilder,
    packet_route::{
        AddressFamily,
        address::{AddressAttribute, AddressFlags, AddressMessage, AddressProtocol},
        link::{LinkAttribute, LinkFlags, LinkMessage},
        route::{RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteType},
        rule::{RuleAttribute, RuleMessage},
    },
};

use super::{Kernel, KernelError, sysctl, write::FOR_EVER};
use domain::{
    box_file::Mac,
    network::{
        kernel::{PROTOCOL, SourceRule},
        status::{Counters, Detection, LinkStatus, Origin},
    },
};

/// The kernel's own table of local and broadcast addresses.
const RT_TABLE_LOCAL: u8 = 255;

/// Everything that a plan or a page needs to know, as read at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    pub links: Vec<Link>,
    pub addresses: Vec<ObservedAddress>,
    /// Routes of all tables but `local`.
    pub routes: Vec<ObservedRoute>,
    /// Our rules only.
    pub rules: Vec<SourceRule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub status: LinkStatus,
    /// The hardware address that came with the device, where the driver tells it.
    pub permanent_mac: Option<Mac>,
    /// Whether the kernel listens to routers here.
    pub autoconf: Option<sysctl::Listens>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservedAddress {
    pub index: u32,
    pub net: IpNet,
    pub ours: bool,
    pub origin: Origin,
    pub detection: Detection,
    /// Seconds until the kernel drops it; `None` for ever.
    pub valid: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservedRoute {
    pub index: u32,
    pub table: u32,
    pub destination: IpNet,
    pub gateway: Option<IpAddr>,
    pub metric: u32,
    pub ours: bool,
    pub origin: Origin,
}

impl Kernel {
    /// # Errors
    /// When a dump fails.
    pub async fn observe(&self) -> Result<Observed, KernelError> {
        let read = |what| move |source| KernelError::Read { what, source };
        let links = self.handle.link().get().execute().try_collect::<Vec<_>>().await.map_err(read("links"))?;
        let addresses =
            self.handle.address().get().execute().try_collect::<Vec<_>>().await.map_err(read("addresses"))?;
        let (mut routes, mut rules) = (Vec::new(), Vec::new());
        for all in [RouteMessageBuilder::<Ipv4Addr>::new().build(), RouteMessageBuilder::<Ipv6Addr>::new().build()] {
            let some = self.handle.route().get(all).execute().try_collect::<Vec<_>>().await.map_err(read("routes"))?;
            routes.extend(some);
        }
        for version in [IpVersion::V4, IpVersion::V6] {
            let some =
                self.handle.rule().get(version).execute().try_collect::<Vec<_>>().await.map_err(read("rules"))?;
            rules.extend(some);
        }
        Ok(Observed {
            links: links.iter().filter_map(link).collect(),
            addresses: addresses.iter().filter_map(address).collect(),
            routes: routes.iter().filter_map(route).collect(),
            rules: rules.iter().filter_map(our_rule).collect(),
        })
    }
}

fn link(message: &LinkMessage) -> Option<Link> {
    let mut status = LinkStatus {
        interface: String::new(),
        index: message.header.index,
        mac: None,
        up: message.header.flags.contains(LinkFlags::Up),
        carrier: message.header.flags.contains(LinkFlags::LowerUp),
        speed: None,
        full_duplex: None,
        driver: None,
        mtu: 0,
        counters: Counters::default(),
    };
    let mut permanent_mac = None;
    let mac = |bytes: &[u8]| bytes.try_into().ok().map(Mac);
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => status.interface.clone_from(name),
            LinkAttribute::Address(bytes) => status.mac = mac(bytes),
            LinkAttribute::PermAddress(bytes) => permanent_mac = mac(bytes),
            LinkAttribute::Mtu(mtu) => status.mtu = *mtu,
            LinkAttribute::Stats64(s) => {
                status.counters = Counters {
                    rx_bytes: s.rx_bytes,
                    tx_bytes: s.tx_bytes,
                    rx_errors: s.rx_errors,
                    tx_errors: s.tx_errors,
                    rx_dropped: s.rx_dropped,
                };
            }
            _ => {}
        }
    }
    if status.interface.is_empty() || message.header.flags.contains(LinkFlags::Loopback) {
        return None;
    }
    from_sysfs(&mut status);
    let autoconf = sysctl::autoconf(&status.interface);
    Some(Link { status, permanent_mac, autoconf })
}

/// Speed and driver are not in rtnetlink. `speed` is -1 or EINVAL without a link.
fn from_sysfs(status: &mut LinkStatus) {
    let folder = format!("/sys/class/net/{}", status.interface);
    let text = |file: &str| fs::read_to_string(format!("{folder}/{file}")).ok();
    status.speed = text("speed").and_then(|s| s.trim().parse().ok());
    status.full_duplex = text("duplex").and_then(|d| match d.trim() {
        "full" => Some(true),
        "half" => Some(false),
        _ => None,
    });
    let driver = fs::read_link(format!("{folder}/device/driver")).ok();
    status.driver = driver.and_then(|d| Some(d.file_name()?.to_str()?.to_owned()));
}

pub(super) fn address(message: &AddressMessage) -> Option<ObservedAddress> {
    let (mut local, mut remote, mut valid) = (None, None, None);
    let (mut origin, mut detection) = (Origin::default(), Detection::default());
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(ip) => local = Some(*ip),
            AddressAttribute::Address(ip) => remote = Some(*ip),
            AddressAttribute::CacheInfo(info) => valid = Some(info.ifa_valid).filter(|seconds| *seconds != FOR_EVER),
            AddressAttribute::Protocol(protocol) => origin = origin_of(*protocol),
            AddressAttribute::Flags(flags) => detection = detection_of(*flags),
            _ => {}
        }
    }
    let net = IpNet::new(local.or(remote)?, message.header.prefix_len).ok()?;
    let ours = origin == Origin::Gatehouse;
    Some(ObservedAddress { index: message.header.index, net, ours, origin, detection, valid })
}

fn origin_of(protocol: AddressProtocol) -> Origin {
    match protocol {
        AddressProtocol::Other(PROTOCOL) => Origin::Gatehouse,
        AddressProtocol::RouterAnnouncement => Origin::Router,
        AddressProtocol::LinkLocal => Origin::LinkLocal,
        _ => Origin::Other,
    }
}

fn detection_of(flags: AddressFlags) -> Detection {
    if flags.contains(AddressFlags::Dadfailed) {
        Detection::Duplicate
    } else if flags.contains(AddressFlags::Tentative) {
        Detection::Tentative
    } else {
        Detection::Unique
    }
}

fn route(message: &RouteMessage) -> Option<ObservedRoute> {
    if message.header.kind != RouteType::Unicast || message.header.table == RT_TABLE_LOCAL {
        return None;
    }
    let ip = |address: &RouteAddress| match address {
        RouteAddress::Inet(ip) => Some(IpAddr::V4(*ip)),
        RouteAddress::Inet6(ip) => Some(IpAddr::V6(*ip)),
        _ => None,
    };
    let everywhere = match message.header.address_family {
        AddressFamily::Inet6 => IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0)),
        _ => IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0)),
    };
    let origin = match message.header.protocol {
        protocol if protocol == RouteProtocol::from(PROTOCOL) => Origin::Gatehouse,
        RouteProtocol::Ra => Origin::Router,
        _ => Origin::Other,
    };
    let mut found = ObservedRoute {
        index: 0,
        table: message.header.table.into(),
        destination: everywhere,
        gateway: None,
        metric: 0,
        ours: origin == Origin::Gatehouse,
        origin,
    };
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Table(table) => found.table = *table,
            RouteAttribute::Destination(address) => {
                found.destination = IpNet::new(ip(address)?, message.header.destination_prefix_length).ok()?;
            }
            RouteAttribute::Gateway(address) => found.gateway = ip(address),
            RouteAttribute::Oif(index) => found.index = *index,
            RouteAttribute::Priority(metric) => found.metric = *metric,
            _ => {}
        }
    }
    Some(found)
}

fn our_rule(message: &RuleMessage) -> Option<SourceRule> {
    let (mut source, mut priority, mut ours) = (None, 0, false);
    let mut table = message.header.table.into();
    for attribute in &message.attributes {
        match attribute {
            RuleAttribute::Source(ip) => source = Some(*ip),
            RuleAttribute::Priority(p) => priority = *p,
            RuleAttribute::Table(t) => table = *t,
            RuleAttribute::Protocol(protocol) => ours = *protocol == RouteProtocol::from(PROTOCOL),
            _ => {}
        }
    }
    let whole = |ip: &IpAddr| message.header.src_len == if ip.is_ipv6() { 128 } else { 32 };
    source.filter(|ip| ours && whole(ip)).map(|source| SourceRule { priority, source, table })
}
