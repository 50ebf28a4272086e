//! Who asks, and whether they may.

use std::{collections::HashMap, fmt, net::SocketAddr};

use domain::{
    cluster::{
        calls::{Entry, Who},
        key::Key,
        names::{AccountId, Serial, UserName},
        problem::Problem,
        record::{Account, Host, Session, User},
        renew,
    },
    time::UnixSeconds,
};

use super::Registry;

/// The connection that a request came by; an extension of each request.
#[derive(Clone, Debug)]
pub struct Connection {
    pub remote: SocketAddr,
    /// What the other end has shown, and proven to have the key of.
    pub certificate: Option<Presented>,
}

/// A certificate of our authority that is good at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    pub serial: Serial,
    /// SHA-256 of its `SubjectPublicKeyInfo`, in hexadecimal.
    pub key: String,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    Anyone,
    Box {
        serial: Serial,
        account: AccountId,
    },
    Account {
        user: UserName,
        account: AccountId,
        /// Digest of the sign-in's token.
        session: String,
    },
    Operator {
        user: UserName,
        session: String,
    },
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone"),
            Self::Box { serial, .. } => write!(f, "box {serial}"),
            Self::Account { user, .. } | Self::Operator { user, .. } => write!(f, "user {user}"),
        }
    }
}

impl Caller {
    /// The account that the call is about.
    ///
    /// # Errors
    /// Only where a handler asks for one that its entry does not promise.
    pub fn account(&self) -> Result<&AccountId, Problem> {
        match self {
            Self::Box { account, .. } | Self::Account { account, .. } => Ok(account),
            Self::Anyone | Self::Operator { .. } => Err(Problem::Forbidden),
        }
    }

    /// # Errors
    /// As [`Self::account`].
    pub fn serial(&self) -> Result<&Serial, Problem> {
        if let Self::Box { serial, .. } = self { Ok(serial) } else { Err(Problem::Forbidden) }
    }

    /// # Errors
    /// As [`Self::account`].
    pub fn user(&self) -> Result<&UserName, Problem> {
        match self {
            Self::Account { user, .. } | Self::Operator { user, .. } => Ok(user),
            Self::Anyone | Self::Box { .. } => Err(Problem::Forbidden),
        }
    }

    pub fn session(&self) -> Option<&str> {
        match self {
            Self::Account { session, .. } | Self::Operator { session, .. } => Some(session),
            Self::Anyone | Self::Box { .. } => None,
        }
    }
}

/// # Errors
/// When the entry is not for who asks.
pub async fn admit(
    registry: &Registry,
    entry: &Entry,
    connection: &Connection,
    token: Option<&str>,
    query: &HashMap<String, String>,
    now: UnixSeconds,
) -> Result<Caller, Problem> {
    match entry.who {
        Who::Anyone => Ok(Caller::Anyone),
        Who::Box => of_box(registry, connection, now).await,
        Who::Account => {
            let (user, account, session) = signed_in(registry, token, now).await?;
            if let Some(account) = account {
                return Ok(Caller::Account { user, account, session });
            }
            let named = query.get("account").ok_or_else(|| Problem::invalid("account", "an operator names one"))?;
            let account: AccountId = named.parse().map_err(|_| Problem::NotFound)?;
            let there = registry.engine().look(|draft| draft.get::<Account>(Key::Account(account.clone()))).await?;
            there.map(|_| ()).ok_or(Problem::NotFound)?;
            Ok(Caller::Account { user, account, session })
        }
        Who::User => match signed_in(registry, token, now).await? {
            (user, Some(account), session) => Ok(Caller::Account { user, account, session }),
            (user, None, session) => Ok(Caller::Operator { user, session }),
        },
        Who::Operator => match signed_in(registry, token, now).await? {
            (user, None, session) => Ok(Caller::Operator { user, session }),
            (_, Some(_), _) => Err(Problem::Forbidden),
        },
    }
}

/// A box acts for itself alone, as long as it belongs.
async fn of_box(registry: &Registry, connection: &Connection, now: UnixSeconds) -> Result<Caller, Problem> {
    let Presented { serial, key } = connection.certificate.as_ref().ok_or(Problem::NoCertificate)?;
    let host = registry.engine().look(|draft| draft.get::<Host>(Key::Host(serial.clone()))).await?;
    let host = host.ok_or(Problem::NoCertificate)?;
    renew::belongs(&host, key)?;
    registry.0.seen.now(serial, now);
    Ok(Caller::Box { serial: serial.clone(), account: host.account })
}

async fn signed_in(
    registry: &Registry,
    token: Option<&str>,
    now: UnixSeconds,
) -> Result<(UserName, Option<AccountId>, String), Problem> {
    let digest = pki::hex_digest(token.ok_or(Problem::NotSignedIn)?.as_bytes());
    let found = registry.engine().look(|draft| {
        let Some(session) = draft.get::<Session>(Key::Session(digest.clone()))? else { return Ok(None) };
        let user = draft.get::<User>(Key::User(session.user.clone()))?;
        Ok(user.map(|user| (session, user.account)))
    });
    let (session, account) = found.await?.ok_or(Problem::NotSignedIn)?;
    if now > session.until { Err(Problem::NotSignedIn) } else { Ok((session.user, account, digest)) }
}
