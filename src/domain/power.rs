//! Restart and power-off of the box: what was asked, and when it is refused.

use serde::{Deserialize, Serialize};

use super::{
    fault::Fault,
    network::transaction::{OpenView, PhaseView},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerAction {
    Restart,
    /// Off until somebody presses its button.
    Off,
}

/// `POST /v1/power`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PowerRequest {
    pub action: PowerAction,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PowerStatus {
    /// It was asked for, and the box goes down within seconds.
    pub going: Option<PowerAction>,
    /// And comes back as it was delivered.
    pub resetting: bool,
    /// What was asked for last and did not happen.
    pub failed: Option<PowerFailure>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PowerFailure {
    pub action: PowerAction,
    /// The words of whoever did not do it.
    pub reason: String,
}

/// Whether the box may go down now. In the middle of a network change it may not: after a restart the change is undone, whatever a
/// person at another browser is just about to answer.
///
/// # Errors
/// [`Fault::ChangeOpen`] and [`Fault::GoingDown`].
pub fn may_go_down(open: Option<&OpenView>, status: &PowerStatus) -> Result<(), Fault> {
    if status.going.is_some() {
        return Err(Fault::GoingDown);
    }
    match open {
        None => Ok(()),
        Some(OpenView { by, phase, .. }) => {
            let left = if let PhaseView::AwaitingConfirm { left, .. } = phase { *left } else { 0 };
            Err(Fault::ChangeOpen { by: by.clone(), left })
        }
    }
}
