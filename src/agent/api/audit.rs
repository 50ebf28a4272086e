//! Writes down every write that comes through the socket: one layer around all routes, so that no call can forget it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Json as Body,
    extract::{ConnectInfo, FromRequestParts, MatchedPath, Query as Asked, Request, State},
    http::{Method, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    Peer, Refused, Reply, Shared,
    caller::{Admitted, Who},
};
use domain::{
    audit::{self, Deed, Entries, Query},
    fault::Fault,
};
use os::{clock, operation};

/// All but the last are POST because they take a body, and change nothing; the last one is what web says of itself.
const ONLY_ASK: [&str; 6] = [
    "/v1/network/plan",
    "/v1/network/test",
    "/v1/certificate/check",
    "/v1/activation/preview",
    "/v1/activation/check",
    "/v1/logs",
];

/// What a handler adds to its entry. Never a secret.
#[derive(Clone, Debug, Default)]
pub(super) struct Remark(Arc<Mutex<Said>>);

#[derive(Clone, Debug, Default)]
struct Said {
    detail: Option<String>,
    session: Option<u64>,
    /// It only asked.
    nothing: bool,
}

impl Remark {
    pub(super) fn say(&self, detail: impl Into<String>) {
        self.lock().detail = Some(detail.into());
    }

    /// The call changes nothing: it is only written down if it is refused.
    pub(super) fn only_asks(&self) {
        self.lock().nothing = true;
    }

    /// The session that the call began: the entry is its.
    pub(super) fn session(&self, number: u64) {
        self.lock().session = Some(number);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Sync> FromRequestParts<S> for Remark {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let remark = parts.extensions.get::<Self>().cloned();
        remark.ok_or_else(|| Fault::Internal { detail: "a write that is not written down".to_owned() }.into())
    }
}

/// What a refusal says of itself.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub code: String,
    pub operation: String,
}

/// Around each route. The call goes on when whoever asked has gone, or it could be done and not be written down.
pub(super) async fn keep(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let what = match path {
        Some(path) if ![Method::GET, Method::HEAD].contains(request.method()) && !ONLY_ASK.contains(&path.as_str()) => {
            path
        }
        _ => return next.run(request).await,
    };
    let call = tokio::spawn(async move {
        let (mut parts, body) = request.into_parts();
        let who = who(&mut parts, &shared).await;
        let remark = Remark::default();
        parts.extensions.insert(remark.clone());
        let response = next.run(Request::from_parts(parts, body)).await;
        let said = remark.lock().clone();
        if said.nothing && response.status().is_success() {
            return response;
        }
        let deed = deed(who, what.trim_start_matches("/v1/"), &response, said);
        shared.tasks.audit.record(deed).await;
        response
    });
    let ended = |error: tokio::task::JoinError| Refused::from(Fault::Internal { detail: error.to_string() });
    call.await.unwrap_or_else(|error| ended(error).into_response())
}

async fn who(parts: &mut Parts, shared: &Shared) -> audit::Who {
    let user = parts.extensions.get::<ConnectInfo<Peer>>().and_then(|ConnectInfo(peer)| peer.uid());
    let who = match Who::from_request_parts(parts, shared).await {
        Ok(Who::Console) => return audit::Who::Console,
        Ok(who) => who,
        Err(_) => return audit::Who::Local { user },
    };
    let from = who.address();
    let number = match who.digest() {
        Some(digest) => shared.tasks.auth.number(digest).await.ok(),
        None => None,
    };
    match number {
        Some(number) => audit::Who::Session { number, from },
        None => audit::Who::Visitor { from },
    }
}

fn deed(who: audit::Who, what: &str, response: &Response, said: Said) -> Deed {
    let who = match (who, said.session) {
        (audit::Who::Visitor { from }, Some(number)) => audit::Who::Session { number, from },
        (who, _) => who,
    };
    let told = response.extensions().get::<Told>();
    let operation = told.map_or_else(operation::id, |told| told.operation.clone());
    let status = response.status();
    if status.is_success() {
        tracing::info!(operation, what, "done");
    }
    let deed = Deed::done(who, what, clock::wall(), operation).with(said.detail.as_deref());
    match told {
        Some(told) => deed.refused(&told.code),
        None if status.is_success() => deed,
        None => deed.refused(&format!("HTTP {}", status.as_u16())),
    }
}

pub(super) async fn show(State(shared): State<Shared>, _: Admitted, Asked(query): Asked<Query>) -> Reply<Entries> {
    Ok(Body(shared.tasks.audit.read(query).await?))
}
