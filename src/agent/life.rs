//! Proves to systemd's watchdog that this process does its work: the network task answers, and so does the API.
//!
//! A timer of its own would go on ticking while both hang.

use std::{convert::Infallible, io, path::Path, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    time::timeout,
};

use crate::network::Network;
use os::notify;

/// For one proof. Shorter: a busy box looks dead. Longer: it does not matter, the watchdog's time is over before.
const LIMIT: Duration = Duration::from_secs(10);
/// Of [`domain::api`], without a session.
const REQUEST: &[u8] = b"GET /v1/hello HTTP/1.1\r\nhost: agent\r\nconnection: close\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 ";

/// Tells systemd for ever, as long as both answer.
pub(crate) async fn keep_telling(network: &Network, socket: &Path) -> Infallible {
    let proven = || {
        let proof = timeout(LIMIT, proof(network, socket));
        async move { proof.await.is_ok_and(|proven| proven) }
    };
    notify::while_proven(proven).await
}

async fn proof(network: &Network, socket: &Path) -> bool {
    network.answers().await && api_answers(socket).await.unwrap_or(false)
}

async fn api_answers(socket: &Path) -> io::Result<bool> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(REQUEST).await?;
    let mut answer = [0; ANSWER.len()];
    stream.read_exact(&mut answer).await?;
    Ok(answer == *ANSWER)
}
