//! The service: store, authority, API, and the connections by which boxes and administrators come.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, Response},
};
use http_body_util::{BodyExt, Limited};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use os::{disk, notify};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::{
    api::{self, BODY_LIMIT, Connection, Registry},
    authority::{Authority, AuthorityError},
    clock::Clock,
    config::{Config, ConfigError},
    store::{Embedded, Keep, Store, Unavailable},
    sweep, tls,
};

/// At a time. A connection pair is 21 KB; 10,000 boxes and those who come back after an outage fit.
const CONNECTIONS: usize = 20_000;
/// For a request's head, and between two requests: boxes ask every minute or so and may keep their connection.
const HEADER: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(150);
const BODY: Duration = Duration::from_secs(15);
/// For answers that are under way when the service ends.
const DRAIN: Duration = Duration::from_secs(5);
const HEADER_BYTES: usize = 16 * 1024;
const STREAMS: u32 = 32;

/// The store's file in the state folder.
pub const STORE: &str = "registry.redb";

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    #[error("the state folder {path} cannot be used")]
    Folder { path: PathBuf, source: io::Error },
    #[error("the store {path} cannot be opened")]
    Store { path: PathBuf, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("nothing can listen at {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the store can do nothing any more")]
    StoreEnded,
    #[error("signals cannot be heard")]
    Signals(#[source] io::Error),
}

/// Opens the store of a state folder.
///
/// # Errors
/// When the folder or the file cannot be used, for example because another process has it.
pub fn open(state_dir: &Path) -> Result<Arc<Embedded>, ServeError> {
    disk::make_private_dir(state_dir).map_err(|source| ServeError::Folder { path: state_dir.to_owned(), source })?;
    let path = state_dir.join(STORE);
    let store = Embedded::open(&path, Clock::real(), Keep::default());
    let store = store.map_err(|Unavailable(source)| ServeError::Store { path, source })?;
    Ok(Arc::new(store))
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// When it cannot begin, or its store has died.
pub async fn run(config: &Path, state_dir: &Path) -> Result<(), ServeError> {
    let config = Config::read(config)?;
    let authority = Arc::new(Authority::open(state_dir)?);
    let store = open(state_dir)?;
    let clock = Clock::real();
    let acceptor = tls::acceptor(&authority, &config.all_names(), clock.wall())?;
    let registry = Registry::new(store.clone(), authority.clone(), clock, config.urls.clone());
    let mut listeners = Vec::new();
    for address in &config.listen {
        listeners.push(bind(*address).await?);
    }
    let metrics = match config.metrics {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let mut ends = Ends::new()?;
    let (stop, stopped) = watch::channel(());
    let server = Server {
        acceptor,
        router: api::router(registry.clone()),
        places: Arc::new(Semaphore::new(CONNECTIONS)),
        stopped,
    };
    tokio::spawn(sweep::keep(registry.clone()));
    if let Some(listener) = metrics {
        tokio::spawn(tell_metrics(listener, registry));
    }
    let serving = listeners.into_iter().map(|listener| tokio::spawn(accept(server.clone(), listener)));
    let serving = serving.collect::<Vec<_>>();
    tracing::info!(authority = hex::encode(authority.hash()), urls = ?config.urls, "ready");
    notify::ready();
    let ended = tokio::select! {
        () = ends.next() => Ok(()),
        () = store.ended() => Err(ServeError::StoreEnded),
        never = notify::while_proven(|| async { store.read(Vec::new()).await.is_ok() }) => match never {},
    };
    drop(stop);
    for task in serving {
        // each ends by itself, within the time for answers that are under way
        drop(timeout(DRAIN, task).await);
    }
    ended
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })
}

struct Ends(tokio::signal::unix::Signal, tokio::signal::unix::Signal);

impl Ends {
    fn new() -> Result<Self, ServeError> {
        let on = |kind| signal(kind).map_err(ServeError::Signals);
        Ok(Self(on(SignalKind::terminate())?, on(SignalKind::interrupt())?))
    }

    async fn next(&mut self) {
        tokio::select! { _ = self.0.recv() => {}, _ = self.1.recv() => {} }
    }
}

/// What connections share. Ends when the sender of `stopped` is dropped.
#[derive(Clone)]
pub struct Server {
    pub acceptor: TlsAcceptor,
    pub router: Router,
    pub places: Arc<Semaphore>,
    pub stopped: watch::Receiver<()>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("places", &self.places.available_permits()).finish_non_exhaustive()
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
        let Ok(place) = server.places.clone().try_acquire_owned() else {
            tracing::warn!(%remote, "no place left");
            continue;
        };
        let watcher = graceful.watcher();
        let server = server.clone();
        tokio::spawn(async move { serve(server, stream, remote, place, watcher).await });
    }
    drop(timeout(DRAIN, graceful.shutdown()).await);
}

async fn serve(
    server: Server,
    stream: TcpStream,
    remote: SocketAddr,
    _place: OwnedSemaphorePermit,
    watcher: hyper_util::server::graceful::Watcher,
) {
    drop(stream.set_nodelay(true));
    let stream = match timeout(tls::HANDSHAKE, server.acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%remote, %error, "handshake"),
        Err(_) => return tracing::debug!(%remote, "a handshake that takes too long"),
    };
    let connection = Connection { remote, certificate: tls::presented(&stream) };
    let (busy, mut idle) = watch::channel(());
    let service = service_fn(move |request: Request<Incoming>| {
        busy.send_replace(());
        let (router, connection) = (server.router.clone(), connection.clone());
        async move { Ok::<_, Infallible>(answer(router, connection, request).await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER).max_buf_size(HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX))
        .keep_alive_interval(IDLE / 5)
        .keep_alive_timeout(HEADER);
    let io = TokioIo::new(stream);
    let served = watcher.watch(builder.serve_connection(io, service).into_owned());
    let mut served = pin!(served);
    loop {
        tokio::select! {
            ended = &mut served => {
                if let Err(error) = ended {
                    tracing::debug!(%remote, %error, "connection");
                }
                return;
            }
            waited = timeout(IDLE, idle.changed()) => {
                if waited.is_err() {
                    return tracing::debug!(%remote, "idle for too long");
                }
            }
        }
    }
}

/// The body is read whole first, within its time and length, so that a refusal is an answer also in HTTP/2.
async fn answer(router: Router, connection: Connection, request: Request<Incoming>) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(connection);
    let read = timeout(BODY, Limited::new(body, BODY_LIMIT).collect()).await;
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

/// On its own address, and of nothing that is secret.
async fn tell_metrics(listener: TcpListener, registry: Registry) {
    let tell = move || {
        let text = api::metrics(&registry);
        async move { ([("content-type", "text/plain; version=0.0.4")], text) }
    };
    let router = Router::new().route("/metrics", axum::routing::get(tell));
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "metrics are told no more");
    }
}
