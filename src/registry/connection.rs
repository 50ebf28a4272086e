//! Connections by which boxes and administrators come, each from its accept to its end.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    pin::pin,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, Response},
};
use domain::activation::validity::Validity;
use http_body_util::{BodyExt, Limited};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto::Builder,
        graceful::{GracefulShutdown, Watcher},
    },
};
use os::places::{Place, Places, Room};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::{
    api::{BODY_LIMIT, Connection, Presented},
    clock::Clock,
    tls,
};

const HEADER_BYTES: usize = 16 * 1024;
const HEADERS: usize = 64;
/// Requests at a time on one HTTP/2 connection.
const STREAMS: u32 = 32;
/// Bytes that a peer may send ahead, per stream: the longest body.
const WINDOW: u32 = 64 * 1024;
/// Bytes of answers that wait for a slow reader, per stream.
const SEND_BUFFER: usize = 64 * 1024;

/// For whoever is refused. Shorter: a reason is lost on a slow link. Longer: a place is held for nothing.
const LINGER: Duration = Duration::from_secs(2);
/// More than the request that a client has sent ahead.
const LINGER_BYTES: u64 = 2 * BODY_LIMIT as u64;

/// What a connection may cost; tests shorten it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For TLS. Shorter: a box behind a satellite cannot. Longer: places are held for nothing.
    pub handshake: Duration,
    /// For a request's head, and between two requests of HTTP/1.
    pub header: Duration,
    /// For a request's whole body.
    pub body: Duration,
    /// Without a request, for a stranger.
    pub idle: Duration,
    /// The same for a box, which asks every minute or so and may keep its connection.
    pub idle_box: Duration,
    /// For answers that are under way when the service ends.
    pub drain: Duration,
    /// At a time. A connection is some 20 KB; 10,000 boxes and those who come back after an outage fit. Of one address many, because a
    /// site's boxes may all come from behind one.
    pub room: Room,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(10),
            body: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            idle_box: Duration::from_secs(150),
            drain: Duration::from_secs(5),
            room: Room { all: 20_000, each: 2_000 },
        }
    }
}

/// What connections share. Ends when the sender of `stopped` is dropped.
#[derive(Clone)]
pub struct Server {
    pub acceptor: TlsAcceptor,
    pub router: Router,
    pub clock: Clock,
    pub limits: Limits,
    pub places: Places<IpAddr>,
    pub stopped: watch::Receiver<()>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Accepts until it is told to stop, and then waits for the answers that are under way.
pub async fn accept(server: Server, listener: TcpListener) {
    let graceful = GracefulShutdown::new();
    let mut stopped = server.stopped.clone();
    loop {
        let (stream, remote) = tokio::select! {
            _ = stopped.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // too many open files: those that are open may end meanwhile
                    tracing::warn!(%error, "accepting");
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        // a socket for both families shows IPv4 addresses as IPv6: all of them in one /64
        let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
        let Some(place) = server.places.take(source(remote.ip()), server.limits.room) else {
            tracing::debug!(%remote, "no place for a connection");
            continue;
        };
        let watcher = graceful.watcher();
        let server = server.clone();
        tokio::spawn(async move { serve(server, stream, remote, place, watcher).await });
    }
    // whoever comes now finds nobody at once, and not when the last answer is given
    drop(listener);
    drop(timeout(server.limits.drain, graceful.shutdown()).await);
}

/// Whom an address belongs to: who has one IPv6 address has 2^64 of them.
pub fn source(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        IpAddr::V4(_) => address,
    }
}

async fn serve(mut server: Server, stream: TcpStream, remote: SocketAddr, _place: Place<IpAddr>, watcher: Watcher) {
    drop(stream.set_nodelay(true));
    let handshake = tokio::select! {
        _ = server.stopped.changed() => return,
        handshake = timeout(server.limits.handshake, server.acceptor.accept(stream).into_fallible()) => handshake,
    };
    let stream = match handshake {
        Ok(Ok(stream)) => stream,
        Ok(Err((error, stream))) => {
            tracing::debug!(%remote, %error, "no TLS");
            return linger(stream).await;
        }
        Err(_) => return tracing::debug!(%remote, "the handshake took too long"),
    };
    let shown = tls::presented(&stream);
    let limit = if shown.is_some() { server.limits.idle_box } else { server.limits.idle };
    let builder = builder(&server.limits, stream.get_ref().1.alpn_protocol() == Some(b"h2"));
    let busy = watch::Sender::new(0_usize);
    let silent = idle(busy.subscribe(), limit);
    // one that has not begun to speak HTTP/2 cannot be told that this is the end
    let left = async {
        // an error says the same: who could tell it to stop is gone
        let _ = server.stopped.clone().changed().await;
        idle(busy.subscribe(), server.limits.drain / 5).await;
    };
    let service = service_fn(|request: Request<Incoming>| {
        let running = Running::new(&busy);
        let connection = Connection { remote, certificate: still_good(shown.as_ref(), &server.clock) };
        let answer = answer(server.router.clone(), connection, request, server.limits.body);
        async move {
            let answer = answer.await;
            drop(running);
            Ok::<_, Infallible>(answer)
        }
    });
    let serving = pin!(watcher.watch(builder.serve_connection(TokioIo::new(stream), service)));
    tokio::select! {
        ended = serving => {
            if let Err(error) = ended {
                tracing::debug!(%remote, error, "a connection ended early");
            }
        }
        () = silent => tracing::debug!(%remote, "idle for too long"),
        () = left => {}
    }
}

/// Who is refused is to read why: closing with bytes unread resets the connection (RFC 1122, section 4.2.2.13), and the reset overtakes
/// the alert.
async fn linger(mut stream: TcpStream) {
    let rest = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(LINGER_BYTES), &mut tokio::io::sink()).await
    };
    drop(timeout(LINGER, rest).await);
}

fn builder(limits: &Limits, h2: bool) -> Builder<TokioExecutor> {
    let builder = Builder::new(TokioExecutor::new());
    // ALPN has decided: nothing is to be guessed from the first bytes
    let mut builder = if h2 { builder.http2_only() } else { builder.http1_only() };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_buf_size(HEADER_BYTES)
        .max_headers(HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX))
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(4 * WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(limits.header * 3)
        .keep_alive_timeout(limits.header);
    builder
}

/// Ends when no request has been running for `limit`.
async fn idle(mut running: watch::Receiver<usize>, limit: Duration) {
    while running.wait_for(|n| *n == 0).await.is_ok() {
        if timeout(limit, running.changed()).await.is_err() {
            return;
        }
    }
}

struct Running(watch::Sender<usize>);

impl Running {
    fn new(busy: &watch::Sender<usize>) -> Self {
        busy.send_modify(|n| *n += 1);
        Self(busy.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|n| *n -= 1);
    }
}

/// The handshake has looked at the certificate; a connection may outlive it.
fn still_good(shown: Option<&(Presented, Validity)>, clock: &Clock) -> Option<Presented> {
    let (presented, validity) = shown?;
    let now = clock.wall();
    (validity.not_before <= now && now <= validity.not_after).then(|| presented.clone())
}

/// The body is read whole first, within its time and length, so that a refusal is an answer also in HTTP/2.
async fn answer(router: Router, connection: Connection, request: Request<Incoming>, limit: Duration) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(connection);
    let read = timeout(limit, Limited::new(body, BODY_LIMIT).collect()).await;
    let body = match read {
        Ok(Ok(body)) => body.to_bytes(),
        // what is not there is malformed, which the API says
        Ok(Err(_)) | Err(_) => Bytes::from_static(b"{"),
    };
    match router.oneshot(Request::from_parts(parts, Body::from(body))).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
