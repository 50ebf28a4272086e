//! The calls about the pair and its applications.

use std::time::Duration;

use super::AgentClient;
use crate::domain::{
    api::Caller,
    application::api::{Applications, Bundle, Logs, LogsAsk, Named},
    fault::Refusal,
    pair::api::{MaintenanceRequest, PairStatus, SettingsRequest},
};

/// Both boxes look at their networks, and one asks the site's hosts.
const BOTH: Duration = Duration::from_secs(15);
/// Files are looked at and written.
const FILES: Duration = Duration::from_mins(1);

impl AgentClient {
    pub async fn pair(&self, caller: &Caller) -> Result<PairStatus, Refusal> {
        self.get(caller, "/v1/pair").await
    }

    pub async fn set_pair(&self, caller: &Caller, request: &SettingsRequest) -> Result<(), Refusal> {
        self.post_within(BOTH, caller, "/v1/pair/settings", request).await
    }

    pub async fn switch_over(&self, caller: &Caller, drill: bool) -> Result<(), Refusal> {
        let path = if drill { "/v1/pair/drill" } else { "/v1/pair/switchover" };
        self.post_within(BOTH, caller, path, &()).await
    }

    pub async fn pair_maintenance(&self, caller: &Caller, on: bool) -> Result<(), Refusal> {
        self.post(caller, "/v1/pair/maintenance", &MaintenanceRequest { on }).await
    }

    pub async fn end_fence(&self, caller: &Caller) -> Result<(), Refusal> {
        self.post(caller, "/v1/pair/clear", &()).await
    }

    pub async fn applications(&self, caller: &Caller) -> Result<Applications, Refusal> {
        self.get(caller, "/v1/applications").await
    }

    pub async fn add_application(&self, caller: &Caller, bundle: &Bundle) -> Result<(), Refusal> {
        self.post_within(FILES, caller, "/v1/applications/add", bundle).await
    }

    pub async fn remove_application(&self, caller: &Caller, named: &Named) -> Result<(), Refusal> {
        self.post(caller, "/v1/applications/remove", named).await
    }

    pub async fn start_application(&self, caller: &Caller, named: &Named) -> Result<(), Refusal> {
        self.post(caller, "/v1/applications/start", named).await
    }

    pub async fn stop_application(&self, caller: &Caller, named: &Named) -> Result<(), Refusal> {
        self.post(caller, "/v1/applications/stop", named).await
    }

    pub async fn application_logs(&self, caller: &Caller, ask: &LogsAsk) -> Result<Logs, Refusal> {
        let lines = ask.lines.map(|lines| format!("&lines={lines}")).unwrap_or_default();
        self.get(caller, &format!("/v1/applications/logs?name={}{lines}", ask.name)).await
    }
}
