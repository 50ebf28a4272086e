//! The name under which a browser reached us.

use axum::http::{header, request::Parts};

/// HTTP/2 has it in the request line (RFC 9113, 8.3.1), HTTP/1.1 in `Host`.
pub(super) fn authority(parts: &Parts) -> Option<&str> {
    match parts.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => parts.headers.get(header::HOST)?.to_str().ok(),
    }
}
