//! From a view to an answer. Nothing streams: a handler has all its data before it renders.

use std::sync::Arc;

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use hydration_context::SsrSharedContext;
use leptos::prelude::*;

pub fn render<V: IntoView + 'static>(status: StatusCode, view: impl FnOnce() -> V) -> Response {
    (status, Html(to_html(view))).into_response()
}

/// The view's HTML. The shared context is what islands with children need to be rendered.
pub fn to_html<V: IntoView + 'static>(view: impl FnOnce() -> V) -> String {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let html = owner.with(|| view().into_view().to_html());
    owner.cleanup();
    html
}
