//! `gatehouse audit`: who did what on this box.

use clap::Args;

use super::{CliError, Context, table::aligned};
use crate::domain::{
    api::Caller,
    audit::{Chain, Deed, Entries, Entry, Kind, Query, Who},
    civil::Civil,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// By whom: console, session, visitor, local, seed or machine
    #[arg(long, value_parser = kind)]
    who: Option<Kind>,
    /// What: a call such as network/apply, or the beginning of one, such as network
    #[arg(long, value_name = "CALL")]
    what: Option<String>,
    /// Those before this number; without it the newest
    #[arg(long, value_name = "NUMBER")]
    before: Option<u64>,
}

fn kind(name: &str) -> Result<Kind, String> {
    let names = Kind::ALL.map(Kind::name).join(", ");
    Kind::parse(name).ok_or_else(|| format!("one of {names}"))
}

pub(super) async fn run(context: &Context, asked: Arguments) -> Result<(), CliError> {
    let query = Query { before: asked.before, who: asked.who, what: asked.what };
    let caller = Caller::default();
    let entries = context.agent.audit(&caller, &query).await?;
    let offset = context.agent.settings(&caller).await?.clock.offset;
    context.output.answer(&entries, |entries| text(entries, offset))
}

fn text(entries: &Entries, offset: i32) -> String {
    let rows = entries.entries.iter().map(|entry| row(entry, offset)).collect::<Vec<_>>();
    let older = entries.older.map(|before| format!("Older ones: --before {before}\n")).unwrap_or_default();
    format!("{}{older}{}\n", aligned(&rows), chain(entries))
}

fn row(Entry { n, deed }: &Entry, offset: i32) -> [String; 7] {
    let Deed { at, who, what, code, operation, detail, times, .. } = deed;
    [
        n.to_string(),
        Civil::of(*at, offset).to_string(),
        by(who),
        what.clone(),
        code.clone().unwrap_or_else(|| "done".to_owned())
            + &if *times > 1 { format!(" ×{times}") } else { String::new() },
        operation.clone(),
        detail.clone().unwrap_or_default(),
    ]
}

fn by(who: &Who) -> String {
    match who {
        Who::Console => "console".to_owned(),
        Who::Session { number, from } => format!("session {number} at {from}"),
        Who::Visitor { from } if from == "*" => "others".to_owned(),
        Who::Visitor { from } => format!("visitor at {from}"),
        Who::Local { user: Some(user) } => format!("user {user} of the box"),
        Who::Local { user: None } => "a program on the box".to_owned(),
        Who::Seed => "seed file".to_owned(),
        Who::Machine => "the box itself".to_owned(),
    }
}

fn chain(entries: &Entries) -> String {
    let chain = match entries.state.chain {
        Chain::Unbroken => "The log is unbroken.".to_owned(),
        Chain::Broken { after: Some(after), .. } => {
            format!("The log is BROKEN after number {after}: something was changed, left out or cut off there.")
        }
        Chain::Broken { after: None, .. } => "The log is BROKEN at its beginning.".to_owned(),
    };
    match &entries.state.failing {
        Some(error) => format!("{chain}\nThe last entry could not be written: {error}"),
        None => chain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        audit::{AuditState, Book},
        time::UnixSeconds,
    };

    #[test]
    fn tells_who_did_what_and_whether_the_log_is_whole() {
        let deed = |who, what: &str| Deed::done(who, what, UnixSeconds(1_795_608_000), "9f3c01ab22cd");
        let session = Who::Session { number: 3, from: "192.168.100.197".into() };
        let others = Deed { times: 412, ..deed(Who::Visitor { from: "*".into() }, "login").refused("GH-102") };
        let entries = Entries {
            entries: vec![
                Entry { n: 9, deed: deed(session, "network/apply").with(Some("change 7")) },
                Entry { n: 8, deed: others },
                Entry { n: 7, deed: deed(Who::Console, "password") },
            ],
            older: Some(7),
            state: AuditState { chain: Chain::Broken { book: Book::Deeds, after: Some(4) }, failing: None },
        };
        insta::assert_snapshot!(text(&entries, 8 * 3600), @"
        9  2026-11-25 20:00:00  session 3 at 192.168.100.197  network/apply  done         9f3c01ab22cd  change 7
        8  2026-11-25 20:00:00  others                        login          GH-102 ×412  9f3c01ab22cd
        7  2026-11-25 20:00:00  console                       password       done         9f3c01ab22cd
        Older ones: --before 7
        The log is BROKEN after number 4: something was changed, left out or cut off there.
        ");
    }
}
