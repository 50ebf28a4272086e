//! The events of the three processes, in the folder `log` of the runtime folder: agent and guard write their own, web hands over its.

use std::path::Path;

use domain::{
    fault::Fault,
    logs::{BATCH, Event, Events, Part, Query},
};
use os::{disk, ring::Ring};

/// The name of a part's file below the runtime folder.
pub fn file(runtime_dir: &Path, part: Part) -> std::path::PathBuf {
    runtime_dir.join("log").join(format!("{}.jsonl", part.name()))
}

/// The way to the files. Each has one writer.
#[derive(Clone, Debug)]
pub struct Logs {
    rings: [(Part, Ring); 3],
}

impl Logs {
    pub fn new(runtime_dir: &Path) -> Self {
        if let Err(error) = disk::make_private_dir(&runtime_dir.join("log")) {
            tracing::warn!(%error, "events are not kept");
        }
        Self { rings: Part::ALL.map(|part| (part, Ring::new(file(runtime_dir, part)))) }
    }

    pub async fn read(&self, query: Query) -> Result<Events, Fault> {
        let logs = self.clone();
        let read = tokio::task::spawn_blocking(move || Events::page(logs.all(), &query)).await;
        read.map_err(|error| Fault::Internal { detail: error.to_string() })
    }

    /// A part's events, one a line, for a support bundle. Blocks.
    pub fn jsonl(&self, part: Part) -> Vec<u8> {
        let own = self.rings.iter().filter(|(whose, _)| *whose == part);
        let mut lines = Vec::new();
        for event in own.flat_map(|(part, ring)| events(*part, ring)) {
            lines.extend(serde_json::to_vec(&event).unwrap_or_default());
            lines.push(b'\n');
        }
        lines
    }

    fn all(&self) -> Vec<Event> {
        self.rings.iter().flat_map(|(part, ring)| events(*part, ring)).collect()
    }

    /// What web says of itself. It can say what it likes, and fill its own file only.
    pub async fn hand_over(&self, events: Vec<Event>) -> Result<(), Fault> {
        let ring = self.rings.iter().find(|(part, _)| *part == Part::Web).map(|(_, ring)| ring.clone());
        let write = move || {
            for event in events.into_iter().take(BATCH) {
                let event = Event { part: Part::Web, ..event }.harmless();
                let line = serde_json::to_string(&event).map_err(std::io::Error::from)?;
                ring.as_ref().map_or(Ok(()), |ring| ring.push(&line))?;
            }
            Ok::<_, std::io::Error>(())
        };
        let written =
            tokio::task::spawn_blocking(write).await.map_err(|e| Fault::Internal { detail: e.to_string() })?;
        written.map_err(|error| Fault::NotSaved { error: error.to_string() })
    }
}

/// What a part said. Its file is its own, whatever stands in it.
fn events(part: Part, ring: &Ring) -> Vec<Event> {
    let read = |line: String| Some(Event { part, ..serde_json::from_str::<Event>(&line).ok()? }.harmless());
    ring.lines().into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::logs::Level;

    fn event(part: Part, text: &str) -> Event {
        Event { at: 1_795_608_000_000, part, level: Level::Warn, from: "web".into(), text: text.into() }
    }

    #[tokio::test]
    async fn web_speaks_for_itself_only_and_on_one_line() {
        let dir = tempfile::tempdir().expect("tempdir");
        let logs = Logs::new(dir.path());
        logs.hand_over(vec![event(Part::Agent, "forged\n{\"part\":\"agent\"}")]).await.expect("written");
        let read = logs.read(Query::default()).await.expect("read");
        assert_eq!(read.events.iter().map(|e| e.part).collect::<Vec<_>>(), [Part::Web]);
        assert!(!read.events[0].text.contains('\n'), "{read:?}");
        let agents = logs.read(Query { part: Some(Part::Agent), ..Query::default() }).await.expect("read");
        assert_eq!(agents.events, []);
    }

    #[tokio::test]
    async fn a_file_with_anything_in_it_is_read_as_far_as_it_makes_sense() {
        let dir = tempfile::tempdir().expect("tempdir");
        let logs = Logs::new(dir.path());
        let good = serde_json::to_string(&event(Part::Guard, "the agent hangs")).expect("JSON");
        std::fs::write(file(dir.path(), Part::Guard), format!("nonsense\n{good}\n{{\"at\":")).expect("write");
        let read = logs.read(Query::default()).await.expect("read");
        assert_eq!(read.events.iter().map(|e| e.text.as_str()).collect::<Vec<_>>(), ["the agent hangs"]);
    }
}
