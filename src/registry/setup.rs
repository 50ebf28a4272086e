//! What must be there before a registry runs for the first time: its authority, and somebody who may do everything.

use std::{path::Path, sync::Arc};

use domain::{
    cluster::{
        account::{self, Call},
        names::UserName,
        problem::Problem,
    },
    secret::Secret,
};
use os::{clock, disk};

use crate::{
    authority::{Authority, AuthorityError},
    engine::Engine,
    serve::{self, ServeError},
};

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Open(#[from] ServeError),
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
    #[error(transparent)]
    Refused(#[from] Problem),
}

/// Makes the authority and the first operator in an empty state folder.
///
/// # Errors
/// When there is a registry already, or the folder cannot be used.
pub async fn init(state_dir: &Path, operator: &UserName, password: &Secret) -> Result<Authority, SetupError> {
    disk::make_private_dir(state_dir).map_err(|source| ServeError::Folder { path: state_dir.to_owned(), source })?;
    let hash = Secret::new(os::password::make(password).map_err(SetupError::Hash)?);
    let authority = Authority::make(state_dir)?;
    let engine = Engine::new(serve::open(state_dir)? as Arc<_>);
    let call = Call { now: clock::wall(), who: "console".into(), from: None };
    engine.decide(|view| account::add_user(view, operator, None, hash.clone(), &call)).await?;
    Ok(authority)
}
