//! The messages of the registry's API. Binary values are base64url; points in time are seconds since 1970.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{
    association::{Association, Choice},
    names::{AccountId, ClusterId, Label, ModelName, PairId, RequestId, Serial, TokenId, UserName},
    problem::{NoPeer, Problem},
    shape::{Describe, Objects, Shape, message},
};
use crate::{
    activation::url::RegistryUrl, plain::plain, secret::Secret, settings::host_name::HostName, time::UnixSeconds,
};

/// How a box wants to be associated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssociationKind {
    None,
    Automatic,
    Manual,
}

impl Describe for AssociationKind {
    fn describe(_: &mut Objects) -> Shape {
        Shape::OneOf(&["none", "automatic", "manual"])
    }
}

message! {
    /// The registry's time, so that a box whose clock is wrong can say so.
    pub struct Time {
        pub now: UnixSeconds,
    }

    /// A sign-in.
    pub struct SignIn {
        pub user: UserName,
        pub password: Secret,
    }

    /// Whoever sends the token as `Authorization: Bearer` is signed in until then.
    pub struct SignedIn {
        pub token: Secret,
        pub until: UnixSeconds,
        /// None for an operator of the registry, who names the account in each call: `?account=ID`.
        pub account: Option<AccountId>,
    }

    /// An account to be made.
    pub struct NewAccount {
        pub id: AccountId,
        pub name: Label,
    }

    /// An account.
    pub struct AccountInfo {
        pub id: AccountId,
        pub name: Label,
        /// Since when the cluster service is enabled.
        pub service: Option<UnixSeconds>,
    }

    /// Somebody who is to sign in.
    pub struct NewUser {
        pub name: UserName,
        pub password: Secret,
        /// None makes an operator; only operators may.
        pub account: Option<AccountId>,
    }

    /// A new password of oneself, or of somebody else by an operator.
    pub struct NewPassword {
        pub password: Secret,
    }

    /// A kind of box that is taken.
    pub struct ModelInfo {
        pub name: ModelName,
        pub about: Option<Label>,
    }

    /// The cluster service of an account.
    pub struct ServiceInfo {
        pub enabled: bool,
        pub since: Option<UnixSeconds>,
    }

    /// An activation code to be made.
    pub struct NewCode {
        /// Only for boxes of this model.
        pub model: Option<ModelName>,
        /// Only into this cluster.
        pub cluster: Option<ClusterId>,
        /// 72 unless said, at most 2160; a short code 24.
        pub hours: Option<u32>,
        pub label: Option<Label>,
        /// 16 digits to say over the phone, for boxes with a preset registry.
        #[serde(default)]
        pub short: bool,
    }

    /// A code that was made. Its text is told this once.
    pub struct CodeMade {
        pub id: TokenId,
        pub code: Secret,
        pub expires: UnixSeconds,
    }

    /// A code, without its text.
    pub struct CodeInfo {
        pub id: TokenId,
        pub short: bool,
        /// open, used, revoked or expired.
        pub state: String,
        /// The box that used it.
        pub serial: Option<Serial>,
        pub model: Option<ModelName>,
        pub cluster: Option<ClusterId>,
        pub label: Option<Label>,
        pub made: UnixSeconds,
        pub by: String,
        pub expires: UnixSeconds,
    }

    /// What is prepared for a box.
    pub struct BoxRecord {
        pub serial: Serial,
        pub model: Option<ModelName>,
        pub name: Option<HostName>,
        pub label: Option<Label>,
        pub site: Option<Label>,
        pub cluster: Option<ClusterId>,
        pub peer: Option<Serial>,
        pub virtual_ip: Option<Ipv4Addr>,
        /// A network spec, as TOML.
        pub uplinks: Option<String>,
        /// The box may then only come into this cluster.
        #[serde(default)]
        pub reserve: bool,
    }

    /// A cluster to be made.
    pub struct NewCluster {
        pub name: Label,
        /// None: that of its first box.
        pub model: Option<ModelName>,
    }

    /// A cluster.
    pub struct ClusterInfo {
        pub id: ClusterId,
        pub name: Label,
        pub model: Option<ModelName>,
        pub created: UnixSeconds,
        pub hosts: u64,
        pub pairs: u64,
        /// Boxes that are reserved for it and not activated.
        pub reserved: Vec<Serial>,
    }

    /// A box that was activated.
    pub struct HostInfo {
        pub serial: Serial,
        pub name: HostName,
        pub model: ModelName,
        /// active, draining, leaving, removed or replaced.
        pub state: String,
        pub cluster: Option<ClusterId>,
        pub peer: Option<Serial>,
        pub awaits: Option<Serial>,
        pub virtual_ip: Option<Ipv4Addr>,
        /// Whether it holds its pair's lease.
        pub holds_lease: bool,
        pub activated: UnixSeconds,
        pub certificate_until: UnixSeconds,
        /// When it last called, since the registry started.
        pub last_seen: Option<UnixSeconds>,
    }

    /// A cluster with all of its hosts.
    pub struct ClusterView {
        pub cluster: ClusterInfo,
        pub hosts: Vec<HostInfo>,
        pub now: UnixSeconds,
    }

    /// A box of a cluster, and why it cannot be chosen as peer.
    pub struct CandidateInfo {
        pub serial: Serial,
        pub name: HostName,
        pub state: String,
        pub why_not: Option<WhyNot>,
    }

    /// A reason, as a word for programs and a text for people.
    pub struct WhyNot {
        /// itself, `other_model`, `other_cluster`, paired, waits, `not_active` or reserved.
        pub reason: String,
        /// The box, model or state that it is about.
        pub subject: Option<String>,
        pub text: String,
    }

    /// What the wizard asks before anything is decided. The code is not used up.
    pub struct PreviewAsk {
        pub code: Secret,
        pub serial: Serial,
        pub model: ModelName,
    }

    /// What the wizard has to show.
    pub struct Preview {
        pub account: AccountId,
        pub account_name: Label,
        /// Association is refused until the cluster service is enabled.
        pub service: bool,
        /// The code was used for this very box already; activating again tells the same answer.
        pub used: bool,
        pub expires: Option<UnixSeconds>,
        /// The only cluster that the code is for.
        pub cluster: Option<ClusterId>,
        pub clusters: Vec<Joinable>,
        pub reserved: Option<Reserved>,
        pub prepared: Option<BoxRecord>,
        pub now: UnixSeconds,
    }

    /// A cluster that may be joined, with every box of it.
    pub struct Joinable {
        pub id: ClusterId,
        pub name: Label,
        pub model: Option<ModelName>,
        /// Why this box cannot join it: `other_model` or `other_cluster`.
        pub why_not: Option<WhyNot>,
        pub candidates: Vec<CandidateInfo>,
    }

    /// Where a box has to come.
    pub struct Reserved {
        pub cluster: ClusterId,
        pub peer: Option<Serial>,
        pub virtual_ip: Option<Ipv4Addr>,
        /// The box in whose place it comes.
        pub replaces: Option<Serial>,
    }

    /// How a box wants to be associated.
    pub struct AssociationAsk {
        pub kind: AssociationKind,
        /// With manual: this, or a new one.
        pub cluster: Option<ClusterId>,
        pub new_cluster: Option<Label>,
        /// With manual: an active box of the cluster, or one that is still to come.
        pub peer: Option<Serial>,
        pub virtual_ip: Option<Ipv4Addr>,
    }

    /// An activation. Sent again with the same key it is answered the same.
    pub struct ActivateAsk {
        pub request: RequestId,
        pub code: Secret,
        pub serial: Serial,
        pub model: ModelName,
        pub name: HostName,
        /// PKCS #10 by a P-256 key, as DER.
        pub csr: String,
        pub association: AssociationAsk,
    }

    /// What a box is: the answer to its activation, and to its asking later.
    pub struct BoxInfo {
        pub serial: Serial,
        pub name: HostName,
        pub account: AccountId,
        pub state: String,
        pub cluster: Option<ClusterId>,
        pub cluster_name: Option<Label>,
        pub peer: Option<Serial>,
        /// SHA-256 of the peer's public key, in hexadecimal.
        pub peer_key: Option<String>,
        pub pair: Option<PairId>,
        /// What the two boxes of the pair know each other's heartbeats by.
        #[serde(default)]
        pub pair_secret: Option<Secret>,
        pub awaits: Option<Serial>,
        pub virtual_ip: Option<Ipv4Addr>,
        /// As DER.
        pub certificate: String,
        /// As DER.
        pub authority: String,
        pub not_before: UnixSeconds,
        pub not_after: UnixSeconds,
        pub urls: Vec<RegistryUrl>,
        pub now: UnixSeconds,
    }

    /// A request that came by hand, with what the administrator decides for the box.
    pub struct OfflineAsk {
        /// `GH1R.…`
        pub request: String,
        /// None: what the request says.
        pub name: Option<HostName>,
        pub association: AssociationAsk,
    }

    /// What is carried back to the box.
    pub struct OfflineDone {
        /// `GH1A.…`
        pub answer: String,
        pub expires: UnixSeconds,
    }

    /// A renewal, over mutual TLS.
    pub struct RenewAsk {
        /// By the same key as before, as DER.
        pub csr: String,
    }

    /// A renewal of a certificate that has run out; the request's signature proves the key.
    pub struct LateRenewAsk {
        pub serial: Serial,
        pub csr: String,
    }

    /// A new certificate.
    pub struct Renewed {
        pub certificate: String,
        pub not_before: UnixSeconds,
        pub not_after: UnixSeconds,
        pub now: UnixSeconds,
    }

    /// A removal; by force only while one is pending.
    pub struct RemoveAsk {
        #[serde(default)]
        pub force: bool,
    }

    /// How far a removal is.
    pub struct Removal {
        pub state: String,
    }

    /// A box that is to take another one's place.
    pub struct ReplaceAsk {
        pub with: Serial,
    }

    /// Who was parted.
    pub struct Parted {
        pub peer: Serial,
    }

    /// Until when a late renewal is agreed to.
    pub struct Agreed {
        pub until: UnixSeconds,
    }

    /// A lease of the pair, of 2 to 60 seconds.
    pub struct LeaseAsk {
        pub seconds: u64,
        /// The epoch that the peer has told to be over: whatever it holds of that one stands in nobody's way.
        #[serde(default)]
        pub released: Option<u64>,
    }

    /// The epoch of a lease that is to be renewed or given back.
    pub struct EpochAsk {
        pub epoch: u64,
    }

    /// A lease that is held.
    pub struct LeaseInfo {
        pub epoch: u64,
    }

    /// A line of the audit log.
    pub struct AuditLine {
        pub at: UnixSeconds,
        pub who: String,
        pub from: Option<String>,
        pub what: String,
        pub subject: String,
    }

    /// Done.
    pub struct Done {
        pub now: UnixSeconds,
    }
}

impl AssociationAsk {
    pub fn none() -> Self {
        Self { kind: AssociationKind::None, cluster: None, new_cluster: None, peer: None, virtual_ip: None }
    }

    /// Into a cluster that exists.
    pub fn manual(cluster: ClusterId, peer: Option<Serial>) -> Self {
        Self { kind: AssociationKind::Manual, cluster: Some(cluster), peer, ..Self::none() }
    }

    /// # Errors
    /// When the fields contradict each other.
    pub fn read(self) -> Result<Association, Problem> {
        let alone = self.cluster.is_none() && self.new_cluster.is_none() && self.peer.is_none();
        match self.kind {
            AssociationKind::None | AssociationKind::Automatic if !alone => {
                Err(Problem::invalid("association", "cluster and peer are for manual only"))
            }
            AssociationKind::None => Ok(Association::None),
            AssociationKind::Automatic => Ok(Association::Automatic),
            AssociationKind::Manual => {
                let cluster = match (self.cluster, self.new_cluster) {
                    (Some(id), None) => Choice::Existing(id),
                    (None, Some(name)) => Choice::New(name),
                    (None, None) => return Err(Problem::invalid("association.cluster", "is needed")),
                    (Some(_), Some(_)) => {
                        return Err(Problem::invalid("association.cluster", "either one that is there or a new one"));
                    }
                };
                Ok(Association::Manual { cluster, peer: self.peer, virtual_ip: self.virtual_ip })
            }
        }
    }
}

impl WhyNot {
    /// The reason that it was made of. One that this version does not know says at least that the box cannot be had.
    pub fn peer(&self) -> NoPeer {
        let serial = || self.subject.as_deref().and_then(|subject| subject.parse::<Serial>().ok());
        let model = || self.subject.as_deref().and_then(|subject| subject.parse::<ModelName>().ok());
        let known = match self.reason.as_str() {
            "itself" => Some(NoPeer::Itself),
            "other_model" => model().map(|model| NoPeer::OtherModel { model }),
            "other_cluster" => Some(NoPeer::OtherCluster),
            "paired" => serial().map(|peer| NoPeer::Paired { peer }),
            "waits" => serial().map(|serial| NoPeer::Waits { serial }),
            _ => None,
        };
        known.unwrap_or_else(|| NoPeer::NotActive {
            state: plain(self.subject.as_deref().unwrap_or(&self.reason)).chars().take(32).collect(),
        })
    }
}

impl From<&NoPeer> for WhyNot {
    fn from(why: &NoPeer) -> Self {
        let (reason, subject) = match why {
            NoPeer::Itself => ("itself", None),
            NoPeer::OtherModel { model } => ("other_model", Some(model.to_string())),
            NoPeer::OtherCluster => ("other_cluster", None),
            NoPeer::Paired { peer } => ("paired", Some(peer.to_string())),
            NoPeer::Waits { serial } => ("waits", Some(serial.to_string())),
            NoPeer::NotActive { state } => ("not_active", Some(state.clone())),
        };
        Self { reason: reason.to_owned(), subject, text: why.to_string() }
    }
}

/// The body of every answer that is not a success: a problem after RFC 9457, `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{problem} ({code}, operation {operation})")]
pub struct Refused {
    /// `urn:gatehouse:registry:GH-821`
    #[serde(rename = "type")]
    pub kind: String,
    /// For people, in English.
    pub title: String,
    pub status: u16,
    /// Stable, as [`Problem::code`].
    pub code: String,
    /// Stands in the registry's log too.
    pub operation: String,
    /// The registry's time.
    pub now: UnixSeconds,
    #[serde(flatten)]
    pub problem: Problem,
}

impl Refused {
    pub fn new(problem: Problem, operation: String, now: UnixSeconds) -> Self {
        let code = problem.code().to_owned();
        let kind = format!("urn:gatehouse:registry:{code}");
        Self { kind, title: problem.to_string(), status: problem.status(), code, operation, now, problem }
    }
}
