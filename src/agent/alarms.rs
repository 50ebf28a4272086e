//! Owns the alarms: one task that looks at what the others publish, and keeps what was and is wrong.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::{mpsc, oneshot, watch};

use super::{activation::Told, auth::AuthState, network::Published};
use domain::{
    alarms::{AlarmCount, AlarmList, Alarms, Cause, Event, Saved, Seen, present},
    audit::AuditState,
    cellular::api::CellularStatus,
    fault::Fault,
    load::Load,
    pair::api::PairStatus,
    service_port::ServicePortStatus,
    settings::SettingsStatus,
};
use os::{clock, disk};

const MAILBOX: usize = 16;

/// What the other tasks publish.
#[derive(Clone, Debug)]
pub struct Sources {
    pub network: watch::Receiver<Arc<Published>>,
    pub settings: watch::Receiver<SettingsStatus>,
    pub service_port: watch::Receiver<ServicePortStatus>,
    pub load: watch::Receiver<Load>,
    pub audit: watch::Receiver<AuditState>,
    pub auth: watch::Receiver<AuthState>,
    pub activation: watch::Receiver<Told>,
    pub cellular: watch::Receiver<Arc<CellularStatus>>,
    pub pair: watch::Receiver<PairStatus>,
}

impl Sources {
    /// `None` when one of them has ended.
    async fn changed(&mut self) -> Option<()> {
        let changed = tokio::select! {
            changed = self.network.changed() => changed,
            changed = self.settings.changed() => changed,
            changed = self.service_port.changed() => changed,
            // every two seconds: what only time changes is looked at then, too
            changed = self.load.changed() => changed,
            changed = self.audit.changed() => changed,
            changed = self.auth.changed() => changed,
            changed = self.activation.changed() => changed,
            changed = self.cellular.changed() => changed,
            changed = self.pair.changed() => changed,
        };
        changed.ok()
    }

    fn present(&self) -> BTreeSet<Cause> {
        let network = self.network.borrow().status.clone();
        let (settings, service_port) = (self.settings.borrow().clone(), self.service_port.borrow().clone());
        let (audit, told) = (self.audit.borrow().clone(), self.activation.borrow().clone());
        let (cellular, pair) = (self.cellular.borrow().clone(), self.pair.borrow().clone());
        present(Seen {
            network: &network,
            settings: &settings,
            service_port: &service_port,
            load: *self.load.borrow(),
            audit: &audit,
            password: self.auth.borrow().password,
            activation: told.activation(),
            activation_damaged: told.damaged,
            cellular: &cellular,
            pair: &pair,
            now: clock::wall(),
        })
    }
}

#[derive(Debug)]
enum Command {
    List { answer: oneshot::Sender<AlarmList> },
    Acknowledge { id: Option<u64>, by: String, answer: oneshot::Sender<Result<usize, Fault>> },
}

/// The way to the task.
#[derive(Clone, Debug)]
pub struct AlarmTask {
    mailbox: mpsc::Sender<Command>,
    count: watch::Receiver<AlarmCount>,
}

impl AlarmTask {
    pub async fn list(&self) -> Result<AlarmList, Fault> {
        self.ask(|answer| Command::List { answer }).await
    }

    /// How many were new: one alarm, or all open ones.
    pub async fn acknowledge(&self, id: Option<u64>, by: String) -> Result<usize, Fault> {
        self.ask(|answer| Command::Acknowledge { id, by, answer }).await?
    }

    pub fn count(&self) -> AlarmCount {
        *self.count.borrow()
    }

    pub fn watch(&self) -> watch::Receiver<AlarmCount> {
        self.count.clone()
    }

    /// Ends when the task does, which it never should.
    pub async fn ended(&self) {
        self.mailbox.closed().await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Fault> {
        let (answer, result) = oneshot::channel();
        self.mailbox.try_send(command(answer)).map_err(|_| Fault::SlowDown { seconds: 1 })?;
        result.await.map_err(|_| Fault::Internal { detail: "the alarm task ended".into() })
    }
}

struct Task {
    file: PathBuf,
    alarms: Alarms,
    count: watch::Sender<AlarmCount>,
}

/// Starts the task. Alarms that cannot be read are set aside: what is wrong now is found again.
pub fn start(state_dir: &Path, sources: Sources) -> AlarmTask {
    let file = state_dir.join("alarms.json");
    let saved = disk::read_json::<Saved>(&file).unwrap_or_else(|error| {
        tracing::warn!(%error, "the alarms from before cannot be read");
        None
    });
    let alarms = Alarms::of(saved.unwrap_or_default());
    let (count, count_watch) = watch::channel(alarms.count());
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let mut task = Task { file, alarms, count };
    task.save();
    tokio::spawn(task.run(commands, sources));
    AlarmTask { mailbox, count: count_watch }
}

impl Task {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>, mut sources: Sources) {
        loop {
            self.look(&sources);
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.perform(command),
                    None => return,
                },
                changed = sources.changed() => if changed.is_none() { return },
                () = clock::until(self.alarms.due()) => {}
            }
        }
    }

    fn look(&mut self, sources: &Sources) {
        let events = self.alarms.step(&sources.present(), clock::now(), clock::wall());
        if events.is_empty() {
            return;
        }
        for event in &events {
            match event {
                Event::Raised(alarm) => {
                    let (kind, subject) = (alarm.cause.kind, alarm.cause.subject.as_deref().unwrap_or("-"));
                    tracing::warn!(
                        alarm = kind.number(),
                        id = alarm.id,
                        severity = kind.severity().name(),
                        subject,
                        "raised"
                    );
                }
                Event::Ended(alarm) => {
                    let subject = alarm.cause.subject.as_deref().unwrap_or("-");
                    tracing::info!(alarm = alarm.cause.kind.number(), id = alarm.id, subject, "over");
                }
            }
        }
        self.save();
    }

    fn perform(&mut self, command: Command) {
        match command {
            Command::List { answer } => drop(answer.send(self.alarms.list())),
            Command::Acknowledge { id, by, answer } => {
                let new = self.alarms.acknowledge(id, &by, clock::wall());
                if new.is_some_and(|new| new > 0) {
                    self.save();
                }
                drop(answer.send(new.ok_or(Fault::NoSuchAlarm { id: id.unwrap_or_default() })));
            }
        }
    }

    /// An alarm is told also where the disk does not take it: it may be about the disk.
    fn save(&mut self) {
        if let Err(error) = disk::write_json(&self.file, self.alarms.saved()) {
            tracing::warn!(%error, "alarms will not survive a restart of the agent");
        }
        let now = self.alarms.count();
        self.count.send_if_modified(|before| {
            let changed = *before != now;
            *before = now;
            changed
        });
    }
}
