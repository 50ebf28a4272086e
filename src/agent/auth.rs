//! Owns the password's hash and the sessions: one task. Hashing runs beside it, two at a time, so that a flood of sign-ins
//! never delays those who are signed in.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::secrets;
use domain::{
    api::SessionInfo,
    auth::{password::broken_rule, session::Sessions, throttle::Throttle},
    fault::Fault,
    network::transaction::Digest,
    secret::Secret,
    seed::PasswordHash as PasswordSeed,
    time::BootMillis,
};
use os::{clock, disk};

const MAILBOX: usize = 256;
/// Argon2id with its defaults takes 19 MiB each. The service port has its own: a flood from an uplink uses up the others.
const HASHES_AT_ONCE: usize = 1;
const HASHES_AT_SERVICE: usize = 2;
/// Uses of a session are written down this seldom.
const SAVE_EVERY: u64 = 60_000;

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

type Answer<T> = oneshot::Sender<Result<T, Fault>>;

#[derive(Debug)]
enum Command {
    Setup { password: Secret, source: Source, answer: Answer<Opened> },
    SetPassword { password: Secret, answer: Answer<()> },
    Fill { hash: PasswordSeed, answer: Answer<bool> },
    Login { password: Secret, source: Source, answer: Answer<Opened> },
    Checked { right: bool, against: String, source: Source, answer: Answer<Opened> },
    Hashed { hash: Result<String, Fault>, first: Option<Source>, answer: Hashed },
    Mint { source: Source, parent: Digest, answer: Answer<Opened> },
    Touch { digest: Digest, answer: Answer<()> },
    Left { digest: Digest, answer: Answer<SessionInfo> },
    Number { digest: Digest, answer: Answer<u64> },
    Logout { digest: Digest, answer: Answer<()> },
}

#[derive(Debug)]
enum Hashed {
    Setup(Answer<Opened>),
    Password(Answer<()>),
}

impl Hashed {
    fn refuse(self, fault: Fault) {
        match self {
            Self::Setup(answer) => drop(answer.send(Err(fault))),
            Self::Password(answer) => drop(answer.send(Err(fault))),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Auth {
    mailbox: mpsc::Sender<Command>,
    ready: watch::Receiver<bool>,
}

impl Auth {
    /// Whether a password is set.
    pub fn ready(&self) -> bool {
        *self.ready.borrow()
    }

    pub fn watch_ready(&self) -> watch::Receiver<bool> {
        self.ready.clone()
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
    pub async fn fill(&self, hash: PasswordSeed) -> Result<bool, Fault> {
        self.ask(|answer| Command::Fill { hash, answer }).await
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

struct Task {
    password_file: PathBuf,
    sessions_file: PathBuf,
    hash: Option<String>,
    sessions: Sessions,
    throttle: Throttle,
    saved_at: u64,
    permits: Arc<Semaphore>,
    service_permits: Arc<Semaphore>,
    mailbox: mpsc::WeakSender<Command>,
    ready: watch::Sender<bool>,
}

/// Reads the password's hash and this boot's sessions, and starts the task.
///
/// # Errors
/// When the password file is there and cannot be read: the box must not pretend to be new then.
pub fn start(state_dir: &Path, runtime_dir: &Path) -> Result<Auth, StartError> {
    let password_file = state_dir.join("password");
    let read = disk::read(&password_file);
    let hash = read.map_err(|source| StartError { path: password_file.clone(), source })?;
    let sessions_file = runtime_dir.join("sessions.json");
    // sessions are a convenience: unreadable ones mean signing in again
    let sessions = disk::read_json(&sessions_file).ok().flatten().unwrap_or_default();
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let (ready, is_ready) = watch::channel(hash.is_some());
    let task = Task {
        password_file,
        sessions_file,
        hash: hash.map(|h| h.trim().to_owned()),
        sessions,
        throttle: Throttle::default(),
        saved_at: 0,
        permits: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
        service_permits: Arc::new(Semaphore::new(HASHES_AT_SERVICE)),
        mailbox: mailbox.downgrade(),
        ready,
    };
    tokio::spawn(task.run(commands));
    Ok(Auth { mailbox, ready: is_ready })
}

impl Task {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        while let Some(command) = commands.recv().await {
            self.command(command);
        }
    }

    // whoever asked may have gone: an answer that nobody takes is dropped
    fn command(&mut self, command: Command) {
        let now = clock::now();
        match command {
            Command::Setup { password, source, answer } => {
                if self.hash.is_some() {
                    drop(answer.send(Err(Fault::SetupDone)));
                } else if !source.service {
                    drop(answer.send(Err(Fault::ServicePortOnly)));
                } else if let Some(rule) = broken_rule(password.expose()) {
                    drop(answer.send(Err(Fault::BadPassword { rule })));
                } else {
                    self.hash_beside(password, Some(source), Hashed::Setup(answer));
                }
            }
            Command::SetPassword { password, answer } => match broken_rule(password.expose()) {
                Some(rule) => drop(answer.send(Err(Fault::BadPassword { rule }))),
                None => self.hash_beside(password, None, Hashed::Password(answer)),
            },
            Command::Fill { hash, answer } => {
                let result = match &self.hash {
                    Some(set) => Ok(set == hash.expose()),
                    None => self.save_password(hash.expose().to_owned()).map(|()| true),
                };
                drop(answer.send(result));
            }
            Command::Login { password, source, answer } => self.login(password, source, answer),
            Command::Checked { right, against, source, answer } => {
                // a password that was replaced while it was being checked is an old one
                let result = if right && self.hash.as_ref() == Some(&against) {
                    self.throttle.succeeded(&source.address);
                    self.mint(source.address, now)
                } else {
                    self.throttle.failed(&source.address, source.service, now);
                    tracing::warn!(from = source.address, "sign-in failed");
                    Err(Fault::WrongPassword)
                };
                drop(answer.send(result));
            }
            Command::Hashed { hash, first, answer } => self.hashed(hash, first, answer),
            Command::Mint { source, parent, answer } => {
                let since = self.sessions.since(&parent, now).ok_or(Fault::NotSignedIn);
                drop(answer.send(since.and_then(|since| self.mint(source.address, since))));
            }
            Command::Touch { digest, answer } => {
                let alive = self.sessions.touch(&digest, now).is_some();
                if alive && now.0 > self.saved_at + SAVE_EVERY {
                    self.save_sessions();
                }
                drop(answer.send(if alive { Ok(()) } else { Err(Fault::NotSignedIn) }));
            }
            Command::Left { digest, answer } => {
                let left = self.sessions.left(&digest, now);
                let info = left.map(|(idle_left, left)| SessionInfo { idle_left, left });
                drop(answer.send(info.ok_or(Fault::NotSignedIn)));
            }
            Command::Number { digest, answer } => {
                let number = self.sessions.get(&digest, now).map(|session| session.number);
                drop(answer.send(number.ok_or(Fault::NotSignedIn)));
            }
            Command::Logout { digest, answer } => {
                self.sessions.close(&digest);
                self.save_sessions();
                drop(answer.send(Ok(())));
            }
        }
    }

    fn login(&mut self, password: Secret, source: Source, answer: Answer<Opened>) {
        let Some(hash) = self.hash.clone() else {
            drop(answer.send(Err(Fault::SetupFirst)));
            return;
        };
        let wait = self.throttle.wait(&source.address, source.service, clock::now());
        if wait > 0 {
            drop(answer.send(Err(Fault::SlowDown { seconds: wait.div_ceil(1000) })));
            return;
        }
        let permits = if source.service { &self.service_permits } else { &self.permits };
        let Ok(permit) = permits.clone().try_acquire_owned() else {
            drop(answer.send(Err(Fault::SlowDown { seconds: 1 })));
            return;
        };
        let mailbox = self.mailbox.clone();
        tokio::task::spawn_blocking(move || {
            let right = PasswordHash::new(&hash)
                .is_ok_and(|h| Argon2::default().verify_password(password.expose().as_bytes(), &h).is_ok());
            drop(permit);
            if let Some(mailbox) = mailbox.upgrade() {
                drop(mailbox.blocking_send(Command::Checked { right, against: hash, source, answer }));
            }
        });
    }

    /// On the console or at the service port, where whoever floods the box stands before it: still not without bound.
    fn hash_beside(&self, password: Secret, first: Option<Source>, answer: Hashed) {
        let Ok(permit) = self.service_permits.clone().try_acquire_owned() else {
            answer.refuse(Fault::SlowDown { seconds: 1 });
            return;
        };
        let mailbox = self.mailbox.clone();
        tokio::task::spawn_blocking(move || {
            let hash = hash(&password).map_err(|detail| Fault::Internal { detail });
            drop(permit);
            if let Some(mailbox) = mailbox.upgrade() {
                drop(mailbox.blocking_send(Command::Hashed { hash, first, answer }));
            }
        });
    }

    fn hashed(&mut self, hash: Result<String, Fault>, first: Option<Source>, answer: Hashed) {
        // two first visitors at once: the second one finds the box taken
        let taken = first.is_some() && self.hash.is_some();
        let saved = match hash {
            Ok(_) if taken => Err(Fault::SetupDone),
            Ok(hash) => self.save_password(hash),
            Err(fault) => Err(fault),
        };
        match answer {
            Hashed::Password(answer) => drop(answer.send(saved)),
            Hashed::Setup(answer) => {
                let from = first.map(|s| s.address).unwrap_or_default();
                drop(answer.send(saved.and_then(|()| self.mint(from, clock::now()))));
            }
        }
    }

    fn save_password(&mut self, hash: String) -> Result<(), Fault> {
        disk::write(&self.password_file, hash.as_bytes(), 0o600)
            .map_err(|error| Fault::NotSaved { error: error.to_string() })?;
        tracing::info!("a password was set; all sessions end");
        self.hash = Some(hash);
        self.sessions.close_all();
        self.save_sessions();
        self.ready.send_replace(true);
        Ok(())
    }

    fn mint(&mut self, from: String, since: BootMillis) -> Result<Opened, Fault> {
        let token = secrets::token().map_err(|e| Fault::Internal { detail: e.to_string() })?;
        let number = self.sessions.open(&secrets::digest(&token), from, since, clock::now());
        self.save_sessions();
        Ok(Opened { token, number })
    }

    fn save_sessions(&mut self) {
        self.saved_at = clock::now().0;
        if let Err(error) = disk::write_json(&self.sessions_file, &self.sessions) {
            tracing::warn!(%error, "sessions will not survive a restart of the agent");
        }
    }
}

/// What is kept of a password: an Argon2id hash as a PHC string.
///
/// # Errors
/// When the kernel gives no random bytes.
pub fn hash(password: &Secret) -> Result<String, String> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|e| e.to_string())?;
    let salt = SaltString::encode_b64(&salt).map_err(|e| e.to_string())?;
    let hash = Argon2::default().hash_password(password.expose().as_bytes(), &salt).map_err(|e| e.to_string())?;
    Ok(hash.to_string())
}
