//! The audit log: who did what, when, from where, and what came of it.
//!
//! The agent keeps it in two books. What the console, the box itself and whoever is signed in did or were refused stands in one; all
//! that strangers do stands in the other, so that no flood of theirs pushes out what happened on the box.

pub mod fold;

use serde::{Deserialize, Serialize};

use crate::{fault::Fault, plain::plain, time::UnixSeconds};

/// Entries of an answer.
pub const PAGE: usize = 50;

/// Who asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Who {
    /// Root at the command line.
    Console,
    /// Somebody who is signed in.
    Session { number: u64, from: String },
    /// A browser that is not.
    Visitor { from: String },
    /// A program on the box that may not ask.
    Local { user: Option<u32> },
    /// A seed file.
    Seed,
    /// The box by itself.
    Machine,
}

/// The kinds of [`Who`], to choose entries by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Console,
    Session,
    Visitor,
    Local,
    Seed,
    Machine,
}

impl Kind {
    pub const ALL: [Self; 6] = [Self::Console, Self::Session, Self::Visitor, Self::Local, Self::Seed, Self::Machine];

    pub fn name(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Session => "session",
            Self::Visitor => "visitor",
            Self::Local => "local",
            Self::Seed => "seed",
            Self::Machine => "machine",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Who {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Console => Kind::Console,
            Self::Session { .. } => Kind::Session,
            Self::Visitor { .. } => Kind::Visitor,
            Self::Local { .. } => Kind::Local,
            Self::Seed => Kind::Seed,
            Self::Machine => Kind::Machine,
        }
    }

    /// Whether the box knows who it is; see the books.
    pub fn is_known(&self) -> bool {
        match self {
            Self::Console | Self::Session { .. } | Self::Seed | Self::Machine => true,
            Self::Visitor { .. } | Self::Local { .. } => false,
        }
    }
}

/// Something that was asked for, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    pub at: UnixSeconds,
    #[serde(flatten)]
    pub who: Who,
    /// The call without `/v1/`, such as `network/apply`. A text, so that a log is read that another version wrote.
    pub what: String,
    /// The refusal's code; none where it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Stands in the agent's log, too.
    pub operation: String,
    /// What is worth knowing, and never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How often, where repeats were put together.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u64,
    /// The last of the repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixSeconds>,
}

fn once() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_once(times: &u64) -> bool {
    *times == 1
}

impl Deed {
    /// Something that was done; the text of others in it is made harmless.
    pub fn done(who: Who, what: &str, at: UnixSeconds, operation: impl Into<String>) -> Self {
        let who = match who {
            Who::Session { number, from } => Who::Session { number, from: plain(&from) },
            Who::Visitor { from } => Who::Visitor { from: plain(&from) },
            other @ (Who::Console | Who::Local { .. } | Who::Seed | Who::Machine) => other,
        };
        let (what, operation) = (plain(what), operation.into());
        Self { at, who, what, code: None, operation, detail: None, times: 1, until: None }
    }

    #[must_use]
    pub fn refused(self, code: &str) -> Self {
        Self { code: Some(plain(code)), ..self }
    }

    #[must_use]
    pub fn of(self, result: Result<(), &Fault>) -> Self {
        match result {
            Ok(()) => self,
            Err(fault) => self.refused(fault.code()),
        }
    }

    #[must_use]
    pub fn with(self, detail: Option<&str>) -> Self {
        Self { detail: detail.map(plain), ..self }
    }

    /// Whatever a stranger does, it cannot push out what others did.
    pub fn book(&self) -> Book {
        if self.who.is_known() { Book::Deeds } else { Book::Strangers }
    }
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Book {
    Deeds,
    Strangers,
}

/// One line of the log. Numbers grow over both books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub n: u64,
    #[serde(flatten)]
    pub deed: Deed,
}

/// Which entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Older than this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<Kind>,
    /// The beginning of a call: `network` means all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
}

impl Query {
    pub fn takes(&self, entry: &Entry) -> bool {
        let older = self.before.is_none_or(|before| entry.n < before);
        let by = self.who.is_none_or(|kind| entry.deed.who.kind() == kind);
        let what = self.what.as_ref().is_none_or(|what| {
            entry.deed.what.strip_prefix(what.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        older && by && what
    }
}

/// Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entries {
    pub entries: Vec<Entry>,
    /// [`Query::before`] of the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<u64>,
    pub state: AuditState,
}

impl Entries {
    /// The first page of those that the query takes.
    pub fn page(mut all: Vec<Entry>, query: &Query, state: AuditState) -> Self {
        all.retain(|entry| query.takes(entry));
        all.sort_by_key(|entry| std::cmp::Reverse(entry.n));
        let more = all.len() > PAGE;
        all.truncate(PAGE);
        let older = all.last().filter(|_| more).map(|entry| entry.n);
        Self { entries: all, older, state }
    }
}

/// How the log is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditState {
    pub chain: Chain,
    /// Why the last entry could not be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<String>,
}

/// Whether what was written is still there as it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "chain", rename_all = "snake_case")]
pub enum Chain {
    #[default]
    Unbroken,
    /// After this entry, or at the beginning, something was changed, left out or cut off.
    Broken { book: Book, after: Option<u64> },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u64, what: &str, who: Who) -> Entry {
        Entry { n, deed: Deed::done(who, what, UnixSeconds(n), "op") }
    }

    #[test]
    fn a_page_is_of_the_newest_and_leads_on_to_the_older_ones() {
        let all = (1..=120).map(|n| entry(n, "network/apply", Who::Console)).collect::<Vec<_>>();
        let mut seen = Vec::new();
        let mut query = Query::default();
        loop {
            let page = Entries::page(all.clone(), &query, AuditState::default());
            seen.extend(page.entries.iter().map(|entry| entry.n));
            match page.older {
                Some(older) => query.before = Some(older),
                None => break,
            }
        }
        assert_eq!(seen, (1..=120).rev().collect::<Vec<_>>());
    }

    #[test]
    fn entries_are_chosen_by_who_and_by_what() {
        let takes = |query: &Query, what: &str, who: Who| query.takes(&entry(1, what, who));
        let network = Query { what: Some("network".into()), ..Query::default() };
        assert!(takes(&network, "network/apply", Who::Console) && takes(&network, "network", Who::Machine));
        assert!(!takes(&network, "networks", Who::Console) && !takes(&network, "login", Who::Console));
        let console = Query { who: Some(Kind::Console), ..Query::default() };
        assert!(takes(&console, "login", Who::Console) && !takes(&console, "login", Who::Seed));
    }

    #[test]
    fn hostile_text_is_one_line() {
        let who = Who::Visitor { from: "10.0.0.1\n{\"who\":\"console\"}".into() };
        let deed = Deed::done(who, "login\r", UnixSeconds(0), "op").refused("GH-102\n").with(Some("\u{1b}[2J"));
        for text in [&deed.what, deed.code.as_ref().expect("code"), deed.detail.as_ref().expect("detail")] {
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
        assert!(matches!(&deed.who, Who::Visitor { from } if from.starts_with("10.0.0.1\\u{a}")), "{deed:?}");
    }

    #[test]
    fn whatever_a_stranger_does_stands_in_their_book() {
        let deed = |who, code: Option<&str>| {
            let deed = Deed::done(who, "login", UnixSeconds(0), "op");
            code.map_or(deed.clone(), |code| deed.refused(code)).book()
        };
        let visitor = || Who::Visitor { from: "10.0.0.9".into() };
        assert_eq!(deed(visitor(), Some("GH-102")), Book::Strangers);
        assert_eq!(deed(Who::Local { user: Some(7) }, Some("GH-403")), Book::Strangers);
        assert_eq!(deed(visitor(), None), Book::Strangers);
        assert_eq!(deed(Who::Console, Some("GH-201")), Book::Deeds);
    }
}
