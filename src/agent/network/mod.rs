//! Owns the kernel's network state, the saved spec and the journal: one task, asked by messages.

mod dns;
mod report;
mod store;
mod task;

use std::{net::Ipv4Addr, path::PathBuf, sync::Arc};

use tokio::sync::{mpsc, oneshot, watch};

pub use report::Published;
pub use store::Paths;
pub use task::Dialled;

use domain::{
    box_file::BoxFile,
    fault::Fault,
    name::PortName,
    network::{
        diff::Step,
        effective::Leases,
        issue::Issue,
        kernel::StateHash,
        plan::Plan,
        proof::Connection,
        spec::NetworkSpec,
        transaction::{Actor, Digest, Outcome, TxId},
    },
};

/// Requests that may wait; beyond it callers are told that the box is busy.
const MAILBOX: usize = 64;

/// Called before each write to the kernel, with its number in the transaction. Tests use it to make the kernel refuse.
pub type BeforeWrite = Arc<dyn Fn(usize, &Step) + Send + Sync>;

#[derive(Clone)]
pub struct Options {
    pub board: BoxFile,
    pub paths: Paths,
    /// The guard's socket. `None` in tests of the engine alone.
    pub guard: Option<PathBuf>,
    pub before_write: Option<BeforeWrite>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("paths", &self.paths).finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the kernel's network cannot be reached")]
    Kernel(#[from] crate::kernel::KernelError),
    #[error("{path} cannot be used")]
    Disk { path: PathBuf, source: std::io::Error },
}

/// What a change needs besides its spec.
#[derive(Clone, Debug)]
pub struct Apply {
    pub spec: NetworkSpec,
    pub base: StateHash,
    pub by: Actor,
    /// The session that applies; a handoff goes on from it. `None` on the console.
    pub session: Option<Digest>,
    pub confirm: Digest,
    pub handoff: Digest,
    /// Milliseconds.
    pub window: u64,
}

/// Where a confirmation or handoff came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Console,
    Browser(Connection),
    /// A browser whose connection the web process did not tell.
    Unknown,
}

#[derive(Clone, Debug)]
pub struct Confirm {
    pub tx: Option<TxId>,
    pub token: Option<Digest>,
    pub origin: Origin,
    pub automatic: bool,
    pub untested: bool,
}

/// What a person wants of a port's lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseWish {
    Renew,
    /// Refused where this is the leased address: whoever asks would be cut off.
    Release {
        unless_at: Option<Ipv4Addr>,
    },
}

type Answer<T> = oneshot::Sender<Result<T, Fault>>;

#[derive(Debug)]
enum Command {
    Plan {
        spec: NetworkSpec,
        offers: Leases,
        answer: Answer<Plan>,
    },
    Apply {
        apply: Box<Apply>,
        answer: Answer<TxId>,
    },
    Confirm {
        confirm: Confirm,
        answer: Answer<Outcome>,
    },
    Handoff {
        secret: Digest,
        origin: Origin,
        answer: Answer<Option<Digest>>,
    },
    GoBack {
        by: Actor,
        answer: Answer<Outcome>,
    },
    MoreTime {
        answer: Answer<()>,
    },
    Lease {
        port: PortName,
        wish: LeaseWish,
        answer: Answer<()>,
    },
    /// Whether the task still takes requests.
    Answer {
        answer: Answer<()>,
    },
    Dial {
        slot: PortName,
        dialled: Dialled,
        answer: Answer<Result<(), Vec<Issue>>>,
    },
    Fill {
        spec: Box<NetworkSpec>,
        answer: Answer<bool>,
    },
}

/// The way to the task. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Network {
    mailbox: mpsc::Sender<Command>,
    published: watch::Receiver<Arc<Published>>,
}

impl Network {
    /// The newest status; a channel, so that watchers see each change.
    pub fn watch(&self) -> watch::Receiver<Arc<Published>> {
        self.published.clone()
    }

    pub fn published(&self) -> Arc<Published> {
        self.published.borrow().clone()
    }

    /// `offers`: what DHCP servers would give on ports that the spec changes to DHCP, as far as it is known.
    pub async fn plan(&self, spec: NetworkSpec, offers: Leases) -> Result<Plan, Fault> {
        self.ask(|answer| Command::Plan { spec, offers, answer }).await
    }

    /// Answers when the journal is written and the first step is on its way.
    pub async fn apply(&self, apply: Apply) -> Result<TxId, Fault> {
        self.ask(|answer| Command::Apply { apply: Box::new(apply), answer }).await
    }

    pub async fn confirm(&self, confirm: Confirm) -> Result<Outcome, Fault> {
        self.ask(|answer| Command::Confirm { confirm, answer }).await
    }

    /// Answers the session that applied, once.
    pub async fn handoff(&self, secret: Digest, origin: Origin) -> Result<Option<Digest>, Fault> {
        self.ask(|answer| Command::Handoff { secret, origin, answer }).await
    }

    pub async fn go_back(&self, by: Actor) -> Result<Outcome, Fault> {
        self.ask(|answer| Command::GoBack { by, answer }).await
    }

    pub async fn more_time(&self) -> Result<(), Fault> {
        self.ask(|answer| Command::MoreTime { answer }).await
    }

    /// Answers when the port's client has been told.
    pub async fn lease(&self, port: PortName, wish: LeaseWish) -> Result<(), Fault> {
        self.ask(|answer| Command::Lease { port, wish, answer }).await
    }

    /// Whether the task answers at all; waits until it does.
    pub async fn answers(&self) -> bool {
        self.ask(|answer| Command::Answer { answer }).await.is_ok()
    }

    /// The network of a seed: committed as a factory's, without a proof, because nobody is there to give one and the service port answers
    /// in any case. Answers whether it is the box's; `false` where somebody had set another one.
    pub async fn fill(&self, spec: NetworkSpec) -> Result<bool, Fault> {
        self.ask(|answer| Command::Fill { spec: Box::new(spec), answer }).await
    }

    /// What a SIM slot's modem has connected, or that it has not. Inside: why what the mobile network gave is not used.
    pub async fn dial(&self, slot: PortName, dialled: Dialled) -> Result<Result<(), Vec<Issue>>, Fault> {
        self.ask(|answer| Command::Dial { slot, dialled, answer }).await
    }

    /// Ends when the task does, which it never should.
    pub async fn ended(&self) {
        self.mailbox.closed().await;
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Fault> {
        let (answer, result) = oneshot::channel();
        self.mailbox.try_send(command(answer)).map_err(|_| Fault::SlowDown { seconds: 1 })?;
        result.await.unwrap_or_else(|_| Err(Fault::Internal { detail: "the network task ended".into() }))
    }
}

/// Starts the task: reads what is on disk, finishes or undoes what was open, applies the committed spec.
///
/// # Errors
/// When the kernel or the folders cannot be used. A bad spec file is no reason: see [`Published`].
pub async fn start(options: Options) -> Result<Network, StartError> {
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let published = task::start(options, commands).await?;
    Ok(Network { mailbox, published })
}

/// All issues of a spec, or `Ok`.
fn checked(issues: Vec<Issue>) -> Result<(), Fault> {
    if issues.is_empty() { Ok(()) } else { Err(Fault::Invalid { issues }) }
}
