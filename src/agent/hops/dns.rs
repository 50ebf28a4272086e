//! Asks the box's DNS servers for a name, each of them, as the resolver would: over UDP, once more after silence.

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{net::UdpSocket, time::timeout};

use super::{
    message::{Answer, LONGEST, Question},
    millis_since,
};
use crate::{
    clock,
    domain::network::hops::{DnsAnswer, DnsFinding, Server},
};

/// Shorter: a server that has to ask others first counts as silent. Longer: the test takes as long for each try.
const PATIENCE: Duration = Duration::from_millis(1_500);
const TRIES: usize = 2;
const PORT: u16 = 53;

/// What each server said, and the address that the first one found.
pub(in crate::agent) async fn ask(servers: &[Ipv4Addr], name: &str) -> (DnsFinding, Option<Ipv4Addr>) {
    let heard = join_all(servers.iter().map(|server| one(*server, name))).await;
    let servers =
        servers.iter().zip(&heard).map(|(address, (answer, _))| Server { address: *address, answer: *answer });
    let finding = DnsFinding { name: name.to_owned(), servers: servers.collect() };
    (finding, heard.into_iter().find_map(|(_, found)| found))
}

async fn one(server: Ipv4Addr, name: &str) -> (DnsAnswer, Option<Ipv4Addr>) {
    let started = clock::now();
    for _ in 0..TRIES {
        match timeout(PATIENCE, once(server, name)).await {
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

async fn once(server: Ipv4Addr, name: &str) -> io::Result<Answer> {
    // a port and a number of its own for each question: who has not seen it cannot answer it
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.connect((IpAddr::V4(server), PORT)).await?;
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
