//! Accounts, who signs in for them, models, and the cluster service.

use super::{
    key::Key,
    names::{AccountId, Label, ModelName, UserName},
    problem::Problem,
    record::{Account, Audit, Model, User},
    view::{Decision, Draft, Stop, View},
};
use crate::{secret::Secret, time::UnixSeconds};

/// Who asks, from where, and when.
#[derive(Clone, Debug)]
pub struct Call {
    pub now: UnixSeconds,
    /// `user NAME`, `box SERIAL` or `code ID`.
    pub who: String,
    pub from: Option<String>,
}

impl Call {
    pub fn audit(&self, account: &AccountId, what: &str, subject: impl ToString) -> Option<(AccountId, Audit)> {
        let (at, who, from) = (self.now, self.who.clone(), self.from.clone());
        Some((account.clone(), Audit { at, who, from, what: what.to_owned(), subject: subject.to_string() }))
    }
}

/// What an operator does is in the log of this account, which owns nothing.
pub fn registry_itself() -> AccountId {
    "registry".parse().expect("is one")
}

pub fn create(view: &View, id: &AccountId, name: Label, call: &Call) -> Result<Decision<()>, Stop> {
    let mut draft = Draft::new(view);
    if *id == registry_itself() || draft.get::<Account>(Key::Account(id.clone()))?.is_some() {
        return Err(Problem::NameTaken.into());
    }
    draft.put(Key::Account(id.clone()), Account { name, service: None });
    Ok(draft.done(call.audit(id, "account.create", id), ()))
}

/// Somebody who signs in; `account` of none is an operator of the registry.
pub fn add_user(
    view: &View,
    name: &UserName,
    account: Option<AccountId>,
    hash: Secret,
    call: &Call,
) -> Result<Decision<()>, Stop> {
    let mut draft = Draft::new(view);
    if draft.get::<User>(Key::User(name.clone()))?.is_some() {
        return Err(Problem::NameTaken.into());
    }
    if let Some(id) = &account {
        draft.get::<Account>(Key::Account(id.clone()))?.ok_or(Problem::NotFound)?;
    }
    let log = account.clone().unwrap_or_else(registry_itself);
    draft.put(Key::User(name.clone()), User { account, hash });
    Ok(draft.done(call.audit(&log, "user.create", name), ()))
}

pub fn set_password(view: &View, name: &UserName, hash: Secret, call: &Call) -> Result<Decision<()>, Stop> {
    let mut draft = Draft::new(view);
    let user = draft.get::<User>(Key::User(name.clone()))?.ok_or(Problem::NotFound)?;
    let log = user.account.clone().unwrap_or_else(registry_itself);
    draft.put(Key::User(name.clone()), User { hash, ..user });
    Ok(draft.done(call.audit(&log, "user.password", name), ()))
}

/// Enables the cluster service; again is no error, and the day stays.
pub fn enable_service(view: &View, id: &AccountId, call: &Call) -> Result<Decision<UnixSeconds>, Stop> {
    let mut draft = Draft::new(view);
    let account = draft.get::<Account>(Key::Account(id.clone()))?.ok_or(Problem::NotFound)?;
    if let Some(since) = account.service {
        return Ok(draft.done(None, since));
    }
    draft.put(Key::Account(id.clone()), Account { service: Some(call.now), ..account });
    Ok(draft.done(call.audit(id, "service.enable", id), call.now))
}

pub fn put_model(view: &View, name: &ModelName, about: Option<Label>, call: &Call) -> Result<Decision<()>, Stop> {
    let mut draft = Draft::new(view);
    draft.put(Key::Model(name.clone()), Model { about });
    Ok(draft.done(call.audit(&registry_itself(), "model.put", name), ()))
}
