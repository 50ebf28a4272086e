//! Who asks: what a page knows of a request before it looks at its content.

use std::{
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
};

use super::{App, cookies, host};
use crate::{
    domain::{api::Caller, name::PortName, network::proof::Connection, seed::Language},
    text::{Lang, Text},
};

/// The TCP connection that a request came over; an extension of each request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conn {
    pub local: SocketAddr,
    pub peer: SocketAddr,
    /// The port whose listener accepted it.
    pub port: PortName,
    /// Whether that is the service port.
    pub service: bool,
    pub accepted: Instant,
}

impl Conn {
    /// As the kernel's socket table shows it.
    pub fn pair(&self) -> Option<Connection> {
        match (self.local.ip().to_canonical(), self.peer.ip().to_canonical()) {
            (IpAddr::V4(local), IpAddr::V4(peer)) => {
                Some(Connection { local: (local, self.local.port()), remote: (peer, self.peer.port()) })
            }
            _ => None,
        }
    }
}

/// The person's browser.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The texts of the language that the browser asks for, or that the person chose.
    pub text: Text,
    /// For the agent: the session's token, which may be of no session, and the connection.
    pub caller: Caller,
    /// Whether the request came in by the service port.
    pub service: bool,
    /// What stands in the browser's address bar: `10.0.0.5`, `gatehouse.local`.
    pub host: String,
    pub conn: Conn,
    /// The secrets of the change that this browser applied.
    pub change: Option<cookies::ChangeSecrets>,
}

impl Visitor {
    /// `language`: the box's, for who has not chosen one.
    pub(super) fn of(parts: &Parts, conn: Conn, language: Option<Language>) -> Self {
        let headers = &parts.headers;
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
        Self {
            text: Text(Lang::negotiate(cookies::language(headers).or(language.map(Language::tag)), accepted)),
            caller: Caller { session: cookies::session(headers), connection: conn.pair() },
            service: conn.service,
            host: host::authority(parts).unwrap_or_default().to_owned(),
            change: cookies::change(headers),
            conn,
        }
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = StatusCode;

    /// The one who was admitted.
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, StatusCode> {
        parts.extensions.remove().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
