//! `gatehouse logs`: what agent, web and guard said since the box was started.

use clap::Args;

use super::{CliError, Context};
use crate::domain::{
    api::Caller,
    civil::Civil,
    logs::{Event, Events, Level, Part, Query},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// This level and worse: error, warn, info or debug
    #[arg(long, value_parser = level)]
    level: Option<Level>,
    /// Of this process only: agent, web or guard
    #[arg(long, value_parser = part)]
    part: Option<Part>,
    /// With this in it
    #[arg(long)]
    text: Option<String>,
    /// Of the last so many minutes
    #[arg(long, value_name = "MINUTES")]
    since: Option<u64>,
}

fn level(name: &str) -> Result<Level, String> {
    Level::parse(name).ok_or_else(|| format!("one of {}", Level::ALL.map(Level::name).join(", ")))
}

fn part(name: &str) -> Result<Part, String> {
    Part::parse(name).ok_or_else(|| format!("one of {}", Part::ALL.map(Part::name).join(", ")))
}

pub(super) async fn run(context: &Context, asked: Arguments) -> Result<(), CliError> {
    let since = asked.since.map(|minutes| os::clock::wall().0.saturating_sub(minutes.saturating_mul(60)));
    let query = Query { level: asked.level, part: asked.part, text: asked.text, since };
    let caller = Caller::default();
    let events = context.agent.logs(&caller, &query).await?;
    let offset = context.agent.settings(&caller).await?.clock.offset;
    context.output.answer(&events, |events| text(events, offset))
}

/// The oldest first, as a log is read.
fn text(events: &Events, offset: i32) -> String {
    let line = |event: &Event| {
        let Event { part, level, from, text, .. } = event;
        format!("{} {:5} {:5} {from}: {text}\n", Civil::of(event.seconds(), offset), level.name(), part.name())
    };
    let older = if events.more { "There are older ones; narrow the question to see them.\n" } else { "" };
    format!("{older}{}", events.events.iter().rev().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_oldest_first() {
        let event =
            |at, part, level, text: &str| Event { at, part, level, from: "agent::dhcp".into(), text: text.into() };
        let events = vec![
            event(1_795_608_002_500, Part::Web, Level::Warn, "slow"),
            event(1_795_608_000_000, Part::Agent, Level::Info, "ready socket=/run/gatehouse/agent.sock"),
        ];
        insta::assert_snapshot!(text(&Events { events, more: true }, 8 * 3600), @"
        There are older ones; narrow the question to see them.
        2026-11-25 20:00:00 info  agent agent::dhcp: ready socket=/run/gatehouse/agent.sock
        2026-11-25 20:00:02 warn  web   agent::dhcp: slow
        ");
    }
}
