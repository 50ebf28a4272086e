//! Owns the certificate that the box's owner has installed: one task that checks what is offered, keeps it on the disk and tells web which one
//! to serve. The one that the box signs itself is web's.
//!
//! A check and an installation are two calls, so that a person sees in between what it would be; the key is sent once and comes back
//! never: what was checked waits here, under a secret.

mod check;
mod store;

use std::{path::Path, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};

pub use check::Checked;

use self::store::Store;
use super::secrets;
use domain::{
    certificate::{CertificateStatus, CertificateView, Offered, Serving},
    fault::Fault,
    secret::Secret,
    time::UnixSeconds,
};

const MAILBOX: usize = 8;
/// For a person to look at what was checked. Longer: a key that nobody installed stays in memory.
const KEPT: Duration = Duration::from_mins(10);

type Answer<T> = oneshot::Sender<Result<T, Fault>>;

#[derive(Debug)]
enum Command {
    Keep { checked: Box<Checked>, answer: Answer<Secret> },
    Install { candidate: Secret, answer: Answer<CertificateView> },
    Remove { answer: Answer<()> },
}

/// What the task publishes.
#[derive(Clone, Debug, Default)]
pub struct Published {
    pub status: CertificateStatus,
    /// For web alone.
    pub serving: Option<Arc<Serving>>,
}

/// The way to the task.
#[derive(Clone, Debug)]
pub struct Certificates {
    mailbox: mpsc::Sender<Command>,
    published: watch::Receiver<Published>,
}

impl Certificates {
    pub fn watch(&self) -> watch::Receiver<Published> {
        self.published.clone()
    }

    pub fn status(&self) -> CertificateStatus {
        self.published.borrow().status.clone()
    }

    pub fn serving(&self) -> Option<Arc<Serving>> {
        self.published.borrow().serving.clone()
    }

    /// Looks at what is offered; changes nothing. It costs a signature, so it runs beside the task.
    pub async fn check(&self, offered: Offered, now: UnixSeconds) -> Result<Checked, Fault> {
        match tokio::task::spawn_blocking(move || check::check(&offered, now)).await {
            Ok(checked) => checked.map_err(|problem| Fault::BadCertificate { problem }),
            Err(error) => Err(Fault::Internal { detail: error.to_string() }),
        }
    }

    /// Keeps what was checked for a moment; the secret installs it.
    pub async fn keep(&self, checked: Checked) -> Result<Secret, Fault> {
        self.ask(|answer| Command::Keep { checked: Box::new(checked), answer }).await
    }

    pub async fn install(&self, candidate: Secret) -> Result<CertificateView, Fault> {
        self.ask(|answer| Command::Install { candidate, answer }).await
    }

    /// Back to the box's own. Nothing happens where there is none.
    pub async fn remove(&self) -> Result<(), Fault> {
        self.ask(|answer| Command::Remove { answer }).await
    }

    /// Ends when the task does, which it never should.
    pub async fn ended(&self) {
        self.mailbox.closed().await;
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Fault> {
        let (answer, result) = oneshot::channel();
        self.mailbox.try_send(command(answer)).map_err(|_| Fault::SlowDown { seconds: 1 })?;
        result.await.unwrap_or_else(|_| Err(Fault::Internal { detail: "the certificate task ended".into() }))
    }
}

pub fn start(state_dir: &Path) -> Certificates {
    let store = Store::new(state_dir);
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let (published, watching) = watch::channel(Published::default());
    let task = Task { store, published, candidate: None };
    task.load();
    tokio::spawn(task.run(commands));
    Certificates { mailbox, published: watching }
}

/// One at a time: the last one that was checked is the one that is meant.
struct Candidate {
    secret: Secret,
    checked: Checked,
    until: Instant,
}

struct Task {
    store: Store,
    published: watch::Sender<Published>,
    candidate: Option<Candidate>,
}

impl Task {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            let until = self.candidate.as_ref().map(|candidate| candidate.until);
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.perform(command),
                    None => return,
                },
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => self.candidate = None,
            }
        }
    }

    // whoever asked may have gone
    fn perform(&mut self, command: Command) {
        match command {
            Command::Keep { checked, answer } => {
                let kept = secrets::token().map_err(|error| Fault::Internal { detail: error.to_string() });
                if let Ok(secret) = &kept {
                    let until = Instant::now() + KEPT;
                    self.candidate = Some(Candidate { secret: secret.clone(), checked: *checked, until });
                }
                drop(answer.send(kept));
            }
            Command::Install { candidate, answer } => drop(answer.send(self.install(&candidate))),
            Command::Remove { answer } => {
                let removed = self.store.remove().map_err(not_saved);
                if removed.is_ok() {
                    tracing::warn!("the installed certificate was removed");
                    self.published.send_replace(Published::default());
                }
                drop(answer.send(removed));
            }
        }
    }

    fn install(&mut self, candidate: &Secret) -> Result<CertificateView, Fault> {
        // compared as digests: how long that takes says nothing of the secret
        let named = |kept: &mut Candidate| secrets::digest(&kept.secret) == secrets::digest(candidate);
        let Candidate { checked, .. } = self.candidate.take_if(named).ok_or(Fault::NoCandidate)?;
        self.store.save(&checked.serving).map_err(not_saved)?;
        tracing::warn!(fingerprint = checked.view.fingerprint, "a certificate was installed");
        let view = checked.view.clone();
        self.publish(checked);
        Ok(view)
    }

    /// The saved one is served although it has ended meanwhile: a browser says so better than another certificate does.
    fn load(&self) {
        let trouble = match self.store.load() {
            Ok(None) => return,
            Ok(Some(offered)) => match check::read(&offered) {
                Ok(checked) => return self.publish(checked),
                Err(problem) => format!("{problem:?}"),
            },
            Err(error) => error.to_string(),
        };
        tracing::error!(trouble, "the installed certificate is not in use");
        let status = CertificateStatus { installed: None, trouble: Some(trouble) };
        self.published.send_replace(Published { status, serving: None });
    }

    fn publish(&self, checked: Checked) {
        let status = CertificateStatus { installed: Some(checked.view), trouble: None };
        self.published.send_replace(Published { status, serving: Some(Arc::new(checked.serving)) });
    }
}

fn not_saved(error: std::io::Error) -> Fault {
    tracing::error!(%error, "certificate");
    Fault::NotSaved { error: error.to_string() }
}
