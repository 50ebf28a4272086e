//! Cellular: what was typed is checked before anything reaches the SIM, where a wrong PIN costs a try.

use axum::{Json as Body, extract::State};

use super::{Json, Refused, Reply, Shared, audit::Remark, caller::Admitted};
use domain::{
    cellular::{
        api::CellularStatus,
        machine::Ask,
        request::{PinChange, PinRequest, PukRequest, SetRequest, UnlockRequest},
    },
    fault::Fault,
    network::issue::Issue,
};
use os::clock;

pub(super) async fn show(State(shared): State<Shared>, _: Admitted) -> Reply<CellularStatus> {
    Ok(Body(shared.tasks.cellular.status(clock::now())))
}

pub(super) async fn set(
    State(shared): State<Shared>,
    _: Admitted,
    remark: Remark,
    Json(ask): Json<SetRequest>,
) -> Reply<()> {
    has_slot(&shared)?;
    remark.say(ask.named().join(" "));
    Ok(Body(shared.tasks.cellular.set(ask).await?))
}

pub(super) async fn unlock(State(shared): State<Shared>, _: Admitted, Json(ask): Json<UnlockRequest>) -> Reply<()> {
    has_slot(&shared)?;
    let pin = ask.check().map_err(invalid)?;
    Ok(Body(shared.tasks.cellular.ask(Ask::Unlock { pin, keep: ask.keep, last: ask.last }).await?))
}

pub(super) async fn puk(State(shared): State<Shared>, _: Admitted, Json(ask): Json<PukRequest>) -> Reply<()> {
    has_slot(&shared)?;
    let (puk, pin) = ask.check().map_err(invalid)?;
    Ok(Body(shared.tasks.cellular.ask(Ask::Puk { puk, pin, keep: ask.keep, last: ask.last }).await?))
}

pub(super) async fn pin(
    State(shared): State<Shared>,
    _: Admitted,
    remark: Remark,
    Json(ask): Json<PinRequest>,
) -> Reply<()> {
    has_slot(&shared)?;
    let change = ask.check().map_err(invalid)?;
    remark.say(match &change {
        PinChange::Change { .. } => "change",
        PinChange::Enable { .. } => "enable",
        PinChange::Disable { .. } => "disable",
        PinChange::Forget => "forget",
    });
    Ok(Body(shared.tasks.cellular.ask(Ask::Pin(change)).await?))
}

pub(super) async fn note_sim(State(shared): State<Shared>, _: Admitted) -> Reply<()> {
    Ok(Body(shared.tasks.cellular.ask(Ask::NoteSim).await?))
}

pub(super) async fn connect(State(shared): State<Shared>, _: Admitted) -> Reply<()> {
    Ok(Body(shared.tasks.cellular.ask(Ask::Connect).await?))
}

pub(super) async fn disconnect(State(shared): State<Shared>, _: Admitted) -> Reply<()> {
    Ok(Body(shared.tasks.cellular.ask(Ask::Disconnect).await?))
}

/// That there is no slot is the first thing to know, before what is wrong with a field.
fn has_slot(shared: &Shared) -> Result<(), Refused> {
    shared.own.board.sim_slot().map(drop).ok_or_else(|| Fault::NoSimSlot.into())
}

fn invalid(issues: Vec<Issue>) -> Refused {
    Fault::Invalid { issues }.into()
}
