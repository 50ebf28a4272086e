//! What is wrong, and that somebody has seen it.

use axum::{Json as Body, extract::State};

use super::{
    Json, Reply, Shared,
    audit::Remark,
    caller::{Admitted, Who},
};
use domain::{
    alarms::AlarmList,
    api::{Acknowledge, Noted},
};

pub(super) async fn list(State(shared): State<Shared>, _: Admitted) -> Reply<AlarmList> {
    Ok(Body(shared.tasks.alarms.list().await?))
}

pub(super) async fn acknowledge(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
    remark: Remark,
    Json(ask): Json<Acknowledge>,
) -> Reply<Noted> {
    remark.say(ask.id.map_or_else(|| "all".to_owned(), |id| format!("alarm {id}")));
    let by = match &who {
        Who::Console => "console".to_owned(),
        Who::Web(_) => who.address(),
    };
    Ok(Body(Noted { alarms: shared.tasks.alarms.acknowledge(ask.id, by).await? }))
}
