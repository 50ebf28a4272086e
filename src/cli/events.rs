//! What a service says, kept for the page of logs: agent and guard in a file of their own, web by way of the agent.

use std::{fmt::Write, path::Path, path::PathBuf};

use tokio::sync::mpsc;
use tracing::{
    Event as Said, Level as Loud, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

use crate::domain::logs::{Event, Level, Part, WAITING};
use os::{clock, disk, ring::Ring};

pub struct Keep {
    part: Part,
    to: To,
}

enum To {
    File {
        ring: Ring,
        folder: PathBuf,
    },
    /// When it is full, the event is only in the journal.
    Agent(mpsc::Sender<Event>),
}

impl Keep {
    /// For agent and guard. The folder may not be there yet.
    pub fn in_file(part: Part, runtime_dir: &Path) -> Self {
        let file = crate::agent::logs::file(runtime_dir, part);
        let folder = runtime_dir.join("log");
        Self { part, to: To::File { ring: Ring::new(file), folder } }
    }

    /// For web; the other end hands them over.
    pub fn by_agent() -> (Self, mpsc::Receiver<Event>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self { part: Part::Web, to: To::Agent(sender) }, receiver)
    }
}

impl<S: Subscriber> Layer<S> for Keep {
    fn on_event(&self, said: &Said<'_>, _: Context<'_, S>) {
        let level = match *said.metadata().level() {
            Loud::ERROR => Level::Error,
            Loud::WARN => Level::Warn,
            Loud::INFO => Level::Info,
            Loud::DEBUG | Loud::TRACE => Level::Debug,
        };
        let mut words = Words::default();
        said.record(&mut words);
        let at = u64::try_from(clock::wall_millis()).unwrap_or(0);
        let (part, from) = (self.part, said.metadata().target().to_owned());
        let event = Event { at, part, level, from, text: words.message + &words.values }.harmless();
        // an event that cannot be kept must not make another one
        match &self.to {
            To::File { ring, folder } => {
                let Ok(line) = serde_json::to_string(&event) else { return };
                if ring.push(&line).is_err() && disk::make_private_dir(folder).is_ok() {
                    ring.push(&line).ok();
                }
            }
            To::Agent(sender) => drop(sender.try_send(event)),
        }
    }
}

/// The message first, then the values.
#[derive(Default)]
struct Words {
    message: String,
    values: String,
}

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.values, " {name}={value:?}"),
        };
        // a String takes everything
        written.ok();
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn an_event_is_kept_with_its_level_its_module_and_its_values() {
        let dir = tempfile::tempdir().expect("tempdir");
        let keep = Keep::in_file(Part::Agent, dir.path());
        let subscriber = tracing_subscriber::registry().with(keep);
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(from = "10.20.0.1\n{}", port = %"lan1", tries = 3, "no answer");
            tracing::info!("ready");
        });
        let lines = Ring::new(crate::agent::logs::file(dir.path(), Part::Agent)).lines();
        let events = lines.iter().map(|l| serde_json::from_str(l).expect("event")).collect::<Vec<Event>>();
        let told = events.iter().map(|e| (e.level, e.text.as_str())).collect::<Vec<_>>();
        assert_eq!(told, [(Level::Warn, "no answer from=10.20.0.1\\u{a}{} port=lan1 tries=3"), (Level::Info, "ready")]);
        assert!(events[0].from.ends_with("events::tests"), "{}", events[0].from);
    }
}
