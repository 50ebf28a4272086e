//! The activation, the box's cluster, and the fleet behind it.

use std::net::IpAddr;

use axum::{Json as Body, extract::State};
use domain::{
    activation::api::{
        Activation, Answers, Away, Checked, FleetCall, FleetSession, FleetSignIn, OfflineAnswer, OwnCluster,
    },
    cluster::{api::AssociationKind, calls::GetTime},
    fault::Fault,
    network::hops::{Host, Target},
};
use serde_json::Value;
use tokio::time::timeout;

use super::{Json, Reply, Shared, audit::Remark, caller::Admitted, network::look_along};
use crate::{
    activation::changes,
    hops::LONGEST,
    pair::Pairs,
    registry::{Failed, With, off},
};

pub(super) async fn show(State(shared): State<Shared>, _: Admitted) -> Reply<Activation> {
    Ok(Body(shared.tasks.activation.view()))
}

pub(super) async fn answers(
    State(shared): State<Shared>,
    _: Admitted,
    remark: Remark,
    Json(ask): Json<Answers>,
) -> Reply<Activation> {
    if let Some(association) = ask.association.as_ref().filter(|it| it.kind == AssociationKind::Manual) {
        let before = shared.tasks.activation.view();
        let ports = ask.ports.as_ref().unwrap_or(&before.draft.ports);
        // where the registry was not asked nobody knows whose the address is
        let has_place = before.offered.is_none_or(|offered| offered.preview.reserved.is_some());
        let network = shared.tasks.network.published().status.clone();
        Pairs::suits(&shared.own.board, &network, (ports, association.virtual_ip), has_place).await?;
    }
    let activation = shared.tasks.activation.answers(ask).await?;
    let draft = &activation.draft;
    let code = draft.code.as_ref().and_then(|code| code.token.as_ref()).map(ToString::to_string);
    let said = code.into_iter().chain(draft.name.as_ref().map(ToString::to_string)).collect::<Vec<_>>();
    remark.say(said.join(" "));
    Ok(Body(activation))
}

pub(super) async fn preview(State(shared): State<Shared>, _: Admitted) -> Reply<Activation> {
    Ok(Body(shared.tasks.activation.preview().await?))
}

/// The path to the registry, hop by hop; and the registry itself, because a port that answers is not yet the one that is meant.
pub(super) async fn check(State(shared): State<Shared>, _: Admitted) -> Reply<Checked> {
    let registry = shared.tasks.activation.registry().await.ok();
    let target = registry.as_ref().and_then(|registry| registry.urls.first()).and_then(|url| {
        let host = match url.host().parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => Host::Address(address),
            // the test knows no IPv6: it ends at DNS, and the registry is asked all the same
            Ok(IpAddr::V6(_)) => return None,
            Err(_) => Host::Name(url.host().to_owned()),
        };
        Some(Target { host, port: url.port() })
    });
    let Some(registry) = registry else {
        let report = look_along(&shared, target).await?;
        return Ok(Body(Checked { report, registry: None, reached: false }));
    };
    let asked = timeout(LONGEST, registry.call::<GetTime>(With::default(), &()));
    let (report, asked) = tokio::join!(look_along(&shared, target), asked);
    let away = match asked {
        Ok(Ok(time)) => off(time.now),
        Ok(Err(Failed::Away(away))) => Some(away),
        Ok(Err(Failed::Refused(refused))) => Some(Away::Unwell { problem: refused.problem }),
        Err(_) => registry.urls.first().map(|url| Away::NoAnswer { host: url.host().to_owned(), port: url.port() }),
    };
    Ok(Body(Checked { report: report?, reached: away.is_none(), registry: away }))
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
