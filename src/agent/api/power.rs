//! Restart and power-off.

use axum::{Json as Body, extract::State};

use super::{Json, Reply, Shared, audit::Remark, caller::Admitted};
use domain::power::{PowerAction, PowerRequest};

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
