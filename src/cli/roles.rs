//! The services: the agent, the web server and the guard.

use super::{CliError, Events, Global};
use crate::{
    agent::{self, AgentOptions},
    guard,
    web::{self, Inherited, WebOptions},
};

pub(super) async fn agent(global: &Global) -> Result<(), CliError> {
    let options = AgentOptions {
        config: global.config.clone(),
        state_dir: global.state_dir("/var/lib/gatehouse"),
        runtime_dir: global.runtime_dir.clone(),
    };
    agent::run(options).await.map_err(|error| ended("agent", &error))
}

pub(super) async fn web(global: &Global, events: Option<Events>) -> Result<(), CliError> {
    let options = WebOptions {
        socket: global.socket(),
        state_dir: global.state_dir("/var/lib/gatehouse-web"),
        inherited: Inherited::take(),
    };
    Box::pin(web::run(options, events)).await.map_err(|error| ended("web", &error))
}

pub(super) fn guard(global: &Global) -> Result<(), CliError> {
    guard::run(&global.runtime_dir).map_err(|error| ended("guard", &error))
}

pub(super) fn ended(role: &'static str, error: &dyn std::error::Error) -> CliError {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        reason = format!("{reason}: {source}");
        cause = source.source();
    }
    CliError::Role { role, reason }
}
