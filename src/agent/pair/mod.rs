//! The pair, as the agent has its part in it: it configures the guard and keepalived, asks the registry for the guard, starts and stops the
//! applications as the guard's role says, and tells why the pair is not protected.
//!
//! ```text
//! registry ◄── lease ── this task ◄── pair.sock ──► guard ──► gate, keepalived, virtual IP
//!                          │                          └── heartbeat ──► the peer's guard
//!                          └──► applications
//! ```
//! It holds nothing by itself: an agent that ends or hangs leaves lease, address and applications as they are.

mod copy;
mod drill;
mod lease;
mod link;
mod peer;
mod seen;
mod store;
mod task;

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
};

use domain::{
    box_file::BoxFile,
    fault::Fault,
    network::{
        spec::{Ipv4Spec, NetworkSpec},
        status::NetworkStatus,
    },
    pair::{
        api::{PairStatus, Phase, Refusal, SettingsRequest},
        settings::{PairPorts, PairSettings},
    },
};
use tokio::sync::{mpsc, oneshot, watch};

use seen::{Ports, taken};
use task::{Command, Task};

use crate::{activation::Activations, applications::Applications, network::Published};

const MAILBOX: usize = 16;

type Answer<T> = oneshot::Sender<Result<T, Fault>>;

/// What the pair has to do with.
#[derive(Debug)]
pub struct Around {
    pub network: watch::Receiver<Arc<Published>>,
    pub activation: Activations,
    pub apps: Applications,
    /// Whether applications are here that the peer could take; none before that is known.
    pub holds: watch::Sender<Option<bool>>,
}

/// Asks the task. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pairs {
    mailbox: mpsc::Sender<Command>,
    status: watch::Receiver<PairStatus>,
}

pub fn start(state_dir: &Path, runtime_dir: PathBuf, board: &BoxFile, around: Around) -> Pairs {
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let (publish, status) = watch::channel(PairStatus::default());
    let task = Task::new(state_dir, runtime_dir, board, around, publish);
    tokio::spawn(task.run(commands));
    Pairs { mailbox, status }
}

impl Pairs {
    pub fn status(&self) -> PairStatus {
        self.status.borrow().clone()
    }

    pub fn watch(&self) -> watch::Receiver<PairStatus> {
        self.status.clone()
    }

    /// Whether the virtual IP can stay where it is with this network. Of DHCP ports what they have now counts.
    ///
    /// # Errors
    /// Why not: the network is changed after the virtual IP, and not under it.
    pub fn bears(&self, board: &BoxFile, spec: &NetworkSpec, network: &NetworkStatus) -> Result<(), Fault> {
        let status = self.status.borrow();
        if status.phase == Phase::Single || status.settings.virtual_ip.is_none() {
            return Ok(());
        }
        let mut now = Ports::of(network).addresses();
        now.retain(|(name, _)| spec.ports.get(name).is_some_and(|port| port.ipv4 == Ipv4Spec::Dhcp));
        let before = status.settings.issues(board, &network.spec, &Ports::of(network).addresses());
        match status.settings.issues(board, spec, &now).into_iter().find(|issue| !before.contains(issue)) {
            Some(issue) => Err(Fault::Pair { why: Refusal::Network { issue } }),
            None => Ok(()),
        }
    }

    /// What the wizard was told of a pair to come, by the network that there is. A box whose place beside a peer is kept is not asked
    /// whether the address is free: that peer may have it.
    ///
    /// # Errors
    /// With all that is wrong with it.
    pub async fn suits(
        board: &BoxFile,
        network: &NetworkStatus,
        first: (&PairPorts, Option<Ipv4Addr>),
        has_place: bool,
    ) -> Result<(), Fault> {
        let (ports, address) = first;
        let now = Ports::of(network).addresses();
        let mut issues = PairSettings::first_issues(board, ports, address, &network.spec, &now);
        if let Some(virtual_ip) = PairSettings::first(board, ports, address, &now).virtual_ip
            && issues.is_empty()
            && !has_place
        {
            issues.extend(taken(network, &virtual_ip).await);
        }
        if issues.is_empty() { Ok(()) } else { Err(Fault::Pair { why: Refusal::Unusable { issues } }) }
    }

    /// # Errors
    /// With all that is wrong with them on either box; nothing is changed then.
    pub async fn settings(&self, wanted: SettingsRequest) -> Result<(), Fault> {
        self.ask(|answer| Command::Settings { wanted, answer }).await
    }

    /// The active box gives up, and the other one takes over.
    pub async fn switchover(&self, drill: bool) -> Result<(), Fault> {
        self.ask(|answer| Command::Switchover { drill, answer }).await
    }

    pub async fn maintenance(&self, on: bool) -> Result<(), Fault> {
        self.ask(|answer| Command::Maintenance { on, answer }).await
    }

    /// Ends the fence.
    pub async fn clear(&self) -> Result<(), Fault> {
        self.ask(|answer| Command::Clear { answer }).await
    }

    /// Ends when the task does, which it never should.
    pub async fn ended(&self) {
        self.mailbox.closed().await;
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Fault> {
        let (answer, result) = oneshot::channel();
        self.mailbox.try_send(command(answer)).map_err(|_| Fault::SlowDown { seconds: 1 })?;
        result.await.unwrap_or_else(|_| Err(Fault::Internal { detail: "the pair's task ended".into() }))
    }
}
