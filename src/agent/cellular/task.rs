//! The task that owns modem, SIM and the settings of cellular. It decides nothing: what there is to do says [`step`]. An operation runs
//! beside it, so that a connection that takes three minutes holds nobody up.

use std::{path::Path, sync::Arc};

use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Duration, MissedTickBehavior, interval},
};

use super::{
    manager::{Manager, Paths, Reading},
    perform::perform,
    store::Store,
    told::{self, Beside},
    uplink::{Dial, UplinkOf, interface},
    usage::Counted,
};
use crate::{done, network::Published};
use domain::{
    cellular::{
        api::{CellularStatus, SAMPLE_EVERY},
        cause::{Cause, Failure},
        machine::{Ask, Effect, Event, Operation, State, Success, step},
        request::{Password, SetRequest},
    },
    fault::Fault,
    name::PortName,
};
use os::clock;

pub(super) type Answer = oneshot::Sender<Result<(), Fault>>;

#[derive(Debug)]
pub(super) enum Command {
    Set { request: Box<SetRequest>, answer: Answer },
    Ask { ask: Ask, answer: Answer },
}

/// An operation that has ended, and what ModemManager said after it.
struct Ended {
    number: u64,
    result: Result<Success, Failure>,
    reading: Option<Reading>,
}

pub(super) struct Task {
    slot: PortName,
    store: Store,
    state: State,
    manager: Manager,
    paths: Option<Paths>,
    /// Of the newest reading.
    newest: u64,
    /// Whoever waits for an operation.
    asker: Option<Answer>,
    running: Option<JoinHandle<()>>,
    ended: mpsc::Sender<Ended>,
    uplink: UplinkOf,
    unfit: Option<Cause>,
    counted: Counted,
    connected: bool,
    beside: Beside,
    network: watch::Receiver<Arc<Published>>,
    status: watch::Sender<Arc<CellularStatus>>,
}

/// What the task works with.
pub(super) struct Options<'o> {
    pub slot: PortName,
    pub state_dir: &'o Path,
    pub dial: Dial,
    pub network: watch::Receiver<Arc<Published>>,
    pub manager: Manager,
    pub status: watch::Sender<Arc<CellularStatus>>,
}

/// What comes to the task.
pub(super) struct Inputs {
    pub commands: mpsc::Receiver<Command>,
    readings: mpsc::Receiver<Reading>,
    ended: mpsc::Receiver<Ended>,
}

impl Task {
    pub(super) fn new(options: Options, commands: mpsc::Receiver<Command>) -> (Self, Inputs) {
        let Options { slot, state_dir, dial, network, manager, status } = options;
        let store = Store::new(state_dir);
        let boot_id = clock::boot_id().ok();
        let (saved, settings_problem) = store.load(boot_id.as_deref());
        let (tell, readings) = mpsc::channel(4);
        let (ended, ends) = mpsc::channel(4);
        tokio::spawn(manager.clone().watch(tell));
        let task = Self {
            uplink: UplinkOf::new(slot.clone(), dial),
            slot,
            counted: Counted::new(store.clone(), boot_id),
            store,
            state: State::new(saved),
            manager,
            paths: None,
            newest: 0,
            asker: None,
            running: None,
            ended,
            unfit: None,
            connected: false,
            beside: Beside::new(settings_problem),
            network,
            status,
        };
        task.publish();
        (task, Inputs { commands, readings, ended: ends })
    }

    pub(super) async fn run(mut self, mut inputs: Inputs) {
        let mut minute = interval(Duration::from_millis(SAMPLE_EVERY));
        minute.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let due = [self.state.deadline(), self.uplink.due()].into_iter().flatten().min();
            tokio::select! {
                command = inputs.commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => return,
                },
                reading = inputs.readings.recv() => match reading {
                    Some(reading) => self.take(reading),
                    None => return,
                },
                ended = inputs.ended.recv() => if let Some(ended) = ended { self.ended(ended) },
                told = done(&mut self.uplink.telling) => self.uplink.heard(told, clock::now()),
                answers = done(&mut self.uplink.asking) => self.uplink.answered(answers, clock::now()),
                changed = self.network.changed() => if changed.is_err() { return },
                () = clock::until(due) => self.drive(Event::Tick),
                _ = minute.tick() => {
                    self.beside.sample(&self.state, clock::now());
                    self.count().await;
                }
            }
            self.follow().await;
            self.publish();
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Set { request, answer } => {
                let result = self.set(&request);
                drop(answer.send(result));
            }
            Command::Ask { ask, answer } => {
                let earlier = self.asker.replace(answer);
                self.drive(Event::Ask(ask));
                // the one before waits on if this one was answered at once
                if self.asker.is_none() {
                    self.asker = earlier;
                }
            }
        }
    }

    fn set(&mut self, request: &SetRequest) -> Result<(), Fault> {
        let wanted = request.check(self.state.spec()).map_err(|issues| Fault::Invalid { issues })?;
        let password = match wanted.password {
            Password::None => None,
            Password::Kept => self.state.password().cloned(),
            Password::New(secret) => Some(secret),
        };
        self.store.save(&wanted.spec, password.as_ref()).map_err(|error| {
            tracing::error!(%error, "the settings of cellular were not saved");
            Fault::NotSaved { error: error.to_string() }
        })?;
        self.beside.settings_problem = None;
        self.drive(Event::Set { spec: Box::new(wanted.spec), password });
        Ok(())
    }

    fn take(&mut self, reading: Reading) {
        if reading.number < self.newest {
            return;
        }
        self.newest = reading.number;
        self.paths = reading.paths;
        self.drive(Event::Seen(Box::new(reading.seen)));
        self.beside.suggest(&self.state);
    }

    /// What ModemManager says now comes first: an older reading would deny what the operation has done.
    fn ended(&mut self, ended: Ended) {
        if let Some(reading) = ended.reading {
            self.take(reading);
        }
        self.drive(Event::Done { number: ended.number, result: ended.result });
    }

    /// One event, and what follows from it at once.
    fn drive(&mut self, event: Event) {
        let before = self.state.cause();
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let (state, effects) = step(std::mem::take(&mut self.state), event, clock::now());
            self.state = state;
            events.extend(effects.into_iter().filter_map(|effect| self.perform(effect)));
        }
        let now = self.state.cause();
        if now != before {
            if let Some(cause) = &now {
                tracing::warn!(code = cause.code(), %cause, "cellular");
            } else {
                tracing::info!("cellular: nothing is in the way");
            }
        }
    }

    fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Keep(memory) => {
                let written = self.store.save_memory(&memory);
                if let Err(error) = &written {
                    tracing::error!(%error, "what was tried cannot be written down, so nothing is tried");
                }
                Some(Event::Kept(written.is_ok()))
            }
            Effect::KeepPins(pins) => {
                if let Err(error) = self.store.save_pins(&pins) {
                    tracing::error!(%error, "the PINs that are kept are not those on the disk");
                }
                None
            }
            Effect::Perform { number, operation } => {
                self.begin(number, operation);
                None
            }
            Effect::Answer(result) => {
                if let Some(asker) = self.asker.take() {
                    drop(asker.send(result));
                }
                None
            }
        }
    }

    fn begin(&mut self, number: u64, operation: Operation) {
        if let Some(earlier) = self.running.take() {
            earlier.abort();
        }
        tracing::info!(number, what = ?operation.what(), "the modem is asked");
        let (manager, paths, ended) = (self.manager.clone(), self.paths.clone(), self.ended.clone());
        self.running = Some(tokio::spawn(async move {
            let result = perform(&manager, paths.as_ref(), &operation).await;
            tracing::info!(number, what = ?operation.what(), ?result, "the modem has answered");
            let reading = manager.read().await;
            drop(ended.send(Ended { number, result, reading }).await);
        }));
    }

    /// What the network engine and the counters have to know of what has happened.
    async fn follow(&mut self) {
        self.uplink.tell(&self.state, clock::now());
        let published = self.network.borrow_and_update().clone();
        let unfit = self.uplink.unfit(&published);
        if unfit != self.unfit {
            self.unfit.clone_from(&unfit);
            self.drive(Event::Fits(unfit));
        }
        self.uplink.ask(&published, clock::now());
        let connected = self.state.up_since().is_some();
        if connected != self.connected {
            self.connected = connected;
            self.count().await;
            self.counted.write(clock::now());
        }
    }

    async fn count(&mut self) {
        if let Some(interface) = interface(&self.state) {
            self.counted.look(&interface, clock::now(), clock::wall()).await;
        }
    }

    fn publish(&self) {
        let published = self.network.borrow().clone();
        let now = told::status(&told::Sources {
            slot: &self.slot,
            state: &self.state,
            uplink: &self.uplink,
            published: &published,
            counted: &self.counted,
            beside: &self.beside,
            now: clock::now(),
            wall: clock::wall(),
        });
        self.status.send_if_modified(|before| {
            let changed = CellularStatus { at: now.at, ..(**before).clone() } != now;
            if changed {
                *before = Arc::new(now);
            }
            changed
        });
    }
}
