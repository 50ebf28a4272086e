//! The task: it decides, and has passwords hashed and checked beside it.

use std::{path::Path, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::{
    Auth, AuthState, Command, Ending, Hashed, MAILBOX, Opened, Source, StartError, Then,
    store::{Store, Stored},
};
use crate::secrets;
use domain::{
    api::SessionInfo,
    auth::{
        password::PasswordRule,
        policy::{PasswordPolicy, PasswordState},
        session::Sessions,
        throttle::Throttle,
    },
    fault::Fault,
    network::transaction::Digest,
    secret::Secret,
    time::BootMillis,
};
use os::{clock, password};

/// The service port has its own: a flood from an uplink uses up the others.
const HASHES_AT_ONCE: usize = 1;
const HASHES_AT_SERVICE: usize = 2;
/// Uses of a session are written down this seldom.
const SAVE_EVERY: u64 = 60_000;

struct Task {
    store: Store,
    stored: Option<Stored>,
    policy: PasswordPolicy,
    sessions: Sessions,
    throttle: Throttle,
    saved_at: u64,
    permits: Arc<Semaphore>,
    service_permits: Arc<Semaphore>,
    mailbox: mpsc::WeakSender<Command>,
    ready: watch::Sender<bool>,
    state: watch::Sender<AuthState>,
}

/// Reads the password's hash and this boot's sessions, and starts the task.
///
/// # Errors
/// When the password file is there and cannot be read: the box must not pretend to be new then.
pub fn start(state_dir: &Path, runtime_dir: &Path, policy: PasswordPolicy) -> Result<Auth, StartError> {
    let store = Store { password: state_dir.join("password"), sessions: runtime_dir.join("sessions.json") };
    let stored = store.password().map_err(|source| StartError { path: store.password.clone(), source })?;
    let sessions = store.sessions();
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let (ready, is_ready) = watch::channel(stored.is_some());
    let (state, state_watch) = watch::channel(AuthState::default());
    let mut task = Task {
        store,
        stored,
        policy,
        sessions,
        throttle: Throttle::default(),
        saved_at: 0,
        permits: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
        service_permits: Arc::new(Semaphore::new(HASHES_AT_SERVICE)),
        mailbox: mailbox.downgrade(),
        ready,
        state,
    };
    task.publish();
    tokio::spawn(task.run(commands));
    Ok(Auth { mailbox, ready: is_ready, state: state_watch })
}

impl Task {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        while let Some(command) = commands.recv().await {
            self.command(command);
            self.publish();
        }
    }

    // whoever asked may have gone: an answer that nobody takes is dropped
    fn command(&mut self, command: Command) {
        let now = clock::now();
        match command {
            Command::Setup { password, source, answer } => {
                if self.stored.is_some() {
                    drop(answer.send(Err(Fault::SetupDone)));
                } else if !source.service {
                    drop(answer.send(Err(Fault::ServicePortOnly)));
                } else {
                    self.new_password(password, Hashed::Setup { source, answer });
                }
            }
            Command::SetPassword { password, answer } => self.new_password(password, Hashed::Reset(answer)),
            Command::Fill { hash, answer } => {
                let result = match &self.stored {
                    Some(set) => Ok(set.hash == hash.expose()),
                    None => self.save_password(hash.expose().to_owned()).map(|()| true),
                };
                drop(answer.send(result));
            }
            Command::Change { digest, old, new, source, answer } => {
                let unfit = self.policy.broken_rule(new.expose());
                let unfit = unfit.or_else(|| (old == new).then_some(PasswordRule::Unchanged));
                if self.sessions.touch(&digest, now).is_none() {
                    drop(answer.send(Err(Fault::NotSignedIn)));
                } else if let Some(rule) = unfit {
                    drop(answer.send(Err(Fault::BadPassword { rule })));
                } else {
                    self.check(old, source, Then::Change { digest, new, answer });
                }
            }
            Command::Login { password, source, answer } => self.check(password, source, Then::SignIn(answer)),
            Command::Checked { right, against, source, then } => self.checked(right, against, &source, then),
            Command::Hashed { hash, then } => self.hashed(hash, then),
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
            Command::List { this, answer } => drop(answer.send(Ok(self.sessions.list(this.as_ref(), now)))),
            Command::End { ending, answer } => {
                let ended = match ending {
                    Ending::Numbered(number) => self.sessions.close_numbered(number, now),
                    Ending::All { but } => self.sessions.close_all_but(but.as_ref(), now),
                };
                self.save_sessions();
                drop(answer.send(Ok(ended)));
            }
            Command::Logout { digest, answer } => {
                self.sessions.close(&digest);
                self.save_sessions();
                drop(answer.send(Ok(())));
            }
        }
    }

    fn check(&mut self, password: Secret, source: Source, then: Then) {
        let refuse = |then, fault| match then {
            Then::SignIn(answer) | Then::Change { answer, .. } => drop(answer.send(Err(fault))),
        };
        let Some(stored) = self.stored.clone() else { return refuse(then, Fault::SetupFirst) };
        let wait = self.throttle.wait(&source.address, source.service, clock::now());
        if wait > 0 {
            return refuse(then, Fault::SlowDown { seconds: wait.div_ceil(1000) });
        }
        let permits = if source.service { &self.service_permits } else { &self.permits };
        let Ok(permit) = permits.clone().try_acquire_owned() else {
            return refuse(then, Fault::SlowDown { seconds: 1 });
        };
        self.beside(permit, move || {
            let right = password::check(&password, &stored.hash).right;
            Command::Checked { right, against: stored.hash, source, then }
        });
    }

    fn checked(&mut self, right: bool, against: String, source: &Source, then: Then) {
        // a password that was replaced while it was being checked is an old one
        let right = right && self.stored.as_ref().is_some_and(|stored| stored.hash == against);
        if right {
            self.throttle.succeeded(&source.address);
        } else {
            self.throttle.failed(&source.address, source.service, clock::now());
            tracing::warn!(from = source.address, "a wrong password");
        }
        match then {
            Then::SignIn(answer) if right => drop(answer.send(self.mint(source.address.clone(), clock::now()))),
            Then::Change { digest, new, answer } if right => {
                self.make(new, Hashed::Change { digest, against, answer });
            }
            Then::SignIn(answer) | Then::Change { answer, .. } => drop(answer.send(Err(Fault::WrongPassword))),
        }
    }

    fn new_password(&self, password: Secret, then: Hashed) {
        match self.policy.broken_rule(password.expose()) {
            Some(rule) => then.refuse(Fault::BadPassword { rule }),
            None => self.make(password, then),
        }
    }

    /// On the console, at the service port, or with the old password: whoever floods the box is not there. Still not without bound.
    fn make(&self, password: Secret, then: Hashed) {
        let Ok(permit) = self.service_permits.clone().try_acquire_owned() else {
            return then.refuse(Fault::SlowDown { seconds: 1 });
        };
        self.beside(permit, move || {
            let hash = password::make(&password).map_err(|detail| Fault::Internal { detail });
            Command::Hashed { hash, then }
        });
    }

    fn beside(&self, permit: OwnedSemaphorePermit, work: impl FnOnce() -> Command + Send + 'static) {
        let mailbox = self.mailbox.clone();
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            if let Some(mailbox) = mailbox.upgrade() {
                drop(mailbox.blocking_send(done));
            }
        });
    }

    fn hashed(&mut self, hash: Result<String, Fault>, then: Hashed) {
        let now = clock::now();
        let hash = match (hash, &then) {
            // two first visitors at once: the second one finds the box taken
            (Ok(_), Hashed::Setup { .. }) if self.stored.is_some() => Err(Fault::SetupDone),
            // somebody else was faster with a new one
            (Ok(_), Hashed::Change { against, .. })
                if self.stored.as_ref().is_none_or(|stored| stored.hash != *against) =>
            {
                Err(Fault::WrongPassword)
            }
            (Ok(_), Hashed::Change { digest, .. }) if self.sessions.get(digest, now).is_none() => {
                Err(Fault::NotSignedIn)
            }
            (hash, _) => hash,
        };
        let saved = hash.and_then(|hash| self.save_password(hash));
        match then {
            Hashed::Reset(answer) => {
                if saved.is_ok() {
                    self.end_all();
                }
                drop(answer.send(saved));
            }
            Hashed::Setup { source, answer } => {
                if saved.is_ok() {
                    self.end_all();
                }
                drop(answer.send(saved.and_then(|()| self.mint(source.address, now))));
            }
            Hashed::Change { digest, answer, .. } => drop(answer.send(saved.and_then(|()| self.renew(&digest)))),
        }
    }

    fn save_password(&mut self, hash: String) -> Result<(), Fault> {
        let stored = Stored { hash, set: Some(clock::wall()) };
        self.store.save_password(&stored).map_err(|error| Fault::NotSaved { error: error.to_string() })?;
        tracing::info!("a password was set; sessions end");
        self.stored = Some(stored);
        self.ready.send_replace(true);
        Ok(())
    }

    fn end_all(&mut self) {
        self.sessions.close_all();
        self.save_sessions();
    }

    /// The session goes on under a new token, and no other one does.
    fn renew(&mut self, digest: &Digest) -> Result<Opened, Fault> {
        let token = token();
        // without a new token nobody is left signed in: the old one may be what made the password change
        let renewed = token.and_then(|token| {
            let number = self.sessions.renew(digest, &secrets::digest(&token), clock::now());
            number.map(|number| Opened { token, number }).ok_or(Fault::NotSignedIn)
        });
        if renewed.is_err() {
            self.sessions.close_all();
        }
        self.save_sessions();
        renewed
    }

    fn mint(&mut self, from: String, since: BootMillis) -> Result<Opened, Fault> {
        let token = token()?;
        let number = self.sessions.open(&secrets::digest(&token), from, since, clock::now());
        self.save_sessions();
        Ok(Opened { token, number })
    }

    fn save_sessions(&mut self) {
        self.saved_at = clock::now().0;
        self.store.save_sessions(&self.sessions);
    }

    fn publish(&mut self) {
        let set = self.stored.as_ref().and_then(|stored| stored.set);
        let password = PasswordState { set, policy: self.policy };
        let now = AuthState { password, sessions: self.sessions.alive(clock::now()) };
        self.state.send_if_modified(|before| {
            let changed = *before != now;
            *before = now;
            changed
        });
    }
}

fn token() -> Result<Secret, Fault> {
    secrets::token().map_err(|error| Fault::Internal { detail: error.to_string() })
}
