//! Whether an application answers: asked at its own port on this box, and whatever it answers is only looked at, never believed to be short.

use std::{net::Ipv4Addr, time::Duration};

use domain::application::manifest::{Check, Health};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// # Errors
/// What was wrong, for people.
pub async fn ask(health: &Health) -> Result<(), String> {
    let Some(check) = &health.check else { return Ok(()) };
    let limit = Duration::from_secs(health.timeout().into());
    match timeout(limit, answers(check)).await {
        Ok(said) => said,
        Err(_) => Err(format!("no answer within {} s", limit.as_secs())),
    }
}

async fn answers(check: &Check) -> Result<(), String> {
    let (port, path) = match check {
        Check::Tcp(port) => (*port, None),
        Check::Http { port, path } => (*port, Some(path)),
    };
    let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
    let mut stream = connected.map_err(|error| format!("port {port}: {error}"))?;
    let Some(path) = path else { return Ok(()) };
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|error| format!("port {port}: {error}"))?;
    // the status line, and no more: "HTTP/1.1 200"
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.map_err(|_| format!("port {port}: no HTTP"))?;
    let status = std::str::from_utf8(&head).ok().and_then(|head| head.strip_prefix("HTTP/1."));
    let status = status.and_then(|rest| rest.get(2..5)?.parse::<u16>().ok()).ok_or(format!("port {port}: no HTTP"))?;
    if (200..400).contains(&status) { Ok(()) } else { Err(format!("port {port}: status {status}")) }
}
