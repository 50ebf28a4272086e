//! What the pages below System say in one line of what has more than settings.

use serde::{Deserialize, Serialize};

use crate::{alarms::AlarmCount, audit::AuditState, auth::policy::PasswordState};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SystemStatus {
    pub audit: AuditState,
    pub alarms: AlarmCount,
    pub password: PasswordState,
    /// Live ones.
    pub sessions: usize,
}
