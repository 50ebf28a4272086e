//! The pair: asked and passed on; the rules are the task's.

use axum::{Json as Body, extract::State};

use super::{Json, Reply, Shared, audit::Remark, caller::Admitted};
use domain::pair::api::{MaintenanceRequest, PairStatus, SettingsRequest};

pub(super) async fn show(State(shared): State<Shared>, _: Admitted) -> Reply<PairStatus> {
    Ok(Body(shared.tasks.pairs.status()))
}

pub(super) async fn settings(
    State(shared): State<Shared>,
    _: Admitted,
    remark: Remark,
    Json(ask): Json<SettingsRequest>,
) -> Reply<()> {
    let address = ask.virtual_ip.as_ref().map(|virtual_ip| virtual_ip.address.to_string());
    remark.say(address.as_deref().unwrap_or("no virtual IP"));
    Ok(Body(shared.tasks.pairs.settings(ask).await?))
}

pub(super) async fn switchover(State(shared): State<Shared>, _: Admitted) -> Reply<()> {
    Ok(Body(shared.tasks.pairs.switchover(false).await?))
}

pub(super) async fn drill(State(shared): State<Shared>, _: Admitted) -> Reply<()> {
    Ok(Body(shared.tasks.pairs.switchover(true).await?))
}

pub(super) async fn maintenance(
    State(shared): State<Shared>,
    _: Admitted,
    remark: Remark,
    Json(ask): Json<MaintenanceRequest>,
) -> Reply<()> {
    remark.say(if ask.on { "on" } else { "off" });
    Ok(Body(shared.tasks.pairs.maintenance(ask.on).await?))
}

pub(super) async fn clear(State(shared): State<Shared>, _: Admitted) -> Reply<()> {
    Ok(Body(shared.tasks.pairs.clear().await?))
}
