//! Owns going down: one task that has systemd-logind restart the box or switch it off.
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
    network::Published,
};
use domain::{
    fault::Fault,
    power::{PowerAction, PowerFailure, PowerStatus, may_go_down},
};
use os::clock;

const LOGIND: Peer = Peer {
    service: "org.freedesktop.login1",
    path: "/org/freedesktop/login1",
    interface: "org.freedesktop.login1.Manager",
};
const MAILBOX: usize = 4;
/// Until logind is asked to act. Shorter: the page that says so does not reach the browser. Longer: people press again.
const GRACE: Duration = Duration::from_secs(1);
/// Who is still here so long after logind said yes is not going down. systemd waits for a stubborn service for 90 seconds.
const STILL_HERE: Duration = Duration::from_mins(5);

#[derive(Debug)]
struct Command {
    action: PowerAction,
    answer: oneshot::Sender<Result<(), Fault>>,
}

/// The way to the task.
#[derive(Clone, Debug)]
pub struct Power {
    mailbox: mpsc::Sender<Command>,
    status: watch::Receiver<PowerStatus>,
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
        let (answer, result) = oneshot::channel();
        self.mailbox.try_send(Command { action, answer }).map_err(|_| Fault::SlowDown { seconds: 1 })?;
        result.await.unwrap_or_else(|_| Err(Fault::Internal { detail: "the power task ended".into() }))
    }
}

pub fn start(network: watch::Receiver<Arc<Published>>, bus: Bus) -> Power {
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let (status, status_watch) = watch::channel(PowerStatus::default());
    tokio::spawn(Task { network, bus, status }.run(commands));
    Power { mailbox, status: status_watch }
}

struct Task {
    network: watch::Receiver<Arc<Published>>,
    bus: Bus,
    status: watch::Sender<PowerStatus>,
}

/// Ends with why it did not happen, if it did not.
type Going = Pin<Box<dyn Future<Output = PowerFailure> + Send>>;

impl Task {
    async fn run(self, mut commands: mpsc::Receiver<Command>) {
        let mut going: Option<Going> = None;
        loop {
            tokio::select! {
                command = commands.recv() => {
                    let Some(Command { action, answer }) = command else { return };
                    let allowed = self.allowed(action).await;
                    if allowed.is_ok() {
                        self.status.send_replace(PowerStatus { going: Some(action), failed: None });
                        going = Some(Box::pin(go_down(self.bus.clone(), action)));
                    }
                    // whoever asked may have gone: the box goes down all the same
                    drop(answer.send(allowed));
                }
                failure = done(&mut going) => {
                    tracing::error!(action = ?failure.action, reason = failure.reason, "the box did not go down");
                    self.status.send_replace(PowerStatus { going: None, failed: Some(failure) });
                }
            }
        }
    }

    async fn allowed(&self, action: PowerAction) -> Result<(), Fault> {
        let network = self.network.borrow().at(clock::now());
        may_go_down(network.transaction.open.as_ref(), &self.status.borrow())?;
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

async fn go_down(bus: Bus, action: PowerAction) -> PowerFailure {
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
    PowerFailure { action, reason }
}

/// `None` where there is nobody to ask.
fn said(error: &BusError) -> Option<String> {
    tracing::warn!(error = error as &dyn std::error::Error, "power");
    (!error.is_absence()).then(|| error.to_string())
}
