//! Who is signed in at the registry for the fleet: in memory only, with the session of the pages that brought it, for as long as the
//! registry lets it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    activation::api::{FleetCall, FleetSession, FleetSignIn},
    cluster::{
        api::SignIn,
        calls::{self, Entry, Who},
        names::{AccountId, UserName},
    },
    fault::Fault,
    network::transaction::Digest,
    secret::Secret,
    time::BootMillis,
};
use os::clock;
use serde_json::Value;

use super::codes::fault;
use crate::{
    auth::Auth,
    registry::{Registry, With},
};

/// Of people who are signed in at once. There are no more sessions than this.
const MOST: usize = 64;
/// The registry's sign-in lasts fifteen minutes, and may be told to end earlier; by the box it never lasts longer.
const MOST_MILLIS: u64 = 15 * 60 * 1_000;

#[derive(Debug)]
struct Signed {
    user: UserName,
    account: Option<AccountId>,
    token: Secret,
    until: BootMillis,
}

/// By session of the pages; the console has none.
#[derive(Clone, Debug, Default)]
pub struct Fleet(Arc<Mutex<HashMap<Option<Digest>, Signed>>>);

impl Fleet {
    fn lock(&self) -> MutexGuard<'_, HashMap<Option<Digest>, Signed>> {
        let mut signed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        signed.retain(|_, signed| signed.until > now);
        signed
    }

    pub fn session(&self, digest: Option<&Digest>) -> Option<FleetSession> {
        let now = clock::now();
        self.lock().get(&digest.cloned()).map(|signed| FleetSession {
            user: signed.user.clone(),
            account: signed.account.clone(),
            left: signed.until.left(now),
        })
    }

    /// # Errors
    /// When the registry refuses, or cannot be asked.
    pub async fn sign_in(
        &self,
        registry: &Registry,
        digest: Option<Digest>,
        ask: FleetSignIn,
    ) -> Result<FleetSession, Fault> {
        let FleetSignIn { user, password } = ask;
        let sign_in = SignIn { user: user.clone(), password };
        // counted from the question, so that it is over here before it is over there
        let asked = clock::now();
        let signed = registry.call::<calls::SignInAccount>(With::default(), &sign_in).await.map_err(fault)?;
        let now = clock::now();
        let signed = Signed { user, account: signed.account, token: signed.token, until: asked.plus(MOST_MILLIS) };
        let session =
            FleetSession { user: signed.user.clone(), account: signed.account.clone(), left: signed.until.left(now) };
        let mut all = self.lock();
        if all.len() >= MOST && !all.contains_key(&digest) {
            return Err(Fault::SlowDown { seconds: 60 });
        }
        all.insert(digest, signed);
        Ok(session)
    }

    /// The token goes in any case; the registry hears of it if it can.
    pub async fn sign_out(&self, registry: Option<Registry>, digest: Option<Digest>) {
        let signed = self.lock().remove(&digest);
        if let (Some(registry), Some(signed)) = (registry, signed) {
            let with = With { bearer: Some(&signed.token), ..With::default() };
            if let Err(failed) = registry.call::<calls::SignOut>(with, &()).await {
                tracing::debug!(%failed, "the fleet's sign-in ends by itself");
            }
        }
    }

    /// Sessions that somebody is signed in with.
    fn sessions(&self) -> Vec<Digest> {
        self.lock().keys().flatten().cloned().collect()
    }

    /// Passes a call on.
    ///
    /// # Errors
    /// When it is none that an account may make, nobody is signed in, or the registry refuses.
    pub async fn call(
        &self,
        registry: &Registry,
        digest: Option<&Digest>,
        call: &FleetCall<Value>,
    ) -> Result<Value, Fault> {
        let entry = entry(&call.name)?;
        fits(&entry, call)?;
        let token = self.lock().get(&digest.cloned()).map(|signed| signed.token.clone());
        let token = token.ok_or(Fault::FleetSignInFirst)?;
        let path = call.path.iter().map(String::as_str).collect::<Vec<_>>();
        let query = call.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>();
        let with = With { path: &path, query: &query, bearer: Some(&token) };
        let answer = registry.ask(&entry, with, &call.body).await.map_err(fault);
        if let Err(Fault::Registry { problem: domain::cluster::problem::Problem::NotSignedIn, .. }) = &answer {
            self.lock().remove(&digest.cloned());
            return Err(Fault::FleetSignInFirst);
        }
        answer
    }
}

/// Only what is made for people of an account is passed on.
fn entry(name: &str) -> Result<Entry, Fault> {
    let known = calls::ALL.iter().find(|entry| entry.name == name && entry.who == Who::Account);
    known.copied().ok_or(Fault::NotFound)
}

/// The path has what its braces want, and the query what the call knows.
fn fits(entry: &Entry, call: &FleetCall<Value>) -> Result<(), Fault> {
    let braces = entry.path.split('/').filter(|part| part.starts_with('{')).count();
    let known = |name: &String| name == "account" || entry.query.iter().any(|(known, _)| known == name);
    let whole =
        call.path.len() == braces && call.path.iter().all(|part| !part.is_empty() && part != "." && part != "..");
    if whole && call.query.iter().all(|(name, _)| known(name)) {
        return Ok(());
    }
    Err(Fault::Malformed { detail: format!("{} is {} {}", entry.name, entry.method.word(), entry.path) })
}

/// Lets go of the sign-ins whose sessions have ended. Ends with the sign-in task.
pub async fn keep(fleet: Fleet, auth: Auth) {
    let mut state = auth.watch();
    while state.changed().await.is_ok() {
        for digest in fleet.sessions() {
            if auth.left(digest.clone()).await.is_err() {
                fleet.lock().remove(&Some(digest));
            }
        }
    }
}

/// Whether a call changes something, so that the box's log names it.
pub fn changes(name: &str) -> bool {
    entry(name).is_ok_and(|entry| entry.method != calls::Method::Get)
}
