//! Why the registry refuses: one type, with codes that never change their meaning. `docs/registry.md` has the same table.

use serde::{Deserialize, Serialize};

use super::names::{ClusterId, ModelName, Serial};
use crate::{activation::Malformed, time::UnixSeconds};

/// Why a box cannot be chosen as a peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum NoPeer {
    #[error("it is this box itself")]
    Itself,
    #[error("its model is {model}")]
    OtherModel { model: ModelName },
    #[error("it is in another cluster")]
    OtherCluster,
    #[error("it is paired with {peer}")]
    Paired { peer: Serial },
    #[error("it waits for {serial}")]
    Waits { serial: Serial },
    #[error("it is {state}")]
    NotActive { state: String },
}

/// A refusal of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "problem")]
pub enum Problem {
    #[error("sign in first")]
    NotSignedIn,
    #[error("the name or the password is wrong")]
    WrongPassword,
    #[error("too many attempts; try again in {seconds} s")]
    SlowDown { seconds: u64 },
    #[error("this caller may not ask that")]
    Forbidden,
    #[error("the request cannot be understood: {detail}")]
    BadRequest { detail: String },
    #[error("there is no such thing")]
    NotFound,
    #[error("{field} cannot be used: {detail}")]
    Invalid { field: String, detail: String },
    #[error("others changed the same at the same moment; try again")]
    Contended,
    #[error("it is not known whether this was done; ask again with the same request id")]
    Unknown,
    #[error("something went wrong inside the registry")]
    Internal,

    #[error("this is no activation code: {why}")]
    CodeMalformed { why: Malformed },
    #[error("this code is not of this registry, or was altered")]
    CodeUnknown,
    #[error("this code expired")]
    CodeExpired { at: UnixSeconds },
    #[error("this code was used, for the box {serial}")]
    CodeUsed { serial: Serial },
    #[error("this code was revoked")]
    CodeRevoked,
    #[error("this code is for boxes of the model {model}")]
    CodeOtherModel { model: ModelName },
    #[error("this code is for another cluster")]
    CodeOtherCluster { cluster: ClusterId },

    #[error("the signing request cannot be used: {detail}")]
    BadSigningRequest { detail: String },
    #[error("a certificate of this registry is needed")]
    NoCertificate,
    #[error("this certificate is worth nothing any more: the box was removed")]
    HostRemoved { at: UnixSeconds },
    #[error("another box has taken the place of this one")]
    HostReplaced { by: Option<Serial> },
    #[error("the box {serial} is activated with another key; remove it first")]
    OtherKey { serial: Serial },
    #[error("this request was answered already")]
    Replayed,
    #[error("a certificate that has run out is renewed only once an administrator agrees")]
    RenewalNotAgreed,
    #[error("the box {serial} is activated already")]
    AlreadyActive { serial: Serial },

    #[error("the cluster service is not enabled for this account")]
    ServiceNotEnabled,
    #[error("no boxes of the model {model} are taken here")]
    ModelUnknown { model: ModelName },
    #[error("the cluster is for boxes of the model {model}")]
    OtherModel { model: ModelName },
    #[error("the box {serial} cannot be the peer: {why}")]
    PeerCannotBeChosen { serial: Serial, why: NoPeer },
    #[error("the box {serial} is reserved for a cluster, and may only come there")]
    Reserved { serial: Serial, cluster: ClusterId, peer: Option<Serial> },
    #[error("several clusters come into question; choose one")]
    ChooseCluster { clusters: Vec<ClusterId> },
    #[error("this name is taken")]
    NameTaken,

    #[error("the cluster has still boxes or reservations")]
    NotEmpty { blockers: Vec<Serial> },
    #[error("only while a removal is pending; ask for the removal first")]
    NotPending,
    #[error("the box is {state}")]
    WrongState { state: String },
    #[error("the box {serial} has no peer")]
    NoPeer { serial: Serial },
    #[error("{holder} holds the lease, epoch {epoch}")]
    LeaseHeld { holder: Serial, epoch: u64 },
    #[error("the lease is lost; the epoch is {epoch}")]
    LeaseLost { epoch: u64 },
    #[error("it belongs to another account")]
    OtherAccount,
}

impl Problem {
    /// Stable code and HTTP status.
    fn numbers(&self) -> (&'static str, u16) {
        match self {
            Self::NotSignedIn => ("GH-801", 401),
            Self::WrongPassword => ("GH-802", 401),
            Self::SlowDown { .. } => ("GH-803", 429),
            Self::Forbidden => ("GH-804", 403),
            Self::BadRequest { .. } => ("GH-805", 400),
            Self::NotFound => ("GH-806", 404),
            Self::Invalid { .. } => ("GH-807", 422),
            Self::Contended => ("GH-808", 503),
            Self::Unknown => ("GH-809", 503),
            Self::Internal => ("GH-810", 500),
            Self::CodeMalformed { .. } => ("GH-820", 422),
            Self::CodeUnknown => ("GH-821", 403),
            Self::CodeExpired { .. } => ("GH-822", 403),
            Self::CodeUsed { .. } => ("GH-823", 409),
            Self::CodeRevoked => ("GH-824", 403),
            Self::CodeOtherModel { .. } => ("GH-825", 409),
            Self::CodeOtherCluster { .. } => ("GH-826", 409),
            Self::BadSigningRequest { .. } => ("GH-830", 422),
            Self::NoCertificate => ("GH-831", 401),
            Self::HostRemoved { .. } => ("GH-832", 403),
            Self::HostReplaced { .. } => ("GH-833", 403),
            Self::OtherKey { .. } => ("GH-834", 409),
            Self::Replayed => ("GH-835", 409),
            Self::RenewalNotAgreed => ("GH-836", 403),
            Self::AlreadyActive { .. } => ("GH-837", 409),
            Self::ServiceNotEnabled => ("GH-840", 409),
            Self::ModelUnknown { .. } => ("GH-841", 409),
            Self::OtherModel { .. } => ("GH-842", 409),
            Self::PeerCannotBeChosen { .. } => ("GH-843", 409),
            Self::Reserved { .. } => ("GH-844", 409),
            Self::ChooseCluster { .. } => ("GH-845", 409),
            Self::NameTaken => ("GH-846", 409),
            Self::OtherAccount => ("GH-847", 409),
            Self::NotEmpty { .. } => ("GH-850", 409),
            Self::NotPending => ("GH-851", 409),
            Self::WrongState { .. } => ("GH-852", 409),
            Self::NoPeer { .. } => ("GH-853", 409),
            Self::LeaseHeld { .. } => ("GH-860", 409),
            Self::LeaseLost { .. } => ("GH-861", 409),
        }
    }

    /// Never reused, never renumbered.
    pub fn code(&self) -> &'static str {
        self.numbers().0
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.numbers().1
    }

    pub fn invalid(field: &str, detail: impl ToString) -> Self {
        Self::Invalid { field: field.to_owned(), detail: detail.to_string() }
    }
}
