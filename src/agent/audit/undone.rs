//! Writes down a network change that the box undid by itself: nobody calls for that.

use std::sync::Arc;

use tokio::sync::watch;

use super::Audit;
use crate::network::Published;
use domain::{
    audit::{Query, Who},
    network::transaction::{Outcome, Why},
};

const WHAT: &str = "network/undone";

/// Ends with the network task.
pub async fn keep(audit: Audit, mut network: watch::Receiver<Arc<Published>>) {
    // how the last change ended is known at a start, too: it is written down once
    let known = audit.read(Query { what: Some(WHAT.to_owned()), ..Query::default() }).await;
    let mut known = known.ok().and_then(|known| known.entries.into_iter().next()?.deed.detail);
    loop {
        let detail = by_itself(network.borrow_and_update().status.transaction.last.as_ref());
        if detail.is_some() && detail != known {
            audit.happened(Who::Machine, WHAT, Ok(()), detail.as_deref()).await;
            known = detail;
        }
        if network.changed().await.is_err() {
            return;
        }
    }
}

fn by_itself(last: Option<&Outcome>) -> Option<String> {
    match last? {
        Outcome::Committed { .. } | Outcome::RolledBack { reason: Why::Asked { .. }, .. } => None,
        Outcome::RolledBack { tx, reason } => {
            let why = match reason {
                Why::Asked { .. } => return None,
                Why::NotConfirmed => "not kept in time",
                Why::StepFailed { .. } => "a step failed",
                Why::NotInKernel => "not in the kernel",
                Why::VerifyTooLong => "could not be checked in time",
                Why::NoLease { .. } => "no lease",
                Why::Conflict(_) | Why::Duplicate(_) => "the address is in use",
                Why::LeaseUnfit { .. } => "the lease does not fit",
                Why::Reboot => "the box was restarted",
                Why::AgentRestarted => "the agent was restarted",
                Why::JournalUnreadable => "the journal cannot be read",
                Why::NotSaved { .. } => "it could not be saved",
            };
            Some(format!("change {}: {why}", tx.0))
        }
    }
}
