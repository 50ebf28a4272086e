//! Refusals as problems after RFC 9457.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    cluster::{api::Refused, problem::Problem},
    time::UnixSeconds,
};

pub fn refuse(problem: Problem, operation: String, now: UnixSeconds) -> Response {
    let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let wait = if let Problem::SlowDown { seconds } = problem { Some(seconds) } else { None };
    let mut response = (status, Json(Refused::new(problem, operation, now))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = wait {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
