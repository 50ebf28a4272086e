//! Who calls: the peer's user from the kernel, and for the web process the browser that it speaks for.

use axum::{
    extract::{ConnectInfo, FromRequestParts, connect_info::Connected},
    http::request::Parts,
    serve::IncomingStream,
};
use tokio::net::UnixListener;

use super::{Refused, Shared};
use crate::{auth::Source, kernel::sockets, network::Origin, secrets};
use domain::{
    api::{CALLER, Caller},
    box_file::SERVICE_ADDRESS,
    fault::Fault,
    network::transaction::{Actor, Digest},
};

/// `SO_PEERCRED` of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// `None` when the kernel did not say; nobody is let in then.
    uid: Option<u32>,
}

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        Self { uid: stream.io().peer_cred().ok().map(|c| c.uid()) }
    }
}

impl Peer {
    pub fn uid(self) -> Option<u32> {
        self.uid
    }
}

/// The caller of one request.
#[derive(Clone, Debug)]
pub enum Who {
    /// Root on the box: the command line.
    Console,
    /// The web process for a browser.
    Web(Caller),
}

impl FromRequestParts<Shared> for Who {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Refused> {
        let peer = parts.extensions.get::<ConnectInfo<Peer>>().and_then(|ConnectInfo(peer)| peer.uid);
        let header = parts.headers.get(CALLER).map(|v| v.to_str().unwrap_or_default());
        match peer {
            // whoever names a browser speaks for it, also as root: a web process started by root is no console
            Some(uid) if Some(uid) == shared.own.web_uid || (uid == 0 && header.is_some()) => {
                let caller = header.map(serde_json::from_str).transpose();
                let caller = caller.map_err(|error| Fault::Malformed { detail: error.to_string() })?;
                Ok(Self::Web(caller.unwrap_or_default()))
            }
            Some(0) => Ok(Self::Console),
            _ => Err(Refused(Fault::Forbidden)),
        }
    }
}

impl Who {
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Console => None,
            Self::Web(caller) => caller.session.as_ref().map(secrets::digest),
        }
    }

    pub fn origin(&self) -> Origin {
        match self {
            Self::Console => Origin::Console,
            Self::Web(caller) => caller.connection.map_or(Origin::Unknown, Origin::Browser),
        }
    }

    /// Where the browser is, and whether the kernel shows its connection on the service port.
    pub fn source(&self, shared: &Shared) -> Source {
        let Self::Web(Caller { connection: Some(connection), .. }) = self else {
            return Source { address: "unknown".into(), service: false };
        };
        let published = shared.tasks.network.published();
        let service_index = published.listen.iter().find(|l| l.service).map(|l| l.index);
        let bound_to = sockets::established().ok().and_then(|all| all.get(connection).copied());
        Source {
            address: connection.remote.0.to_string(),
            service: connection.local.0 == SERVICE_ADDRESS && bound_to.is_some() && bound_to == service_index,
        }
    }

    pub fn actor(&self) -> Actor {
        match self {
            Self::Console => Actor::Console,
            Self::Web(_) => Actor::Session { from: self.address() },
        }
    }

    /// The browser's, as web tells it.
    pub fn address(&self) -> String {
        let connection = match self {
            Self::Console => None,
            Self::Web(caller) => caller.connection,
        };
        connection.map_or_else(|| "unknown".to_owned(), |connection| connection.remote.0.to_string())
    }
}

/// A caller who may see and change things: the console, or a browser with a live session.
#[derive(Clone, Debug)]
pub struct Admitted(pub Who);

impl FromRequestParts<Shared> for Admitted {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Refused> {
        let who = Who::from_request_parts(parts, shared).await?;
        if let Who::Web(_) = who {
            if !shared.tasks.auth.ready() {
                return Err(Refused(Fault::SetupFirst));
            }
            shared.tasks.auth.touch(who.digest().ok_or(Fault::NotSignedIn)?).await?;
        }
        Ok(Self(who))
    }
}
