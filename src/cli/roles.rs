//! The services: the agent and the web server.

use super::{CliError, Global};
use crate::web::{self, WebOptions};

pub(super) async fn agent(_global: &Global) -> Result<(), CliError> {
    Err(CliError::Role { role: "agent", reason: "it is not in this build".to_owned() })
}

pub(super) async fn web(global: &Global) -> Result<(), CliError> {
    let options = WebOptions { socket: global.socket(), state_dir: global.state_dir.clone() };
    web::run(options).await.map_err(|error| ended("web", &error))
}

fn ended(role: &'static str, error: &dyn std::error::Error) -> CliError {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        reason = format!("{reason}: {source}");
        cause = source.source();
    }
    CliError::Role { role, reason }
}
