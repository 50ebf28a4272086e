//! The calls of the registry's API: method, path, who may, what is sent and what is answered. Server, client and the `OpenAPI`
//! document are made from this one table, so that none of them can say anything else.
//!
//! Paths have their parameters in braces. What is sent is JSON, except for [`Method::Get`], which sends nothing. Every answer
//! that is not a success is a [`super::api::Refused`]. Points in time are seconds since 1970.

use std::fmt::Write as _;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    api::{
        AccountInfo, ActivateAsk, Agreed, AuditLine, BoxInfo, BoxRecord, CandidateInfo, ClusterInfo, ClusterView,
        CodeInfo, CodeMade, Done, EpochAsk, HostInfo, LateRenewAsk, LeaseAsk, LeaseInfo, ModelInfo, NewAccount,
        NewCluster, NewCode, NewPassword, NewUser, OfflineAsk, OfflineDone, Parted, Preview, PreviewAsk, Removal,
        RemoveAsk, RenewAsk, Renewed, ReplaceAsk, ServiceInfo, SignIn, SignedIn, Time,
    },
    shape::{Describe, Objects, Shape},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever reaches the registry; limits per source hold.
    Anyone,
    /// A box, by its client certificate, and only about itself.
    Box,
    /// Somebody who is signed in for an account; an operator names it: `?account=ID`.
    Account,
    /// Anybody who is signed in.
    User,
    /// Somebody who is signed in for no account and may do everything.
    Operator,
}

/// One call as a value.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Also the operation id of the document: `clusterHosts`.
    pub name: &'static str,
    pub about: &'static str,
    pub method: Method,
    pub path: &'static str,
    pub who: Who,
    /// Names and meanings of what may stand in the query.
    pub query: &'static [(&'static str, &'static str)],
    pub ask: fn(&mut Objects) -> Shape,
    pub answer: fn(&mut Objects) -> Shape,
}

/// One call as a type.
pub trait Call {
    type Ask: Serialize + DeserializeOwned + Describe + Send + Sync;
    type Answer: Serialize + DeserializeOwned + Describe + Send + Sync;
    const ENTRY: Entry;
}

macro_rules! calls {
    ($($(#[doc = $about:literal])+ $name:ident = $method:ident $path:literal $who:ident $ask:ty => $answer:ty $(, ? $($query:ident $means:literal),+)?;)+) => {
        $($(#[doc = $about])+
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Call for $name {
            type Ask = $ask;
            type Answer = $answer;
            const ENTRY: Entry = Entry {
                name: stringify!($name),
                about: concat!($($about),+),
                method: Method::$method,
                path: $path,
                who: Who::$who,
                query: &[$($((stringify!($query), $means)),+)?],
                ask: <$ask as Describe>::describe,
                answer: <$answer as Describe>::describe,
            };
        })+

        /// All of them, in the order of the document.
        pub const ALL: &[Entry] = &[$($name::ENTRY),+];
    };
}

calls! {
    /// The registry's time, for a box whose clock may be wrong.
    GetTime = Get "/v1/time" Anyone () => Time;
    /// What a wizard must show before there is a certificate. The code is not used up.
    PreviewActivation = Post "/v1/enrol/preview" Anyone PreviewAsk => Preview;
    /// Activates a box. The same serial, key and request are answered the same again.
    Activate = Post "/v1/enrol/activate" Anyone ActivateAsk => BoxInfo;
    /// Renews a certificate that has run out, once an administrator agrees.
    RenewLate = Post "/v1/enrol/renew" Anyone LateRenewAsk => Renewed;
    /// Signs in for 15 minutes.
    SignInAccount = Post "/v1/sign-in" Anyone SignIn => SignedIn;

    /// What the registry knows of the box that asks; asking is also its sign of life.
    GetBox = Get "/v1/box" Box () => BoxInfo;
    /// The cluster of the box that asks, with its hosts.
    GetBoxCluster = Get "/v1/box/cluster" Box () => ClusterView;
    /// A new certificate for the same key.
    RenewCertificate = Post "/v1/box/renew" Box RenewAsk => Renewed;
    /// The box has given its applications away.
    BoxDrained = Post "/v1/box/drained" Box () => Removal;
    /// The box has cleared what it had of its cluster.
    BoxLeft = Post "/v1/box/left" Box () => Removal;
    /// The lease of the box's pair.
    AcquireLease = Post "/v1/box/lease" Box LeaseAsk => LeaseInfo;
    /// Begins the lease's time anew.
    RenewLease = Post "/v1/box/lease/renew" Box EpochAsk => LeaseInfo;
    /// Gives the lease back.
    ReleaseLease = Post "/v1/box/lease/release" Box EpochAsk => Done;

    /// Ends the sign-in.
    SignOut = Post "/v1/sign-out" User () => Done;
    /// A new password of oneself.
    ChangePassword = Post "/v1/password" User NewPassword => Done;
    /// The account of who asks.
    GetAccount = Get "/v1/account" Account () => AccountInfo;
    /// Whether the cluster service is enabled.
    GetService = Get "/v1/service" Account () => ServiceInfo;
    /// Enables the cluster service.
    EnableService = Post "/v1/service" Account () => ServiceInfo;
    /// The activation codes, without their texts.
    ListCodes = Get "/v1/codes" Account () => Vec<CodeInfo>;
    /// A new activation code. Its text is told this once.
    CreateCode = Post "/v1/codes" Account NewCode => CodeMade;
    /// Revokes a code that was not used.
    RevokeCode = Delete "/v1/codes/{id}" Account () => Done;
    /// What is prepared for boxes that are to come.
    ListBoxes = Get "/v1/boxes" Account () => Vec<BoxRecord>;
    /// Prepares a box by its serial number.
    PrepareBox = Put "/v1/boxes/{serial}" Account BoxRecord => Done;
    /// Forgets what is prepared for a box.
    ForgetBox = Delete "/v1/boxes/{serial}" Account () => Done;
    /// The account's clusters.
    ListClusters = Get "/v1/clusters" Account () => Vec<ClusterInfo>;
    /// A new cluster.
    CreateCluster = Post "/v1/clusters" Account NewCluster => ClusterInfo;
    /// One cluster with its hosts.
    GetCluster = Get "/v1/clusters/{id}" Account () => ClusterView;
    /// Removes a cluster that nothing is in and nothing is reserved for; else a problem with the list of what is.
    RemoveCluster = Delete "/v1/clusters/{id}" Account () => Done;
    /// Every box of a cluster, and why it cannot be the peer of the box that is named.
    ListCandidates = Get "/v1/clusters/{id}/candidates" Account () => Vec<CandidateInfo>,
        ? serial "the box that joins", model "its model";
    /// The account's hosts, those that left too.
    ListHosts = Get "/v1/hosts" Account () => Vec<HostInfo>;
    /// Removes a host: it drains, leaves and is gone; by force only while that is pending.
    RemoveHost = Post "/v1/hosts/{serial}/remove" Account RemoveAsk => Removal;
    /// Lets another box of the same model take a host's place.
    ReplaceHost = Post "/v1/hosts/{serial}/replace" Account ReplaceAsk => Done;
    /// Parts a host from its peer; both stay in the cluster.
    UnpairHost = Post "/v1/hosts/{serial}/unpair" Account () => Parted;
    /// Agrees that a host whose certificate has run out may renew it.
    AgreeLateRenewal = Post "/v1/hosts/{serial}/agree-renewal" Account () => Agreed;
    /// Cancels the place that is kept for a box.
    CancelReservation = Delete "/v1/reservations/{serial}" Account () => Done;
    /// Answers the request of a box without a way to here.
    ActivateOffline = Post "/v1/offline" Account OfflineAsk => OfflineDone;
    /// The account's audit log, the newest first, at most 1,000 lines.
    ListAudit = Get "/v1/audit" Account () => Vec<AuditLine>;
    /// The kinds of boxes that are taken.
    ListModels = Get "/v1/models" Account () => Vec<ModelInfo>;

    /// Takes boxes of a model from now on.
    PutModel = Put "/v1/models/{name}" Operator ModelInfo => Done;
    /// All accounts.
    ListAccounts = Get "/v1/accounts" Operator () => Vec<AccountInfo>;
    /// A new account.
    CreateAccount = Post "/v1/accounts" Operator NewAccount => AccountInfo;
    /// Somebody who signs in for an account, or another operator.
    CreateUser = Post "/v1/users" Operator NewUser => Done;
    /// A new password for somebody.
    SetPassword = Put "/v1/users/{name}/password" Operator NewPassword => Done;
}

impl Entry {
    /// The path with its parameters filled in, each percent-encoded (RFC 3986, 2.1). Missing ones become empty.
    pub fn path_with(&self, parameters: &[&str]) -> String {
        let mut parameters = parameters.iter();
        let parts = self.path.split('/').map(|part| {
            if part.starts_with('{') { encode(parameters.next().copied().unwrap_or_default()) } else { part.to_owned() }
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

/// Percent-encoded, but for letters, digits and `-._~` (RFC 3986, 2.3).
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // writing to a String cannot fail
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
