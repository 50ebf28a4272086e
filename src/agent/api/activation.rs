//! The activation, the box's cluster, and the fleet behind it.

use std::convert::Infallible;

use axum::{
    Json as Body,
    body::{Body as Stream, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use domain::{
    activation::api::{Activation, Answers, Checked, FleetCall, FleetSession, FleetSignIn, OfflineAnswer, OwnCluster},
    cluster::calls::GetTime,
    fault::Fault,
    network::hops::{Host, Target},
};
use futures_util::stream;
use serde_json::Value;

use super::{Json, Reply, Shared, audit::Remark, caller::Admitted, network::look_along};
use crate::{
    activation::changes,
    registry::{Failed, With},
};

pub(super) async fn show(State(shared): State<Shared>, _: Admitted) -> Reply<Activation> {
    Ok(Body(shared.tasks.activation.view()))
}

/// One line at once, and one for each change.
pub(super) async fn events(State(shared): State<Shared>, _: Admitted) -> Response {
    let watch = shared.tasks.activation.watch();
    let lines = stream::unfold((watch, true), |(mut watch, first)| async move {
        if !first && watch.changed().await.is_err() {
            return None;
        }
        let mut line = serde_json::to_vec(&*watch.borrow_and_update()).ok()?;
        line.push(b'\n');
        Some((Ok::<_, Infallible>(Bytes::from(line)), (watch, false)))
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Stream::from_stream(lines)).into_response()
}

pub(super) async fn answers(State(shared): State<Shared>, _: Admitted, Json(ask): Json<Answers>) -> Reply<Activation> {
    Ok(Body(shared.tasks.activation.answers(ask).await?))
}

pub(super) async fn preview(State(shared): State<Shared>, _: Admitted) -> Reply<Activation> {
    Ok(Body(shared.tasks.activation.preview().await?))
}

/// The path to the registry, hop by hop; and then the registry itself, because a port that answers is not yet the one that is meant.
pub(super) async fn check(State(shared): State<Shared>, _: Admitted) -> Reply<Checked> {
    let trust = shared.tasks.activation.trust().await?;
    let target = trust.as_ref().and_then(|trust| trust.urls.first()).map(|url| {
        let host = url.host().parse().map_or_else(|_| Host::Name(url.host().to_owned()), Host::Address);
        Target { host, port: url.port() }
    });
    let report = look_along(&shared, target).await?;
    let Ok(registry) = shared.tasks.activation.registry().await else {
        return Ok(Body(Checked { report, registry: None, reached: false }));
    };
    let away = match registry.call::<GetTime>(With::default(), &()).await {
        Ok(time) => crate::registry::off(time.now),
        Err(Failed::Away(away)) => Some(away),
        Err(Failed::Refused(refused)) => Some(domain::activation::api::Away::Unwell { problem: refused.problem }),
    };
    Ok(Body(Checked { report, reached: away.is_none(), registry: away }))
}

pub(super) async fn begin(State(shared): State<Shared>, _: Admitted) -> Reply<Activation> {
    Ok(Body(shared.tasks.activation.begin().await?))
}

pub(super) async fn stop(State(shared): State<Shared>, _: Admitted) -> Reply<Activation> {
    Ok(Body(shared.tasks.activation.stop().await?))
}

pub(super) async fn request(State(shared): State<Shared>, _: Admitted) -> Reply<Activation> {
    Ok(Body(shared.tasks.activation.request().await?))
}

pub(super) async fn offline(
    State(shared): State<Shared>,
    _: Admitted,
    Json(ask): Json<OfflineAnswer>,
) -> Reply<Activation> {
    Ok(Body(shared.tasks.activation.brought(ask.answer).await?))
}

pub(super) async fn cluster(State(shared): State<Shared>, _: Admitted) -> Reply<OwnCluster> {
    Ok(Body(shared.tasks.activation.cluster()))
}

pub(super) async fn fleet(State(shared): State<Shared>, Admitted(who): Admitted) -> Reply<Option<FleetSession>> {
    Ok(Body(shared.tasks.activation.fleet.session(who.digest().as_ref())))
}

pub(super) async fn sign_in(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
    remark: Remark,
    Json(ask): Json<FleetSignIn>,
) -> Reply<FleetSession> {
    remark.say(ask.user.as_str());
    let registry = shared.tasks.activation.registry().await?;
    Ok(Body(shared.tasks.activation.fleet.sign_in(&registry, who.digest(), ask).await?))
}

pub(super) async fn sign_out(State(shared): State<Shared>, Admitted(who): Admitted) -> Reply<()> {
    let registry = shared.tasks.activation.registry().await.ok();
    shared.tasks.activation.fleet.sign_out(registry, who.digest()).await;
    Ok(Body(()))
}

pub(super) async fn call(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
    remark: Remark,
    Json(ask): Json<FleetCall<Value>>,
) -> Reply<Value> {
    let digest = who.digest();
    let subject = ask.path.join(" ");
    remark.say(format!("{} {subject}", ask.name).trim().to_owned());
    if !changes(&ask.name) {
        remark.only_asks();
    }
    let fleet = &shared.tasks.activation.fleet;
    if fleet.session(digest.as_ref()).is_none() {
        return Err(Fault::FleetSignInFirst.into());
    }
    let registry = shared.tasks.activation.registry().await?;
    Ok(Body(fleet.call(&registry, digest.as_ref(), &ask).await?))
}
