//! What the agent says of the box's activation and of its cluster, and what it is told: the messages behind `/v1/activation`,
//! `/v1/cluster` and `/v1/fleet` of the agent's API (`domain/api.rs` lists the calls).

use serde::{Deserialize, Serialize};

use super::{Malformed, offline::Unfit, url::RegistryUrl, validity::Validity};
use crate::{
    cluster::{
        api::{AssociationAsk, BoxInfo, ClusterView, Preview},
        names::{AccountId, ClusterId, ModelName, TokenId},
        problem::Problem,
    },
    network::hops::Report,
    pair::settings::PairPorts,
    secret::Secret,
    settings::host_name::HostName,
    time::UnixSeconds,
};

/// Where the box is between unopened and member. Also in the overview, without [`Activation::offered`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Activation {
    pub stage: Stage,
    /// What was answered so far; saved, so that a page or a box that starts anew goes on where it was.
    pub draft: Draft,
    /// Whether the box knows a registry and its authority without a code: a short code is possible.
    pub preset: bool,
    /// What the registry told of the code, this box and the account, the last time it could be asked.
    pub offered: Option<Offered>,
    /// The ledger, each step once, in their order; empty until the activation has begun.
    pub ledger: Vec<Line>,
    /// The registry could not be reached the last time; what was asked goes on by itself.
    pub waiting: Option<Waiting>,
    /// What the registry refused, so that an answer has to be changed.
    pub refused: Option<Problem>,
    /// The request that was made for an activation without network, `GH1R.…`; its nonce is awaited.
    pub request: Option<String>,
    /// Who the box is, once it is activated.
    pub member: Option<Member>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nobody has begun.
    #[default]
    Unopened,
    /// The wizard is being answered, or an answer was refused.
    Answering,
    /// All is answered; the ledger works, or waits for the registry.
    Working,
    /// A member of an account, and perhaps of a cluster.
    Active,
    /// It was one, until an administrator removed it or let another box take its place.
    Left,
}

/// The wizard's answers. The code itself is not told again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "answers, each of its own, and no state")]
pub struct Draft {
    pub kind: Option<NewOrReplacement>,
    pub power_seen: bool,
    pub cable_seen: bool,
    pub check_seen: bool,
    pub code: Option<CodeSeen>,
    /// Model and serial number were compared with the chassis.
    pub confirmed: bool,
    pub name: Option<HostName>,
    pub association: Option<AssociationAsk>,
    /// With a manual association: where the pair's addresses are on this box.
    pub ports: PairPorts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewOrReplacement {
    New,
    /// In place of a box that is dead; an administrator has said so in the registry, or does before the activation ends.
    Replacement,
}

/// What a code says in clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeSeen {
    pub short: bool,
    /// Tried in this order.
    pub urls: Vec<RegistryUrl>,
    pub token: Option<TokenId>,
    /// By the code itself, or by the registry once it was asked.
    pub account: Option<AccountId>,
    pub cluster: Option<ClusterId>,
    pub model: Option<ModelName>,
    /// None for a short code that the registry was not asked about yet.
    pub expires: Option<UnixSeconds>,
}

/// `POST /v1/activation/answers`: what is there replaces what was answered before; the rest stays. Answers [`Activation`].
///
/// A code is read and, where the registry can be reached, shown to it, before it is saved: what cannot be mended is refused at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answers {
    pub kind: Option<NewOrReplacement>,
    pub power_seen: Option<bool>,
    pub cable_seen: Option<bool>,
    pub check_seen: Option<bool>,
    pub code: Option<Secret>,
    pub confirmed: Option<bool>,
    pub name: Option<HostName>,
    pub association: Option<AssociationAsk>,
    pub ports: Option<PairPorts>,
}

/// What the registry told, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    pub at: UnixSeconds,
    pub preview: Preview,
}

/// The ledger's steps. Each is saved before it acts and may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The box makes its key, which never leaves it, and a signing request.
    Key,
    /// A way to the registry, which must show the authority that the code names.
    Registry,
    /// The registry takes the box: account, cluster, peer.
    Activate,
    /// The certificate is checked and saved.
    Certificate,
    /// The box gets its name.
    HostName,
    /// The registry knows the box by its certificate.
    Confirm,
}

impl Step {
    pub const ALL: [Self; 6] =
        [Self::Key, Self::Registry, Self::Activate, Self::Certificate, Self::HostName, Self::Confirm];
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub step: Step,
    pub state: LineState,
    /// When it was last begun or ended.
    pub at: Option<UnixSeconds>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    Waiting,
    Running,
    /// It did not work this time and is tried again; [`Activation::waiting`] says why.
    Retrying,
    Done,
    /// An answer has to be changed; [`Activation::refused`] says which.
    Refused,
}

/// The registry cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub since: UnixSeconds,
    pub why: Away,
    /// Milliseconds until it is tried again.
    pub again_in: u64,
    /// Until when the code is good, if the box knows.
    pub code_until: Option<UnixSeconds>,
}

/// Why the registry could not be asked. Each names one thing to mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "away", rename_all = "snake_case")]
pub enum Away {
    #[error("no uplink of this box has an address")]
    NoUplink,
    #[error("the name {host} is not known to the DNS servers")]
    NoSuchName { host: String },
    #[error("{host} leads to this box itself, and a registry must be on another machine")]
    OnThisBox { host: String },
    #[error("{host} port {port} does not answer")]
    NoAnswer { host: String, port: u16 },
    #[error("{host} port {port} refuses the connection")]
    Refused { host: String, port: u16 },
    #[error("the proxy does not let the box through: {detail}")]
    Proxy { detail: String },
    #[error("whoever answers at {host} is not the registry that was named: it shows another authority")]
    OtherAuthority { host: String },
    #[error("this box's clock is {} s {} the registry's", .seconds.unsigned_abs(), if *.seconds < 0 { "behind" } else { "ahead of" })]
    Clock {
        /// Positive where the box is ahead.
        seconds: i64,
        registry: UnixSeconds,
    },
    #[error("TLS with {host} fails: {detail}")]
    Tls { host: String, detail: String },
    #[error("what {host} answers cannot be understood")]
    NotARegistry { host: String },
    #[error("the registry's certificate for this box cannot be used: {detail}")]
    BadCertificate { detail: String },
    #[error("this box could not do its part: {detail}")]
    Here { detail: String },
    #[error("the registry is not well at the moment: {problem}")]
    Unwell { problem: Problem },
}

/// Who an activated box is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// As the registry told last.
    pub info: BoxInfo,
    pub told: UnixSeconds,
    pub activated: UnixSeconds,
    pub validity: Validity,
    /// Renewal of the certificate waits for this.
    pub renewal: Option<Renewal>,
    /// The registry could not be reached since then.
    pub away: Option<AwaySince>,
    /// Why it is not a member any more.
    pub left: Option<LeftBecause>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaySince {
    pub since: UnixSeconds,
    pub why: Away,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Renewal {
    /// Due and not done yet.
    Due,
    /// The certificate has run out: an administrator must agree.
    NeedsAgreement,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "left", rename_all = "snake_case")]
pub enum LeftBecause {
    Removed { at: UnixSeconds },
    Replaced { at: UnixSeconds },
}

/// Why what was brought by hand cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "unusable", rename_all = "snake_case")]
pub enum Unusable {
    #[error("{why}")]
    Malformed { why: Malformed },
    #[error("{why}")]
    Unfit { why: Unfit },
    #[error("its signature is wrong: it was altered, or cut off")]
    Signature,
    #[error("the certificate in it is not for this box's key")]
    OtherKey,
    #[error("no request was made, or it was given up")]
    NoRequest,
}

/// `POST /v1/activation/check`: the way to the registry, hop by hop, and what it says at the end of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// The last hop is the registry, where the box knows one.
    pub report: Report,
    /// Where the registry was asked and could not be; none also where nobody knows a registry yet.
    pub registry: Option<Away>,
    /// Whether it answered as the one that was meant.
    pub reached: bool,
}

/// `POST /v1/activation/offline`: the answer that was brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineAnswer {
    /// `GH1A.…`
    pub answer: String,
}

/// `GET /v1/cluster`: the box's own cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnCluster {
    /// As the registry told last; none for a box that stands alone, or that was never told.
    pub view: Option<ClusterView>,
    /// When; none: never.
    pub told: Option<UnixSeconds>,
    /// The registry could not be reached since.
    pub away: Option<AwaySince>,
}

/// `POST /v1/fleet/sign-in`. The agent keeps the registry's token in memory, with the session that brought it, and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetSignIn {
    pub user: crate::cluster::names::UserName,
    pub password: Secret,
}

/// Who is signed in for the fleet in this session, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetSession {
    pub user: crate::cluster::names::UserName,
    pub account: Option<AccountId>,
    /// Milliseconds.
    pub left: u64,
}

/// `POST /v1/fleet/call`: a call of [`crate::cluster::calls`] that an account may make, passed on with the session's sign-in.
/// Answers what the registry answers; a refusal is [`crate::fault::Fault::Registry`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetCall<T = ()> {
    /// [`crate::cluster::calls::Entry::name`]
    pub name: String,
    /// For the path's braces, in their order.
    #[serde(default)]
    pub path: Vec<String>,
    #[serde(default)]
    pub query: Vec<(String, String)>,
    /// What the call sends; `null` where it sends nothing.
    pub body: T,
}
