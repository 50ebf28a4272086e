//! Where each record is: typed keys, their text, and back.

use std::fmt;

use super::{
    names::{AccountId, ClusterId, Label, ModelName, PairId, Serial, TokenId, UserName},
    record,
};

/// Names one record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    Account(AccountId),
    User(UserName),
    /// By the digest of the token.
    Session(String),
    Token(TokenId),
    /// By the digest of the digits.
    Short(String),
    Model(ModelName),
    Cluster(ClusterId),
    ClusterName(AccountId, Label),
    Automatic(AccountId, ModelName),
    Host(Serial),
    Owned(AccountId, Serial),
    Peer(Serial),
    Member(ClusterId, Serial),
    Reservation(Serial),
    ReservedIn(ClusterId, Serial),
    Prepared(Serial),
    PairLease(PairId),
    PairHold(PairId),
    /// In hexadecimal.
    Nonce(String),
    /// By time, so that they sort.
    Audit(AccountId, String),
}

/// Names all records below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prefix {
    Accounts,
    Users,
    Sessions,
    Tokens,
    Models,
    ClustersOf(AccountId),
    Owned(AccountId),
    Members(ClusterId),
    ReservedIn(ClusterId),
    Reservations,
    Prepared,
    Audit(AccountId),
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accounts => f.write_str("acct/"),
            Self::Users => f.write_str("user/"),
            Self::Sessions => f.write_str("session/"),
            Self::Tokens => f.write_str("token/"),
            Self::Models => f.write_str("model/"),
            Self::ClustersOf(account) => write!(f, "cluster-name/{account}/"),
            Self::Owned(account) => write!(f, "owned/{account}/"),
            Self::Members(cluster) => write!(f, "member/{cluster}/"),
            Self::ReservedIn(cluster) => write!(f, "reserved-in/{cluster}/"),
            Self::Reservations => f.write_str("reserve/"),
            Self::Prepared => f.write_str("prepared/"),
            Self::Audit(account) => write!(f, "audit/{account}/"),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "acct/{id}"),
            Self::User(name) => write!(f, "user/{name}"),
            Self::Session(digest) => write!(f, "session/{digest}"),
            Self::Token(id) => write!(f, "token/{id}"),
            Self::Short(digest) => write!(f, "short/{digest}"),
            Self::Model(name) => write!(f, "model/{name}"),
            Self::Cluster(id) => write!(f, "cluster/{id}"),
            Self::ClusterName(account, name) => write!(f, "cluster-name/{account}/{name}"),
            Self::Automatic(account, model) => write!(f, "automatic/{account}/{model}"),
            Self::Host(serial) => write!(f, "host/{serial}"),
            Self::Owned(account, serial) => write!(f, "owned/{account}/{serial}"),
            Self::Peer(serial) => write!(f, "peer/{serial}"),
            Self::Member(cluster, serial) => write!(f, "member/{cluster}/{serial}"),
            Self::Reservation(serial) => write!(f, "reserve/{serial}"),
            Self::ReservedIn(cluster, serial) => write!(f, "reserved-in/{cluster}/{serial}"),
            Self::Prepared(serial) => write!(f, "prepared/{serial}"),
            Self::PairLease(pair) => write!(f, "pairlease/{pair}"),
            Self::PairHold(pair) => write!(f, "pairhold/{pair}"),
            Self::Nonce(nonce) => write!(f, "nonce/{nonce}"),
            Self::Audit(account, at) => write!(f, "audit/{account}/{at}"),
        }
    }
}

impl Key {
    /// What `Display` wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let kind = parts.next()?;
        let (first, second) = (parts.next()?, parts.next());
        if parts.next().is_some() {
            return None;
        }
        Some(match (kind, second) {
            ("acct", None) => Self::Account(first.parse().ok()?),
            ("user", None) => Self::User(first.parse().ok()?),
            ("session", None) => Self::Session(first.to_owned()),
            ("token", None) => Self::Token(first.parse().ok()?),
            ("short", None) => Self::Short(first.to_owned()),
            ("model", None) => Self::Model(first.parse().ok()?),
            ("cluster", None) => Self::Cluster(first.parse().ok()?),
            ("cluster-name", Some(name)) => Self::ClusterName(first.parse().ok()?, name.parse().ok()?),
            ("automatic", Some(model)) => Self::Automatic(first.parse().ok()?, model.parse().ok()?),
            ("host", None) => Self::Host(first.parse().ok()?),
            ("owned", Some(serial)) => Self::Owned(first.parse().ok()?, serial.parse().ok()?),
            ("peer", None) => Self::Peer(first.parse().ok()?),
            ("member", Some(serial)) => Self::Member(first.parse().ok()?, serial.parse().ok()?),
            ("reserve", None) => Self::Reservation(first.parse().ok()?),
            ("reserved-in", Some(serial)) => Self::ReservedIn(first.parse().ok()?, serial.parse().ok()?),
            ("prepared", None) => Self::Prepared(first.parse().ok()?),
            ("pairlease", None) => Self::PairLease(first.parse().ok()?),
            ("pairhold", None) => Self::PairHold(first.parse().ok()?),
            ("nonce", None) => Self::Nonce(first.to_owned()),
            ("audit", Some(at)) => Self::Audit(first.parse().ok()?, at.to_owned()),
            _ => return None,
        })
    }

    /// The last part: the serial of a member, for example.
    pub fn leaf(&self) -> String {
        let text = self.to_string();
        text.rsplit('/').next().unwrap_or_default().to_owned()
    }
}

/// A record of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    Account(record::Account),
    User(record::User),
    Session(record::Session),
    Token(record::Token),
    Short(record::Short),
    Model(record::Model),
    Cluster(record::Cluster),
    Named(record::Named),
    Host(Box<record::Host>),
    Peer(record::Peer),
    Member(record::Member),
    Reservation(record::Reservation),
    Prepared(Box<record::Prepared>),
    PairLease(record::PairLease),
    PairHold(record::PairHold),
    Nonce(record::Nonce),
    Audit(record::Audit),
}

/// A kind of record.
pub trait Stored: Clone {
    fn of(record: &Record) -> Option<&Self>;
    fn into_record(self) -> Record;
}

macro_rules! stored {
    ($($kind:ident),*; $($boxed:ident),*) => {
        $(impl Stored for record::$kind {
            fn of(record: &Record) -> Option<&Self> {
                if let Record::$kind(inner) = record { Some(inner) } else { None }
            }

            fn into_record(self) -> Record {
                Record::$kind(self)
            }
        })*
        $(impl Stored for record::$boxed {
            fn of(record: &Record) -> Option<&Self> {
                if let Record::$boxed(inner) = record { Some(inner) } else { None }
            }

            fn into_record(self) -> Record {
                Record::$boxed(Box::new(self))
            }
        })*
    };
}

stored!(
    Account, User, Session, Token, Short, Model, Cluster, Named, Peer, Member, Reservation, PairLease, PairHold, Nonce, Audit;
    Host, Prepared
);
