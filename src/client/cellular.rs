//! The calls about cellular.

use std::time::Duration;

use super::{AgentClient, CHANGE_LIMIT};
use crate::domain::{
    api::Caller,
    cellular::{
        api::CellularStatus,
        request::{PinRequest, PukRequest, SetRequest, UnlockRequest},
    },
    fault::Refusal,
};

/// For what the SIM has to answer. Shorter: a slow modem's answer is missed, and with it whether a try was lost.
const SIM_LIMIT: Duration = Duration::from_mins(1);

impl AgentClient {
    pub async fn cellular(&self, caller: &Caller) -> Result<CellularStatus, Refusal> {
        self.get(caller, "/v1/cellular").await
    }

    pub async fn set_cellular(&self, caller: &Caller, request: &SetRequest) -> Result<(), Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/cellular/set", request).await
    }

    pub async fn unlock_sim(&self, caller: &Caller, request: &UnlockRequest) -> Result<(), Refusal> {
        self.post_within(SIM_LIMIT, caller, "/v1/cellular/unlock", request).await
    }

    pub async fn unlock_sim_by_puk(&self, caller: &Caller, request: &PukRequest) -> Result<(), Refusal> {
        self.post_within(SIM_LIMIT, caller, "/v1/cellular/puk", request).await
    }

    pub async fn change_sim_pin(&self, caller: &Caller, request: &PinRequest) -> Result<(), Refusal> {
        self.post_within(SIM_LIMIT, caller, "/v1/cellular/pin", request).await
    }

    pub async fn note_sim(&self, caller: &Caller) -> Result<(), Refusal> {
        self.post(caller, "/v1/cellular/sim", &()).await
    }

    pub async fn connect_cellular(&self, caller: &Caller) -> Result<(), Refusal> {
        self.post(caller, "/v1/cellular/connect", &()).await
    }

    pub async fn disconnect_cellular(&self, caller: &Caller) -> Result<(), Refusal> {
        self.post(caller, "/v1/cellular/disconnect", &()).await
    }
}
