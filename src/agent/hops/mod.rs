//! The layered network test: looks and asks, hop by hop, and stops where something is broken. [`domain::network::hops`]
//! judges.
//!
//! It only asks: nothing is written to the kernel, so it runs beside whatever the network task is doing. DNS servers and the host
//! are reached as the box itself reaches them, by its own choice of routes. Each step has a time limit; together they stay below
//! [`LONGEST`].

pub(super) mod dns;
mod message;

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use tokio::{net::TcpStream, time::timeout};

use super::{
    acd::{self, Whose},
    gateway,
    proxy::{self, Proxy},
    settings::measure::measure,
};
use domain::{
    network::{
        hops::{
            AddressFinding, Asked, ClockFinding, DnsAnswer, DnsFinding, Findings, GatewayFinding, Host, HostFinding,
            LinkFinding, ProxyFinding, Report, Seen, Target, evaluate,
        },
        status::NetworkStatus,
    },
    settings::{clock::Measured, time_server::TimeServer},
    time::BootMillis,
};
use os::clock;

/// For the whole test: 0.2 s for a second owner of the address, 2 s for the gateway, 3 s for DNS, then 6 s for the proxy and the host,
/// and beside it the time servers.
pub const LONGEST: Duration = Duration::from_secs(12);
/// Shorter: the second server is not asked. Longer: the test waits for it.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Asked for where no host was given: kept for such use (RFC 2606, section 3). That there is no such name will do for an answer,
/// because a server of a network without a way to the internet rightly says so.
const SOME_NAME: &str = "example.com";
/// One ARP question can get lost.
const GATEWAY_TRIES: usize = 2;
/// Shorter: one lost packet, which is sent again after a second, makes a host unreachable. Longer: the test takes too long.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// Tests the path of the box whose network is so.
pub async fn test(status: &NetworkStatus, settings: Settings<'_>, host: Option<Target>) -> Report {
    let seen = Seen::of(status);
    let uplink = seen.uplink.map(|port| port.name.clone());
    let path = evaluate(findings(status, &seen, settings, host.as_ref()).await);
    Report { uplink, host, path }
}

async fn findings(status: &NetworkStatus, seen: &Seen<'_>, settings: Settings<'_>, host: Option<&Target>) -> Findings {
    let mut found = Findings {
        link: Asked::Found(seen.link),
        clock: if settings.time_servers.is_empty() { Asked::NotConfigured } else { Asked::NotTested },
        proxy: if settings.proxy.is_some() { Asked::NotTested } else { Asked::NotConfigured },
        ..Findings::default()
    };
    let LinkFinding::Up { .. } = seen.link else { return found };
    let whose = whose(status, seen);
    let address = owned(seen.address, whose.as_ref()).await;
    found.address = Asked::Found(address);
    let AddressFinding::Has(_) = address else { return found };
    found.gateway = reach_gateway(seen, whose.as_ref()).await;
    if let Asked::Found(GatewayFinding::OffLink { .. } | GatewayFinding::Silent { .. }) = found.gateway {
        return found;
    }
    let resolvers = dns::resolvers(status);
    // where there is a proxy, it is the proxy's name that the box has to know; the proxy itself finds the host
    let next = settings.proxy.map_or(host.map(|target| &target.host), |proxy| Some(&proxy.spec.url.host));
    let to = match next {
        Some(Host::Address(address)) => {
            found.dns = Asked::NotConfigured;
            Some(*address)
        }
        Some(Host::Name(name)) => {
            let (finding, address) = dns::ask(&resolvers, name).await;
            found.dns = Asked::Found(finding);
            address
        }
        None => {
            found.dns = Asked::Found(any_answer(&resolvers).await);
            None
        }
    };
    // at once, because each may wait for an answer that does not come
    let (clock, way) = tokio::join!(settings.ask_the_time(&resolvers), settings.reach(to, host));
    found.clock = clock;
    (found.proxy, found.host) = way;
    found
}

/// What of the box's own settings the way depends on.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    pub time_servers: &'a [TimeServer],
    pub proxy: Option<&'a Proxy>,
    /// Of this box.
    pub own: &'a [Ipv4Addr],
}

impl Settings<'_> {
    async fn ask_the_time(&self, dns: &[dns::Resolver]) -> Asked<ClockFinding> {
        if self.time_servers.is_empty() {
            return Asked::NotConfigured;
        }
        Asked::Found(match timeout(TIME_LIMIT, measure(self.time_servers, dns)).await.ok().flatten() {
            Some(Measured { ahead, .. }) => ClockFinding::Differs { seconds: ahead / 1000 },
            None => ClockFinding::Silent,
        })
    }

    async fn reach(&self, to: Option<Ipv4Addr>, host: Option<&Target>) -> (Asked<ProxyFinding>, Asked<HostFinding>) {
        match (self.proxy, to, host) {
            (Some(_), None, _) => (Asked::NotTested, Asked::NotTested),
            (Some(proxy), Some(to), host) => {
                let found = proxy::try_at(proxy, to, self.own, host).await;
                (Asked::Found(found.proxy), found.host.map_or(Asked::NotTested, Asked::Found))
            }
            (None, Some(to), Some(host)) => (Asked::NotConfigured, Asked::Found(connect(to, host.port).await)),
            (None, _, _) => (Asked::NotConfigured, Asked::NotTested),
        }
    }
}

/// Who asks on the uplink; `None` where it has no hardware address to ask with.
fn whose(status: &NetworkStatus, seen: &Seen) -> Option<Whose> {
    let link = seen.uplink?.link.as_ref()?;
    let own = status.ports.iter().filter_map(|port| port.link.as_ref()?.mac).collect();
    Some(Whose { index: link.index, mac: link.mac?, own })
}

/// The address, unless another device answers to it, too.
async fn owned(address: AddressFinding, whose: Option<&Whose>) -> AddressFinding {
    let (AddressFinding::Has(net), Some(whose)) = (address, whose) else { return address };
    match acd::in_use(whose, net.addr()).await {
        Some(mac) => AddressFinding::Conflict { address: net.addr(), mac },
        None => address,
    }
}

async fn reach_gateway(seen: &Seen<'_>, whose: Option<&Whose>) -> Asked<GatewayFinding> {
    let Some(gateway) = seen.gateway else { return Asked::NotConfigured };
    let Some(from) = seen.beside_gateway() else { return Asked::Found(GatewayFinding::OffLink { gateway }) };
    let Some(whose) = whose else { return Asked::NotTested };
    for _ in 0..GATEWAY_TRIES {
        let started = clock::now();
        if gateway::answers(whose, from, gateway).await {
            return Asked::Found(GatewayFinding::Answers { gateway, millis: millis_since(started) });
        }
    }
    Asked::Found(GatewayFinding::Silent { gateway })
}

/// Whether the servers do their work, whatever they know.
async fn any_answer(resolvers: &[dns::Resolver]) -> DnsFinding {
    let started = clock::now();
    let (mut finding, _) = dns::ask(resolvers, SOME_NAME).await;
    let millis = millis_since(started);
    for server in &mut finding.servers {
        if server.answer == DnsAnswer::Unknown {
            server.answer = DnsAnswer::Resolved { millis };
        }
    }
    finding
}

/// A connection says that there is a way and somebody who listens; nothing is sent over it.
async fn connect(to: Ipv4Addr, port: u16) -> HostFinding {
    let started = clock::now();
    match timeout(CONNECT_LIMIT, TcpStream::connect((IpAddr::V4(to), port))).await {
        Ok(Ok(_)) => HostFinding::Answers { millis: millis_since(started) },
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => HostFinding::Refused,
        Ok(Err(error)) => {
            tracing::debug!(%to, port, %error, "the host cannot be reached");
            HostFinding::Unreachable
        }
        Err(_) => HostFinding::Unreachable,
    }
}

fn millis_since(started: BootMillis) -> u32 {
    u32::try_from(clock::now().left(started)).unwrap_or(u32::MAX)
}
