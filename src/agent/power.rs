//! Owns going down: one task that has systemd-logind restart the box or switch it off, and that begins a factory reset.
//!
//! This process never does either itself. Only logind is asked, over the bus of a booted box; a box in namespaces has no logind of the
//! machine's, so that nothing that is tried on a machine can restart that machine.

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::sleep,
};

use super::{
    bus::{Bus, BusError, Peer},
    done,
    factory::Factory,
    network::Published,
};
use domain::{
    fault::Fault,
    power::{PowerAction, PowerFailure, PowerStatus, may_go_down},
    reset::Changed,
};
use os::clock;

const LOGIND: Peer<'_> = Peer {
    service: "org.freedesktop.login1",
    path: "/org/freedesktop/login1",
    interface: "org.freedesktop.login1.Manager",
};
const MAILBOX: usize = 4;
/// Until logind is asked to act. Shorter: the page that says so does not reach the browser. Longer: people press again.
const GRACE: Duration = Duration::from_secs(1);
/// Who is still here so long after logind said yes is not going down. systemd waits for a stubborn service for 90 seconds.
const STILL_HERE: Duration = Duration::from_mins(5);

/// After a reset has been marked, logind has so long to end this process; then it ends by itself.
const UNTIL_ANEW: Duration = Duration::from_secs(20);

type Answer = oneshot::Sender<Result<(), Fault>>;

#[derive(Debug)]
enum Command {
    GoDown { action: PowerAction, answer: Answer },
    Reset { changed: Changed, answer: Answer },
}

/// The way to the task.
#[derive(Clone, Debug)]
pub struct Power {
    mailbox: mpsc::Sender<Command>,
    status: watch::Receiver<PowerStatus>,
    anew: watch::Receiver<bool>,
}

impl Power {
    pub fn watch(&self) -> watch::Receiver<PowerStatus> {
        self.status.clone()
    }

    pub fn status(&self) -> PowerStatus {
        self.status.borrow().clone()
    }

    /// Answers when it is sure to be tried, a second before the box goes down.
    pub async fn go_down(&self, action: PowerAction) -> Result<(), Fault> {
        self.ask(|answer| Command::GoDown { action, answer }).await
    }

    /// Answers when the reset can no longer be stopped.
    pub async fn factory_reset(&self, changed: Changed) -> Result<(), Fault> {
        self.ask(|answer| Command::Reset { changed, answer }).await
    }

    /// Returns when this process has to make place for one that finds the mark of a reset.
    pub async fn start_anew(&self) {
        if self.anew.clone().wait_for(|anew| *anew).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Ends when the task does, which it never should.
    pub async fn ended(&self) {
        self.mailbox.closed().await;
    }

    async fn ask(&self, command: impl FnOnce(Answer) -> Command) -> Result<(), Fault> {
        let (answer, result) = oneshot::channel();
        self.mailbox.try_send(command(answer)).map_err(|_| Fault::SlowDown { seconds: 1 })?;
        result.await.unwrap_or_else(|_| Err(Fault::Internal { detail: "the power task ended".into() }))
    }
}

pub fn start(network: watch::Receiver<Arc<Published>>, bus: Bus, factory: Factory) -> Power {
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let (status, status_watch) = watch::channel(PowerStatus::default());
    let (anew, anew_watch) = watch::channel(false);
    tokio::spawn(Task { network, bus, factory, status, anew }.run(commands));
    Power { mailbox, status: status_watch, anew: anew_watch }
}

struct Task {
    network: watch::Receiver<Arc<Published>>,
    bus: Bus,
    factory: Factory,
    status: watch::Sender<PowerStatus>,
    anew: watch::Sender<bool>,
}

/// Ends with why it did not happen, if it did not; `None` after a reset, which happens all the same.
type Going = Pin<Box<dyn Future<Output = Option<PowerFailure>> + Send>>;

impl Task {
    async fn run(self, mut commands: mpsc::Receiver<Command>) {
        let mut going: Option<Going> = None;
        loop {
            tokio::select! {
                command = commands.recv() => {
                    let Some(command) = command else { return };
                    // whoever asked may have gone: the box goes down all the same
                    match command {
                        Command::GoDown { action, answer } => {
                            let allowed = self.allowed(action).await;
                            if allowed.is_ok() {
                                let status = PowerStatus { going: Some(action), ..PowerStatus::default() };
                                self.status.send_replace(status);
                                going = Some(Box::pin(go_down(self.bus.clone(), action)));
                            }
                            drop(answer.send(allowed));
                        }
                        Command::Reset { changed, answer } => {
                            let marked = self.mark(changed);
                            if marked.is_ok() {
                                going = Some(Box::pin(begin_reset(self.bus.clone())));
                            }
                            drop(answer.send(marked));
                        }
                    }
                }
                failure = done(&mut going) => {
                    let Some(failure) = failure else {
                        self.anew.send_replace(true);
                        continue;
                    };
                    tracing::error!(action = ?failure.action, reason = failure.reason, "the box did not go down");
                    self.status.send_replace(PowerStatus { failed: Some(failure), ..PowerStatus::default() });
                }
            }
        }
    }

    fn undisturbed(&self) -> Result<(), Fault> {
        let network = self.network.borrow().at(clock::now());
        may_go_down(network.transaction.open.as_ref(), &self.status.borrow())
    }

    fn mark(&self, changed: Changed) -> Result<(), Fault> {
        self.undisturbed()?;
        self.factory.mark(changed).map_err(|error| Fault::NotSaved { error: error.to_string() })?;
        let status = PowerStatus { going: Some(PowerAction::Restart), resetting: true, failed: None };
        self.status.send_replace(status);
        Ok(())
    }

    async fn allowed(&self, action: PowerAction) -> Result<(), Fault> {
        self.undisturbed()?;
        let can = match action {
            PowerAction::Restart => "CanReboot",
            PowerAction::Off => "CanPowerOff",
        };
        match self.bus.call::<_, String>(LOGIND, can, &()).await {
            Ok(says) if says == "yes" => Ok(()),
            Ok(says) => Err(Fault::PowerRefused { reason: Some(format!("{can}: {says}")) }),
            Err(error) => Err(Fault::PowerRefused { reason: said(&error) }),
        }
    }
}

async fn go_down(bus: Bus, action: PowerAction) -> Option<PowerFailure> {
    sleep(GRACE).await;
    let method = match action {
        PowerAction::Restart => "Reboot",
        PowerAction::Off => "PowerOff",
    };
    tracing::warn!(method, "the box goes down");
    // without a question to anybody at a screen
    let reason = match bus.call::<_, ()>(LOGIND, method, &false).await {
        Ok(()) => {
            sleep(STILL_HERE).await;
            format!("{method}: nothing happened")
        }
        Err(error) => error.to_string(),
    };
    Some(PowerFailure { action, reason })
}

/// The wiping is for a process that has nothing open. A restart of the whole box is best; where nobody restarts it, this process ends.
async fn begin_reset(bus: Bus) -> Option<PowerFailure> {
    sleep(GRACE).await;
    match bus.call::<_, ()>(LOGIND, "Reboot", &false).await {
        Ok(()) => sleep(UNTIL_ANEW).await,
        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "a reset without a restart"),
    }
    None
}

/// `None` where there is nobody to ask.
fn said(error: &BusError) -> Option<String> {
    tracing::warn!(error = error as &dyn std::error::Error, "power");
    (!error.is_absence()).then(|| error.to_string())
}
