//! The task itself: performs the effects of the transaction's state machine, and repairs drift while none is open.
//!
//! Nothing else in the process writes to the kernel's network state.

mod addresses;
mod dialled;
mod effects;
mod kernel;
mod leases;
mod requests;
mod routers;
mod uplinks;

pub use dialled::Dialled;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::BoxStream};
use tokio::sync::{mpsc, oneshot, watch};

use super::{Command, Options, Published, StartError, dns, report, store::Kept};
use crate::{
    defence::{Defence, Found},
    dhcp::Report,
    done,
    guard::Guard,
    kernel::{Change, Interfaces, Kernel, KernelError, Observed, advertised, sockets},
};
use domain::{
    fault::Fault,
    guard::Promise,
    name::PortName,
    network::{
        effective::Leases,
        failover,
        proof::Connection,
        rdnss::{Advert, Resolvers},
        spec::NetworkSpec,
        status::{DhcpStatus, NetworkStatus},
        transaction::{self, AddressConflict, Checks, Digest, Effect, Event, Outcome, State, TxId, Why},
    },
    time::BootMillis,
};
use os::clock;

/// Events come in bursts; the kernel is read once for all of a burst.
const QUIET: Duration = Duration::from_millis(50);
/// Pause after the first repair that failed or had to be repeated, and the longest one.
const REPAIR_PAUSE: u64 = 500;
/// Words of DHCP clients and of gateways that may wait.
const REPORTS: usize = 64;
const LONGEST_REPAIR_PAUSE: u64 = 30_000;

type Verifying = Pin<Box<dyn Future<Output = Checks> + Send>>;
type Probing = Pin<Box<dyn Future<Output = Option<AddressConflict>> + Send>>;

/// Who waits for the answer to the event at hand.
enum Asker {
    Nobody,
    Apply(oneshot::Sender<Result<TxId, Fault>>),
    End(oneshot::Sender<Result<Outcome, Fault>>),
    Handoff(oneshot::Sender<Result<Option<Digest>, Fault>>),
    Done(oneshot::Sender<Result<(), Fault>>),
}

impl Asker {
    fn refuse(self, fault: Fault) {
        // whoever asked may have gone meanwhile
        match self {
            Self::Nobody => {}
            Self::Apply(answer) => drop(answer.send(Err(fault))),
            Self::End(answer) => drop(answer.send(Err(fault))),
            Self::Handoff(answer) => drop(answer.send(Err(fault))),
            Self::Done(answer) => drop(answer.send(Err(fault))),
        }
    }
}

/// Where the time of a change goes, for the log and for `make bench`.
#[derive(Clone, Copy, Debug)]
struct Timing {
    asked: Instant,
    journal: Duration,
    /// When servers and neighbours were asked, then how long that took.
    asking: Option<Instant>,
    neighbours: Duration,
}

impl Timing {
    fn start() -> Self {
        Self { asked: Instant::now(), journal: Duration::ZERO, asking: None, neighbours: Duration::ZERO }
    }
}

struct Task {
    options: Options,
    kernel: Kernel,
    guard: Option<Guard>,
    boot_id: String,
    committed: NetworkSpec,
    spec_problem: Option<String>,
    state: State,
    last: Option<Outcome>,
    last_tx: TxId,
    observed: Observed,
    interfaces: Interfaces,
    cut: u64,
    overruns: u64,
    serial: u64,
    /// Steps that the last repair could not do, and when the next one may run.
    drift: usize,
    repair_at: Option<BootMillis>,
    repair_pause: u64,
    asker: Asker,
    waiting: Vec<oneshot::Sender<Result<Outcome, Fault>>>,
    verifying: Option<Verifying>,
    probing: Option<Probing>,
    dhcp: BTreeMap<PortName, leases::Port>,
    /// In hand; one may be over that its client has not reported yet: see [`Task::live`].
    leases: Leases,
    kept: Kept,
    /// DNS servers that routers name, and whether they changed since they were last used.
    resolvers: Resolvers,
    learned: bool,
    reports: mpsc::Sender<Report>,
    failover: failover::State,
    answers: mpsc::Sender<uplinks::Heard>,
    slots: BTreeMap<PortName, Dialled>,
    defences: BTreeMap<PortName, Defence>,
    found: mpsc::Sender<Found>,
    /// Other devices that use our addresses.
    conflicts: Vec<AddressConflict>,
    /// The uplink in use, where the order alone would have chosen another one.
    preferred: Option<PortName>,
    connections: BTreeSet<Connection>,
    timing: Timing,
    publish: watch::Sender<Arc<Published>>,
}

/// What those who work for the task tell it.
struct Told {
    reported: mpsc::Receiver<Report>,
    heard: mpsc::Receiver<uplinks::Heard>,
    conflicts: mpsc::Receiver<Found>,
    adverts: mpsc::Receiver<Advert>,
}

/// Brings the box into its committed or resumed state, then runs on by itself.
pub async fn start(
    options: Options,
    commands: mpsc::Receiver<Command>,
) -> Result<watch::Receiver<Arc<Published>>, StartError> {
    let disk = |source| StartError::Disk { path: options.paths.resolv_conf.clone(), source };
    let loaded = options.paths.load(&options.board).map_err(disk)?;
    let boot_id = clock::boot_id().map_err(disk)?;
    let (kernel, changes) = Kernel::open()?;
    let adverts = advertised::adverts().map_err(KernelError::Socket)?;
    let (publish, published) = watch::channel(Arc::new(Published::default()));
    let (state, effects) = transaction::start(loaded.found, &boot_id, &loaded.spec.clone().normalised(), clock::now());
    let (reports, reported) = mpsc::channel(REPORTS);
    let (answers, heard) = mpsc::channel(REPORTS);
    let (found, conflicts) = mpsc::channel(REPORTS);
    let mut task = Task {
        kernel,
        guard: options.guard.clone().map(Guard::new),
        committed: loaded.spec.normalised(),
        spec_problem: loaded.spec_problem,
        state,
        last: loaded.outcome,
        last_tx: loaded.last_tx,
        observed: Observed::default(),
        interfaces: Interfaces::new(),
        cut: 0,
        overruns: 0,
        serial: 0,
        drift: 0,
        repair_at: None,
        repair_pause: REPAIR_PAUSE,
        asker: Asker::Nobody,
        waiting: Vec::new(),
        verifying: None,
        probing: None,
        dhcp: BTreeMap::new(),
        leases: loaded.kept.in_use(&boot_id),
        kept: loaded.kept,
        resolvers: Resolvers::default(),
        learned: false,
        reports,
        failover: failover::State::default(),
        answers,
        preferred: None,
        slots: BTreeMap::new(),
        defences: BTreeMap::new(),
        found,
        conflicts: Vec::new(),
        connections: BTreeSet::new(),
        timing: Timing::start(),
        publish,
        options,
        boot_id,
    };
    task.observe().await;
    task.perform_all(effects).await;
    task.repair().await;
    task.tend().await;
    task.look_at_uplinks().await;
    task.defend().await;
    task.publish();
    tokio::spawn(task.run(commands, Told { reported, heard, conflicts, adverts }, changes));
    Ok(published)
}

impl Task {
    async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        mut told: Told,
        mut changes: BoxStream<'static, Change>,
    ) {
        let mut settle_at: Option<tokio::time::Instant> = None;
        loop {
            let deadline = self.state.deadline();
            let repair_at = self.repair_at;
            tokio::select! {
                biased;
                () = clock::until(deadline) => self.drive(Event::Tick).await,
                command = commands.recv() => match command {
                    Some(command) => self.command(command).await,
                    None => return,
                },
                report = told.reported.recv() => if let Some(report) = report {
                    self.reported(report).await;
                },
                heard = told.heard.recv() => if let Some(heard) = heard {
                    self.heard(heard).await;
                },
                found = told.conflicts.recv() => if let Some(found) = found {
                    self.found(found).await;
                },
                Some(advert) = told.adverts.recv() => self.advertised(advert),
                () = clock::until(self.resolvers.deadline()) => self.expire_resolvers(),
                () = clock::until(self.failover.deadline()) => self.uplinks_event(failover::Event::Tick).await,
                conflict = done(&mut self.probing) => match conflict {
                    Some(conflict) => self.drive(Event::Unusable(Why::Conflict(conflict))).await,
                    None => if let Some(event) = self.answered() {
                        self.drive(event).await;
                    },
                },
                checks = done(&mut self.verifying) => {
                    let connections = mem::take(&mut self.connections);
                    self.drive(Event::Verified { checks, connections }).await;
                }
                change = changes.next() => if let Some(change) = change {
                    if change == Change::Overrun {
                        self.overruns += 1;
                        tracing::warn!("network events were lost; reading everything again");
                    }
                    settle_at.get_or_insert_with(|| tokio::time::Instant::now() + QUIET);
                    continue;
                } else {
                    tracing::error!("the kernel's event channel ended");
                    return;
                },
                () = at(settle_at) => {
                    settle_at = None;
                    self.observe().await;
                    self.repair().await;
                }
                () = clock::until(repair_at) => {
                    self.repair_at = None;
                    self.observe().await;
                    self.repair().await;
                }
            }
            self.use_resolvers().await;
            self.tend().await;
            self.look_at_uplinks().await;
            self.defend().await;
            self.publish();
        }
    }

    /// One event, and all that follows from it at once.
    async fn drive(&mut self, event: Event) {
        self.drive_at(event, clock::now()).await;
    }

    async fn drive_at(&mut self, event: Event, mut now: BootMillis) {
        let mut queue = VecDeque::from([event]);
        while let Some(event) = queue.pop_front() {
            let (state, effects) = transaction::step(mem::take(&mut self.state), event, now);
            self.state = state;
            self.promise(now).await;
            for effect in effects {
                queue.extend(self.perform(effect).await);
            }
            now = clock::now();
        }
    }

    /// Tells the guard by when the open change is over, before anything is done that might hang.
    async fn promise(&mut self, now: BootMillis) {
        let Some(guard) = self.guard.clone() else { return };
        let promise = Promise(self.state.promise(now));
        if !guard.tell(promise).await && matches!(self.state, State::Applying { next: 0, .. }) {
            tracing::warn!("no guard: should this process hang, the change is undone only when it is started anew");
        }
    }

    async fn perform_all(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Some(event) = self.perform(effect).await {
                self.drive(event).await;
            }
        }
    }

    fn publish(&mut self) {
        let ports = report::ports(&self.observed, &self.options.board, &self.slots);
        let status = NetworkStatus {
            serial: self.serial,
            at: BootMillis::default(),
            uplink_in_use: report::uplink_in_use(&ports),
            ports,
            dns: dns::status(&self.options.paths.resolv_conf, &self.zones()),
            dhcp: self
                .dhcp
                .iter()
                .map(|(name, port)| (name.clone(), DhcpStatus::new(&port.view, &port.unfit)))
                .collect(),
            conflicts: self.conflicts.clone(),
            failover: self.failover.view(),
            effective: self.effective(&self.committed),
            spec: self.committed.clone(),
            drift: self.drift,
            transaction: self.state.view(self.last.as_ref(), clock::now()),
            spec_problem: self.spec_problem.clone(),
        };
        let deadline = match &self.state {
            State::AwaitingConfirm { awaiting, .. } => Some(awaiting.deadline),
            _ => None,
        };
        let published =
            Published { listen: report::listen(&status), status, deadline, cut: self.cut, overruns: self.overruns };
        let before = self.publish.borrow().clone();
        let marks = |p: &Published| (p.cut, p.overruns, p.deadline);
        if published.status != before.status || marks(&published) != marks(&before) {
            self.serial += 1;
            let mut published = published;
            published.status.serial = self.serial;
            self.publish.send_replace(Arc::new(published));
        }
    }
}

/// Connections to the management pages that are open now.
fn open_connections() -> BTreeSet<Connection> {
    match sockets::established() {
        Ok(all) => all.into_keys().collect(),
        Err(error) => {
            // without the table no browser can prove anything; the console still can
            tracing::error!(%error, "the socket table cannot be read");
            BTreeSet::new()
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T, String> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

async fn at(when: Option<tokio::time::Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}
