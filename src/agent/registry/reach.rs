//! A connection to where the registry is: by the box's own DNS servers, and through the site's proxy where there is one.

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use domain::activation::{api::Away, url::RegistryUrl};
use domain::{network::hops::ProxyFinding, settings::proxy::is_own};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use crate::{
    hops::dns::{self, Resolver},
    proxy::{self, Proxy},
};

pub use crate::proxy::Wire;

/// One lost packet is sent again after a second. Longer: who waits for a page waits for nothing.
const LIMIT: Duration = Duration::from_secs(5);

/// How this machine gets anywhere.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// The box's DNS servers; without them the system's resolver is asked.
    pub dns: Option<Vec<Resolver>>,
    pub proxy: Option<Arc<Proxy>>,
    /// The box's own addresses: what a name leads to must be somewhere else.
    pub own: Vec<Ipv4Addr>,
}

impl Way {
    /// # Errors
    /// What stands in the way.
    pub async fn reach(&self, url: &RegistryUrl) -> Result<Box<dyn Wire>, Away> {
        let (host, port) = (url.host().to_owned(), url.port());
        if let Some(proxy) = &self.proxy {
            return self.through(proxy, url).await;
        }
        let addresses = self.addresses(url).await?;
        let mut last = Away::NoSuchName { host: host.clone() };
        for address in addresses {
            let connected = timeout(LIMIT, TcpStream::connect(SocketAddr::new(address, port))).await;
            last = match connected {
                Ok(Ok(stream)) => {
                    drop(stream.set_nodelay(true));
                    return Ok(Box::new(stream));
                }
                Ok(Err(error)) => match error.kind() {
                    ErrorKind::ConnectionRefused => Away::Refused { host: host.clone(), port },
                    ErrorKind::NetworkUnreachable => Away::NoUplink,
                    _ => Away::NoAnswer { host: host.clone(), port },
                },
                Err(_) => Away::NoAnswer { host: host.clone(), port },
            };
        }
        Err(last)
    }

    async fn addresses(&self, url: &RegistryUrl) -> Result<Vec<IpAddr>, Away> {
        let unknown = || Away::NoSuchName { host: url.host().to_owned() };
        let found = match (url.host().parse::<IpAddr>(), &self.dns) {
            (Ok(address), _) => vec![address],
            (Err(_), Some(servers)) if servers.is_empty() => return Err(Away::NoUplink),
            (Err(_), Some(servers)) => dns::ask(servers, url.host()).await.1.map(IpAddr::V4).into_iter().collect(),
            (Err(_), None) => match lookup_host((url.host(), url.port())).await {
                Ok(found) => found.map(|address| address.ip()).collect(),
                Err(_) => return Err(unknown()),
            },
        };
        // whoever runs a DNS server could have the box talk to what listens for itself alone
        let known = !found.is_empty();
        let elsewhere = found.into_iter().filter(|address| match address {
            IpAddr::V4(address) => self.dns.is_none() || !is_own(*address, &self.own),
            IpAddr::V6(address) => self.dns.is_none() || !address.is_loopback(),
        });
        let elsewhere = elsewhere.collect::<Vec<_>>();
        match (elsewhere.is_empty(), known) {
            (false, _) => Ok(elsewhere),
            (true, true) => Err(Away::OnThisBox { host: url.host().to_owned() }),
            (true, false) => Err(unknown()),
        }
    }

    async fn through(&self, proxy: &Proxy, url: &RegistryUrl) -> Result<Box<dyn Wire>, Away> {
        let servers = self.dns.as_deref().unwrap_or_default();
        proxy::tunnel(proxy, servers, &self.own, url.host(), url.port()).await.map_err(|finding| {
            let detail = match finding {
                ProxyFinding::NameUnknown => "its name is not known".to_owned(),
                ProxyFinding::Own => "its name leads to this box itself".to_owned(),
                ProxyFinding::Refused => "it refuses the connection".to_owned(),
                ProxyFinding::Unreachable => "it does not answer".to_owned(),
                ProxyFinding::Certificate => "its certificate is not trusted".to_owned(),
                ProxyFinding::NoProxy => "what answers there is no proxy".to_owned(),
                ProxyFinding::Auth => "it wants another user or password".to_owned(),
                ProxyFinding::Forbids { status } => format!("it does not reach the registry (status {status})"),
                ProxyFinding::Connected { .. } => "it could not reach the registry".to_owned(),
            };
            Away::Proxy { detail }
        })
    }
}
