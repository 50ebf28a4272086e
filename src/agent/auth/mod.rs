//! Owns the password's hash and the sessions: one task. Hashing runs beside it, two at a time, so that a flood of sign-ins
//! never delays those who are signed in.

mod store;
mod task;
#[cfg(test)]
mod tests;

use std::{io, path::PathBuf};

use tokio::sync::{mpsc, oneshot, watch};

use domain::{
    api::SessionInfo,
    auth::{policy::PasswordState, session::SessionView},
    fault::Fault,
    network::transaction::Digest,
    secret::Secret,
    seed::PasswordHash,
};

pub use os::password::make as hash;
pub use task::start;

const MAILBOX: usize = 256;

#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be read")]
pub struct StartError {
    path: PathBuf,
    source: io::Error,
}

/// Where somebody signs in from.
#[derive(Clone, Debug)]
pub struct Source {
    pub address: String,
    /// Over the service port, as the kernel shows it.
    pub service: bool,
}

/// A new session.
#[derive(Clone, Debug)]
pub struct Opened {
    pub token: Secret,
    /// Names it in the audit log.
    pub number: u64,
}

/// Which sessions are to end.
#[derive(Clone, Debug)]
pub enum Ending {
    Numbered(u64),
    /// All, or all but the one that asks.
    All {
        but: Option<Digest>,
    },
}

/// What others may know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthState {
    pub password: PasswordState,
    pub sessions: usize,
}

type Answer<T> = oneshot::Sender<Result<T, Fault>>;

#[derive(Debug)]
enum Command {
    Setup { password: Secret, source: Source, answer: Answer<Opened> },
    SetPassword { password: Secret, answer: Answer<()> },
    Fill { hash: PasswordHash, answer: Answer<bool> },
    Change { digest: Digest, old: Secret, new: Secret, source: Source, answer: Answer<Opened> },
    Login { password: Secret, source: Source, answer: Answer<Opened> },
    Checked { right: bool, against: String, source: Source, then: Then },
    Hashed { hash: Result<String, Fault>, then: Hashed },
    Mint { source: Source, parent: Digest, answer: Answer<Opened> },
    Touch { digest: Digest, answer: Answer<()> },
    Left { digest: Digest, answer: Answer<SessionInfo> },
    Number { digest: Digest, answer: Answer<u64> },
    List { this: Option<Digest>, answer: Answer<Vec<SessionView>> },
    End { ending: Ending, answer: Answer<usize> },
    Logout { digest: Digest, answer: Answer<()> },
}

/// What a password was checked for.
#[derive(Debug)]
enum Then {
    SignIn(Answer<Opened>),
    Change { digest: Digest, new: Secret, answer: Answer<Opened> },
}

/// What a hash was made for.
#[derive(Debug)]
enum Hashed {
    Setup {
        source: Source,
        answer: Answer<Opened>,
    },
    Reset(Answer<()>),
    /// `against`: the hash that the old password was right for.
    Change {
        digest: Digest,
        against: String,
        answer: Answer<Opened>,
    },
}

impl Hashed {
    fn refuse(self, fault: Fault) {
        match self {
            Self::Setup { answer, .. } | Self::Change { answer, .. } => drop(answer.send(Err(fault))),
            Self::Reset(answer) => drop(answer.send(Err(fault))),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Auth {
    mailbox: mpsc::Sender<Command>,
    ready: watch::Receiver<bool>,
    state: watch::Receiver<AuthState>,
}

impl Auth {
    /// Whether a password is set.
    pub fn ready(&self) -> bool {
        *self.ready.borrow()
    }

    pub fn watch_ready(&self) -> watch::Receiver<bool> {
        self.ready.clone()
    }

    pub fn state(&self) -> AuthState {
        *self.state.borrow()
    }

    pub fn watch(&self) -> watch::Receiver<AuthState> {
        self.state.clone()
    }

    /// The first password, and a session for whoever set it.
    pub async fn setup(&self, password: Secret, source: Source) -> Result<Opened, Fault> {
        self.ask(|answer| Command::Setup { password, source, answer }).await
    }

    /// A new password; ends all sessions.
    pub async fn set_password(&self, password: Secret) -> Result<(), Fault> {
        self.ask(|answer| Command::SetPassword { password, answer }).await
    }

    /// The password of a seed. Answers whether it is the box's; `false` where somebody had set another one.
    pub async fn fill(&self, hash: PasswordHash) -> Result<bool, Fault> {
        self.ask(|answer| Command::Fill { hash, answer }).await
    }

    /// A new password in place of the old one; ends all sessions but the one that asks, which goes on with a new token.
    pub async fn change(&self, digest: Digest, old: Secret, new: Secret, source: Source) -> Result<Opened, Fault> {
        self.ask(|answer| Command::Change { digest, old, new, source, answer }).await
    }

    pub async fn login(&self, password: Secret, source: Source) -> Result<Opened, Fault> {
        self.ask(|answer| Command::Login { password, source, answer }).await
    }

    /// A session without a password, for the browser that followed the box to its new address. It goes on from the
    /// `parent`, which must still live, and ends when that one would have.
    pub async fn mint(&self, source: Source, parent: Digest) -> Result<Opened, Fault> {
        self.ask(|answer| Command::Mint { source, parent, answer }).await
    }

    /// Uses a session.
    pub async fn touch(&self, digest: Digest) -> Result<(), Fault> {
        self.ask(|answer| Command::Touch { digest, answer }).await
    }

    /// Looks at a session without using it.
    pub async fn left(&self, digest: Digest) -> Result<SessionInfo, Fault> {
        self.ask(|answer| Command::Left { digest, answer }).await
    }

    /// The number of a living session.
    pub async fn number(&self, digest: Digest) -> Result<u64, Fault> {
        self.ask(|answer| Command::Number { digest, answer }).await
    }

    /// All that live, the newest first.
    pub async fn list(&self, this: Option<Digest>) -> Result<Vec<SessionView>, Fault> {
        self.ask(|answer| Command::List { this, answer }).await
    }

    /// How many it ended.
    pub async fn end(&self, ending: Ending) -> Result<usize, Fault> {
        self.ask(|answer| Command::End { ending, answer }).await
    }

    pub async fn logout(&self, digest: Digest) -> Result<(), Fault> {
        self.ask(|answer| Command::Logout { digest, answer }).await
    }

    /// Ends when the task does, which it never should.
    pub async fn ended(&self) {
        self.mailbox.closed().await;
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Fault> {
        let (answer, result) = oneshot::channel();
        self.mailbox.try_send(command(answer)).map_err(|_| Fault::SlowDown { seconds: 1 })?;
        result.await.unwrap_or_else(|_| Err(Fault::Internal { detail: "the sign-in task ended".into() }))
    }
}
