//! Who signs in at which registry: what commands about the fleet have in common.
//!
//! With `--registry` they go there by themselves, from any machine. On a box that is activated they go by the agent, which knows the way.
//! Either way the sign-in ends with the command, and nothing of it is kept.

use std::{fs, path::PathBuf};

use clap::Args;

use super::{CliError, Context, password};
use crate::{
    agent::registry::{Failed, Registry, Way, With},
    client::{AgentClient, here},
    domain::{
        activation::{
            api::{FleetSession, FleetSignIn},
            url::RegistryUrl,
        },
        api::Caller,
        cluster::{
            api::SignIn,
            calls::{self, Call},
            names::UserName,
        },
        fault::{Fault, Refusal},
        secret::Secret,
    },
};

/// Where, and as whom.
#[derive(Clone, Debug, Args)]
pub(super) struct Door {
    /// The registry, such as `https://registry.example:9443` [default: that of this box]
    #[arg(long, value_name = "URL", requires = "authority")]
    registry: Option<RegistryUrl>,
    /// SHA-256 of the registry's authority, as `gatehouse registry init` has printed it
    #[arg(long, value_name = "HEX", requires = "registry", value_parser = hash)]
    authority: Option<Hash>,
    /// Who signs in
    #[arg(long, value_name = "NAME")]
    user: UserName,
    /// A file whose first line is the password [default: asked for, or one line of standard input]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// SHA-256 of a certificate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hash(pub(super) [u8; 32]);

/// Hexadecimal, with or without colons.
pub(super) fn hash(text: &str) -> Result<Hash, String> {
    let digits = text.replace(':', "");
    let bytes = hex::decode(digits).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(Hash).ok_or_else(|| "64 hexadecimal digits".to_owned())
}

/// Somebody who is signed in.
pub(super) enum Fleet<'a> {
    Direct { registry: Registry, token: Secret },
    Agent { agent: &'a AgentClient },
}

impl Door {
    /// # Errors
    /// When nobody can be asked, or the sign-in is refused.
    pub(super) async fn enter<'a>(&self, context: &'a Context) -> Result<Fleet<'a>, CliError> {
        let password = self.password()?;
        let user = self.user.clone();
        if let (Some(url), Some(Hash(authority))) = (&self.registry, self.authority) {
            let registry = Registry { urls: vec![url.clone()], authority, way: Way::default(), identity: None };
            let signed = registry.call::<calls::SignInAccount>(With::default(), &SignIn { user, password }).await;
            let token = signed.map_err(refused)?.token;
            return Ok(Fleet::Direct { registry, token });
        }
        let _: FleetSession = context.agent.fleet_sign_in(&Caller::default(), &FleetSignIn { user, password }).await?;
        Ok(Fleet::Agent { agent: &context.agent })
    }

    fn password(&self) -> Result<Secret, CliError> {
        match &self.password_file {
            Some(file) => first_line(file),
            None => password::one(&format!("Password of {}: ", self.user)),
        }
    }
}

/// The first line of a file is a password.
pub(super) fn first_line(file: &std::path::Path) -> Result<Secret, CliError> {
    let text = fs::read_to_string(file).map_err(CliError::File)?;
    Ok(Secret::new(text.lines().next().unwrap_or_default()))
}

impl Fleet<'_> {
    /// # Errors
    /// What the registry refuses, and why it cannot be reached.
    pub(super) async fn call<C: Call>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        ask: &C::Ask,
    ) -> Result<C::Answer, CliError> {
        match self {
            Self::Direct { registry, token } => {
                registry.call::<C>(With { path, query, bearer: Some(token) }, ask).await.map_err(refused)
            }
            Self::Agent { agent } => Ok(agent.fleet_call::<C>(&Caller::default(), path, query, ask).await?),
        }
    }

    /// Nothing stays open behind a command; that it cannot be closed changes nothing of what was done.
    pub(super) async fn leave(self) {
        let left = match &self {
            Self::Direct { .. } => self.call::<calls::SignOut>(&[], &[], &()).await.map(|_| ()),
            Self::Agent { agent } => agent.fleet_sign_out(&Caller::default()).await.map_err(CliError::from),
        };
        if let Err(error) = left {
            tracing::debug!(%error, "signing out");
        }
    }
}

/// As a box would say it, so that scripts read one kind of refusal.
fn refused(failed: Failed) -> CliError {
    match failed {
        Failed::Away(why) => here(Fault::RegistryAway { why }).into(),
        Failed::Refused(refused) => {
            let registry_operation = refused.operation.clone();
            let fault = Fault::Registry { problem: refused.problem, registry_operation: registry_operation.clone() };
            Refusal::new(fault, registry_operation).into()
        }
    }
}
