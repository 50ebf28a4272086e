//! Plain HTTP: one page that says what the browser is about to warn of, and where to go.
//!
//! A redirect would throw people at the warning without a word. Nothing here has a session or takes anything.

use std::net::IpAddr;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header, uri::Authority},
    middleware::from_fn_with_state,
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};

use super::{App, Visitor, admission, assets, certificates::Subject};
use crate::text::Lang;

const FRAME: &str = include_str!("plain.html");
const CHINESE: &str = include_str!("plain.zh.html");
const ENGLISH: &str = include_str!("plain.en.html");

/// What answers on port 80.
pub(super) fn router(app: App) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/assets/{name}", get(assets::serve))
        .fallback(|| async { Redirect::to("/") })
        .layer(from_fn_with_state(app.clone(), admission::plain))
        .with_state(app)
}

async fn page(State(app): State<App>, visitor: Visitor) -> Response {
    // The layer has checked it: an address or a name of ours, with nothing that HTML could take for its own.
    let Some(host) = visitor.host.parse::<Authority>().ok().map(|a| a.host().to_ascii_lowercase()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let address = host.parse::<IpAddr>().map(Subject::Address).ok();
    let certificate = address.or_else(|| Subject::name(&host)).map(|subject| app.certificates.served(&subject));
    let fingerprint = match certificate {
        Some(Ok(certificate)) => certificate.fingerprint,
        _ => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let sections = match visitor.text.0 {
        Lang::ZhCn => [CHINESE, ENGLISH],
        Lang::En => [ENGLISH, CHINESE],
    };
    let html = FRAME
        .replace("{sections}", &sections.concat())
        .replace("{lang}", visitor.text.0.tag())
        .replace("{css}", crate::assets::CSS)
        .replace("{host}", &host)
        .replace("{fingerprint}", &fingerprint);
    ([(header::VARY, "Accept-Language")], Html(html)).into_response()
}
