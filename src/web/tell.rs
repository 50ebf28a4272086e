//! Hands over what this process says of itself: the agent keeps it, because nothing here may write where others look.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::{
    client::AgentClient,
    domain::logs::{BATCH, Event},
};

/// Between two attempts while the agent is away; what is said meanwhile waits in the mailbox, as far as it has room.
const RETRY: Duration = Duration::from_secs(1);

/// Never ends.
pub async fn tell(agent: AgentClient, events: Option<mpsc::Receiver<Event>>) {
    let Some(mut events) = events else { return std::future::pending().await };
    let mut waiting = Vec::new();
    while events.recv_many(&mut waiting, BATCH).await > 0 {
        // nothing is said of a failure: it would be one more event
        while agent.hand_over(&waiting).await.is_err() {
            tokio::time::sleep(RETRY).await;
        }
        waiting.clear();
    }
    std::future::pending::<()>().await;
}
