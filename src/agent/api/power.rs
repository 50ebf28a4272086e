//! Restart and power-off.

use axum::{Json as Body, extract::State};

use super::{Json, Reply, Shared, audit::Remark, caller::Admitted};
use domain::{
    fault::Fault,
    power::{PowerAction, PowerRequest},
    reset::{Changed, ResetRequest},
};

pub(super) async fn power(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
    remark: Remark,
    Json(ask): Json<PowerRequest>,
) -> Reply<()> {
    remark.say(match ask.action {
        PowerAction::Restart => "restart",
        PowerAction::Off => "off",
    });
    shared.tasks.power.go_down(ask.action).await?;
    tracing::warn!(action = ?ask.action, by = who.actor().describe(), "asked to go down");
    Ok(Body(()))
}

pub(super) async fn factory_reset(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
    Json(ask): Json<ResetRequest>,
) -> Reply<()> {
    let serial = &shared.own.board.serial;
    ask.check(serial, &super::status::host_name()).map_err(|issues| Fault::Invalid { issues })?;
    let settings = shared.tasks.settings.status();
    let changed = Changed { host_name: settings.host_name.is_some(), time_zone: settings.time_zone.is_some() };
    shared.tasks.power.factory_reset(changed).await?;
    tracing::warn!(by = who.actor().describe(), "asked for a factory reset");
    Ok(Body(()))
}
