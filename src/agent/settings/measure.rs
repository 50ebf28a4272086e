//! Asks the time servers how our clock is: the first that answers counts. It looks only; see [`domain::sntp`].

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use tokio::{net::UdpSocket, time::timeout};

use crate::{hops::dns, secrets};
use domain::{
    network::hops::Host,
    settings::{clock::Measured, time_server::TimeServer},
    sntp::{Answer, LENGTH, PORT, Question},
};
use os::clock;

/// Shorter: a server at the other end of the world is silent. Longer: so many times as long where many are.
const PATIENCE: Duration = Duration::from_millis(800);
/// One packet can get lost.
const TRIES: usize = 2;

/// `None`: none of them can tell.
pub async fn measure(servers: &[TimeServer], dns: &[dns::Resolver]) -> Option<Measured> {
    for server in servers {
        let address = match &server.0 {
            Host::Address(address) => Some(*address),
            Host::Name(name) => dns::ask(dns, name).await.1,
        };
        let Some(address) = address else { continue };
        for _ in 0..TRIES {
            match timeout(PATIENCE, once(address)).await {
                Ok(Ok(Answer::Time { ahead, stratum })) => {
                    return Some(Measured { server: server.clone(), ahead, stratum, at: clock::now() });
                }
                Ok(Ok(Answer::Unable)) => break,
                // nobody serves there, or no route leads there
                Ok(Err(error)) => tracing::debug!(%server, %error, "the time server cannot be asked"),
                Err(_) => {}
            }
        }
    }
    None
}

async fn once(server: Ipv4Addr) -> io::Result<Answer> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.connect((IpAddr::V4(server), PORT)).await?;
    let question = Question::new(secrets::random().to_be_bytes(), clock::wall_millis());
    socket.send(&question.to_bytes()).await?;
    // longer ones have extensions that nobody has asked for
    let mut buffer = [0; LENGTH + 1024];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if let Some(answer) = question.answer(&buffer[..length], clock::wall_millis()) {
            return Ok(answer);
        }
    }
}
