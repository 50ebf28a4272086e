//! What must be there before a registry runs for the first time: its authority, and somebody who may do everything.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use domain::{
    cluster::{
        account::{self, Call},
        key::Key,
        names::UserName,
        problem::Problem,
    },
    secret::Secret,
};
use os::{clock, disk};

use crate::{
    authority::{Authority, AuthorityError},
    backup,
    engine::Engine,
    serve::{self, ServeError},
    store::{Embedded, Select, Unavailable},
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
    #[error("{path} has a registry's records and no authority: restore a backup into an empty folder instead")]
    Records { path: PathBuf },
    #[error("the store cannot be read")]
    Store(#[from] Unavailable),
}

/// Makes the authority and the first operator in an empty state folder. The operator comes first: a folder without an authority is no
/// registry, so that one in which this was cut off can be begun anew.
///
/// # Errors
/// When there is a registry already, or the folder cannot be used.
pub async fn init(state_dir: &Path, operator: &UserName, password: &Secret) -> Result<Authority, SetupError> {
    disk::make_private_dir(state_dir).map_err(|source| ServeError::Folder { path: state_dir.to_owned(), source })?;
    let hash = Secret::new(os::password::make(password).map_err(SetupError::Hash)?);
    if Authority::is_in(state_dir) {
        return Err(AuthorityError::There { path: state_dir.to_owned() }.into());
    }
    let store = serve::open(state_dir)?;
    let begun = begin(&store, state_dir, operator, hash).await;
    store.close().await;
    begun?;
    let authority = Authority::make(state_dir)?;
    backup::own_like_folder(state_dir).map_err(|source| ServeError::Folder { path: state_dir.to_owned(), source })?;
    Ok(authority)
}

async fn begin(store: &Embedded, state_dir: &Path, operator: &UserName, hash: Secret) -> Result<(), SetupError> {
    let engine = Engine::new(Arc::new(store.clone()));
    let call = Call { now: clock::wall(), who: "console".into(), from: None };
    let found = engine.store().read(vec![Select::Prefix(String::new())]).await?.found.concat();
    let begun = found.iter().all(|item| matches!(Key::parse(&item.key), Some(Key::User(_) | Key::Audit(..))));
    if !begun {
        return Err(SetupError::Records { path: state_dir.to_owned() });
    }
    match engine.decide(|view| account::add_user(view, operator, None, hash.clone(), &call)).await {
        Err(Problem::NameTaken) => {
            engine.decide(|view| account::set_password(view, operator, hash.clone(), &call)).await?;
        }
        other => other?,
    }
    Ok(())
}
