//! `gatehouse sessions`: who is signed in to the pages, and the end of it.

use clap::{Args, Subcommand};

use super::{CliError, Context, table::aligned, words};
use crate::domain::{
    api::{Caller, EndSessions},
    auth::session::SessionView,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sign a browser out
    End(End),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct End {
    /// As `gatehouse sessions` numbers it
    number: Option<u64>,
    /// All of them
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(context: &Context, asked: Arguments) -> Result<(), CliError> {
    let caller = Caller::default();
    match asked.command {
        None => context.output.answer(&context.agent.sessions(&caller).await?, |sessions| text(sessions)),
        Some(Command::End(End { number, .. })) => {
            let end = number.map_or(EndSessions::Others, |number| EndSessions::One { number });
            let ended = context.agent.end_sessions(&caller, &end).await?;
            context.output.answer(&ended, |ended| format!("Ended: {}", ended.sessions))
        }
    }
}

fn text(sessions: &[SessionView]) -> String {
    if sessions.is_empty() {
        return "Nobody is signed in.".to_owned();
    }
    let ago = |millis: u64| format!("{} ago", words::duration(millis / 1000));
    let head = ["NUMBER", "FROM", "SIGNED IN", "LAST USED"].map(str::to_owned);
    let rows = sessions.iter().map(|s| [s.number.to_string(), s.from.clone(), ago(s.since), ago(s.used)]);
    aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_who_is_signed_in_from_where_and_since_when() {
        let session = |number, since, used| SessionView {
            number,
            from: "192.168.100.197".into(),
            since,
            used,
            left: 0,
            this: false,
        };
        insta::assert_snapshot!(text(&[session(12, 61_000, 1_000), session(7, 7_200_000, 600_000)]), @"
        NUMBER  FROM             SIGNED IN      LAST USED
        12      192.168.100.197  1 min ago      1 s ago
        7       192.168.100.197  2 h 0 min ago  10 min ago
        ");
        assert_eq!(text(&[]), "Nobody is signed in.");
    }
}
