//! Follows what the agent says of itself, over its restarts.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::StreamExt;
use tokio::sync::watch;

use crate::{client::AgentClient, domain::api::Hello};

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
