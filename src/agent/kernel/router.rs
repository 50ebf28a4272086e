//! Whether the kernel listens to the routers of a port, and what it made of their words.
//!
//! What it makes is its own and not in the set of objects; but whoever takes the switch away takes along what came of it, or the
//! port would go on using a router for as long as that one said.

use std::{
    io,
    net::{Ipv6Addr, SocketAddrV6},
    time::Duration,
};

use futures_util::TryStreamExt;
use rtnetlink::{
    Error, RouteMessageBuilder,
    packet_route::{
        address::{AddressAttribute, AddressMessage, AddressProtocol},
        link::LinkAttribute,
        route::{RouteAttribute, RouteMessage, RouteProtocol},
    },
};
use socket2::{Domain, Protocol, Socket, Type};

use super::{Kernel, describe, errno, sysctl};

/// `ff02::2`, all routers of the link.
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// A router solicitation (RFC 4861, section 4.1); the kernel fills in the checksum.
const SOLICITATION: [u8; 8] = [133, 0, 0, 0, 0, 0, 0, 0];
/// Pauses before each one: at once, once the port's own address may be used, then as RFC 4861, section 6.3.7 has it.
const PAUSES: [Duration; 4] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(4)];

impl Kernel {
    /// Also with another metric: the kernel uses it with the router's next word, which is asked for.
    pub(super) async fn listen_to_routers(&self, index: u32, metric: Option<u32>) -> Result<(), String> {
        let interface = self.name(index).await.map_err(|error| describe(&error))?;
        sysctl::set_autoconf(&interface, Some(sysctl::Listens { metric })).map_err(|error| error.to_string())?;
        if metric.is_none() {
            self.forget(index, Learned::DefaultRoutes).await.map_err(|error| describe(&error))?;
        }
        solicit(index);
        Ok(())
    }

    pub(super) async fn ignore_routers(&self, index: u32) -> Result<(), String> {
        let interface = self.name(index).await.map_err(|error| describe(&error))?;
        sysctl::set_autoconf(&interface, None).map_err(|error| error.to_string())?;
        self.forget(index, Learned::Everything).await.map_err(|error| describe(&error))
    }

    async fn name(&self, index: u32) -> Result<String, Error> {
        let mut links = Box::pin(self.handle.link().get().match_index(index).execute());
        let message = links.try_next().await?;
        let mut attributes = message.into_iter().flat_map(|message| message.attributes);
        let name = attributes.find_map(|a| if let LinkAttribute::IfName(name) = a { Some(name) } else { None });
        name.ok_or(Error::RequestFailed)
    }

    async fn forget(&self, index: u32, what: Learned) -> Result<(), Error> {
        let all = RouteMessageBuilder::<Ipv6Addr>::new().build();
        let routes = self.handle.route().get(all).execute().try_collect::<Vec<_>>().await?;
        for route in routes.into_iter().filter(|route| is_at(route, index) && what.covers(route)) {
            done(self.handle.route().del(route).execute().await)?;
        }
        if what == Learned::Everything {
            let addresses = self.handle.address().get().set_link_index_filter(index).execute();
            for address in addresses.try_collect::<Vec<_>>().await?.into_iter().filter(from_router) {
                done(self.handle.address().del(address).execute().await)?;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Learned {
    DefaultRoutes,
    Everything,
}

impl Learned {
    fn covers(self, route: &RouteMessage) -> bool {
        // networks on the link are the kernel's own routes, with an end
        let ends = route.attributes.iter().any(|a| matches!(a, RouteAttribute::CacheInfo(info) if info.expires > 0));
        match self {
            Self::DefaultRoutes => {
                route.header.protocol == RouteProtocol::Ra && route.header.destination_prefix_length == 0
            }
            Self::Everything => {
                route.header.protocol == RouteProtocol::Ra || (route.header.protocol == RouteProtocol::Kernel && ends)
            }
        }
    }
}

fn is_at(route: &RouteMessage, index: u32) -> bool {
    route.attributes.iter().any(|a| matches!(a, RouteAttribute::Oif(at) if *at == index))
}

fn from_router(address: &AddressMessage) -> bool {
    address.attributes.contains(&AddressAttribute::Protocol(AddressProtocol::RouterAnnouncement))
}

/// The kernel may have been faster.
fn done(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(error) if matches!(errno(&error), Some(libc::ESRCH | libc::EADDRNOTAVAIL | libc::ENODEV)) => Ok(()),
        other => other,
    }
}

/// Asks the routers of the link to speak now. The kernel does so by itself only when a link comes up.
pub fn solicit(index: u32) {
    tokio::spawn(async move {
        for pause in PAUSES {
            tokio::time::sleep(pause).await;
            // without a link, or while the port's own address is being checked, the next one is sent
            if let Err(error) = send(index) {
                tracing::debug!(index, %error, "routers cannot be asked now");
            }
        }
    });
}

fn send(index: u32) -> io::Result<()> {
    let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
    socket.set_nonblocking(true)?;
    socket.set_multicast_if_v6(index)?;
    // others are forged (RFC 4861, section 6.1.1)
    socket.set_multicast_hops_v6(255)?;
    let to = SocketAddrV6::new(ALL_ROUTERS, 0, 0, index);
    socket.send_to(&SOLICITATION, &to.into()).map(drop)
}
