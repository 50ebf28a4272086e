//! Applications: asked and passed on. Of a pair they are changed on the active box, and the other one follows.

use axum::{
    Json as Body,
    extract::{Query, State, rejection::QueryRejection},
};

use super::{Json, Refused, Reply, Shared, audit::Remark, caller::Admitted};
use domain::{
    application::api::{Applications, Bundle, Logs, LogsAsk, Named, Refusal},
    fault::Fault,
    pair::api::Phase,
};

/// Unless somebody says how many.
const LINES: u32 = 100;
const MOST_LINES: u32 = 1_000;

pub(super) async fn show(State(shared): State<Shared>, _: Admitted) -> Reply<Applications> {
    Ok(Body(shared.tasks.apps.status()))
}

pub(super) async fn add(
    State(shared): State<Shared>,
    _: Admitted,
    remark: Remark,
    Json(bundle): Json<Bundle>,
) -> Reply<()> {
    may_change(&shared)?;
    remark.say(bundle.manifest.name.as_str());
    Ok(Body(shared.tasks.apps.add(bundle).await?))
}

pub(super) async fn remove(
    State(shared): State<Shared>,
    _: Admitted,
    remark: Remark,
    Json(Named { name }): Json<Named>,
) -> Reply<()> {
    may_change(&shared)?;
    remark.say(name.as_str());
    Ok(Body(shared.tasks.apps.remove(name).await?))
}

pub(super) async fn start(
    State(shared): State<Shared>,
    _: Admitted,
    remark: Remark,
    Json(Named { name }): Json<Named>,
) -> Reply<()> {
    may_change(&shared)?;
    remark.say(name.as_str());
    Ok(Body(shared.tasks.apps.enable(name, true).await?))
}

pub(super) async fn stop(
    State(shared): State<Shared>,
    _: Admitted,
    remark: Remark,
    Json(Named { name }): Json<Named>,
) -> Reply<()> {
    may_change(&shared)?;
    remark.say(name.as_str());
    Ok(Body(shared.tasks.apps.enable(name, false).await?))
}

pub(super) async fn logs(
    State(shared): State<Shared>,
    _: Admitted,
    ask: Result<Query<LogsAsk>, QueryRejection>,
) -> Reply<Logs> {
    let Query(LogsAsk { name, lines }) =
        ask.map_err(|error| Refused::from(Fault::Malformed { detail: error.body_text() }))?;
    let lines = usize::try_from(lines.unwrap_or(LINES).min(MOST_LINES)).unwrap_or_default();
    Ok(Body(Logs { lines: shared.tasks.apps.logs(name, lines).await? }))
}

/// Two that change the set at once would have two sets.
fn may_change(shared: &Shared) -> Result<(), Fault> {
    match shared.tasks.pairs.status().phase {
        Phase::Single | Phase::Awaiting { .. } | Phase::Active | Phase::Starting => Ok(()),
        Phase::Pairing
        | Phase::Standby
        | Phase::Acquiring
        | Phase::Stopping
        | Phase::Fenced { .. }
        | Phase::Maintenance => Err(Fault::Application { why: Refusal::NotActive }),
    }
}
