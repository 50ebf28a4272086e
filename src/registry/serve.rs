//! The service: store, authority, API, and whoever listens.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::Router;
use os::{disk, files, notify, places::Places};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::timeout,
};

use crate::{
    api::{self, Registry},
    authority::{Authority, AuthorityError},
    clock::Clock,
    config::{Config, ConfigError},
    connection::{Limits, Server, accept},
    control,
    store::{Embedded, Keep, Store, Unavailable},
    sweep, tls,
};

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
pub fn open(state_dir: &Path) -> Result<Embedded, ServeError> {
    disk::make_private_dir(state_dir).map_err(|source| ServeError::Folder { path: state_dir.to_owned(), source })?;
    open_file(&state_dir.join(STORE))
}

/// Opens a store's file, or makes it.
///
/// # Errors
/// As [`open`].
pub fn open_file(path: &Path) -> Result<Embedded, ServeError> {
    let store = Embedded::open(path, Clock::real(), Keep::default());
    store.map_err(|Unavailable(source)| ServeError::Store { path: path.to_owned(), source })
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// When it cannot begin, or its store has died.
pub async fn run(config: &Path, state_dir: &Path) -> Result<(), ServeError> {
    let config = Config::read(config)?;
    let authority = Arc::new(Authority::open(state_dir)?);
    let store = Arc::new(open(state_dir)?);
    let clock = Clock::real();
    let acceptor = tls::acceptor(authority.clone(), config.all_names(), clock.clone())?;
    let registry = Registry::new(store.clone(), authority.clone(), clock.clone(), config.urls.clone());
    let limits = Limits::default();
    if files::raise().is_some_and(|most| most < limits.room.all as u64) {
        tracing::warn!(connections = limits.room.all, "fewer files may be open than connections are taken");
    }
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
    let server =
        Server { acceptor, router: api::router(registry.clone()), clock, limits, places: Places::default(), stopped };
    let control = control::listen(state_dir)?;
    tokio::spawn(control::serve(control, store.clone() as Arc<_>, authority.clone()));
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
        drop(timeout(limits.drain, task).await);
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
