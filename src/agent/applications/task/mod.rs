//! The task that owns the applications' files and whatever of them runs.

mod set;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use domain::{
    activation::base64url,
    application::{
        ApplicationName, MOST, Manifest,
        api::{ApplicationStatus, Applications as Status, Bundle, FileContent, Refusal, RunState, SetOf},
        copies::{Copied, Copies},
        life::{Effect, Event, Life, Reason, Seen, step},
        manifest::{ManifestIssue, Why},
    },
    fault::Fault,
    pair::{api::AppOutcome, guard::Target, link::digest},
    time::{BootMillis, UnixSeconds},
};
use os::clock;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{
    Answer, health,
    runner::{Job, Runner},
    store::{Set, Store},
};

#[derive(Debug)]
pub enum Command {
    /// With the revision of the peer's set, where it comes from the peer.
    Add {
        bundle: Box<Bundle>,
        revision: Option<u64>,
        answer: Answer<Result<(), Fault>>,
    },
    Remove {
        name: ApplicationName,
        answer: Answer<Result<(), Fault>>,
    },
    Enable {
        name: ApplicationName,
        on: bool,
        answer: Answer<Result<(), Fault>>,
    },
    Logs {
        name: ApplicationName,
        lines: usize,
        answer: Answer<Result<Vec<String>, Fault>>,
    },
    TakeOver {
        epoch: u64,
        answer: Answer<Vec<AppOutcome>>,
    },
    StopAll {
        by: BootMillis,
        answer: Answer<()>,
    },
    Export {
        name: ApplicationName,
        answer: Answer<Result<Bundle, Fault>>,
    },
    /// Of its data.
    Copied {
        name: ApplicationName,
        copied: Copied,
        answer: Answer<()>,
    },
    /// None of them is to run any more.
    Park {
        answer: Answer<Result<(), Fault>>,
    },
    Adopt {
        set: SetOf,
        answer: Answer<Result<Vec<ApplicationName>, Fault>>,
    },
}

struct App {
    manifest: Manifest,
    life: Life,
    reason: Option<Reason>,
    since: Option<UnixSeconds>,
    epoch: u64,
    /// When it was last started for a take-over, and how long until it was healthy.
    begun: Option<BootMillis>,
    /// Of the manifest, to compare with the peer's.
    digest: u64,
}

impl App {
    fn new(manifest: Manifest) -> Self {
        let digest = digest(&serde_json::to_vec(&manifest).unwrap_or_default());
        Self { manifest, life: Life::Stopped, reason: None, since: None, epoch: 0, begun: None, digest }
    }
}

/// What came of an effect, beside the mailbox.
enum Came {
    Started(ApplicationName, Result<(), String>),
    Looked(ApplicationName, Seen),
    /// Of a set that ends; the answer is given when all have.
    Stopped(ApplicationName),
    Logs(Answer<Result<Vec<String>, Fault>>, Vec<String>),
}

/// Who waits for all to be up, or down.
struct Waits {
    began: BootMillis,
    answer: Answer<Vec<AppOutcome>>,
}

pub struct Task {
    store: Store,
    runner: Runner,
    set: Set,
    apps: BTreeMap<ApplicationName, App>,
    /// The epoch in which they run here.
    here: Option<u64>,
    work: JoinSet<Came>,
    /// Starts and stops that are under way. It may run as long as it is here, whatever its life says, and nothing is started of it.
    busy: BTreeMap<ApplicationName, u32>,
    /// To be started when what was before has ended.
    after: BTreeSet<ApplicationName>,
    up: Vec<Waits>,
    down: Vec<Answer<()>>,
    status: watch::Sender<Status>,
    targets: watch::Sender<Vec<Target>>,
    told: watch::Sender<SetOf>,
    copies: watch::Sender<Copies>,
}

/// What others see of the task.
pub struct Watches {
    pub status: watch::Receiver<Status>,
    pub targets: watch::Receiver<Vec<Target>>,
    pub set: watch::Receiver<SetOf>,
    pub copies: watch::Receiver<Copies>,
}

impl Task {
    pub fn new(store: Store, runner: Runner) -> (Self, Watches) {
        let (set, manifests) = store.load();
        let apps = manifests.into_iter().map(|(name, manifest)| (name, App::new(manifest))).collect();
        let (status, targets) = (watch::Sender::default(), watch::Sender::default());
        let (told, copies) = (watch::Sender::default(), watch::Sender::new(store.copies()));
        let watches = Watches {
            status: status.subscribe(),
            targets: targets.subscribe(),
            set: told.subscribe(),
            copies: copies.subscribe(),
        };
        let task = Self {
            store,
            runner,
            set,
            apps,
            here: None,
            work: JoinSet::new(),
            busy: BTreeMap::new(),
            after: BTreeSet::new(),
            up: Vec::new(),
            down: Vec::new(),
            status,
            targets,
            told,
            copies,
        };
        task.tell();
        (task, watches)
    }

    pub async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        self.find_running().await;
        loop {
            self.tell();
            self.answer_who_waits();
            let due = self.apps.values().filter_map(|app| app.life.deadline()).min();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.perform(command),
                    None => return,
                },
                Some(came) = self.work.join_next() => match came {
                    Ok(came) => self.came(came),
                    Err(error) => tracing::error!(%error, "an application's work is lost"),
                },
                () = clock::until(due) => {
                    let now = clock::now();
                    let names: Vec<_> = self.apps.iter().filter(|(_, app)| app.life.deadline().is_some_and(|at| at <= now)).map(|(name, _)| name.clone()).collect();
                    for name in names {
                        self.drive(&name, Event::Tick);
                    }
                }
            }
        }
    }

    /// What an earlier agent has started goes on, and is looked after.
    async fn find_running(&mut self) {
        let now = clock::now();
        for (name, app) in &mut self.apps {
            // where nobody can say it may run, and is looked at again
            if !matches!(self.runner.gone(name).await, Ok(Some(_))) {
                tracing::info!(%name, "runs already");
                app.life = Life::Running { since: now, next: now, misses: 0, failed: 0 };
                app.since = Some(clock::wall());
            }
        }
    }

    fn drive(&mut self, name: &ApplicationName, event: Event) {
        let Some(app) = self.apps.get_mut(name) else { return };
        let before = std::mem::take(&mut app.life);
        let was = run_state(&before);
        let (life, effects) = step(before, event, clock::now(), &app.manifest);
        if let Life::Failed { reason } | Life::Pausing { reason, .. } = &life
            && app.reason.as_ref() != Some(reason)
        {
            tracing::warn!(%name, %reason, "an application");
            app.reason = Some(reason.clone());
        }
        if run_state(&life) != was {
            app.since = Some(clock::wall());
        }
        app.life = life;
        for effect in effects {
            self.effect(name, effect);
        }
    }

    fn effect(&mut self, name: &ApplicationName, effect: Effect) {
        let Some(app) = self.apps.get_mut(name) else { return };
        if effect == Effect::Start && self.here.is_none() {
            // an earlier agent has started it, and it has ended since: nobody has said yet that it is to run here
            app.life = Life::Stopped;
            return;
        }
        let (Some(app), runner, name) = (self.apps.get(name), self.runner.clone(), name.clone()) else { return };
        match effect {
            Effect::Start if self.busy.contains_key(&name) => drop(self.after.insert(name)),
            Effect::Start => {
                let epoch = self.here.unwrap_or(0);
                let job = Job { manifest: app.manifest.clone(), files: self.store.files(&name), epoch };
                let whole = self.whole(&app.manifest);
                if let Some(app) = self.apps.get_mut(&name) {
                    app.epoch = epoch;
                }
                *self.busy.entry(name.clone()).or_default() += 1;
                self.work.spawn(async move {
                    let started = match whole {
                        Ok(()) => runner.start(&job).await,
                        Err(why) => Err(why),
                    };
                    Came::Started(name, started)
                });
            }
            Effect::Look => {
                let health = app.manifest.health.clone();
                self.work.spawn(async move {
                    let seen = match runner.gone(&name).await {
                        Ok(Some(reason)) => Seen::Gone(reason),
                        // what nobody knows changes nothing; its health check says the rest
                        Ok(None) | Err(_) => match health::ask(&health).await {
                            Ok(()) => Seen::Healthy,
                            Err(last) => Seen::Unhealthy(last),
                        },
                    };
                    Came::Looked(name, seen)
                });
            }
            Effect::Stop => {
                let within = Duration::from_secs(app.manifest.stop_timeout.into());
                self.stop_one(name, within);
            }
        }
    }

    fn stop_one(&mut self, name: ApplicationName, within: Duration) {
        let runner = self.runner.clone();
        *self.busy.entry(name.clone()).or_default() += 1;
        self.work.spawn(async move {
            runner.stop(&name, within).await;
            Came::Stopped(name)
        });
    }

    /// A file that is another one than the manifest names is not run.
    fn whole(&self, manifest: &Manifest) -> Result<(), String> {
        let files = self.store.read(manifest).map_err(|error| format!("its files cannot be read: {error}"))?;
        for (path, content) in files {
            let known = manifest.files.iter().find(|file| file.path == path);
            if known.is_some_and(|file| file.sha256 != pki::hex_digest(&content)) {
                return Err(format!("{path} was changed on the disk"));
            }
        }
        Ok(())
    }

    fn came(&mut self, came: Came) {
        match came {
            Came::Started(name, started) => {
                // it may have been stopped meanwhile, or is to be another one
                let stale = matches!(self.apps.get(&name), Some(App { life: Life::Stopped, .. }) | None);
                if stale || self.after.contains(&name) {
                    self.stop_one(name.clone(), Duration::from_secs(1));
                } else {
                    self.drive(&name, Event::Started(started));
                }
                self.done_with(&name);
            }
            Came::Looked(name, seen) => self.drive(&name, Event::Looked(seen)),
            Came::Stopped(name) => self.done_with(&name),
            Came::Logs(answer, lines) => drop(answer.send(Ok(lines))),
        }
    }

    fn done_with(&mut self, name: &ApplicationName) {
        let Some(busy) = self.busy.get_mut(name) else { return };
        *busy -= 1;
        if *busy > 0 {
            return;
        }
        self.busy.remove(name);
        let starts = matches!(self.apps.get(name), Some(App { life: Life::Starting { .. }, .. }));
        if self.after.remove(name) && starts {
            self.effect(name, Effect::Start);
        }
    }

    fn answer_who_waits(&mut self) {
        if self.busy.is_empty() {
            for answer in self.down.drain(..) {
                // whoever asked may be gone
                let _ = answer.send(());
            }
        }
        let wanted = |name: &ApplicationName| self.set.enabled.get(name) == Some(&true);
        let settled = self.apps.iter().filter(|(name, _)| wanted(name)).all(|(_, app)| app.life.is_settled());
        if !settled {
            return;
        }
        let now = clock::now();
        for Waits { began, answer } in self.up.drain(..) {
            let outcomes =
                self.apps.iter().filter(|(name, _)| self.set.enabled.get(*name) == Some(&true)).map(|(name, app)| {
                    let took = app.begun.map_or(0, |begun| now.left(begun));
                    let (took, failed) = match &app.life {
                        Life::Running { .. } => (Some(took), None),
                        Life::Failed { reason } => (None, Some(reason.to_string())),
                        Life::Stopped | Life::Starting { .. } | Life::Pausing { .. } => {
                            (None, Some("it was stopped".to_owned()))
                        }
                    };
                    AppOutcome { name: name.to_string(), took, failed }
                });
            let outcomes = outcomes.collect::<Vec<_>>();
            tracing::info!(took = now.left(began), applications = outcomes.len(), "taken over");
            drop(answer.send(outcomes));
        }
    }

    fn perform(&mut self, command: Command) {
        match command {
            // the peer's, and this one is active meanwhile
            Command::Add { revision: Some(_), answer, .. } if self.here.is_some() => {
                drop(answer.send(Err(under_way())));
            }
            Command::Adopt { answer, .. } if self.here.is_some() => drop(answer.send(Err(under_way()))),
            Command::Add { bundle, revision, answer } => drop(answer.send(self.add(*bundle, revision))),
            Command::Remove { name, answer } => drop(answer.send(self.remove(&name))),
            Command::Enable { name, on, answer } => drop(answer.send(self.enable(&name, on))),
            Command::Logs { name, lines, answer } => {
                if !self.apps.contains_key(&name) {
                    drop(answer.send(Err(no_such(&name))));
                    return;
                }
                let runner = self.runner.clone();
                self.work.spawn(async move {
                    let lines = runner.logs(&name, lines).await;
                    Came::Logs(answer, lines)
                });
            }
            Command::TakeOver { epoch, answer } => {
                let now = clock::now();
                self.here = Some(epoch);
                self.start_wanted(now);
                self.up.push(Waits { began: now, answer });
            }
            Command::StopAll { by, answer } => {
                self.here = None;
                let left = by.left(clock::now());
                let names: Vec<_> = self.apps.keys().cloned().collect();
                for name in names {
                    // one that is being stopped has less time now
                    let stops = self.busy.contains_key(&name);
                    let Some(app) = self.apps.get_mut(&name) else { continue };
                    let ran = stops || !matches!(app.life, Life::Stopped | Life::Failed { .. });
                    if run_state(&app.life) != RunState::Stopped {
                        app.since = Some(clock::wall());
                    }
                    app.life = Life::Stopped;
                    if ran {
                        let own = u64::from(app.manifest.stop_timeout) * 1000;
                        self.stop_one(name, Duration::from_millis(own.min(left)));
                    }
                }
                self.down.push(answer);
            }
            Command::Export { name, answer } => drop(answer.send(self.export(&name))),
            Command::Copied { name, copied, answer } => {
                if self.apps.contains_key(&name) {
                    self.copied(name, copied);
                }
                // whoever asked may be gone
                let _ = answer.send(());
            }
            Command::Adopt { set, answer } => drop(answer.send(self.adopt(&set))),
            Command::Park { answer } => drop(answer.send(self.park())),
        }
    }

    fn start_wanted(&mut self, now: BootMillis) {
        let names = self.apps.keys().filter(|name| self.set.enabled.get(*name) == Some(&true));
        for name in names.cloned().collect::<Vec<_>>() {
            if let Some(app) = self
                .apps
                .get_mut(&name)
                .filter(|app| app.life == Life::Stopped || matches!(app.life, Life::Failed { .. }))
            {
                (app.begun, app.reason) = (Some(now), None);
            }
            self.drive(&name, Event::Wanted);
        }
    }

    fn tell(&self) {
        let all = self.apps.iter().map(|(name, app)| ApplicationStatus {
            name: name.clone(),
            about: app.manifest.about.clone(),
            enabled: self.set.enabled.get(name) == Some(&true),
            state: run_state(&app.life),
            since: app.since,
            reason: app.reason.clone(),
            epoch: app.epoch,
            data: app.manifest.state.clone(),
            // known when somebody asks
            synced: None,
            image: app.manifest.image.clone(),
            command: app.manifest.command.clone(),
        });
        let status = Status { all: all.collect(), here: self.here.is_some(), revision: self.set.revision };
        // also what is on its way up or down, and what was removed meanwhile
        let lives = self.apps.iter().filter(|(_, app)| app.life != Life::Stopped).map(|(name, _)| name);
        let running = lives.chain(self.busy.keys()).collect::<BTreeSet<_>>();
        let mut targets: Vec<Target> = running.into_iter().filter_map(|name| self.runner.target(name)).collect();
        targets.dedup();
        send(&self.status, status);
        send(&self.targets, targets);
        send(&self.told, self.set_of());
    }
}

fn send<T: PartialEq>(to: &watch::Sender<T>, value: T) {
    to.send_if_modified(|before| {
        let changed = *before != value;
        *before = value;
        changed
    });
}

fn run_state(life: &Life) -> RunState {
    match life {
        Life::Stopped => RunState::Stopped,
        Life::Starting { .. } => RunState::Starting,
        Life::Running { .. } => RunState::Running,
        Life::Pausing { .. } => RunState::Restarting,
        Life::Failed { .. } => RunState::Failed,
    }
}

fn no_such(name: &ApplicationName) -> Fault {
    Fault::Application { why: Refusal::NoSuchApplication { name: name.clone() } }
}

fn under_way() -> Fault {
    Fault::Pair { why: domain::pair::api::Refusal::UnderWay }
}

fn not_saved(error: std::io::Error) -> Fault {
    Fault::NotSaved { error: error.to_string() }
}
