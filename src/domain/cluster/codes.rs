//! Activation codes: made, revoked, and judged when a box shows one.

use super::{
    account::Call,
    key::Key,
    names::{AccountId, ClusterId, ModelName, Serial, TokenId},
    problem::Problem,
    record::{Account, Cluster, Model, Short, Token, TokenState},
    view::{Decision, Draft, Stop, View},
};
use crate::time::UnixSeconds;

/// How a box proves that it may come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The hash is over the code's whole text.
    Code { token: TokenId, hash: String },
    /// The digest of the digits.
    Short { digest: String },
    /// An administrator brought its request by hand.
    Hand { account: AccountId, nonce: String },
}

/// Saves a code that was made; only its hash is in here.
pub fn create(
    view: &View,
    id: &TokenId,
    token: Token,
    short: Option<String>,
    call: &Call,
) -> Result<Decision<()>, Stop> {
    let mut draft = Draft::new(view);
    draft.get::<Account>(Key::Account(token.account.clone()))?.ok_or(Problem::NotFound)?;
    if let Some(model) = &token.model {
        let known = draft.get::<Model>(Key::Model(model.clone()))?;
        known.ok_or_else(|| Problem::ModelUnknown { model: model.clone() })?;
    }
    if let Some(id) = &token.cluster {
        let cluster = draft.get::<Cluster>(Key::Cluster(id.clone()))?.ok_or(Problem::NotFound)?;
        if cluster.account != token.account {
            return Err(Problem::NotFound.into());
        }
        if let (Some(model), Some(wanted)) = (cluster.model, &token.model)
            && model != *wanted
        {
            return Err(Problem::OtherModel { model }.into());
        }
    }
    if draft.get::<Token>(Key::Token(id.clone()))?.is_some() {
        return Err(Problem::Contended.into());
    }
    if let Some(digest) = short {
        if draft.get::<Short>(Key::Short(digest.clone()))?.is_some() {
            return Err(Problem::Contended.into());
        }
        draft.put(Key::Short(digest), Short { token: id.clone() });
    }
    let account = token.account.clone();
    draft.put(Key::Token(id.clone()), token);
    Ok(draft.done(call.audit(&account, "code.create", id), ()))
}

/// A code that was used stays used; one that was revoked stays so.
pub fn revoke(view: &View, account: &AccountId, id: &TokenId, call: &Call) -> Result<Decision<()>, Stop> {
    let mut draft = Draft::new(view);
    let token = draft.get::<Token>(Key::Token(id.clone()))?.filter(|t| t.account == *account);
    let token = token.ok_or(Problem::NotFound)?;
    match token.state {
        TokenState::Revoked { .. } => return Ok(draft.done(None, ())),
        TokenState::Used { serial, .. } => return Err(Problem::CodeUsed { serial }.into()),
        TokenState::Open => {}
    }
    draft.put(Key::Token(id.clone()), Token { state: TokenState::Revoked { at: call.now }, ..token });
    Ok(draft.done(call.audit(account, "code.revoke", id), ()))
}

/// What a good proof is worth.
#[derive(Clone, Debug)]
pub struct Admitted {
    pub account: AccountId,
    /// None for what came by hand.
    pub token: Option<(TokenId, Token)>,
    /// The code was used, and for this very box: what it got then it may be told again.
    pub again: bool,
}

impl Admitted {
    pub fn cluster(&self) -> Option<&ClusterId> {
        self.token.as_ref().and_then(|(_, token)| token.cluster.as_ref())
    }

    pub fn expires(&self) -> Option<UnixSeconds> {
        self.token.as_ref().map(|(_, token)| token.expires)
    }
}

/// Judges a proof for a box.
///
/// An unknown code and an altered one are the same answer: which of both tells nothing to whoever guesses.
pub fn admit(
    draft: &mut Draft<'_>,
    proof: &Proof,
    serial: &Serial,
    model: &ModelName,
    now: UnixSeconds,
) -> Result<Admitted, Stop> {
    let (id, hash) = match proof {
        Proof::Hand { account, .. } => {
            draft.get::<Account>(Key::Account(account.clone()))?.ok_or(Problem::NotFound)?;
            return Ok(Admitted { account: account.clone(), token: None, again: false });
        }
        Proof::Code { token, hash } => (token.clone(), Some(hash)),
        Proof::Short { digest } => {
            let short = draft.get::<Short>(Key::Short(digest.clone()))?.ok_or(Problem::CodeUnknown)?;
            (short.token, None)
        }
    };
    let token = draft.get::<Token>(Key::Token(id.clone()))?.ok_or(Problem::CodeUnknown)?;
    if hash.is_some_and(|hash| *hash != token.hash) || (hash.is_some() == token.short) {
        return Err(Problem::CodeUnknown.into());
    }
    let account = token.account.clone();
    match &token.state {
        TokenState::Revoked { .. } => return Err(Problem::CodeRevoked.into()),
        TokenState::Used { serial: by, .. } if by == serial => {
            return Ok(Admitted { account, token: Some((id, token)), again: true });
        }
        TokenState::Used { serial, .. } => return Err(Problem::CodeUsed { serial: serial.clone() }.into()),
        TokenState::Open => {}
    }
    if now > token.expires {
        return Err(Problem::CodeExpired { at: token.expires }.into());
    }
    if let Some(wanted) = token.model.clone().filter(|wanted| wanted != model) {
        return Err(Problem::CodeOtherModel { model: wanted }.into());
    }
    Ok(Admitted { account, token: Some((id, token)), again: false })
}
