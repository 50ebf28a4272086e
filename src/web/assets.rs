//! Hands out the files that the binary carries.

use axum::{
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::assets;

/// `GET /assets/{name}`. A name has the hash of its content, so what it stands for never changes.
pub(super) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = assets::find(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let kept = [
        (header::CONTENT_TYPE, asset.mime),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "Accept-Encoding"),
    ];
    // From the binary's pages: nothing is copied.
    let body = |bytes: &'static [u8]| Body::from(Bytes::from_static(bytes));
    match [("br", asset.br), ("gzip", asset.gz)].into_iter().find(|(encoding, _)| accepts(&headers, encoding)) {
        Some((encoding, bytes)) => (kept, [(header::CONTENT_ENCODING, encoding)], body(bytes)).into_response(),
        None => (kept, body(asset.raw)).into_response(),
    }
}

/// Whether `Accept-Encoding` names `encoding` with a weight above zero (RFC 9110, 12.5.3).
pub fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|v| v.to_str().ok());
    values.flat_map(|v| v.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let weight = parts.find_map(|p| p.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
        named && weight.is_ok_and(|w| w > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_counts_when_it_is_named_and_not_refused() {
        for (value, good) in
            [("gzip, br", true), ("br;q=0.5", true), ("br;q=0", false), ("gzip", false), ("brotli", false)]
        {
            let headers = [(header::ACCEPT_ENCODING, value.parse().expect("header"))].into_iter().collect();
            assert_eq!(accepts(&headers, "br"), good, "{value}");
        }
    }
}
