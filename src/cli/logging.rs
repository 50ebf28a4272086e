//! Where log lines go and how they look: standard error, so that they never mix with answers.

use std::{env, io};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// What to log, in the syntax of `tracing`'s filters.
pub const FILTER: &str = "GATEHOUSE_LOG";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Starts logging. `role`: a service tells what it does, a command only what goes wrong.
pub fn start(format: LogFormat, role: bool) {
    let fallback = if role { "info" } else { "warn" };
    let wanted = env::var(FILTER).ok().filter(|f| !f.is_empty());
    let parsed = wanted.as_deref().map(EnvFilter::try_new);
    // a typing error in the filter must not keep the box from starting
    let (filter, problem) = match parsed {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (EnvFilter::new(fallback), Some(error)),
        None => (EnvFilter::new(fallback), None),
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // the journal has times of its own
    let journal = env::var_os("JOURNAL_STREAM").is_some();
    let ansi = io::IsTerminal::is_terminal(&io::stderr());
    let started = match (format, journal) {
        (LogFormat::Text, true) => builder.with_ansi(false).without_time().try_init(),
        (LogFormat::Text, false) => builder.with_ansi(ansi).try_init(),
        (LogFormat::Json, true) => builder.json().flatten_event(true).without_time().try_init(),
        (LogFormat::Json, false) => builder.json().flatten_event(true).try_init(),
    };
    if let (Ok(()), Some(error)) = (started, problem) {
        tracing::warn!(%error, "{FILTER} cannot be understood; logging {fallback}");
    }
}
