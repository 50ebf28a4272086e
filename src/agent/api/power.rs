//! Restart and power-off.

use axum::{Json as Body, extract::State};

use super::{Json, Reply, Shared, caller::Admitted};
use domain::power::PowerRequest;

pub(super) async fn power(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
    Json(ask): Json<PowerRequest>,
) -> Reply<()> {
    shared.tasks.power.go_down(ask.action).await?;
    tracing::warn!(action = ?ask.action, by = who.actor().describe(), "asked to go down");
    Ok(Body(()))
}
