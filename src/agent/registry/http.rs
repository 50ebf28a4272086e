//! One request and its answer, over HTTP/1.1.

use std::{error::Error, io, time::Duration};

use domain::{
    activation::{api::Away, url::RegistryUrl},
    cluster::{
        api::Refused,
        calls::{Entry, Method, encode},
        problem::Problem,
    },
};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_rustls::rustls;

use super::{Failed, With};

/// For the whole exchange. The registry writes to its disk before it answers.
const LIMIT: Duration = Duration::from_secs(10);
/// Longest answer: a cluster of hundreds of hosts stays below.
const LONGEST: usize = 1 << 20;

/// Sends the request and reads the answer.
///
/// # Errors
/// When nobody answers, or what is answered is a refusal, or nothing that can be read.
pub async fn exchange<S, T>(
    stream: S,
    url: &RegistryUrl,
    entry: &Entry,
    with: With<'_>,
    body: &[u8],
) -> Result<T, Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: DeserializeOwned,
{
    let silent = || Away::NoAnswer { host: url.host().to_owned(), port: url.port() };
    let (status, body) = timeout(LIMIT, send(stream, url, entry, with, body)).await.map_err(|_| silent())??;
    let strange = || Away::NotARegistry { host: url.host().to_owned() };
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| {
            tracing::warn!(%error, call = entry.name, "an answer that cannot be read");
            strange().into()
        });
    }
    let refused: Refused = serde_json::from_slice(&body).map_err(|_| strange())?;
    match refused.problem {
        Problem::Contended | Problem::Unknown | Problem::Internal => {
            Err(Away::Unwell { problem: refused.problem }.into())
        }
        _ => Err(Failed::Refused(Box::new(refused))),
    }
}

async fn send<S>(
    stream: S,
    url: &RegistryUrl,
    entry: &Entry,
    with: With<'_>,
    body: &[u8],
) -> Result<(StatusCode, Bytes), Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut path = entry.path_with(with.path);
    for (at, (name, value)) in with.query.iter().enumerate() {
        path.push(if at == 0 { '?' } else { '&' });
        path.extend([encode(name).as_str(), "=", encode(value).as_str()]);
    }
    let host = url.to_string();
    let mut request = Request::builder()
        .method(entry.method.word())
        .uri(path)
        .header(header::HOST, host.trim_start_matches("https://"))
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = with.bearer {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose()));
    }
    let body = if entry.method == Method::Get { Bytes::new() } else { Bytes::copy_from_slice(body) };
    let here = |error: &dyn std::fmt::Display| Away::Here { detail: error.to_string() };
    let request = request.body(Full::new(body)).map_err(|error| here(&error))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| lost(url, &error))?;
    let mut driven = tokio::spawn(connection);
    let read = match sender.send_request(request).await {
        Ok(response) => whole(response).await.map_err(|error| lost(url, &*error)),
        // the connection ended before it took the request, and only it knows why
        Err(error) if error.is_canceled() => match (&mut driven).await {
            Ok(Err(cause)) => Err(lost(url, &cause)),
            Ok(Ok(())) | Err(_) => Err(lost(url, &error)),
        },
        Err(error) => Err(lost(url, &error)),
    };
    driven.abort();
    Ok(read?)
}

/// A connection whose other end has the right authority, and that brings no answer.
fn lost(url: &RegistryUrl, error: &(dyn Error + 'static)) -> Away {
    let host = url.host().to_owned();
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) || error.is::<LengthLimitError>() {
            return Away::NotARegistry { host };
        }
        // in TLS 1.3 a server that does not take our certificate says so after the handshake
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(alert) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Away::Tls { host, detail: alert.to_string() };
        }
        cause = error.source();
    }
    Away::NoAnswer { host, port: url.port() }
}

async fn whole(response: Response<Incoming>) -> Result<(StatusCode, Bytes), Box<dyn Error + Send + Sync>> {
    let status = response.status();
    let body = Limited::new(response.into_body(), LONGEST).collect().await?;
    Ok((status, body.to_bytes()))
}
