//! Follows what the agent says of itself, over its restarts.

use std::{
    fs,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use futures_util::StreamExt;
use tokio::sync::watch;

use crate::{client::AgentClient, disk, domain::api::Hello};

/// Between two attempts to reach the agent. Shorter: noise while it starts. Longer: its pages come back late.
const RETRY: Duration = Duration::from_millis(500);

/// What is known of the agent.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Its last words, even if it has gone since: pages go on being served where they were.
    pub hello: Option<Arc<Hello>>,
    /// Whether it is there.
    pub here: bool,
}

/// The agent's last words, for a web process that starts while the agent is away: its page that says so must be where people look
/// for the box. Nothing is decided by them.
const REMEMBERED: &str = "hello.json";

impl Known {
    /// What an earlier process heard.
    pub fn remembered(folder: &Path) -> Self {
        let hello = fs::read(folder.join(REMEMBERED)).ok().and_then(|json| serde_json::from_slice(&json).ok());
        Self { hello: hello.map(Arc::new), here: false }
    }
}

/// Writes down what a later process may need, until `known` ends.
pub async fn remember(folder: PathBuf, mut known: watch::Receiver<Known>) {
    let mut written = known.borrow().hello.as_ref().map(|h| h.listen.clone());
    while known.changed().await.is_ok() {
        let Some(hello) = known.borrow_and_update().hello.clone() else { continue };
        if written.as_ref() == Some(&hello.listen) {
            continue;
        }
        let Ok(json) = serde_json::to_string(&*hello) else { continue };
        let file = folder.join(REMEMBERED);
        let done = tokio::task::spawn_blocking(move || disk::write(&file, json.as_bytes(), 0o600)).await;
        if matches!(done, Ok(Ok(()))) {
            written = Some(hello.listen.clone());
        } else {
            tracing::warn!("what the agent said cannot be written down");
        }
    }
}

/// Keeps `known` and `cuts` up to date, for ever.
pub async fn follow(agent: AgentClient, known: watch::Sender<Known>, cuts: watch::Sender<u64>) {
    loop {
        if let Ok(hellos) = agent.hello_events().await {
            tracing::info!("the agent is there");
            let mut hellos = pin!(hellos);
            let mut first = true;
            while let Some(hello) = hellos.next().await {
                // An agent that was restarted counts from the beginning, and it may have cut while nobody listened.
                let before = known.borrow().hello.as_ref().map(|h| h.cut);
                let cut = before.is_some_and(|before| first || before != hello.cut);
                first = false;
                known.send_replace(Known { hello: Some(Arc::new(hello)), here: true });
                if cut {
                    cuts.send_modify(|n| *n += 1);
                }
            }
            tracing::warn!("the agent has gone");
        }
        known.send_modify(|k| k.here = false);
        tokio::time::sleep(RETRY).await;
    }
}
