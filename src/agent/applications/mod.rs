//! Applications on this box: one task keeps their manifests and files, and starts, watches and stops what runs.
//!
//! They run while this box is active, or stands alone; the pair's task says when. What runs goes on when this process ends, and the next one finds it.

mod health;
mod missing;
mod runner;
mod store;
mod task;

use std::{
    io,
    path::{Path, PathBuf},
};

use domain::{
    application::{
        ApplicationName, MOST_BYTES,
        api::{Applications as Status, Bundle, SetOf},
        copies::{Copied, Copies},
    },
    fault::Fault,
    pair::{api::AppOutcome, guard::Target, peer::Answer as Answered},
    time::BootMillis,
};
use os::clock;
use tokio::sync::{mpsc, oneshot, watch};

use task::{Command, Task, Watches};

use self::{runner::Runner, store::Store};
use crate::bus::Bus;

const MAILBOX: usize = 32;
/// Of a request with an application's files in it.
#[expect(clippy::cast_possible_truncation, reason = "16 MB")]
pub const BODY: usize = (MOST_BYTES as usize) / 3 * 4 + 256 * 1024;

type Answer<T> = oneshot::Sender<T>;

/// Asks the task. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Applications {
    mailbox: mpsc::Sender<Command>,
    runner: Runner,
    status: watch::Receiver<Status>,
    targets: watch::Receiver<Vec<Target>>,
    set: watch::Receiver<SetOf>,
    copies: watch::Receiver<Copies>,
}

pub fn start(state_dir: &Path, runtime_dir: PathBuf, bus: Bus) -> Applications {
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let runner = Runner::new(runtime_dir, state_dir.to_owned(), bus);
    let (task, Watches { status, targets, set, copies }) = Task::new(Store::new(state_dir), runner.clone());
    tokio::spawn(task.run(commands));
    Applications { mailbox, runner, status, targets, set, copies }
}

impl Applications {
    pub fn status(&self) -> Status {
        let mut status = self.status.borrow().clone();
        let (copies, now) = (self.copies.borrow(), clock::wall());
        for app in &mut status.all {
            app.synced = copies.get(&app.name).map(|copied| now.0.saturating_sub(copied.at.0));
        }
        status
    }

    /// The last copy of each one's data, from or to the peer.
    pub fn copies(&self) -> watch::Receiver<Copies> {
        self.copies.clone()
    }

    /// The folder of an application's data, which is there then.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn data(&self, name: &ApplicationName) -> io::Result<PathBuf> {
        self.runner.data(name)
    }

    /// What is in it is what it was on the active box at that moment.
    pub async fn copied(&self, name: ApplicationName, copied: Copied) {
        drop(self.ask(|answer| Command::Copied { name, copied, answer }).await);
    }

    /// What is to be killed, should nobody stop it.
    pub fn targets(&self) -> watch::Receiver<Vec<Target>> {
        self.targets.clone()
    }

    /// All of them, to compare with the peer's.
    pub fn set(&self) -> watch::Receiver<SetOf> {
        self.set.clone()
    }

    /// # Errors
    /// With all that is wrong with it; nothing is kept then.
    pub async fn add(&self, bundle: Bundle) -> Result<(), Fault> {
        self.add_as(bundle, None).await
    }

    /// Its data stays.
    pub async fn remove(&self, name: ApplicationName) -> Result<(), Fault> {
        self.ask(|answer| Command::Remove { name, answer }).await?
    }

    /// Whether it is to run, here and on the peer.
    pub async fn enable(&self, name: ApplicationName, on: bool) -> Result<(), Fault> {
        self.ask(|answer| Command::Enable { name, on, answer }).await?
    }

    pub async fn logs(&self, name: ApplicationName, lines: usize) -> Result<Vec<String>, Fault> {
        self.ask(|answer| Command::Logs { name, lines, answer }).await?
    }

    /// Starts all that are wanted; returns when each is healthy or was given up.
    pub async fn take_over(&self, epoch: u64) -> Vec<AppOutcome> {
        self.ask(|answer| Command::TakeOver { epoch, answer }).await.unwrap_or_default()
    }

    /// Returns when nothing of them is left.
    pub async fn stop_all(&self, by: BootMillis) {
        drop(self.ask(|answer| Command::StopAll { by, answer }).await);
    }

    /// None of them is to run any more, until somebody says so.
    ///
    /// # Errors
    /// When that cannot be saved: they are as they were.
    pub async fn park(&self) -> Result<(), Fault> {
        self.ask(|answer| Command::Park { answer }).await?
    }

    /// For the peer.
    pub async fn export(&self, name: ApplicationName) -> Result<Bundle, Fault> {
        self.ask(|answer| Command::Export { name, answer }).await?
    }

    /// Of the peer: the whole set is that one from now on. What is not in it goes; what is missing is answered.
    pub async fn adopt(self, set: SetOf) -> Answered {
        match self.ask(|answer| Command::Adopt { set, answer }).await.and_then(|adopted| adopted) {
            Ok(names) if names.is_empty() => Answered::Done,
            Ok(names) => Answered::Missing { names },
            Err(fault) => Answered::NotTaken { why: fault.to_string() },
        }
    }

    /// One that [`Self::adopt`] was missing.
    pub async fn import(self, bundle: Bundle, revision: u64) -> Answered {
        match self.add_as(bundle, Some(revision)).await {
            Ok(()) => Answered::Done,
            Err(fault) => Answered::NotTaken { why: fault.to_string() },
        }
    }

    async fn add_as(&self, bundle: Bundle, revision: Option<u64>) -> Result<(), Fault> {
        missing::look(&self.runner, &bundle.manifest).await?;
        self.ask(|answer| Command::Add { bundle: Box::new(bundle), revision, answer }).await?
    }

    /// Ends when the task does, which it never should.
    pub async fn ended(&self) {
        self.mailbox.closed().await;
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Fault> {
        let (answer, result) = oneshot::channel();
        self.mailbox.try_send(command(answer)).map_err(|_| Fault::SlowDown { seconds: 1 })?;
        result.await.map_err(|_| Fault::Internal { detail: "the applications' task ended".into() })
    }
}
