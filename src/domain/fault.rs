//! Why a request was refused or failed: one type for the agent's answers, with stable codes.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{
    activation::{
        Malformed,
        api::{Away, Stage, Unusable},
    },
    cluster::problem::Problem,
    network::{
        hops::Cause,
        issue::Issue,
        proof::Proof,
        transaction::{Actor, Outcome},
    },
    time::UnixSeconds,
};

/// A refusal. Pages translate it; the command line prints its `Display` and its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    #[error("sign in first")]
    NotSignedIn,
    #[error("the password is wrong")]
    WrongPassword,
    #[error("too many attempts; try again in {seconds} s")]
    SlowDown { seconds: u64 },
    #[error("this box has no password yet; set one over the service port")]
    SetupFirst,
    #[error("this box has a password already")]
    SetupDone,
    #[error("only over the service port or on the console")]
    ServicePortOnly,
    #[error("the password cannot be used: {}", .rule.describe())]
    BadPassword { rule: super::auth::password::PasswordRule },
    #[error("there is no session {number}; it has ended")]
    NoSuchSession { number: u64 },
    #[error("there is no alarm {id}")]
    NoSuchAlarm { id: u64 },
    #[error("{} of the fields cannot be used", .issues.len())]
    Invalid { issues: Vec<Issue> },
    #[error("a change is open, started by {}; it ends in {} s at the latest", .by.describe(), .left / 1000)]
    Busy { by: Actor, left: u64 },
    #[error("the network changed since the plan was made; plan again")]
    PlanOutdated,
    #[error("nothing would change")]
    NothingToDo,
    #[error("no change is open")]
    NoChangeOpen { last: Option<Outcome> },
    #[error("the change cannot be kept or undone at this moment; it is being worked on")]
    NotNow,
    #[error("the token is wrong, used up or of another change")]
    WrongToken,
    #[error("this connection does not prove the new network: {proof:?}")]
    ProvesNothing { proof: Proof },
    #[error("something needs a person's eye; look at the checks and decide")]
    NeedsAPerson,
    #[error("this port does not get its address by DHCP")]
    NotByDhcp,
    #[error("this port has no link")]
    NoLink,
    #[error("you reach the box at {address}, which would be given back")]
    CutsOff { address: Ipv4Addr },
    #[error("it could not be saved: {error}")]
    NotSaved { error: String },
    /// `None`: nobody on this box sets clocks.
    #[error("the clock is not set: {}", .reason.as_deref().unwrap_or("there is no systemd-timedated on this box"))]
    ClockNotSet { reason: Option<String> },
    #[error("the proxy does not work; nothing was saved")]
    ProxyFails { cause: Cause },
    #[error("a network change is open, started by {}; the box does not go down in the middle of it", .by.describe())]
    ChangeOpen { by: Actor, left: u64 },
    /// `None`: nobody on this box restarts it or switches it off.
    #[error("the box does not do it: {}", .reason.as_deref().unwrap_or("there is no systemd-logind on this box"))]
    PowerRefused { reason: Option<String> },
    #[error("the box is going down already")]
    GoingDown,
    #[error("the certificate cannot be used: {problem}")]
    BadCertificate { problem: super::certificate::CertificateProblem },
    #[error("what was checked is no longer kept; check it again")]
    NoCandidate,
    #[error("the request cannot be understood: {detail}")]
    Malformed { detail: String },
    #[error("there is no such thing")]
    NotFound,
    #[error("this caller may not ask that")]
    Forbidden,
    #[error("the agent does not answer")]
    AgentAway,
    #[error("something went wrong inside: {detail}")]
    Internal { detail: String },
    #[error("the seed file cannot be used; nothing of it was applied")]
    SeedUnusable { problems: Vec<super::seed::Problem> },
    /// The registry's own refusal, with its code; `operation` stands in the registry's log.
    #[error("the registry refuses: {problem}")]
    Registry { problem: Problem, registry_operation: String },
    #[error("the registry cannot be reached: {why}")]
    RegistryAway { why: Away },
    #[error("this is no activation code: {why}")]
    CodeUnreadable { why: Malformed },
    #[error("this code has expired")]
    CodeOver { at: UnixSeconds },
    #[error("a short code is for boxes that know their registry; take the long one")]
    NoPresetRegistry,
    #[error("what was brought cannot be used: {why}")]
    BroughtUnusable { why: Unusable },
    #[error("that is not possible now: the activation is {stage:?}")]
    NotAtThisStage { stage: Stage },
    #[error("the wizard is not answered to its end")]
    Unanswered,
    #[error("this box is not activated")]
    NotActivated,
    #[error("sign in for the fleet first")]
    FleetSignInFirst,
    #[error("{cause}")]
    Cellular { cause: super::cellular::cause::Cause },
    #[error("this box has no SIM slot")]
    NoSimSlot,
    #[error("{why}")]
    Pair { why: super::pair::api::Refusal },
    #[error("{why}")]
    Application { why: super::application::api::Refusal },
}

impl Fault {
    /// Stable code for scripts, manuals and support: never reused, never renamed.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "GH-101",
            Self::WrongPassword => "GH-102",
            Self::SlowDown { .. } => "GH-103",
            Self::SetupFirst => "GH-104",
            Self::SetupDone => "GH-105",
            Self::ServicePortOnly => "GH-106",
            Self::BadPassword { .. } => "GH-107",
            Self::NoSuchSession { .. } => "GH-108",
            Self::NoSuchAlarm { .. } => "GH-109",
            Self::Invalid { .. } => "GH-201",
            Self::Busy { .. } => "GH-202",
            Self::PlanOutdated => "GH-203",
            Self::NothingToDo => "GH-204",
            Self::NoChangeOpen { .. } => "GH-205",
            Self::NotNow => "GH-206",
            Self::WrongToken => "GH-207",
            Self::ProvesNothing { .. } => "GH-208",
            Self::NeedsAPerson => "GH-209",
            Self::NotByDhcp => "GH-220",
            Self::NoLink => "GH-221",
            Self::CutsOff { .. } => "GH-222",
            Self::NotSaved { .. } => "GH-301",
            Self::ClockNotSet { .. } => "GH-311",
            Self::ProxyFails { .. } => "GH-312",
            Self::Malformed { .. } => "GH-401",
            Self::NotFound => "GH-402",
            Self::Forbidden => "GH-403",
            Self::AgentAway => "GH-501",
            Self::Internal { .. } => "GH-502",
            Self::ChangeOpen { .. } => "GH-701",
            Self::PowerRefused { .. } => "GH-702",
            Self::GoingDown => "GH-703",
            Self::BadCertificate { .. } => "GH-704",
            Self::NoCandidate => "GH-705",
            Self::SeedUnusable { .. } => "GH-710",
            Self::RegistryAway { .. } => "GH-720",
            Self::CodeUnreadable { .. } => "GH-721",
            Self::CodeOver { .. } => "GH-722",
            Self::NoPresetRegistry => "GH-723",
            Self::BroughtUnusable { .. } => "GH-724",
            Self::NotAtThisStage { .. } => "GH-725",
            Self::Unanswered => "GH-726",
            Self::NotActivated => "GH-727",
            Self::FleetSignInFirst => "GH-728",
            Self::Registry { problem, .. } => problem.code(),
            Self::Cellular { cause } => cause.code(),
            Self::NoSimSlot => "GH-730",
            Self::Pair { why } => why.code(),
            Self::Application { why } => why.code(),
        }
    }

    /// HTTP status of the agent's and the pages' answers.
    pub fn status(&self) -> u16 {
        match self {
            Self::NotSignedIn | Self::WrongPassword => 401,
            Self::ServicePortOnly | Self::Forbidden | Self::WrongToken | Self::ProvesNothing { .. } => 403,
            Self::NotFound | Self::NoSuchSession { .. } | Self::NoSuchAlarm { .. } => 404,
            Self::SetupFirst
            | Self::SetupDone
            | Self::Busy { .. }
            | Self::PlanOutdated
            | Self::NothingToDo
            | Self::NotNow
            | Self::NeedsAPerson
            | Self::NotByDhcp
            | Self::NoLink
            | Self::CutsOff { .. }
            | Self::ClockNotSet { .. }
            | Self::ProxyFails { .. }
            | Self::ChangeOpen { .. }
            | Self::PowerRefused { .. }
            | Self::NoCandidate
            | Self::Cellular { .. }
            | Self::Pair { .. }
            | Self::Application { .. }
            | Self::NoSimSlot
            | Self::CodeOver { .. }
            | Self::NotAtThisStage { .. }
            | Self::Unanswered
            | Self::NotActivated
            | Self::FleetSignInFirst
            | Self::GoingDown => 409,
            Self::NoChangeOpen { .. } => 410,
            Self::BadPassword { .. }
            | Self::Invalid { .. }
            | Self::BadCertificate { .. }
            | Self::SeedUnusable { .. }
            | Self::CodeUnreadable { .. }
            | Self::NoPresetRegistry
            | Self::BroughtUnusable { .. } => 422,
            // 401 is about the session with the box, and the registry means another one
            Self::Registry { problem, .. } => {
                if problem.status() == 401 {
                    409
                } else {
                    problem.status()
                }
            }
            Self::SlowDown { .. } => 429,
            Self::Malformed { .. } => 400,
            Self::Internal { .. } => 500,
            Self::AgentAway | Self::RegistryAway { .. } => 503,
            Self::NotSaved { .. } => 507,
        }
    }
}

/// The body of every answer that is not a success: `{"fault":"busy",…,"code":"GH-202","operation":"9f3c…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{fault} ({}, operation {operation})", .fault.code())]
pub struct Refusal {
    #[serde(flatten)]
    pub fault: Fault,
    /// For scripts; the same as [`Fault::code`].
    pub code: String,
    /// Stands in the agent's log too.
    pub operation: String,
}

impl Refusal {
    pub fn new(fault: Fault, operation: impl Into<String>) -> Self {
        let code = fault.code().to_owned();
        Self { fault, code, operation: operation.into() }
    }
}
