//! The registry, asked: a call of `domain::cluster::calls` over TLS with whoever has the authority that the code names.
//!
//! The authority's hash is looked at before a byte of the request is sent, so that a code is told to nobody else. Each call has a
//! connection of its own: it is a rare thing, and an answer can never be read as that of another call. What comes back is hostile: bounded
//! in length and time, and what cannot be read as the answer is none.

mod http;
mod reach;
mod trust;

use std::sync::Arc;

use domain::{
    activation::{api::Away, url::RegistryUrl},
    cluster::{
        api::{Refused, Time},
        calls::{Call, Entry, GetTime},
        problem::Problem,
    },
    secret::Secret,
    time::UnixSeconds,
};
use os::clock;
use serde::{Serialize, de::DeserializeOwned};

pub use reach::Way;
use trust::Fault;
pub use trust::Identity;

/// A clock that is off by less is not what is wrong.
const CLOCK_TOLERANCE: u64 = 60;

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    #[error(transparent)]
    Away(#[from] Away),
    #[error(transparent)]
    Refused(Box<Refused>),
}

/// A registry: where it is, whom to trust there, and who asks.
#[derive(Clone, Debug)]
pub struct Registry {
    /// Tried in this order.
    pub urls: Vec<RegistryUrl>,
    /// SHA-256 of its authority's certificate.
    pub authority: [u8; 32],
    /// How this machine gets there.
    pub way: Way,
    /// A box's own certificate, once it has one.
    pub identity: Option<Arc<Identity>>,
}

/// What is asked besides the entry.
#[derive(Clone, Copy, Debug, Default)]
pub struct With<'a> {
    /// For the path's braces, in their order.
    pub path: &'a [&'a str],
    pub query: &'a [(&'a str, &'a str)],
    /// A sign-in's token.
    pub bearer: Option<&'a Secret>,
}

impl Registry {
    /// # Errors
    /// Why nobody answered, or what the registry refuses.
    pub async fn call<C: Call>(&self, with: With<'_>, ask: &C::Ask) -> Result<C::Answer, Failed> {
        self.ask(&C::ENTRY, with, ask).await
    }

    /// The same for an entry that is only known when the program runs.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn ask<A: Serialize + Sync, T: DeserializeOwned>(
        &self,
        entry: &Entry,
        with: With<'_>,
        ask: &A,
    ) -> Result<T, Failed> {
        let body = serde_json::to_vec(ask).map_err(|error| {
            let problem = Problem::BadRequest { detail: error.to_string() };
            Failed::Refused(Box::new(Refused::new(problem, "here".into(), clock::wall())))
        })?;
        let mut last = Away::NoUplink;
        for url in &self.urls {
            match self.at(url, entry, with, &body).await {
                Err(Failed::Away(away)) => {
                    tracing::debug!(%url, %away, call = entry.name, "the registry");
                    last = away;
                }
                other => return other,
            }
        }
        Err(last.into())
    }

    async fn at<T: DeserializeOwned>(
        &self,
        url: &RegistryUrl,
        entry: &Entry,
        with: With<'_>,
        body: &[u8],
    ) -> Result<T, Failed> {
        let stream = self.way.reach(url).await?;
        match trust::tls(stream, url, self.authority, self.identity.as_deref(), true).await {
            Ok(stream) => http::exchange(stream, url, entry, with, body).await,
            Err(Fault::Clock) => Err(self.clock(url).await.into()),
            Err(Fault::Away(away)) => Err(away.into()),
        }
    }

    /// The certificate is not good at this moment, says the box's clock. What the registry's says, nobody needs a clock to trust.
    async fn clock(&self, url: &RegistryUrl) -> Away {
        let host = url.host().to_owned();
        let asked = async {
            let stream = self.way.reach(url).await?;
            match trust::tls(stream, url, self.authority, None, false).await {
                Ok(stream) => http::exchange::<_, Time>(stream, url, &GetTime::ENTRY, With::default(), b"null").await,
                Err(Fault::Clock) => Err(Away::Tls { host: host.clone(), detail: "no time is right".into() }.into()),
                Err(Fault::Away(away)) => Err(away.into()),
            }
        };
        match asked.await {
            Ok(Time { now }) => off(now).unwrap_or(Away::Tls {
                host,
                detail: "the registry's own certificate has run out, or is not good yet".into(),
            }),
            Err(Failed::Away(away)) => away,
            Err(Failed::Refused(refused)) => Away::Unwell { problem: refused.problem },
        }
    }
}

/// How far this machine's clock is from the registry's, where it is too far.
pub fn off(registry: UnixSeconds) -> Option<Away> {
    let own = clock::wall();
    let seconds = i64::try_from(own.0).ok()?.saturating_sub(i64::try_from(registry.0).ok()?);
    (seconds.unsigned_abs() > CLOCK_TOLERANCE).then_some(Away::Clock { seconds, registry })
}
