//! The web role: TLS, listeners, cookies and the security layers, around the pages.
//!
//! Unprivileged, and it decides nothing about the box: each call to the agent carries the browser's session, and the agent
//! judges it. Whoever breaks in here gets what a signed-out visitor has.
//!
//! ```text
//! listen ─► connection ─► tls ─► admission (head, body, host, origin, gate) ─► pages ─► headers
//!   ▲
//! follow ◄── agent: where to listen, when to cut
//! ```

use std::{io, ops::Deref, path::PathBuf, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
};
use tokio_rustls::rustls;

use os::{notify, places::Places};

pub use crate::text::{Lang, Text};
use crate::{
    client::{AgentClient, here},
    domain::{
        api::{Hello, Overview},
        fault::{Fault, Refusal},
        logs::Event,
        security_txt,
        seed::Language,
    },
    pages,
};
pub use assets::accepts;

mod admission;
mod assets;
mod body;
pub mod certificates;
mod connection;
pub mod cookies;
mod events;
mod follow;
mod gate;
mod generation;
mod headers;
mod host;
mod inherited;
mod language;
mod life;
mod limits;
mod listen;
mod mdns;
mod origin;
mod plain;
mod tell;
#[cfg(test)]
mod tests;
mod tls;
mod visitor;

pub use certificates::Certificates;
pub use headers::FormTargets;
pub use inherited::Inherited;
pub use language::is_local;
pub use visitor::{Conn, Visitor};

use connection::Server;
use follow::Known;
use limits::Limits;
use listen::TcpPorts;

/// Where a browser shows the handoff of a change: the only write that may come from another of the box's origins.
pub const HANDOFF: &str = "/handoff";

#[derive(Clone, Debug)]
pub struct WebOptions {
    /// The agent's.
    pub socket: PathBuf,
    /// For the certificates.
    pub state_dir: PathBuf,
    /// What systemd has opened.
    pub inherited: Inherited,
}

#[derive(Debug, thiserror::Error)]
pub enum WebError {
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    #[error("the box was reset to factory settings; the next start is of a new one")]
    Reset,
    #[error("the signal to end cannot be waited for")]
    Signal(#[source] io::Error),
}

/// What the pages give. As values, so that this module is tested with pages of its own.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    pub routes: fn() -> Router<App>,
    /// The page that says why not.
    pub refused: fn(&Visitor, &Refusal) -> Response,
    /// The live parts of all pages, as (element id, HTML).
    pub pieces: fn(Text, &Overview) -> Vec<(String, String)>,
}

/// axum's state: what each handler may use. One pointer, because each request clones it several times.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

#[derive(Debug)]
pub struct Parts {
    pub agent: AgentClient,
    pub certificates: Arc<Certificates>,
    known: watch::Receiver<Known>,
    streams: Places<events::SessionKey>,
    pages: Pages,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// What the agent said of itself last; `None` while it has not answered since this process began.
    pub fn hello(&self) -> Option<Arc<Hello>> {
        self.known.borrow().hello.clone()
    }

    /// Of the pages, as the agent says it.
    pub fn language(&self) -> Option<Language> {
        self.known.borrow().hello.as_ref()?.language
    }

    pub fn refused(&self, visitor: &Visitor, refusal: &Refusal) -> Response {
        (self.pages.refused)(visitor, refusal)
    }

    /// Asks the agent unless it is known: the event that a password was set may be on its way still.
    async fn has_password(&self) -> Result<bool, Refusal> {
        let known = self.known.borrow().clone();
        match known.hello {
            Some(hello) if known.here && hello.ready => Ok(true),
            _ => Ok(self.agent.hello().await?.ready),
        }
    }
}

/// Serves until the process is told to end.
///
/// `events`: what this process says of itself, for the agent to keep.
pub async fn run(options: WebOptions, events: Option<mpsc::Receiver<Event>>) -> Result<(), WebError> {
    let mut end = signal(SignalKind::terminate()).map_err(WebError::Signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(WebError::Signal)?;
    let pages = Pages { routes: pages::routes, refused: pages::refused, pieces: pages::live::pieces };
    let telling = tell::tell(AgentClient::new(options.socket.clone()), events);
    tokio::select! {
        () = telling => Ok(()),
        ended = serve(options, pages, Limits::default(), TcpPorts::default()) => ended,
        _ = end.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

async fn serve(options: WebOptions, pages: Pages, limits: Limits, ports: TcpPorts) -> Result<(), WebError> {
    let (known, known_here) = watch::channel(Known::remembered(&options.state_dir));
    let (cut, cuts) = watch::channel(0);
    let app = App(Arc::new(Parts {
        agent: AgentClient::new(options.socket),
        certificates: Arc::new(Certificates::new(options.state_dir.join("certificates"))),
        known: known_here.clone(),
        streams: Places::default(),
        pages,
    }));
    let following = follow::follow(app.agent.clone(), known, cut);
    let over = generation::over(options.state_dir.clone(), known_here.clone());
    let remembering = follow::remember(options.state_dir, known_here.clone());
    let renewing = certificates::installed::follow(app.agent.clone(), known_here.clone(), app.certificates.clone());
    let server = Arc::new(server(app, limits, cuts)?);
    let naming = mdns::keep(known_here.clone());
    let alive = life::keep_telling(server.secure.clone());
    let listening = listen::keep(server, known_here, listen::Sockets { ports, inherited: options.inherited });
    let serving = async { tokio::join!(following, remembering, renewing, naming, listening) };
    notify::ready();
    tokio::select! {
        never = alive => match never {},
        _ = serving => Ok(()),
        () = over => Err(WebError::Reset),
    }
}

fn server(app: App, limits: Limits, cuts: watch::Receiver<u64>) -> Result<Server, WebError> {
    Ok(Server {
        tls: tls::Tls::new(app.clone())?,
        secure: router(app.clone(), limits),
        plain: plain::router(app),
        limits,
        places: Places::default(),
        cuts,
    })
}

/// What answers over TLS.
fn router(app: App, limits: Limits) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/assets/{name}", get(assets::serve))
        .route(SECURITY_TXT, get(whom_to_tell))
        .route("/language", post(language::choose))
        .route("/events", get(events::stream))
        .merge((app.pages.routes)())
        .fallback(not_found)
        .layer(from_fn_with_state(Arc::new(admission::Doors::new(app.clone(), limits)), admission::secure))
        .with_state(app)
}

async fn not_found(State(app): State<App>, visitor: Visitor) -> Response {
    app.refused(&visitor, &here(Fault::NotFound))
}

const SECURITY_TXT: &str = "/.well-known/security.txt";

/// Whom to tell of a weakness: the vendor's contact, which is no secret and says nothing of the box.
async fn whom_to_tell(State(app): State<App>) -> Response {
    let contact = app.hello().and_then(|hello| hello.contact.clone());
    match contact {
        Some(contact) => {
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], security_txt::text(&contact, crate::clock::wall()))
                .into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
