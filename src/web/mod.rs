//! The web role: TLS, listeners, sessions' cookies and the security layers, around the pages.
//!
//! Unprivileged, and it decides nothing about the box: each call to the agent carries the browser's session, and the agent
//! judges it. Whoever breaks in here gets what a signed-out visitor has.

use std::sync::Arc;

use axum::{Router, response::Response};
use tokio::sync::watch;

use crate::{
    client::AgentClient,
    domain::{
        api::{Hello, Overview},
        fault::Refusal,
    },
};

pub mod certificates;
pub mod cookies;
pub mod headers;
mod host;
mod visitor;

pub use certificates::Certificates;
pub use headers::FormTargets;
pub use crate::text::{Lang, Text};
pub use visitor::{Conn, Visitor};

/// What the pages give. As values, so that this module can be tested with pages of its own.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    pub routes: fn() -> Router<App>,
    /// The page that says why not.
    pub refused: fn(&Visitor, &Refusal) -> Response,
    /// The live parts of all pages, as (id, HTML).
    pub pieces: fn(Text, &Overview) -> Vec<(String, String)>,
}

/// axum's state: what each handler may use.
#[derive(Clone, Debug)]
pub struct App {
    pub agent: AgentClient,
    pub certificates: Arc<Certificates>,
    known: watch::Receiver<Option<Arc<Hello>>>,
    pages: Pages,
}

impl App {
    /// What the agent said of itself last; `None` while it has not answered since this process began.
    pub fn hello(&self) -> Option<Arc<Hello>> {
        self.known.borrow().clone()
    }

    pub fn refused(&self, visitor: &Visitor, refusal: &Refusal) -> Response {
        (self.pages.refused)(visitor, refusal)
    }
}
