//! `gatehouse alarms`: what is wrong now and what was. Numbers are those of `docs/alarms.md`.

use clap::{Args, Subcommand};

use super::{CliError, Context, table::aligned};
use crate::domain::{
    alarms::{Alarm, AlarmList},
    api::{Acknowledge, Caller},
    civil::Civil,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Note that somebody has seen an alarm
    Ack(Ack),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Ack {
    /// As `gatehouse alarms` numbers it
    number: Option<u64>,
    /// All open ones
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(context: &Context, asked: Arguments) -> Result<(), CliError> {
    let caller = Caller::default();
    match asked.command {
        None => {
            let list = context.agent.alarms(&caller).await?;
            let offset = context.agent.settings(&caller).await?.clock.offset;
            context.output.answer(&list, |list| text(list, offset))
        }
        Some(Command::Ack(Ack { number, .. })) => {
            let noted = context.agent.acknowledge(&caller, &Acknowledge { id: number }).await?;
            context.output.answer(&noted, |noted| format!("Acknowledged: {}", noted.alarms))
        }
    }
}

fn text(list: &AlarmList, offset: i32) -> String {
    let rows = |alarms: &[Alarm]| aligned(&alarms.iter().map(|alarm| row(alarm, offset)).collect::<Vec<_>>());
    let open = if list.open.is_empty() { "Nothing is wrong.\n".to_owned() } else { rows(&list.open) };
    if list.history.is_empty() { open } else { format!("{open}\nOver:\n{}", rows(&list.history)) }
}

fn row(alarm: &Alarm, offset: i32) -> [String; 7] {
    let at = |time| Civil::of(time, offset).to_string();
    let kind = alarm.cause.kind;
    let again = if alarm.again > 0 { format!(" ×{}", alarm.again + 1) } else { String::new() };
    [
        alarm.id.to_string(),
        kind.number().to_owned(),
        kind.severity().name().to_owned(),
        at(alarm.start),
        alarm.end.map(at).unwrap_or_default(),
        format!("{}{again}", what(alarm)),
        alarm.seen.as_ref().map(|seen| format!("seen by {}", seen.by)).unwrap_or_default(),
    ]
}

fn what(alarm: &Alarm) -> String {
    let name = alarm.cause.kind.describe();
    alarm.cause.subject.as_ref().map_or_else(|| name.to_owned(), |subject| format!("{name} ({subject})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        alarms::{Acknowledged, Cause, Kind},
        time::UnixSeconds,
    };

    #[test]
    fn tells_what_is_wrong_and_what_was() {
        let alarm = |id, kind, subject: Option<&str>| Alarm {
            id,
            cause: Cause { kind, subject: subject.map(str::to_owned) },
            start: UnixSeconds(1_795_608_000),
            end: None,
            again: 0,
            seen: None,
        };
        let seen = Some(Acknowledged { at: UnixSeconds(1_795_608_090), by: "192.168.100.197".into() });
        let list = AlarmList {
            open: vec![
                alarm(3, Kind::NoUplink, None),
                Alarm { again: 4, seen, ..alarm(2, Kind::NoLink, Some("lan1")) },
            ],
            history: vec![Alarm { end: Some(UnixSeconds(1_795_608_060)), ..alarm(1, Kind::ChangeUndone, Some("7")) }],
        };
        insta::assert_snapshot!(text(&list, 8 * 3600), @"
        3  AL-103  critical  2026-11-25 20:00:00    No usable uplink
        2  AL-102  major     2026-11-25 20:00:00    Uplink port without a link (lan1) ×5  seen by 192.168.100.197

        Over:
        1  AL-108  warning  2026-11-25 20:00:00  2026-11-25 20:01:00  Network change undone by itself (7)
        ");
        assert_eq!(text(&AlarmList::default(), 0), "Nothing is wrong.\n");
    }
}
