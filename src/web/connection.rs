//! One connection, from its accept to its end.

use std::{
    convert::Infallible,
    net::IpAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, Response},
};
use hyper::{
    body::{Body as HttpBody, Frame, Incoming, SizeHint},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use os::places::{Place, Places};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};
use tower::ServiceExt;

use super::{Conn, inherited::confine, limits::Limits, tls::Tls};
use crate::domain::{box_file::SERVICE_ADDRESS, name::PortName};

/// What all connections share.
#[derive(Debug)]
pub struct Server {
    pub tls: Tls,
    /// What answers over TLS, and without.
    pub secure: Router,
    pub plain: Router,
    pub limits: Limits,
    pub places: Places<IpAddr>,
    /// Changes when connections that were accepted before must be closed.
    pub cuts: watch::Receiver<u64>,
}

/// Where connections come in.
#[derive(Clone, Debug)]
pub struct Door {
    pub interface: String,
    pub port: PortName,
    pub service: bool,
    pub secure: bool,
    /// Its sender is dropped when pages are no longer served here.
    pub open: watch::Receiver<()>,
}

/// Accepts until it is aborted.
pub async fn accept(server: Arc<Server>, listener: TcpListener, door: Door) {
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => admit(&server, tcp, &door),
            Err(error) => {
                // Of one connection, or because files have run out: not to be asked in a circle.
                tracing::warn!(port = %door.port, %error, "a connection cannot be accepted");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Gives the connection its place and its task, or closes it.
fn admit(server: &Arc<Server>, tcp: TcpStream, door: &Door) {
    let (Ok(local), Ok(peer)) = (tcp.local_addr(), tcp.peer_addr()) else { return };
    // Linux takes packets for any of its addresses on any port: the service port's address is not to be had from elsewhere.
    if !door.service && local.ip().to_canonical() == IpAddr::V4(SERVICE_ADDRESS) {
        return;
    }
    if let Err(error) = confine(&tcp, &door.interface) {
        return tracing::warn!(port = %door.port, %peer, %error, "a connection cannot be bound to its interface");
    }
    let Some(place) = server.places.take(peer.ip(), server.limits.room(door.service)) else {
        tracing::debug!(port = %door.port, %peer, "no place for a connection");
        return;
    };
    let conn = Conn { local, peer, port: door.port.clone(), service: door.service, accepted: Instant::now() };
    // Both from before the task runs: what changes from here on is after the accept.
    let (server, mut door, mut cuts) = (Arc::clone(server), door.clone(), server.cuts.clone());
    cuts.borrow_and_update();
    tokio::spawn(async move {
        let ending = async {
            tokio::select! {
                _ = cuts.changed() => {}
                () = async { while door.open.changed().await.is_ok() {} } => {}
            }
        };
        server.serve(tcp, conn, door.secure, place, ending).await;
    });
}

impl Server {
    async fn serve(
        &self,
        tcp: TcpStream,
        conn: Conn,
        secure: bool,
        _place: Place<IpAddr>,
        ending: impl Future<Output = ()>,
    ) {
        // Small answers must not wait for an acknowledgement (Nagle).
        if tcp.set_nodelay(true).is_err() {
            return;
        }
        let peer_gone = u32::try_from(self.limits.peer_gone.as_millis()).unwrap_or(u32::MAX);
        if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(&tcp, peer_gone) {
            tracing::debug!(%error, "peers that vanish are noticed late");
        }
        if !secure {
            return self.talk(tcp, false, conn, &self.plain, ending).await;
        }
        match timeout(self.limits.handshake, self.tls.accept(tcp, conn.local.ip())).await {
            Ok(Ok(stream)) => {
                let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                self.talk(stream, h2, conn, &self.secure, ending).await;
            }
            Ok(Err(error)) => tracing::debug!(peer = %conn.peer, %error, "no TLS"),
            Err(_) => tracing::debug!(peer = %conn.peer, "the handshake took too long"),
        }
    }

    async fn talk<S>(&self, stream: S, h2: bool, conn: Conn, router: &Router, ending: impl Future<Output = ()>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let busy = watch::Sender::new(0_usize);
        let idle = idle(busy.subscribe(), self.limits.idle);
        let service = service_fn(|mut request: Request<Incoming>| {
            let running = Running::new(&busy);
            request.extensions_mut().insert(conn.clone());
            let answer = router.clone().oneshot(request.map(Body::new));
            async move {
                let response: Response<Body> = answer.await.unwrap_or_else(|never: Infallible| match never {});
                Ok::<_, Infallible>(response.map(|body| Held { body, _running: running }))
            }
        });
        let builder = self.limits.builder(h2);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(peer = %conn.peer, error, "a connection ended early");
                }
                return;
            }
            () = ending => {}
            () = idle => {}
        }
        connection.as_mut().graceful_shutdown();
        // An event stream would never end by itself.
        let _ = timeout(self.limits.drain, connection).await;
    }
}

impl Limits {
    fn builder(&self, h2: bool) -> Builder<TokioExecutor> {
        let builder = Builder::new(TokioExecutor::new());
        // ALPN has decided: nothing is to be guessed from the first bytes.
        let mut builder = if h2 { builder.http2_only() } else { builder.http1_only() };
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header)
            .max_buf_size(Self::HEADER_BYTES)
            .max_headers(Self::HEADERS);
        // Floods of resets are ended by hyper's and h2's defaults (RFC 9113, 10.5): at most 20 streams that were reset before they
        // were served, and 1024 that we had to reset.
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(Self::STREAMS)
            .max_header_list_size(Self::HEADER_LIST)
            .initial_stream_window_size(Self::WINDOW)
            .initial_connection_window_size(4 * Self::WINDOW)
            .max_send_buf_size(Self::SEND_BUFFER)
            .keep_alive_interval(self.header * 2)
            .keep_alive_timeout(self.header);
        builder
    }
}

/// Ends when no request has been running for `limit`.
async fn idle(mut running: watch::Receiver<usize>, limit: Duration) {
    while running.wait_for(|n| *n == 0).await.is_ok() {
        if timeout(limit, running.changed()).await.is_err() {
            return;
        }
    }
}

/// A request from its head to the last byte of its answer.
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

/// A body that is running until it is sent or given up.
struct Held {
    body: Body,
    _running: Running,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
