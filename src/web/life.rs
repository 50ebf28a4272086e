//! Proves to systemd's watchdog that pages are served: by a request that goes through all layers, as a browser's would.

use std::{convert::Infallible, net::Ipv4Addr, time::Instant};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use os::notify;
use tower::ServiceExt;

use super::Conn;

/// Tells systemd for ever, as long as they are.
pub(super) async fn keep_telling(router: Router) -> Infallible {
    let proven = || {
        let proof = proof(router.clone());
        async move { proof.await.unwrap_or(false) }
    };
    notify::while_proven(proven).await
}

/// `None` only if this process asks nonsense.
pub(super) async fn proof(router: Router) -> Option<bool> {
    let here = Ipv4Addr::LOCALHOST;
    let mut request = Request::get("/healthz").header(header::HOST, here.to_string()).body(Body::empty()).ok()?;
    let (local, peer) = ((here, 443).into(), (here, 1).into());
    let conn = Conn { local, peer, port: "watchdog".parse().ok()?, service: false, accepted: Instant::now() };
    request.extensions_mut().insert(conn);
    router.oneshot(request).await.ok().map(|response| response.status() == StatusCode::OK)
}
