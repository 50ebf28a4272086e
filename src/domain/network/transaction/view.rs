//! What others are told about a transaction.

use std::{collections::BTreeSet, net::Ipv4Addr};

use serde::{Deserialize, Serialize};

use super::{Actor, Checks, GatewayCheck, Outcome, State, TxId};
use crate::{
    name::PortName,
    network::{spec::NetworkSpec, wanted::management_addresses},
    time::BootMillis,
};

/// The open transaction, if any, and how the last one ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionView {
    pub open: Option<OpenView>,
    pub last: Option<Outcome>,
    /// Steps of the last undoing that failed and are still being tried.
    #[serde(default)]
    pub degraded: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenView {
    pub tx: TxId,
    pub by: Actor,
    pub phase: PhaseView,
    pub new_spec: NetworkSpec,
    /// Where the management pages answered before, and where they will.
    pub old_pages: Vec<Ipv4Addr>,
    pub new_pages: Vec<Ipv4Addr>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum PhaseView {
    Planned,
    Armed,
    /// DHCP servers are asked on these ports, and the neighbours whether new addresses are free.
    Asking {
        ports: BTreeSet<PortName>,
    },
    Applying {
        step: usize,
        of: usize,
    },
    Verifying,
    AwaitingConfirm {
        /// Milliseconds left when this view was made.
        left: u64,
        /// Milliseconds of the whole window.
        window: u64,
        checks: ChecksView,
    },
    Committing,
    RollingBack,
}

/// [`Checks`] without the kernel's objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecksView {
    pub no_carrier: Vec<PortName>,
    pub gateways: Vec<GatewayCheck>,
    pub all_well: bool,
    /// The box has seen a gateway of the new network answer.
    pub proven: bool,
}

impl From<&Checks> for ChecksView {
    fn from(checks: &Checks) -> Self {
        Self {
            no_carrier: checks.no_carrier.clone(),
            gateways: checks.gateways.clone(),
            all_well: checks.all_well(),
            proven: checks.proven_by_gateway(),
        }
    }
}

impl State {
    pub fn view(&self, last: Option<&Outcome>, now: BootMillis) -> TransactionView {
        let open = self.transaction().zip(self.phase_view(now)).map(|(tx, phase)| OpenView {
            tx: tx.id,
            by: tx.by.clone(),
            phase,
            new_spec: tx.new_spec.clone(),
            old_pages: management_addresses(&tx.old_effective),
            new_pages: management_addresses(&tx.new_effective),
        });
        let degraded = if let Self::Degraded { unrestored } = self { unrestored.len() } else { 0 };
        TransactionView { open, last: last.cloned(), degraded }
    }

    fn phase_view(&self, now: BootMillis) -> Option<PhaseView> {
        Some(match self {
            Self::Idle | Self::Degraded { .. } => return None,
            Self::Planned(_) => PhaseView::Planned,
            Self::Armed(_) => PhaseView::Armed,
            Self::Asking { tx, .. } => PhaseView::Asking { ports: tx.leasing.clone() },
            Self::Applying { tx, next, .. } => PhaseView::Applying { step: *next, of: tx.steps.len() },
            Self::Verifying { .. } => PhaseView::Verifying,
            Self::AwaitingConfirm { awaiting, .. } => PhaseView::AwaitingConfirm {
                left: awaiting.deadline.left(now),
                window: awaiting.deadline.left(awaiting.since),
                checks: ChecksView::from(&awaiting.checks),
            },
            Self::Committing { .. } => PhaseView::Committing,
            Self::RollingBack { .. } => PhaseView::RollingBack,
        })
    }
}
