//! The agent's client, for the web role and the command line: one function for each call of [`crate::domain::api`].
//!
//! Each call has a connection of its own. A unix socket costs next to nothing, an answer can never be read as that of another
//! call, and an agent that was restarted is simply reached by the next call.

use std::{future::Future, path::PathBuf, sync::Arc, time::Duration};

use futures_util::Stream;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::UnixStream, time::timeout};

use crate::domain::{
    alarms::AlarmList,
    api::{
        Acknowledge, Applied, ApplyRequest, CALLER, Caller, ChangePassword, ConfirmRequest, EndSessions, Ended,
        HandoffRequest, Hello, LeaseRequest, Login, Noted, Overview, PlanRequest, Session, SessionInfo, SetPassword,
        TestRequest,
    },
    audit::{self, Entries},
    auth::session::SessionView,
    certificate::{CertificateStatus, InstallRequest, Offered, Preview, Serving},
    fault::{Fault, Refusal},
    logs,
    network::{hops::Report, plan::Plan, status::DhcpStatus, transaction::Outcome},
    power::PowerRequest,
    reset::ResetRequest,
    settings::{
        SettingsStatus,
        request::{ClockRequest, HostNameRequest, ProxyRequest, ProxySaved, TimeRequest},
    },
    support,
};
use os::operation;

mod cellular;
mod fleet;
mod lines;
mod pair;
mod query;

pub use query::query;

/// For answers. Shorter: a box under load looks dead. Longer: a person waits for a page that will not come.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// For calls that write to the disk and ask the network before they answer.
pub const CHANGE_LIMIT: Duration = Duration::from_secs(20);
/// Longest answer and longest line of a stream. A box with 64 ports and all their routes stays far below.
pub const LONGEST: usize = 1 << 20;

/// Asks the agent. Cheap to clone; holds nothing open.
#[derive(Clone, Debug)]
pub struct AgentClient {
    socket: Arc<PathBuf>,
}

impl AgentClient {
    pub fn new(socket: PathBuf) -> Self {
        Self { socket: Arc::new(socket) }
    }

    /// `GET path`, with [`ANSWER_LIMIT`].
    pub async fn get<T: DeserializeOwned>(&self, caller: &Caller, path: &str) -> Result<T, Refusal> {
        within(ANSWER_LIMIT, async { read(self.send(Method::GET, caller, path, Bytes::new()).await?).await }).await
    }

    /// `POST path`, with [`ANSWER_LIMIT`].
    pub async fn post<B, T>(&self, caller: &Caller, path: &str, body: &B) -> Result<T, Refusal>
    where
        B: Serialize + Sync + ?Sized,
        T: DeserializeOwned,
    {
        self.post_within(ANSWER_LIMIT, caller, path, body).await
    }

    async fn post_within<B, T>(&self, limit: Duration, caller: &Caller, path: &str, body: &B) -> Result<T, Refusal>
    where
        B: Serialize + Sync + ?Sized,
        T: DeserializeOwned,
    {
        let body = serde_json::to_vec(body).map_err(|e| internal(&e))?;
        within(limit, async { read(self.send(Method::POST, caller, path, body.into()).await?).await }).await
    }

    async fn send(
        &self,
        method: Method,
        caller: &Caller,
        path: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>, Refusal> {
        let stream = UnixStream::connect(&*self.socket).await.map_err(|e| away(&e))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|e| away(&e))?;
        // Ends with the call: when the answer is read, or when the call is given up.
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "agent");
        // The command line calls as itself, without a caller.
        if *caller != Caller::default() {
            request = request.header(CALLER, serde_json::to_string(caller).map_err(|e| internal(&e))?);
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(body)).map_err(|e| internal(&e))?;
        let response = sender.send_request(request).await.map_err(|e| away(&e))?;
        if response.status() == StatusCode::OK { Ok(response) } else { Err(refusal(response).await) }
    }

    async fn lines<T>(&self, caller: &Caller, path: &str) -> Result<impl Stream<Item = T> + Send + use<T>, Refusal>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let response = within(ANSWER_LIMIT, self.send(Method::GET, caller, path, Bytes::new())).await?;
        Ok(lines::of(response.into_body()))
    }
}

/// The calls.
impl AgentClient {
    pub async fn hello(&self) -> Result<Hello, Refusal> {
        self.get(&Caller::default(), "/v1/hello").await
    }

    /// One at once and one per change; ends when the agent ends.
    pub async fn hello_events(&self) -> Result<impl Stream<Item = Hello> + Send + use<>, Refusal> {
        self.lines(&Caller::default(), "/v1/hello/events").await
    }

    pub async fn overview(&self, caller: &Caller) -> Result<Overview, Refusal> {
        self.get(caller, "/v1/overview").await
    }

    /// One at once and one per change; ends when the session or the agent ends.
    pub async fn events(&self, caller: &Caller) -> Result<impl Stream<Item = Overview> + Send + use<>, Refusal> {
        self.lines(caller, "/v1/events").await
    }

    pub async fn setup(&self, caller: &Caller, password: &SetPassword) -> Result<Session, Refusal> {
        self.post(caller, "/v1/setup", password).await
    }

    pub async fn login(&self, caller: &Caller, login: &Login) -> Result<Session, Refusal> {
        self.post(caller, "/v1/login", login).await
    }

    pub async fn logout(&self, caller: &Caller) -> Result<(), Refusal> {
        self.post(caller, "/v1/logout", &()).await
    }

    pub async fn session(&self, caller: &Caller) -> Result<SessionInfo, Refusal> {
        self.get(caller, "/v1/session").await
    }

    pub async fn set_password(&self, caller: &Caller, password: &SetPassword) -> Result<(), Refusal> {
        self.post(caller, "/v1/password", password).await
    }

    /// The session that asks goes on with the new token.
    pub async fn change_password(&self, caller: &Caller, change: &ChangePassword) -> Result<Session, Refusal> {
        self.post(caller, "/v1/password/change", change).await
    }

    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<SessionView>, Refusal> {
        self.get(caller, "/v1/sessions").await
    }

    pub async fn end_sessions(&self, caller: &Caller, end: &EndSessions) -> Result<Ended, Refusal> {
        self.post(caller, "/v1/sessions/end", end).await
    }

    pub async fn plan(&self, caller: &Caller, request: &PlanRequest) -> Result<Plan, Refusal> {
        // it may look for DHCP servers first
        self.post_within(CHANGE_LIMIT, caller, "/v1/network/plan", request).await
    }

    pub async fn apply(&self, caller: &Caller, request: &ApplyRequest) -> Result<Applied, Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/network/apply", request).await
    }

    pub async fn confirm(&self, caller: &Caller, request: &ConfirmRequest) -> Result<Outcome, Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/network/confirm", request).await
    }

    pub async fn handoff(&self, caller: &Caller, request: &HandoffRequest) -> Result<Session, Refusal> {
        self.post(caller, "/v1/network/handoff", request).await
    }

    pub async fn rollback(&self, caller: &Caller) -> Result<Outcome, Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/network/rollback", &()).await
    }

    pub async fn more_time(&self, caller: &Caller) -> Result<(), Refusal> {
        self.post(caller, "/v1/network/more-time", &()).await
    }

    pub async fn lease(&self, caller: &Caller, request: &LeaseRequest) -> Result<DhcpStatus, Refusal> {
        self.post(caller, "/v1/network/lease", request).await
    }

    pub async fn test_network(&self, caller: &Caller, request: &TestRequest) -> Result<Report, Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/network/test", request).await
    }

    pub async fn settings(&self, caller: &Caller) -> Result<SettingsStatus, Refusal> {
        self.get(caller, "/v1/settings").await
    }

    pub async fn set_host_name(&self, caller: &Caller, request: &HostNameRequest) -> Result<(), Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/settings/host-name", request).await
    }

    pub async fn set_time(&self, caller: &Caller, request: &TimeRequest) -> Result<(), Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/settings/time", request).await
    }

    pub async fn set_clock(&self, caller: &Caller, request: &ClockRequest) -> Result<(), Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/settings/clock", request).await
    }

    pub async fn power(&self, caller: &Caller, request: &PowerRequest) -> Result<(), Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/power", request).await
    }

    pub async fn factory_reset(&self, caller: &Caller, request: &ResetRequest) -> Result<(), Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/factory-reset", request).await
    }

    pub async fn certificate(&self, caller: &Caller) -> Result<CertificateStatus, Refusal> {
        self.get(caller, "/v1/certificate").await
    }

    pub async fn check_certificate(&self, caller: &Caller, offered: &Offered) -> Result<Preview, Refusal> {
        self.post(caller, "/v1/certificate/check", offered).await
    }

    pub async fn install_certificate(&self, caller: &Caller, request: &InstallRequest) -> Result<(), Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/certificate/install", request).await
    }

    pub async fn remove_certificate(&self, caller: &Caller) -> Result<(), Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/certificate/remove", &()).await
    }

    /// What to shake hands with, for the process that does.
    pub async fn serving_certificate(&self) -> Result<Option<Serving>, Refusal> {
        self.get(&Caller::default(), "/v1/certificate/serving").await
    }

    pub async fn set_proxy(&self, caller: &Caller, request: &ProxyRequest) -> Result<ProxySaved, Refusal> {
        self.post_within(CHANGE_LIMIT, caller, "/v1/settings/proxy", request).await
    }
}

/// What the box did, and what keeps it well.
impl AgentClient {
    pub async fn alarms(&self, caller: &Caller) -> Result<AlarmList, Refusal> {
        self.get(caller, "/v1/alarms").await
    }

    pub async fn acknowledge(&self, caller: &Caller, which: &Acknowledge) -> Result<Noted, Refusal> {
        self.post(caller, "/v1/alarms/ack", which).await
    }

    pub async fn logs(&self, caller: &Caller, asked: &logs::Query) -> Result<logs::Events, Refusal> {
        let asked = query(&[
            ("level", asked.level.map(|level| level.name().to_owned())),
            ("part", asked.part.map(|part| part.name().to_owned())),
            ("text", asked.text.clone()),
            ("since", asked.since.map(|since| since.to_string())),
        ]);
        self.get(caller, &format!("/v1/logs{asked}")).await
    }

    /// What the web process says of itself.
    pub async fn hand_over(&self, events: &[logs::Event]) -> Result<(), Refusal> {
        self.post(&Caller::default(), "/v1/logs", events).await
    }

    pub async fn audit(&self, caller: &Caller, asked: &audit::Query) -> Result<Entries, Refusal> {
        let asked = query(&[
            ("before", asked.before.map(|n| n.to_string())),
            ("who", asked.who.map(|kind| kind.name().to_owned())),
            ("what", asked.what.clone()),
        ]);
        self.get(caller, &format!("/v1/audit{asked}")).await
    }
}

/// A support bundle.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Letters, digits, hyphens and `.tar.gz`.
    pub name: String,
    pub bytes: Bytes,
}

impl AgentClient {
    pub async fn support_bundle(&self, caller: &Caller) -> Result<Bundle, Refusal> {
        within(CHANGE_LIMIT, async {
            let response = self.send(Method::POST, caller, "/v1/support", Bytes::from_static(b"null")).await?;
            let name = response.headers().get(support::NAME_HEADER).and_then(|name| name.to_str().ok());
            let name =
                name.filter(|name| support::is_archive_name(name)).ok_or_else(|| internal("no name"))?.to_owned();
            Ok(Bundle { name, bytes: bytes_of(response, support::MOST).await? })
        })
        .await
    }
}

async fn within<T>(limit: Duration, call: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    match timeout(limit, call).await {
        Ok(answer) => answer,
        Err(late) => Err(away(&late)),
    }
}

async fn read<T: DeserializeOwned>(response: Response<Incoming>) -> Result<T, Refusal> {
    serde_json::from_slice(&bytes(response).await?).map_err(|e| internal(&e))
}

async fn bytes(response: Response<Incoming>) -> Result<Bytes, Refusal> {
    bytes_of(response, LONGEST).await
}

async fn bytes_of(response: Response<Incoming>, most: usize) -> Result<Bytes, Refusal> {
    match Limited::new(response.into_body(), most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(internal(&*error)),
        Err(error) => Err(away(&*error)),
    }
}

/// The agent's own words where it has some.
async fn refusal(response: Response<Incoming>) -> Refusal {
    let status = response.status();
    match bytes(response).await {
        Ok(body) => serde_json::from_slice(&body)
            .unwrap_or_else(|_| here(Fault::Internal { detail: format!("the agent answered {status}") })),
        Err(refusal) => refusal,
    }
}

fn away(error: &(impl std::fmt::Display + ?Sized)) -> Refusal {
    let refusal = here(Fault::AgentAway);
    // The caller tells; while the agent is away this comes twice a second.
    tracing::debug!(operation = refusal.operation, %error, "the agent does not answer");
    refusal
}

fn internal(error: &(impl std::fmt::Display + ?Sized)) -> Refusal {
    here(Fault::Internal { detail: format!("the agent's answer: {error}") })
}

/// A refusal that arose on this side of the socket, with an operation id of its own.
pub fn here(fault: Fault) -> Refusal {
    Refusal::new(fault, operation::id())
}
