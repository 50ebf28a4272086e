//! Plans and changes. A handler only hands over to the network task: a browser that goes away in the middle changes nothing.

use axum::{Json as Body, extract::State};

use super::{
    Json, Refused, Reply, Shared,
    caller::{Admitted, Who},
};
use crate::{
    agent::{
        network::{Apply, Confirm},
        secrets,
    },
    domain::{
        api::{Applied, ApplyRequest, ConfirmRequest, HandoffRequest, PlanRequest, Session},
        fault::Fault,
        network::{
            plan::Plan,
            transaction::{CONFIRM_WINDOW, LONGEST_WINDOW, Outcome},
        },
    },
};

/// Shorter than this nobody can answer.
const SHORTEST_WINDOW: u64 = 10_000;

pub(super) async fn plan(State(shared): State<Shared>, _: Admitted, Json(ask): Json<PlanRequest>) -> Reply<Plan> {
    Ok(Body(shared.network.plan(ask.spec).await?))
}

pub(super) async fn apply(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
    Json(ask): Json<ApplyRequest>,
) -> Reply<Applied> {
    let secret = || secrets::token().map_err(|e| Fault::Internal { detail: e.to_string() });
    let (confirm, handoff) = (secret()?, secret()?);
    let window = ask.window.map_or(CONFIRM_WINDOW, |s| s.saturating_mul(1000).clamp(SHORTEST_WINDOW, LONGEST_WINDOW));
    let apply = Apply {
        spec: ask.spec,
        base: ask.base,
        by: who.actor(),
        session: who.digest(),
        confirm: secrets::digest(&confirm),
        handoff: secrets::digest(&handoff),
        window,
    };
    let tx = shared.network.apply(apply).await?;
    Ok(Body(Applied { tx, confirm, handoff }))
}

pub(super) async fn confirm(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
    Json(ask): Json<ConfirmRequest>,
) -> Reply<Outcome> {
    let token = ask.token.as_ref().map(secrets::digest);
    let confirm = Confirm { tx: ask.tx, token, origin: who.origin(), automatic: ask.automatic, untested: ask.untested };
    Ok(Body(shared.network.confirm(confirm).await?))
}

/// Without a session: the handoff is what lets the browser in at the new address.
pub(super) async fn handoff(State(shared): State<Shared>, who: Who, Json(ask): Json<HandoffRequest>) -> Reply<Session> {
    if !matches!(who, Who::Web(_)) {
        return Err(Refused::from(Fault::Forbidden));
    }
    let parent = shared.network.handoff(secrets::digest(&ask.handoff), who.origin()).await?;
    let token = shared.auth.mint(who.source(&shared), parent.ok_or(Fault::NotSignedIn)?).await?;
    Ok(Body(Session { token }))
}

pub(super) async fn rollback(State(shared): State<Shared>, Admitted(who): Admitted) -> Reply<Outcome> {
    Ok(Body(shared.network.go_back(who.actor()).await?))
}

pub(super) async fn more_time(State(shared): State<Shared>, _: Admitted) -> Reply<()> {
    shared.network.more_time().await?;
    Ok(Body(()))
}
