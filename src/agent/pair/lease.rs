//! The registry's part of a lease: asked for the guard, which counts the time.

use std::time::Duration;

use domain::{
    activation::api::Away,
    cluster::{
        api::{EpochAsk, LeaseAsk},
        calls,
        problem::Problem,
    },
    pair::{Answer, Ask},
};
use tokio::time::timeout;

use crate::registry::{Failed, Registry, With};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Answer(Answer),
    /// Nobody answered, or nothing that means anything: as if nothing had come.
    Nothing,
    /// Its name leads to this box itself, where it must not be.
    OnThisBox,
    /// The registry knows of no such pair any more.
    NoPair,
}

/// `seconds`: the lease's length. `limit`: an answer that comes later is heard by nobody.
pub async fn ask(registry: &Registry, ask: Ask, seconds: u64, limit: Duration) -> Asked {
    match timeout(limit, call(registry, ask, seconds)).await {
        Ok(Ok(answer)) => Asked::Answer(answer),
        Ok(Err(Failed::Refused(refused))) => match refused.problem {
            Problem::LeaseHeld { .. } | Problem::LeaseLost { .. } | Problem::WrongState { .. } => {
                Asked::Answer(Answer::Refused)
            }
            Problem::NoPeer { .. } | Problem::HostRemoved { .. } | Problem::HostReplaced { .. } => Asked::NoPair,
            other => {
                tracing::warn!(%other, "the registry and the lease");
                Asked::Nothing
            }
        },
        Ok(Err(Failed::Away(Away::OnThisBox { .. }))) => Asked::OnThisBox,
        Ok(Err(Failed::Away(away))) => {
            tracing::debug!(%away, ?ask, "the registry");
            Asked::Nothing
        }
        Err(_) => Asked::Nothing,
    }
}

async fn call(registry: &Registry, ask: Ask, seconds: u64) -> Result<Answer, Failed> {
    let with = With::default();
    Ok(match ask {
        Ask::Acquire { released } => {
            let info = registry.call::<calls::AcquireLease>(with, &LeaseAsk { seconds, released }).await?;
            Answer::Granted { epoch: info.epoch }
        }
        Ask::Renew { epoch } => {
            let info = registry.call::<calls::RenewLease>(with, &EpochAsk { epoch }).await?;
            Answer::Granted { epoch: info.epoch }
        }
        Ask::Release { epoch } => {
            registry.call::<calls::ReleaseLease>(with, &EpochAsk { epoch }).await?;
            Answer::Granted { epoch }
        }
    })
}
