//! Bodies are read here, whole, before anything is decided.
//!
//! A refusal that is sent while the browser is still sending is a broken stream to an HTTP/2 client instead of a page. And only
//! here has a body a size, a time and a share of the memory.

use std::{net::IpAddr, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::time::timeout;

use super::{
    Conn,
    limits::Limits,
    places::{Places, Room},
};
use crate::domain::api::BODY_LIMIT;

/// Of a body that is too long, this much is read and forgotten, so that the sender can read the answer.
const SWALLOWED: usize = 1 << 20;
/// At 64 KB each, 4 MB for all and half a megabyte for one peer.
const ROOM: Room = Room { all: 64, each: 8 };

/// What bodies may cost.
#[derive(Clone, Debug)]
pub(super) struct Bodies {
    uplinks: Places<IpAddr>,
    /// Of its own: no flood from an uplink keeps the technician out who stands before the box.
    service: Places<IpAddr>,
    limit: Duration,
}

impl Bodies {
    pub(super) fn new(limit: Duration) -> Self {
        Self { uplinks: Places::default(), service: Places::default(), limit }
    }
}

/// Layer: no method but those of pages and forms, and no head that is too long.
///
/// hyper's limit of an HTTP/1 head is where it stops reading, not a size: what has come with one read may be twice that.
pub(super) async fn heads(request: Request, next: Next) -> Response {
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    if fields.sum::<usize>() + request.uri().path().len() > Limits::HEADER_LIST as usize {
        closing(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    } else if matches!(*request.method(), Method::GET | Method::HEAD | Method::POST) {
        next.run(request).await
    } else {
        (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD, POST")]).into_response()
    }
}

/// Layer: hands on a body that is here already.
pub(super) async fn whole(State(bodies): State<Bodies>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, Body::empty())).await;
    }
    let Some(conn) = parts.extensions.get::<Conn>() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let places = if conn.service { &bodies.service } else { &bodies.uplinks };
    let Some(_place) = places.take(conn.peer.ip(), ROOM) else {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into_response();
    };
    match timeout(bodies.limit, read(body)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(status)) => closing(status),
        Err(_) => closing(StatusCode::REQUEST_TIMEOUT),
    }
}

/// HTTP/1 cannot go on after a body that was not read to its end. HTTP/2 has no such header; hyper leaves it out there.
fn closing(status: StatusCode) -> Response {
    let text = format!("{status}\n");
    (status, [(header::CONNECTION, HeaderValue::from_static("close"))], text).into_response()
}

async fn read(mut body: Body) -> Result<Bytes, StatusCode> {
    if body.size_hint().lower() > SWALLOWED as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let (mut bytes, mut seen) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else { continue };
        seen += data.len();
        if seen <= BODY_LIMIT {
            bytes.extend_from_slice(&data);
        } else if seen > SWALLOWED {
            break;
        } else {
            bytes = Vec::new();
        }
    }
    if seen <= BODY_LIMIT { Ok(bytes.into()) } else { Err(StatusCode::PAYLOAD_TOO_LARGE) }
}
