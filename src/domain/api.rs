//! The agent's API: what goes over its unix socket. Web and command line are its only callers.
//!
//! HTTP/1.1 with JSON. Who calls is in the header [`CALLER`]; the kernel's peer credentials say whether it is believed.
//! A refusal is a [`super::fault::Refusal`].
//!
//! | call | takes | answers |
//! |---|---|---|
//! | `GET /v1/hello` | – | [`Hello`], without a session |
//! | `GET /v1/hello/events` | – | [`Hello`] lines (NDJSON), one at once and one per change, without a session |
//! | `GET /v1/overview` | – | [`Overview`] |
//! | `GET /v1/events` | – | [`Overview`] lines (NDJSON), one at once and one per change |
//! | `POST /v1/setup` | [`SetPassword`] | [`Session`] |
//! | `POST /v1/login` | [`Login`] | [`Session`] |
//! | `POST /v1/logout` | – | `null` |
//! | `GET /v1/session` | – | [`SessionInfo`] |
//! | `POST /v1/password` | [`SetPassword`], console only | `null` |
//! | `POST /v1/password/change` | [`ChangePassword`], with a session only | [`Session`], which goes on with a new token |
//! | `GET /v1/sessions` | – | [`super::auth::session::SessionView`]s, the newest first |
//! | `POST /v1/sessions/end` | [`EndSessions`] | [`Ended`] |
//! | `POST /v1/network/plan` | [`PlanRequest`] | [`super::network::plan::Plan`] |
//! | `POST /v1/network/apply` | [`ApplyRequest`] | [`Applied`] |
//! | `POST /v1/network/confirm` | [`ConfirmRequest`] | [`super::network::transaction::Outcome`] |
//! | `POST /v1/network/handoff` | [`HandoffRequest`] | [`Session`] |
//! | `POST /v1/network/rollback` | – | [`super::network::transaction::Outcome`] |
//! | `POST /v1/network/more-time` | – | `null` |
//! | `POST /v1/network/lease` | [`LeaseRequest`] | [`super::network::status::DhcpStatus`], when the server has answered or a moment has passed |
//! | `GET /v1/alarms` | – | [`super::alarms::AlarmList`] |
//! | `POST /v1/alarms/ack` | [`Acknowledge`] | [`Noted`] |
//! | `GET /v1/audit` | [`super::audit::Query`] in the address | [`super::audit::Entries`] |
//! | `GET /v1/logs` | [`super::logs::Query`] in the address | [`super::logs::Events`] |
//! | `POST /v1/logs` | [`super::logs::Event`]s of the web process | `null` |
//! | `GET /v1/settings` | – | [`SettingsStatus`] |
//! | `POST /v1/settings/host-name` | [`super::settings::request::HostNameRequest`] | `null` |
//! | `POST /v1/settings/time` | [`super::settings::request::TimeRequest`] | `null` |
//! | `POST /v1/settings/clock` | [`super::settings::request::ClockRequest`] | `null` |
//! | `POST /v1/settings/proxy` | [`super::settings::request::ProxyRequest`] | [`super::settings::request::ProxySaved`], within 20 seconds |
//! | `POST /v1/power` | [`super::power::PowerRequest`] | `null`, a moment before the box goes down |
//! | `POST /v1/factory-reset` | [`super::reset::ResetRequest`] | `null`, when the reset can no longer be stopped |
//! | `GET /v1/certificate` | – | [`CertificateStatus`] |
//! | `POST /v1/certificate/check` | [`super::certificate::Offered`] | [`super::certificate::Preview`]; changes nothing |
//! | `POST /v1/certificate/install` | [`super::certificate::InstallRequest`] | `null` |
//! | `POST /v1/certificate/remove` | – | `null` |
//! | `GET /v1/certificate/serving` | – | [`super::certificate::Serving`] or `null`; for web and root, and for no session |
//! | `GET /v1/activation` | – | [`super::activation::api::Activation`] |
//! | `GET /v1/activation/events` | – | its lines (NDJSON), one at once and one per change |
//! | `POST /v1/activation/answers` | [`super::activation::api::Answers`] | [`super::activation::api::Activation`], within 20 seconds |
//! | `POST /v1/activation/preview` | – | [`super::activation::api::Activation`] with what the registry tells now |
//! | `POST /v1/activation/check` | – | [`super::activation::api::Checked`], within 20 seconds; changes nothing |
//! | `POST /v1/activation/begin` | – | [`super::activation::api::Activation`]; the ledger goes on by itself |
//! | `POST /v1/activation/stop` | – | [`super::activation::api::Activation`], which may be answered anew; refused once the registry has taken the box |
//! | `POST /v1/activation/request` | – | [`super::activation::api::Activation`] with a request to carry out by hand |
//! | `POST /v1/activation/offline` | [`super::activation::api::OfflineAnswer`] | [`super::activation::api::Activation`] |
//! | `GET /v1/cluster` | – | [`super::activation::api::OwnCluster`] |
//! | `GET /v1/fleet` | – | [`super::activation::api::FleetSession`] or `null` |
//! | `POST /v1/fleet/sign-in` | [`super::activation::api::FleetSignIn`] | [`super::activation::api::FleetSession`] |
//! | `POST /v1/fleet/sign-out` | – | `null` |
//! | `POST /v1/fleet/call` | [`super::activation::api::FleetCall`] | what the registry answers |
//! | `GET /v1/cellular` | – | [`super::cellular::api::CellularStatus`] |
//! | `POST /v1/cellular/set` | [`super::cellular::request::SetRequest`] | `null` |
//! | `POST /v1/cellular/unlock` | [`super::cellular::request::UnlockRequest`] | `null`, when the SIM has answered, within a minute |
//! | `POST /v1/cellular/puk` | [`super::cellular::request::PukRequest`] | the same |
//! | `POST /v1/cellular/pin` | [`super::cellular::request::PinRequest`] | the same |
//! | `POST /v1/cellular/sim` | – | `null`: the SIM in the slot is the right one |
//! | `POST /v1/cellular/connect` | – | `null`; it is tried at once, and nobody waits for the outcome |
//! | `POST /v1/cellular/disconnect` | – | `null`; until somebody asks for a connection |
//! | `GET /v1/pair` | – | [`super::pair::api::PairStatus`] |
//! | `POST /v1/pair/settings` | [`super::pair::api::SettingsRequest`] | `null`: on both boxes, within 15 seconds |
//! | `POST /v1/pair/switchover` | – | `null`, when it has begun |
//! | `POST /v1/pair/drill` | – | the same |
//! | `POST /v1/pair/maintenance` | [`super::pair::api::MaintenanceRequest`] | `null` |
//! | `POST /v1/pair/clear` | – | `null`: this box may take over again |
//! | `GET /v1/applications` | – | [`super::application::api::Applications`] |
//! | `POST /v1/applications/add` | [`super::application::api::Bundle`] | `null` |
//! | `POST /v1/applications/remove` | [`super::application::api::Named`] | `null`; its data stays |
//! | `POST /v1/applications/start` | [`super::application::api::Named`] | `null` |
//! | `POST /v1/applications/stop` | [`super::application::api::Named`] | `null` |
//! | `GET /v1/applications/logs` | [`super::application::api::LogsAsk`] in the address | [`super::application::api::Logs`] |
//! | `POST /v1/network/test` | [`TestRequest`] | [`super::network::hops::Report`], within 20 seconds |

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{
    activation::api::Activation,
    cellular::api::CellularBrief,
    certificate::CertificateStatus,
    load::Load,
    name::PortName,
    network::{kernel::StateHash, proof::Connection, spec::NetworkSpec, status::NetworkStatus, transaction::TxId},
    pair::api::PairStatus,
    power::PowerStatus,
    secret::Secret,
    seed::{Language, SeedStatus},
    service_port::ServicePortStatus,
    settings::SettingsStatus,
    system::SystemStatus,
    time::UnixSeconds,
};

/// Header with a [`Caller`] as JSON.
pub const CALLER: &str = "gatehouse-caller";
/// Longest body that the agent reads, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// For whom a call is made. The command line sends none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Caller {
    /// The browser's session.
    pub session: Option<Secret>,
    /// The browser's connection, as the web process accepted it. The agent looks it up in the kernel.
    pub connection: Option<Connection>,
}

/// What anybody may know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Whether a password is set; until then nothing else is served.
    pub ready: bool,
    pub host_name: String,
    /// The interfaces on which the pages are to be served now.
    pub listen: Vec<Listen>,
    /// Grows when connections that were accepted before must be closed.
    pub cut: u64,
    /// Of the pages, for who has not chosen one; the browser's where nobody has set it.
    #[serde(default)]
    pub language: Option<Language>,
    /// Names this life of the box: another one after each factory reset.
    #[serde(default)]
    pub generation: String,
    /// Names besides the box's own under which the pages are to answer: those of the installed certificate.
    #[serde(default)]
    pub names: Vec<String>,
    /// Fingerprint of the installed certificate.
    #[serde(default)]
    pub certificate: Option<String>,
    /// Whom to tell of a weakness, as a URI.
    #[serde(default)]
    pub contact: Option<String>,
}

/// One interface to serve pages on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Listen {
    pub interface: String,
    pub index: u32,
    pub port: PortName,
    pub service: bool,
    /// Addresses that a certificate is needed for, those of an open change included.
    pub addresses: Vec<Ipv4Addr>,
}

/// All that the overview shows; also the event that tells of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    pub model: String,
    pub serial: String,
    pub host_name: String,
    pub support: Option<String>,
    pub version: String,
    pub network: NetworkStatus,
    pub load: Load,
    #[serde(default)]
    pub service_port: ServicePortStatus,
    #[serde(default)]
    pub settings: SettingsStatus,
    #[serde(default)]
    pub power: PowerStatus,
    #[serde(default)]
    pub system: SystemStatus,
    #[serde(default)]
    pub seed: SeedStatus,
    #[serde(default)]
    pub certificate: CertificateStatus,
    /// Without what the registry offered, and without a request's text.
    #[serde(default)]
    pub activation: Activation,
    #[serde(default)]
    pub cellular: CellularBrief,
    /// With its last take-over only.
    #[serde(default)]
    pub pair: PairStatus,
    pub now: UnixSeconds,
}

/// First visit, or a new password on the console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPassword {
    pub password: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub password: Secret,
}

/// By somebody who is signed in and knows the old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePassword {
    pub old: Secret,
    pub new: Secret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum EndSessions {
    One {
        number: u64,
    },
    /// All but the one that asks; on the console all.
    Others,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub sessions: usize,
}

/// Somebody has seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledge {
    /// Not said: all open ones.
    #[serde(default)]
    pub id: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// How many were not acknowledged before.
    pub alarms: usize,
}

/// A new session. The token is told once and only its digest is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub token: Secret,
    /// Days since the password was set, where the site asks for a new one by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_age: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Milliseconds until it ends unless it is used.
    pub idle_left: u64,
    /// Milliseconds until it ends in any case.
    pub left: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRequest {
    pub spec: NetworkSpec,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyRequest {
    pub spec: NetworkSpec,
    /// [`super::network::plan::Plan::base`] of the plan that was looked at.
    pub base: StateHash,
    /// Seconds to wait for a confirmation; 90 if not given, 10 to 600.
    #[serde(default)]
    pub window: Option<u64>,
}

/// The change is being made. The two secrets are told once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    pub tx: TxId,
    pub confirm: Secret,
    pub handoff: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmRequest {
    /// The change that is meant. Browsers name it by its token, the command line by its number.
    #[serde(default)]
    pub tx: Option<TxId>,
    /// Needed from browsers, not on the console.
    #[serde(default)]
    pub token: Option<Secret>,
    #[serde(default)]
    pub automatic: bool,
    /// "Keep it without a test": over the service port or on the console.
    #[serde(default)]
    pub untested: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoffRequest {
    pub handoff: Secret,
}

/// What a person wants of a port's lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRequest {
    pub port: PortName,
    pub ask: LeaseAsk,
    /// The box's address that the person came by, where only the caller knows it: the command line over SSH.
    #[serde(default)]
    pub by: Option<Ipv4Addr>,
    /// Give it back although the person comes by it.
    #[serde(default)]
    pub sure: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseAsk {
    /// A new lease, or more time for the one in use.
    Renew,
    /// Back to its server; none until it is asked for.
    Release,
}

/// The network test.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TestRequest {
    /// As a person types it; see [`super::network::hops::Target`]. Nothing, or nothing but blanks: the test ends at DNS.
    pub host: Option<String>,
}
