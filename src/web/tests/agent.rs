//! A small agent at the other end of a real socket: it speaks the wire types and keeps sessions in a set.

use std::{collections::BTreeSet, convert::Infallible, path::PathBuf};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::StreamExt;
use serde::Serialize;
use tokio::{
    net::UnixListener,
    sync::watch,
    task::{AbortHandle, JoinSet},
};

use crate::domain::{
    api::{CALLER, Caller, Hello, Listen, Overview, SessionInfo},
    certificate::CertificateStatus,
    fault::{Fault, Refusal},
    load::Load,
    network::status::NetworkStatus,
    power::PowerStatus,
    seed::SeedStatus,
    service_port::ServicePortStatus,
    settings::SettingsStatus,
    system::SystemStatus,
    time::UnixSeconds,
};

/// What the agent says now.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub hello: Hello,
    pub overview: Overview,
    pub sessions: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct Agent {
    pub said: watch::Sender<Said>,
    pub socket: PathBuf,
    tasks: JoinSet<()>,
    running: Option<AbortHandle>,
}

pub(super) fn said() -> Said {
    let listen = |port: &str, service, address: [u8; 4]| Listen {
        interface: "lo".into(),
        index: 1,
        port: port.parse().expect("name"),
        service,
        addresses: vec![address.into()],
    };
    Said {
        hello: Hello {
            ready: true,
            host_name: "gh-1".into(),
            listen: vec![listen("service", true, [127, 0, 0, 1]), listen("lan1", false, [10, 0, 0, 5])],
            cut: 1,
            language: None,
            generation: String::new(),
            names: Vec::new(),
            certificate: None,
            contact: None,
        },
        overview: Overview {
            activation: crate::domain::activation::api::Activation::default(),
            cellular: crate::domain::cellular::api::CellularBrief::default(),
            pair: crate::domain::pair::api::PairStatus::default(),
            model: "T".into(),
            serial: "1".into(),
            host_name: "gh-1".into(),
            support: None,
            version: "0".into(),
            network: NetworkStatus::default(),
            load: Load::default(),
            service_port: ServicePortStatus::default(),
            settings: SettingsStatus::default(),
            power: PowerStatus::default(),
            system: SystemStatus::default(),
            seed: SeedStatus::default(),
            certificate: CertificateStatus::default(),
            now: UnixSeconds::default(),
        },
        sessions: ["alive".to_owned()].into(),
    }
}

impl Agent {
    pub fn start(socket: PathBuf, said: Said) -> Self {
        let mut agent = Self { said: watch::Sender::new(said), socket, tasks: JoinSet::new(), running: None };
        agent.come();
        agent
    }

    pub fn come(&mut self) {
        let _ = std::fs::remove_file(&self.socket);
        let listener = UnixListener::bind(&self.socket).expect("socket");
        let router = Router::new()
            .route("/v1/hello", get(|State(said): Told| async move { Json(said.borrow().hello.clone()) }))
            .route("/v1/hello/events", get(|State(said): Told| async move { lines(said, |s| Some(s.hello.clone())) }))
            .route("/v1/session", get(session))
            .route("/v1/overview", get(overview))
            .route("/v1/events", get(events))
            .with_state(self.said.subscribe());
        self.running = Some(self.tasks.spawn(async move { accept(listener, router).await }));
    }

    /// Its socket goes, and every stream with it.
    pub async fn go(&mut self) {
        std::fs::remove_file(&self.socket).expect("socket");
        self.running.take().expect("running").abort();
        while self.tasks.join_next().await.is_some() {}
    }
}

type Told = State<watch::Receiver<Said>>;

/// `axum::serve` would leave its connections running when it is aborted.
async fn accept(listener: UnixListener, router: Router) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        let io = hyper_util::rt::TokioIo::new(stream);
        connections
            .spawn(async move { hyper::server::conn::http1::Builder::new().serve_connection(io, service).await });
    }
}

fn caller(headers: &HeaderMap) -> Caller {
    headers.get(CALLER).map(|c| serde_json::from_slice(c.as_bytes()).expect("caller")).unwrap_or_default()
}

fn alive(said: &Said, headers: &HeaderMap) -> bool {
    caller(headers).session.is_some_and(|s| said.sessions.contains(s.expose()))
}

fn refused() -> Response {
    (StatusCode::UNAUTHORIZED, Json(Refusal::new(Fault::NotSignedIn, "agent-op"))).into_response()
}

async fn session(State(said): Told, headers: HeaderMap) -> Response {
    if alive(&said.borrow(), &headers) {
        Json(SessionInfo { idle_left: 1, left: 1 }).into_response()
    } else {
        refused()
    }
}

async fn overview(State(said): Told, headers: HeaderMap) -> Response {
    let said = said.borrow();
    if alive(&said, &headers) { Json(said.overview.clone()).into_response() } else { refused() }
}

async fn events(State(said): Told, headers: HeaderMap) -> Response {
    if !alive(&said.borrow(), &headers) {
        return refused();
    }
    lines(said, move |s| alive(s, &headers).then(|| s.overview.clone()))
}

/// One line at once and one per change, until there is none.
fn lines<T: Serialize>(said: watch::Receiver<Said>, what: impl Fn(&Said) -> Option<T> + Send + 'static) -> Response {
    let said = tokio_stream::wrappers::WatchStream::new(said);
    let lines = said.map(move |s| what(&s).map(|t| serde_json::to_string(&t).expect("JSON") + "\n"));
    let lines = lines.take_while(|l| std::future::ready(l.is_some())).filter_map(std::future::ready);
    Body::from_stream(lines.map(Bytes::from).map(Ok::<_, Infallible>)).into_response()
}
