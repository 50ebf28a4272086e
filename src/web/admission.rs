//! What a request passes before a page sees it, in this order. One layer of the router, because each boxes the request anew.

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{StatusCode, request::Parts, uri::Authority},
    middleware::Next,
    response::{ErrorResponse, IntoResponse, Response},
};
use std::{net::IpAddr, sync::Arc};

use os::places::Place;

use super::{
    App, Conn, Visitor,
    body::{self, Bodies},
    certificates::Subject,
    gate, headers, host,
    limits::Limits,
    origin,
};

/// `Err` is the answer to whoever is not let in.
pub(super) type Admission<T> = Result<T, ErrorResponse>;

/// The layer's state.
#[derive(Debug)]
pub(super) struct Doors {
    app: App,
    bodies: Bodies,
}

impl Doors {
    pub fn new(app: App, limits: Limits) -> Self {
        Self { app, bodies: Bodies::new(limits.body) }
    }

    /// Whether the browser came by a name that the owner's certificate is for. Never by an address: HSTS knows none.
    fn trusted(&self, request: &Request) -> bool {
        let visitor = request.extensions().get::<Visitor>();
        let host = visitor.and_then(|visitor| visitor.host.parse::<Authority>().ok());
        let subject = host.and_then(|host| Subject::name(host.host()));
        let installed = self.app.certificates.installed();
        subject.zip(installed).is_some_and(|(subject, installed)| installed.covers(&subject))
    }

    async fn admit(&self, request: Request) -> Admission<(Request, Option<Place<IpAddr>>)> {
        let (mut parts, body) = request.into_parts();
        body::head(&parts)?;
        let conn = conn(&mut parts)?;
        let (body, place) = body::whole(&self.bodies, &conn, body, route(&parts)).await?;
        host::check(&self.app, &conn, &parts)?;
        let visitor = Visitor::of(&parts, conn, self.app.language());
        origin::check(&self.app, &visitor, &parts)?;
        gate::check(&self.app, &visitor, &parts).await?;
        parts.extensions.insert(visitor);
        Ok((Request::from_parts(parts, body), place))
    }
}

/// Layer of what answers over TLS.
pub(super) async fn secure(State(doors): State<Arc<Doors>>, request: Request, next: Next) -> Response {
    let (mut answer, trusted) = match doors.admit(request).await {
        Ok((request, _place)) => {
            let trusted = doors.trusted(&request);
            (next.run(request).await, trusted)
        }
        Err(refused) => (Err::<(), _>(refused).into_response(), false),
    };
    if trusted {
        headers::stay_secure(&mut answer);
    }
    headers::add(answer)
}

/// Layer of port 80, where nothing is written and nobody signs in.
pub(super) async fn plain(State(app): State<App>, request: Request, next: Next) -> Response {
    headers::add(match heard(&app, request) {
        Ok(request) => next.run(request).await,
        Err(refused) => Err::<(), _>(refused).into_response(),
    })
}

fn heard(app: &App, request: Request) -> Admission<Request> {
    let (mut parts, _) = request.into_parts();
    body::head(&parts)?;
    let conn = conn(&mut parts)?;
    host::check(app, &conn, &parts)?;
    let visitor = Visitor::of(&parts, conn, app.language());
    parts.extensions.insert(visitor);
    Ok(Request::from_parts(parts, Body::empty()))
}

/// The route that the router has chosen, such as `/network/{port}`; empty where it has none.
pub(super) fn route(parts: &Parts) -> &str {
    parts.extensions.get().map_or("", MatchedPath::as_str)
}

/// What the listener has said of the connection.
fn conn(parts: &mut Parts) -> Result<Conn, StatusCode> {
    parts.extensions.remove().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
}
