//! The events of agent, web and guard, as people look for them. They are of this boot; what is to be kept longer the system's journal keeps.

use serde::{Deserialize, Serialize};

use crate::{plain::plain, time::UnixSeconds};

/// Events of an answer.
pub const PAGE: usize = 200;
/// Events that web hands over at once: each of them as long as can be, they are shorter than the longest body.
pub const BATCH: usize = 16;
/// Events that web keeps while the agent is away.
pub const WAITING: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    pub const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// Which process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Agent,
    Web,
    Guard,
}

impl Part {
    pub const ALL: [Self; 3] = [Self::Agent, Self::Web, Self::Guard];

    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Web => "web",
            Self::Guard => "guard",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Milliseconds since 1970.
    pub at: u64,
    pub part: Part,
    pub level: Level,
    /// The module that said it.
    pub from: String,
    /// What it said, with its values.
    pub text: String,
}

impl Event {
    /// Text of others in it, such as what a DHCP server says, stays within its line.
    #[must_use]
    pub fn harmless(self) -> Self {
        Self { from: plain(&self.from), text: plain(&self.text), ..self }
    }

    pub fn seconds(&self) -> UnixSeconds {
        UnixSeconds(self.at / 1000)
    }
}

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Query {
    /// This level and worse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// Has this in it, in capitals or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
}

impl Query {
    pub fn takes(&self, event: &Event) -> bool {
        let has = |text: &String| {
            let wanted = text.to_lowercase();
            event.text.to_lowercase().contains(&wanted) || event.from.to_lowercase().contains(&wanted)
        };
        self.level.is_none_or(|level| event.level >= level)
            && self.part.is_none_or(|part| event.part == part)
            && self.text.as_ref().is_none_or(has)
            && self.since.is_none_or(|since| event.at / 1000 >= since)
    }
}

/// Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    pub events: Vec<Event>,
    /// There are older ones that the query takes.
    pub more: bool,
}

impl Events {
    pub fn page(mut all: Vec<Event>, query: &Query) -> Self {
        all.retain(|event| query.takes(event));
        all.sort_by_key(|event| std::cmp::Reverse(event.at));
        let more = all.len() > PAGE;
        all.truncate(PAGE);
        Self { events: all, more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: u64, part: Part, level: Level, text: &str) -> Event {
        Event { at, part, level, from: "agent::dhcp".into(), text: text.into() }
    }

    #[test]
    fn events_are_chosen_by_level_part_text_and_time() {
        let all = || {
            vec![
                event(1_000, Part::Agent, Level::Info, "ready"),
                event(2_000, Part::Web, Level::Warn, "a slow request"),
                event(3_000, Part::Guard, Level::Error, "the agent hangs"),
            ]
        };
        let chosen = |query: Query| Events::page(all(), &query).events.iter().map(|e| e.at).collect::<Vec<_>>();
        assert_eq!(chosen(Query::default()), [3_000, 2_000, 1_000]);
        assert_eq!(chosen(Query { level: Some(Level::Warn), ..Query::default() }), [3_000, 2_000]);
        assert_eq!(chosen(Query { part: Some(Part::Web), ..Query::default() }), [2_000]);
        assert_eq!(chosen(Query { text: Some("AGENT hangs".into()), ..Query::default() }), [3_000]);
        assert_eq!(chosen(Query { text: Some("dhcp".into()), since: Some(2), ..Query::default() }), [3_000, 2_000]);
        let many = (0..300).map(|n| event(n, Part::Agent, Level::Info, "x")).collect();
        let page = Events::page(many, &Query::default());
        assert_eq!((page.events.len(), page.events[0].at, page.more), (PAGE, 299, true));
    }

    #[test]
    fn hostile_text_is_one_line() {
        let told = event(0, Part::Agent, Level::Warn, "a server said \"x\r\n2026 ERROR forged\u{1b}[2J\"").harmless();
        assert!(!told.text.chars().any(char::is_control), "{told:?}");
    }
}
