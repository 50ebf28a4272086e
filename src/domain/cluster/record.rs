//! What the registry keeps, a record a key.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::names::{AccountId, ClusterId, Label, ModelName, PairId, RequestId, Serial, TokenId, UserName};
use crate::{activation::validity::Validity, secret::Secret, settings::host_name::HostName, time::UnixSeconds};

/// Who owns boxes and clusters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub name: Label,
    /// Since when the cluster service is enabled; association is refused until it is.
    pub service: Option<UnixSeconds>,
}

/// Somebody who signs in: an administrator of one account, or, without one, an operator of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub account: Option<AccountId>,
    /// Argon2id, as a PHC string.
    pub hash: Secret,
}

/// A sign-in, by the digest of its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub user: UserName,
    pub until: UnixSeconds,
}

/// An activation code, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    pub account: AccountId,
    /// SHA-256 over the code's whole text.
    pub hash: String,
    /// A short code: only this way in, and no text.
    pub short: bool,
    pub cluster: Option<ClusterId>,
    pub model: Option<ModelName>,
    pub label: Option<Label>,
    pub made: UnixSeconds,
    pub by: String,
    pub expires: UnixSeconds,
    pub state: TokenState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum TokenState {
    Open,
    Used { serial: Serial, at: UnixSeconds },
    Revoked { at: UnixSeconds },
}

/// Which code a short code stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Short {
    pub token: TokenId,
}

/// A kind of box that the registry takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    pub about: Option<Label>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    pub account: AccountId,
    pub name: Label,
    /// That of its first box; before there is one, whatever the administrator said, if anything.
    pub model: Option<ModelName>,
    pub created: UnixSeconds,
}

/// Which cluster has a name, or was made by the registry itself for a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub cluster: ClusterId,
}

/// A certificate that was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// DER, as base64url.
    pub der: String,
    /// Its serial number, in hexadecimal.
    pub number: String,
    #[serde(flatten)]
    pub validity: Validity,
}

/// A box that was activated once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    pub account: AccountId,
    pub model: ModelName,
    pub name: HostName,
    #[serde(flatten)]
    pub state: HostState,
    pub cluster: Option<ClusterId>,
    /// The box that it will be paired with and that is not activated yet.
    pub awaits: Option<Serial>,
    /// SHA-256 of its public key (`SubjectPublicKeyInfo`), in hexadecimal.
    pub key: String,
    pub certificate: Issued,
    /// The request that activated it, and by which code; none for an activation without network.
    pub request: RequestId,
    pub token: Option<TokenId>,
    pub activated: UnixSeconds,
    /// Highest epoch of pairs that it has left; a later pair begins above.
    pub epoch: u64,
    /// Until when a certificate that has run out may be renewed all the same.
    pub late_until: Option<UnixSeconds>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum HostState {
    Active,
    /// Gives its applications away, and takes no new lease.
    Draining {
        since: UnixSeconds,
    },
    /// Has given them away; clears what it has of the cluster.
    Leaving {
        since: UnixSeconds,
    },
    /// Its certificate is worth nothing any more.
    Removed {
        at: UnixSeconds,
        forced: bool,
    },
    /// Another box has taken its place: should it return it stays fenced.
    Replaced {
        at: UnixSeconds,
        by: Option<Serial>,
    },
}

impl HostState {
    /// Whether it counts as a member, and its certificate is good.
    pub fn belongs(&self) -> bool {
        match self {
            Self::Active | Self::Draining { .. } | Self::Leaving { .. } => true,
            Self::Removed { .. } | Self::Replaced { .. } => false,
        }
    }

    /// A removal that is not over.
    pub fn pending(&self) -> bool {
        match self {
            Self::Draining { .. } | Self::Leaving { .. } => true,
            Self::Active | Self::Removed { .. } | Self::Replaced { .. } => false,
        }
    }

    pub fn word(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Draining { .. } => "draining",
            Self::Leaving { .. } => "leaving",
            Self::Removed { .. } => "removed",
            Self::Replaced { .. } => "replaced",
        }
    }
}

/// Of each box of a pair, the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    pub peer: Serial,
    pub pair: PairId,
}

/// That a box is in a cluster, or of an account: an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub since: UnixSeconds,
}

/// A box that is not activated yet may only come here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    pub account: AccountId,
    pub cluster: ClusterId,
    pub peer: Option<Serial>,
    /// The pair that it completes, where that exists already.
    pub pair: Option<PairId>,
    pub virtual_ip: Option<Ipv4Addr>,
    /// In whose place it comes.
    pub replaces: Option<Serial>,
    pub since: UnixSeconds,
}

/// What somebody prepared for a box, so that its wizard is one page to review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    pub account: AccountId,
    pub model: Option<ModelName>,
    pub name: Option<HostName>,
    pub label: Option<Label>,
    pub site: Option<Label>,
    pub cluster: Option<ClusterId>,
    pub peer: Option<Serial>,
    pub virtual_ip: Option<Ipv4Addr>,
    /// A network spec, as TOML; the box checks it.
    pub uplinks: Option<String>,
}

/// Of a pair, for good: its epoch only grows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairLease {
    pub cluster: ClusterId,
    pub virtual_ip: Option<Ipv4Addr>,
    /// Who held it last.
    pub holder: Option<Serial>,
    pub epoch: u64,
    /// Known to its two boxes. None of a pair that an earlier version made.
    #[serde(default)]
    pub secret: Option<Secret>,
}

/// Of a pair, for as long as its holder renews it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairHold {
    pub holder: Serial,
    pub epoch: u64,
    /// The store's lease.
    pub lease: u64,
}

/// A request file that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonce {
    pub serial: Serial,
    pub key: String,
}

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    pub at: UnixSeconds,
    /// `user NAME`, `box SERIAL` or `code ID`.
    pub who: String,
    pub from: Option<String>,
    pub what: String,
    pub subject: String,
}
