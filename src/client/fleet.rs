//! Activation, the box's cluster, and the fleet.

use std::time::Duration;

use super::{AgentClient, CHANGE_LIMIT};
use crate::domain::{
    activation::api::{Activation, Answers, Checked, FleetCall, FleetSession, FleetSignIn, OfflineAnswer, OwnCluster},
    api::Caller,
    cluster::calls::Call,
    fault::Refusal,
};

/// For calls that the registry has to answer: it is asked at each of its addresses.
const REGISTRY_LIMIT: Duration = Duration::from_mins(1);

impl AgentClient {
    pub async fn activation(&self, caller: &Caller) -> Result<Activation, Refusal> {
        self.get(caller, "/v1/activation").await
    }

    pub async fn answers(&self, caller: &Caller, answers: &Answers) -> Result<Activation, Refusal> {
        self.post_within(REGISTRY_LIMIT, caller, "/v1/activation/answers", answers).await
    }

    /// What the registry tells now.
    pub async fn preview_activation(&self, caller: &Caller) -> Result<Activation, Refusal> {
        self.post_within(REGISTRY_LIMIT, caller, "/v1/activation/preview", &()).await
    }

    pub async fn check_activation(&self, caller: &Caller) -> Result<Checked, Refusal> {
        self.post_within(REGISTRY_LIMIT, caller, "/v1/activation/check", &()).await
    }

    pub async fn begin_activation(&self, caller: &Caller) -> Result<Activation, Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/activation/begin", &()).await
    }

    pub async fn stop_activation(&self, caller: &Caller) -> Result<Activation, Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/activation/stop", &()).await
    }

    /// A request to carry out by hand.
    pub async fn offline_request(&self, caller: &Caller) -> Result<Activation, Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/activation/request", &()).await
    }

    pub async fn offline_answer(&self, caller: &Caller, answer: &OfflineAnswer) -> Result<Activation, Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/activation/offline", answer).await
    }

    pub async fn own_cluster(&self, caller: &Caller) -> Result<OwnCluster, Refusal> {
        self.get(caller, "/v1/cluster").await
    }

    pub async fn fleet(&self, caller: &Caller) -> Result<Option<FleetSession>, Refusal> {
        self.get(caller, "/v1/fleet").await
    }

    pub async fn fleet_sign_in(&self, caller: &Caller, ask: &FleetSignIn) -> Result<FleetSession, Refusal> {
        self.post_within(REGISTRY_LIMIT, caller, "/v1/fleet/sign-in", ask).await
    }

    pub async fn fleet_sign_out(&self, caller: &Caller) -> Result<(), Refusal> {
        self.post_within(REGISTRY_LIMIT, caller, "/v1/fleet/sign-out", &()).await
    }

    /// A call of the registry, with this session's sign-in.
    pub async fn fleet_call<C: Call>(
        &self,
        caller: &Caller,
        path: &[&str],
        query: &[(&str, &str)],
        ask: &C::Ask,
    ) -> Result<C::Answer, Refusal> {
        let call = FleetCall {
            name: C::ENTRY.name.to_owned(),
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: ask,
        };
        self.post_within(REGISTRY_LIMIT, caller, "/v1/fleet/call", &call).await
    }
}
