//! From a call's entry in the table to a route: path, method, who may, what is read and what is answered.

use std::{collections::HashMap, sync::atomic::Ordering};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Query, RawPathParams, Request, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{MethodFilter, get, on},
};
use domain::{
    cluster::{
        account::Call,
        calls::{self, Entry, Method},
        problem::Problem,
    },
    time::UnixSeconds,
};
use os::operation;

use super::{
    BODY_LIMIT, Registry,
    answer::refuse,
    caller::{Caller, Connection, admit},
    document,
};

/// One request, admitted.
#[derive(Clone, Debug)]
pub struct Asked {
    pub registry: Registry,
    pub caller: Caller,
    pub connection: Connection,
    pub path: HashMap<String, String>,
    pub query: HashMap<String, String>,
    pub now: UnixSeconds,
}

impl Asked {
    /// A part of the path that names something.
    ///
    /// # Errors
    /// When it is no such name: then there is no such thing.
    pub fn named<T: std::str::FromStr>(&self, parameter: &str) -> Result<T, Problem> {
        self.path.get(parameter).and_then(|text| text.parse().ok()).ok_or(Problem::NotFound)
    }

    /// A part of the query.
    ///
    /// # Errors
    /// When it is missing, or not what it should be.
    pub fn queried<T: std::str::FromStr>(&self, name: &str) -> Result<T, Problem> {
        let text = self.query.get(name).ok_or_else(|| Problem::invalid(name, "is needed in the query"))?;
        text.parse().map_err(|_| Problem::invalid(name, "is malformed"))
    }

    /// Who, from where and when, for the rules.
    pub fn call(&self) -> Call {
        let from = Some(self.connection.remote.ip().to_string());
        Call { now: self.now, who: self.caller.to_string(), from }
    }
}

/// The routes so far.
#[derive(Default)]
pub struct Routes {
    router: Router<Registry>,
    names: Vec<&'static str>,
}

impl Routes {
    /// Adds a call with its handler.
    pub fn on<C, F>(&mut self, handler: impl Fn(Asked, C::Ask) -> F + Clone + Send + Sync + 'static)
    where
        C: calls::Call + 'static,
        F: Future<Output = Result<C::Answer, Problem>> + Send + 'static,
    {
        let entry = C::ENTRY;
        self.names.push(entry.name);
        let serve = move |State(registry): State<Registry>, request: Request| {
            let handler = handler.clone();
            async move {
                let operation = operation::id();
                let now = registry.clock().wall();
                let answer = async {
                    let (asked, body) = read(&registry, &entry, request, now).await?;
                    let ask = parse::<C::Ask>(&entry, &body)?;
                    handler(asked, ask).await
                };
                let response = match answer.await {
                    Ok(answer) => Json(answer).into_response(),
                    Err(problem) => {
                        tracing::info!(call = entry.name, operation, code = problem.code(), %problem, "refused");
                        refuse(problem, operation, now)
                    }
                };
                registry.0.counts.request(entry.name, response.status().as_u16());
                response
            }
        };
        let method = match entry.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Put => MethodFilter::PUT,
            Method::Delete => MethodFilter::DELETE,
        };
        let router = std::mem::take(&mut self.router);
        self.router = router.route(entry.path, on(method, serve));
    }

    pub fn names(self) -> Vec<&'static str> {
        self.names
    }

    pub fn finish(self, registry: Registry) -> Router {
        self.router
            .route("/v1/openapi.json", get(|| async { Json(document::document()) }))
            .fallback(nothing)
            .method_not_allowed_fallback(nothing)
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .with_state(registry)
    }
}

/// Looks at who asks before what is asked. The body is read in any case, so that a refusal is an answer also in HTTP/2.
async fn read(
    registry: &Registry,
    entry: &Entry,
    request: Request,
    now: UnixSeconds,
) -> Result<(Asked, Bytes), Problem> {
    let (mut parts, body) = request.into_parts();
    let connection = parts.extensions.get::<Connection>().cloned().ok_or(Problem::Internal)?;
    let query = Query::<HashMap<String, String>>::try_from_uri(&parts.uri);
    let Query(query) = query.map_err(|error| Problem::BadRequest { detail: error.body_text() })?;
    let path = path(&mut parts).await?;
    let token = bearer(&parts);
    let body = Bytes::from_request(Request::from_parts(parts, body), &()).await.map_err(|error| {
        let detail = error.body_text();
        Problem::BadRequest { detail }
    })?;
    registry.0.limits.any(&connection, now)?;
    let caller = admit(registry, entry, &connection, token.as_deref(), &query, now).await?;
    registry.0.counts.admitted.fetch_add(1, Ordering::Relaxed);
    Ok((Asked { registry: registry.clone(), caller, connection, path, query, now }, body))
}

async fn path(parts: &mut Parts) -> Result<HashMap<String, String>, Problem> {
    let raw = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| Problem::NotFound)?;
    Ok(raw.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// RFC 6750, section 2.1.
fn bearer(parts: &Parts) -> Option<String> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

fn parse<T: serde::de::DeserializeOwned>(entry: &Entry, body: &[u8]) -> Result<T, Problem> {
    let body = if entry.method == Method::Get || body.is_empty() { b"null" } else { body };
    serde_json::from_slice(body).map_err(|error| Problem::BadRequest { detail: error.to_string() })
}

async fn nothing(State(registry): State<Registry>, request: Request) -> Response {
    let operation = operation::id();
    // so that the refusal is an answer also in HTTP/2
    let _ = Bytes::from_request(request, &()).await;
    registry.0.counts.request("none", StatusCode::NOT_FOUND.as_u16());
    refuse(Problem::NotFound, operation, registry.clock().wall())
}
