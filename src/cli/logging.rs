//! Where log lines go and how they look: standard error, so that they never mix with answers.

use std::{env, io};

use super::events::Keep;
use clap::ValueEnum;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// What to log: `info`, or `agent=debug,warn`.
pub const FILTER: &str = "GATEHOUSE_LOG";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Starts logging. A service tells what it does and keeps it; a command tells only what goes wrong.
pub(super) fn start(format: LogFormat, keep: Option<Keep>) {
    let fallback = if keep.is_some() { LevelFilter::INFO } else { LevelFilter::WARN };
    let wanted = env::var(FILTER).ok().filter(|f| !f.is_empty());
    let parsed = wanted.as_deref().map(str::parse::<Targets>);
    // a typing error in the filter must not keep the box from starting
    let (filter, problem) = match parsed {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (Targets::new().with_default(fallback), Some(error)),
        None => (Targets::new().with_default(fallback), None),
    };
    let builder = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(io::stderr);
    // the journal has times of its own
    let journal = env::var_os("JOURNAL_STREAM").is_some();
    let ansi = io::IsTerminal::is_terminal(&io::stderr());
    let started = match (format, journal) {
        (LogFormat::Text, true) => builder.with_ansi(false).without_time().finish().with(keep).with(filter).try_init(),
        (LogFormat::Text, false) => builder.with_ansi(ansi).finish().with(keep).with(filter).try_init(),
        (LogFormat::Json, true) => {
            builder.json().flatten_event(true).without_time().finish().with(keep).with(filter).try_init()
        }
        (LogFormat::Json, false) => builder.json().flatten_event(true).finish().with(keep).with(filter).try_init(),
    };
    if let (Ok(()), Some(error)) = (started, problem) {
        tracing::warn!(%error, "{FILTER} cannot be understood; logging {fallback}");
    }
}
