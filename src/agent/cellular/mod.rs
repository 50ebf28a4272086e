//! Owns cellular: one task that has modem, SIM and the settings, and speaks to ModemManager.
//!
//! ```text
//! ModemManager ─signals─► manager: all is read ─► read: values ─► task: step ─► perform: calls ─► ModemManager
//!                                                                   └─► uplink: what a connection gave ─► the network task
//! ```
//! The rules are `domain::cellular`. A box without a SIM slot has no such task, and one without ModemManager has one that says so.

mod manager;
mod perform;
mod properties;
mod read;
mod store;
mod task;
#[cfg(test)]
mod tests;
mod told;
mod uplink;
mod usage;

use std::{path::Path, sync::Arc};

use tokio::sync::{mpsc, oneshot, watch};

use self::{
    manager::{Manager, Where},
    task::{Command, Options, Task},
    uplink::Dial,
};
use super::network::{Network, Published};
use domain::{
    box_file::{BoxFile, Device},
    cellular::{
        api::{CellularBrief, CellularStatus},
        machine::Ask,
        request::SetRequest,
    },
    fault::Fault,
    time::BootMillis,
};

const MAILBOX: usize = 16;
/// Of a slot that takes any modem.
const ANY: &str = "any";

/// The way to the task.
#[derive(Clone, Debug)]
pub struct Cellular {
    /// `None`: the box has no SIM slot.
    mailbox: Option<mpsc::Sender<Command>>,
    status: watch::Receiver<Arc<CellularStatus>>,
    /// Nobody publishes where there is no slot, and whoever watches must not take that for an end.
    _quiet: Option<Arc<watch::Sender<Arc<CellularStatus>>>>,
}

impl Cellular {
    pub fn watch(&self) -> watch::Receiver<Arc<CellularStatus>> {
        self.status.clone()
    }

    /// As it is at `now`.
    pub fn status(&self, now: BootMillis) -> CellularStatus {
        CellularStatus { at: now, ..(**self.status.borrow()).clone() }
    }

    /// The same in short.
    pub fn brief(&self, now: BootMillis) -> CellularBrief {
        CellularBrief { at: now, ..self.status.borrow().brief() }
    }

    /// Saves settings; they are in force when this returns.
    pub async fn set(&self, request: SetRequest) -> Result<(), Fault> {
        self.ask_task(|answer| Command::Set { request: Box::new(request), answer }).await
    }

    /// What a person asks of modem and SIM. It may take as long as the SIM does.
    pub async fn ask(&self, ask: Ask) -> Result<(), Fault> {
        self.ask_task(|answer| Command::Ask { ask, answer }).await
    }

    /// Ends when the task does, which it never should.
    pub async fn ended(&self) {
        match &self.mailbox {
            Some(mailbox) => mailbox.closed().await,
            None => std::future::pending().await,
        }
    }

    async fn ask_task(&self, command: impl FnOnce(task::Answer) -> Command) -> Result<(), Fault> {
        let mailbox = self.mailbox.as_ref().ok_or(Fault::NoSimSlot)?;
        let (answer, result) = oneshot::channel();
        mailbox.try_send(command(answer)).map_err(|_| Fault::SlowDown { seconds: 1 })?;
        result.await.unwrap_or_else(|_| Err(Fault::Internal { detail: "the cellular task ended".into() }))
    }
}

/// Starts the task, where the box has a SIM slot.
pub fn start(state_dir: &Path, board: &BoxFile, network: Network) -> Cellular {
    let published = network.watch();
    let slot = board.sim_slot().map(|port| port.name.clone());
    let dial: Dial = Arc::new(move |dialled| {
        let (network, slot) = (network.clone(), slot.clone());
        Box::pin(async move {
            let Some(slot) = slot else { return Err(Fault::NoSimSlot) };
            network.dial(slot, dialled).await
        })
    });
    start_on(None, state_dir, board, Engine { dial, published })
}

/// What the task needs of the network engine.
struct Engine {
    dial: Dial,
    published: watch::Receiver<Arc<Published>>,
}

/// On another bus than the system's, and with another engine.
fn start_on(bus: Option<String>, state_dir: &Path, board: &BoxFile, engine: Engine) -> Cellular {
    let Some((port, modem)) = board.sim_slot().and_then(|port| match &port.device {
        Device::Modem(modem) => Some((port, modem)),
        Device::Mac(_) | Device::Path(_) | Device::Name(_) => None,
    }) else {
        let (quiet, status) = watch::channel(Arc::default());
        return Cellular { mailbox: None, status, _quiet: Some(Arc::new(quiet)) };
    };
    let imei = Some(modem.clone()).filter(|modem| modem != ANY);
    let slot = port.name.clone();
    let (status, status_watch) = watch::channel(Arc::default());
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let manager = Manager::new(Where { bus, imei });
    let Engine { dial, published: network } = engine;
    let (task, inputs) = Task::new(Options { slot, state_dir, dial, network, manager, status }, commands);
    tokio::spawn(task.run(inputs));
    Cellular { mailbox: Some(mailbox), status: status_watch, _quiet: None }
}
