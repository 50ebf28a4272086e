//! Asks the box's DNS servers for a name, each of them, as the resolver would: over UDP, once more after silence.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{net::UdpSocket, time::timeout};

use super::{
    SOME_NAME,
    message::{Answer, LONGEST, Question},
    millis_since,
};
use domain::network::{
    hops::{DnsAnswer, DnsFinding, Server},
    nameserver::Nameserver,
    status::NetworkStatus,
};
use os::clock;

/// Shorter: a server that has to ask others first counts as silent. Longer: the test takes as long for each try.
const PATIENCE: Duration = Duration::from_millis(1_500);
const TRIES: usize = 2;
const PORT: u16 = 53;

/// One of the box's DNS servers, and where it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolver {
    server: Nameserver,
    at: SocketAddr,
}

/// The box's own, first choice first.
pub fn resolvers(status: &NetworkStatus) -> Vec<Resolver> {
    let resolver = |server: &Nameserver| Resolver { server: server.clone(), at: socket_address(server, status) };
    status.dns.servers.iter().map(resolver).collect()
}

/// What each server said, and the address that the first one found.
pub(crate) async fn ask(resolvers: &[Resolver], name: &str) -> (DnsFinding, Option<Ipv4Addr>) {
    let heard = join_all(resolvers.iter().map(|resolver| one(resolver.at, name))).await;
    let server = |(resolver, (answer, _)): (&Resolver, &(DnsAnswer, _))| Server {
        address: resolver.server.clone(),
        answer: *answer,
    };
    let servers = resolvers.iter().zip(&heard).map(server);
    let finding = DnsFinding { name: name.to_owned(), servers: servers.collect() };
    (finding, heard.into_iter().find_map(|(_, found)| found))
}

/// A link-local server is asked over its port.
fn socket_address(server: &Nameserver, status: &NetworkStatus) -> SocketAddr {
    let index = || Some(status.port(server.port.as_ref()?)?.link.as_ref()?.index);
    match server.address {
        IpAddr::V4(ip) => (ip, PORT).into(),
        IpAddr::V6(ip) => SocketAddrV6::new(ip, PORT, 0, index().unwrap_or_default()).into(),
    }
}

/// Whether a server answers at all to what is asked over this interface and no other.
pub(crate) async fn answers_over(server: SocketAddr, interface: &str) -> bool {
    for _ in 0..TRIES {
        if let Ok(Ok(_)) = timeout(PATIENCE, once(server, SOME_NAME, Some(interface))).await {
            return true;
        }
    }
    false
}

async fn one(server: SocketAddr, name: &str) -> (DnsAnswer, Option<Ipv4Addr>) {
    let started = clock::now();
    for _ in 0..TRIES {
        match timeout(PATIENCE, once(server, name, None)).await {
            Ok(Ok(Answer::Address(found))) => {
                return (DnsAnswer::Resolved { millis: millis_since(started) }, Some(found));
            }
            Ok(Ok(Answer::Unknown)) => return (DnsAnswer::Unknown, None),
            Ok(Ok(Answer::Refused { rcode })) => return (DnsAnswer::Refused { rcode }, None),
            // nobody serves there, or no route leads there
            Ok(Err(error)) => tracing::debug!(%server, %error, "the DNS server cannot be asked"),
            Err(_) => {}
        }
    }
    (DnsAnswer::Timeout, None)
}

async fn once(server: SocketAddr, name: &str, over: Option<&str>) -> io::Result<Answer> {
    // a port and a number of its own for each question: who has not seen it cannot answer it
    let any: IpAddr = if server.is_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    if let Some(interface) = over {
        socket.bind_device(Some(interface.as_bytes()))?;
    }
    socket.connect(server).await?;
    let [a, b, ..] = getrandom::u32().map_err(|error| io::Error::other(error.to_string()))?.to_be_bytes();
    let question = Question::new(u16::from_be_bytes([a, b]), name);
    socket.send(&question.to_bytes()).await?;
    let mut buffer = [0; LONGEST];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if let Some(answer) = question.answer(&buffer[..length]) {
            return Ok(answer);
        }
    }
}
