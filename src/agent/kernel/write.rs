//! Performs single writes. Deleting what is gone already is done; adding what is there is an error, because then it is not ours.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use rtnetlink::{
    AddressAddRequest, Error, LinkUnspec, RouteMessageBuilder,
    packet_route::{
        AddressFamily,
        address::{AddressAttribute, AddressMessage, AddressProtocol, CacheInfo},
        route::{RouteMessage, RouteProtocol, RouteScope},
        rule::{RuleAction, RuleAttribute, RuleMessage},
    },
};

use super::{Interfaces, Kernel, describe, errno};
use domain::network::kernel::{Address, DEFAULT_MTU, Object, PROTOCOL, Route, SourceRule};

/// `ESRCH`, `ENODEV` and `EADDRNOTAVAIL`: what was to be deleted is not there.
const GONE: [i32; 3] = [3, 19, 99];

/// `INFINITY_LIFE_TIME`.
pub(super) const FOR_EVER: u32 = u32::MAX;

impl Kernel {
    /// # Errors
    /// The kernel's own words.
    pub async fn add(&self, object: &Object, interfaces: &Interfaces) -> Result<(), String> {
        let result = match object {
            Object::Up(port) => {
                let up = LinkUnspec::new_with_index(index(interfaces, port)?).up().build();
                self.handle.link().set(up).execute().await
            }
            Object::Mtu(port, mtu) => self.set_mtu(index(interfaces, port)?, *mtu).await,
            Object::Autoconf(autoconf) => {
                return self.listen_to_routers(index(interfaces, &autoconf.port)?, autoconf.metric).await;
            }
            Object::Address(address) => return self.add_address(address, None, interfaces).await,
            Object::Route(route) => self.handle.route().add(route_message(route, interfaces)?).execute().await,
            Object::Rule(rule) => {
                let mut request = self.handle.rule().add();
                *request.message_mut() = rule_message(*rule);
                request.execute().await
            }
        };
        result.map_err(|error| describe(&error))
    }

    async fn set_mtu(&self, index: u32, mtu: u32) -> Result<(), Error> {
        self.handle.link().set(LinkUnspec::new_with_index(index).mtu(mtu).build()).execute().await
    }

    /// An address that the kernel drops after `valid` seconds; `None` for ever.
    ///
    /// # Errors
    /// The kernel's own words.
    pub async fn add_address(
        &self,
        address: &Address,
        valid: Option<u32>,
        interfaces: &Interfaces,
    ) -> Result<(), String> {
        self.address_request(address, valid, interfaces)?.execute().await.map_err(|error| describe(&error))
    }

    /// The same for an address that is there.
    ///
    /// # Errors
    /// The kernel's own words.
    pub async fn keep_address(
        &self,
        address: &Address,
        valid: Option<u32>,
        interfaces: &Interfaces,
    ) -> Result<(), String> {
        self.address_request(address, valid, interfaces)?.replace().execute().await.map_err(|error| describe(&error))
    }

    fn address_request(
        &self,
        address: &Address,
        valid: Option<u32>,
        interfaces: &Interfaces,
    ) -> Result<AddressAddRequest, String> {
        let (ip, prefix) = (address.net.addr(), address.net.prefix_len());
        let mut request = self.handle.address().add(index(interfaces, &address.port)?, ip, prefix);
        let attributes = &mut request.message_mut().attributes;
        attributes.push(AddressAttribute::Protocol(AddressProtocol::Other(PROTOCOL)));
        let seconds = valid.unwrap_or(FOR_EVER);
        let mut lifetimes = CacheInfo::default();
        (lifetimes.ifa_preferred, lifetimes.ifa_valid) = (seconds, seconds);
        attributes.push(AddressAttribute::CacheInfo(lifetimes));
        Ok(request)
    }

    /// # Errors
    /// The kernel's own words.
    pub async fn delete(&self, object: &Object, interfaces: &Interfaces) -> Result<(), String> {
        let result = match object {
            // a link is never taken down
            Object::Up(_) => Ok(()),
            Object::Mtu(port, _) => match index(interfaces, port) {
                Ok(index) => self.set_mtu(index, DEFAULT_MTU).await,
                Err(_) => Ok(()),
            },
            Object::Autoconf(autoconf) => match index(interfaces, &autoconf.port) {
                Ok(index) => return self.ignore_routers(index).await,
                Err(_) => Ok(()),
            },
            Object::Address(address) => match index(interfaces, &address.port) {
                Ok(index) => self.handle.address().del(address_message(address, index)).execute().await,
                // its addresses went with the interface
                Err(_) => Ok(()),
            },
            Object::Route(route) => match route_message(route, interfaces) {
                Ok(message) => self.handle.route().del(message).execute().await,
                Err(_) => Ok(()),
            },
            Object::Rule(rule) => self.handle.rule().del(rule_message(*rule)).execute().await,
        };
        match result {
            Err(error) if gone(object, &error) => Ok(()),
            other => other.map_err(|error| describe(&error)),
        }
    }
}

fn gone(object: &Object, error: &Error) -> bool {
    // a rule that is not there is ENOENT
    let missing_rule = matches!(object, Object::Rule(_)) && errno(error) == Some(2);
    missing_rule || errno(error).is_some_and(|n| GONE.contains(&n))
}

fn index(interfaces: &Interfaces, port: &domain::name::PortName) -> Result<u32, String> {
    interfaces.get(port).copied().ok_or_else(|| format!("port {port} has no hardware now (ENODEV)"))
}

fn address_message(address: &Address, index: u32) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = family(address.net.addr());
    message.header.index = index;
    message.header.prefix_len = address.net.prefix_len();
    message.attributes.push(AddressAttribute::Local(address.net.addr()));
    message.attributes.push(AddressAttribute::Address(address.net.addr()));
    message
}

fn route_message(route: &Route, interfaces: &Interfaces) -> Result<RouteMessage, String> {
    let index = index(interfaces, &route.port)?;
    Ok(match (route.destination, route.gateway) {
        (IpNet::V4(net), gateway) => {
            let builder = ours(RouteMessageBuilder::<Ipv4Addr>::new(), route, index);
            let builder = builder.destination_prefix(net.network(), net.prefix_len());
            match gateway {
                Some(IpAddr::V4(gateway)) => builder.gateway(gateway).build(),
                Some(IpAddr::V6(_)) => return Err("an IPv4 route needs an IPv4 gateway".to_owned()),
                None => builder.scope(RouteScope::Link).build(),
            }
        }
        (IpNet::V6(net), gateway) => {
            let builder = ours(RouteMessageBuilder::<Ipv6Addr>::new(), route, index);
            let builder = builder.destination_prefix(net.network(), net.prefix_len());
            match gateway {
                Some(IpAddr::V6(gateway)) => builder.gateway(gateway).build(),
                Some(IpAddr::V4(_)) => return Err("an IPv6 route needs an IPv6 gateway".to_owned()),
                None => builder.build(),
            }
        }
    })
}

/// What both families of a route have.
fn ours<A>(builder: RouteMessageBuilder<A>, route: &Route, index: u32) -> RouteMessageBuilder<A> {
    builder.output_interface(index).table_id(route.table).protocol(RouteProtocol::from(PROTOCOL)).priority(route.metric)
}

fn family(ip: IpAddr) -> AddressFamily {
    if ip.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet }
}

fn rule_message(rule: SourceRule) -> RuleMessage {
    let mut message = RuleMessage::default();
    message.header.family = family(rule.source);
    message.header.action = RuleAction::ToTable;
    message.header.src_len = if rule.source.is_ipv6() { 128 } else { 32 };
    message.attributes = vec![
        RuleAttribute::Source(rule.source),
        RuleAttribute::Priority(rule.priority),
        RuleAttribute::Table(rule.table),
        RuleAttribute::Protocol(RouteProtocol::from(PROTOCOL)),
    ];
    message
}
