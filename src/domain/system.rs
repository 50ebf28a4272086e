//! What the pages below System say in one line of what has more than settings.

use serde::{Deserialize, Serialize};

use crate::audit::AuditState;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SystemStatus {
    pub audit: AuditState,
}
