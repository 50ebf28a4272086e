//! The events of the three processes.

use axum::{
    Json as Body,
    extract::{Query as Asked, State},
};

use super::{
    Json, Refused, Reply, Shared,
    caller::{Admitted, Who},
};
use domain::{
    fault::Fault,
    logs::{Event, Events, Query},
};

pub(super) async fn read(State(shared): State<Shared>, _: Admitted, Asked(query): Asked<Query>) -> Reply<Events> {
    Ok(Body(shared.tasks.logs.read(query).await?))
}

/// From the web process, whoever it serves just now. What is in it was not done by a person, so it is not in the audit log.
pub(super) async fn hand_over(State(shared): State<Shared>, who: Who, Json(events): Json<Vec<Event>>) -> Reply<()> {
    match who {
        Who::Web(_) => Ok(Body(shared.tasks.logs.hand_over(events).await?)),
        Who::Console => Err(Refused::from(Fault::Forbidden)),
    }
}
