//! Bodies are read here, whole, before anything is decided.
//!
//! A refusal that is sent while the browser is still sending is a broken stream to an HTTP/2 client instead of a page. And only
//! here has a body a size, a time and a share of the memory.

use std::{net::IpAddr, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::ErrorResponse,
};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use os::places::{Place, Places, Room};
use tokio::time::timeout;

use super::{Conn, admission::Admission, limits::Limits};
use crate::domain::api::BODY_LIMIT;

/// Of a body that is too long, this much is read and forgotten, so that the sender can read the answer.
const SWALLOWED: usize = 1 << 20;
/// At 64 KB each, 4 MB for all and half a megabyte for one peer.
const ROOM: Room = Room { all: 64, each: 8 };

/// Pictures and applications: two at a time, one of a peer, and longer on their way.
const UPLOADS: Room = Room { all: 2, each: 1 };
const UPLOAD_LIMIT: usize = (12 << 20) + 4_096;
const UPLOAD_TIME: Duration = Duration::from_secs(30);
/// The only routes that take them; a test holds them equal to the pages' own.
pub(super) const UPLOADED: [&str; 2] = ["/activate/upload/{what}", "/applications/add"];

/// What bodies may cost.
#[derive(Clone, Debug)]
pub(super) struct Bodies {
    uplinks: Places<IpAddr>,
    /// Of its own: no flood from an uplink keeps the technician out who stands before the box.
    service: Places<IpAddr>,
    uploads: Places<IpAddr>,
    limit: Duration,
}

impl Bodies {
    pub(super) fn new(limit: Duration) -> Self {
        Self { uplinks: Places::default(), service: Places::default(), uploads: Places::default(), limit }
    }
}

/// No method but those of pages and forms, and no head that is too long.
///
/// hyper's limit of an HTTP/1 head is where it stops reading, not a size: what has come with one read may be twice that.
pub(super) fn head(parts: &Parts) -> Admission<()> {
    let fields = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    if fields.sum::<usize>() + parts.uri.path().len() > Limits::HEADER_LIST as usize {
        Err(closing(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE))
    } else if matches!(parts.method, Method::GET | Method::HEAD | Method::POST) {
        Ok(())
    } else {
        Err((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD, POST")]).into())
    }
}

/// A body that is here already, and its share of the memory until the answer is there.
pub(super) async fn whole(
    bodies: &Bodies,
    conn: &Conn,
    body: Body,
    route: &str,
) -> Admission<(Body, Option<Place<IpAddr>>)> {
    if body.is_end_stream() {
        return Ok((Body::empty(), None));
    }
    let upload = UPLOADED.contains(&route);
    let (places, room) = match (upload, conn.service) {
        (true, _) => (&bodies.uploads, UPLOADS),
        (false, true) => (&bodies.service, ROOM),
        (false, false) => (&bodies.uplinks, ROOM),
    };
    let most = if upload { UPLOAD_LIMIT } else { BODY_LIMIT };
    let limit = if upload { bodies.limit.max(UPLOAD_TIME) } else { bodies.limit };
    let Some(place) = places.take(conn.peer.ip(), room) else {
        return Err((StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into());
    };
    match timeout(limit, read(body, most)).await {
        Ok(Ok(bytes)) => Ok((Body::from(bytes), Some(place))),
        Ok(Err(status)) => Err(closing(status)),
        Err(_) => Err(closing(StatusCode::REQUEST_TIMEOUT)),
    }
}

/// HTTP/1 cannot go on after a body that was not read to its end. HTTP/2 has no such header; hyper leaves it out there.
fn closing(status: StatusCode) -> ErrorResponse {
    let text = format!("{status}\n");
    (status, [(header::CONNECTION, HeaderValue::from_static("close"))], text).into()
}

async fn read(mut body: Body, most: usize) -> Result<Bytes, StatusCode> {
    let swallowed = most.max(SWALLOWED);
    if body.size_hint().lower() > swallowed as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let (mut bytes, mut seen) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else { continue };
        seen += data.len();
        if seen <= most {
            bytes.extend_from_slice(&data);
        } else if seen > swallowed {
            break;
        } else {
            bytes = Vec::new();
        }
    }
    if seen <= most { Ok(bytes.into()) } else { Err(StatusCode::PAYLOAD_TOO_LARGE) }
}
