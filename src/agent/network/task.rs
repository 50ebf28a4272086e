//! The task itself: performs the effects of the transaction's state machine, and repairs drift while none is open.
//!
//! Nothing else in the process writes to the kernel's network state.

use std::{
    collections::{BTreeSet, VecDeque},
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, future::join_all, stream::BoxStream};
use tokio::sync::{mpsc, oneshot, watch};

use super::{Apply, Command, Confirm, Options, Origin, Published, StartError, checked, dns, report};
use crate::{
    agent::{
        clock,
        kernel::{Change, Interfaces, Kernel, Observed, sockets, sysctl},
    },
    domain::{
        fault::Fault,
        network::{
            diff::{Step, diff},
            issue::{Field, Issue, Rule},
            journal::Journal,
            kernel::KernelState,
            plan::{Plan, plan},
            proof::{Connection, Proof, judge},
            spec::NetworkSpec,
            status::NetworkStatus,
            transaction::{
                self, Checks, Confirmation, Digest, Effect, Event, GatewayCheck, Outcome, Phase, State, Transaction,
                TxId,
            },
            validate::validate,
            wanted::{overlap, wanted},
        },
        time::BootMillis,
    },
};

/// Events come in bursts; the kernel is read once for all of a burst.
const QUIET: Duration = Duration::from_millis(50);
/// Pause after the first repair that failed or had to be repeated, and the longest one.
const REPAIR_PAUSE: u64 = 500;
const LONGEST_REPAIR_PAUSE: u64 = 30_000;

type Verifying = Pin<Box<dyn Future<Output = Checks> + Send>>;

/// Who waits for the answer to the event at hand.
enum Asker {
    Nobody,
    Apply(oneshot::Sender<Result<TxId, Fault>>),
    End(oneshot::Sender<Result<Outcome, Fault>>),
    Done(oneshot::Sender<Result<(), Fault>>),
}

impl Asker {
    fn refuse(self, fault: Fault) {
        // whoever asked may have gone meanwhile
        match self {
            Self::Nobody => {}
            Self::Apply(answer) => drop(answer.send(Err(fault))),
            Self::End(answer) => drop(answer.send(Err(fault))),
            Self::Done(answer) => drop(answer.send(Err(fault))),
        }
    }
}

struct Task {
    options: Options,
    kernel: Kernel,
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
    connections: BTreeSet<Connection>,
    asked_at: Instant,
    publish: watch::Sender<Arc<Published>>,
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
    let (publish, published) = watch::channel(Arc::new(Published::default()));
    let (state, effects) = transaction::start(loaded.found, &boot_id, &loaded.spec.clone().normalised(), clock::now());
    let mut task = Task {
        kernel,
        boot_id,
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
        connections: BTreeSet::new(),
        asked_at: Instant::now(),
        publish,
        options,
    };
    task.observe().await;
    task.perform_all(effects).await;
    task.repair().await;
    task.publish();
    tokio::spawn(task.run(commands, changes));
    Ok(published)
}

impl Task {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>, mut changes: BoxStream<'static, Change>) {
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
                checks = verified(&mut self.verifying) => {
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
            self.publish();
        }
    }

    async fn command(&mut self, command: Command) {
        match command {
            Command::Plan { spec, answer } => drop(answer.send(self.plan(&spec).await)),
            Command::Apply { apply, answer } => {
                self.asked_at = Instant::now();
                match self.open(*apply).await {
                    Ok(tx) => self.ask(Event::Apply(Box::new(tx)), Asker::Apply(answer)).await,
                    Err(fault) => drop(answer.send(Err(fault))),
                }
            }
            Command::Confirm { confirm, answer } => {
                let confirmation = self.confirmation(confirm);
                self.ask(Event::Confirm(confirmation), Asker::End(answer)).await;
            }
            Command::Handoff { secret, origin, answer } => {
                let proof = self.proof(origin);
                self.ask(Event::Handoff { secret, proof }, Asker::Done(answer)).await;
            }
            Command::GoBack { by, answer } => self.ask(Event::GoBack { by }, Asker::End(answer)).await,
            Command::MoreTime { answer } => {
                self.ask(Event::MoreTime, Asker::Done(answer)).await;
                if let Asker::Done(answer) = mem::replace(&mut self.asker, Asker::Nobody) {
                    drop(answer.send(Ok(())));
                }
            }
        }
    }

    async fn plan(&mut self, spec: &NetworkSpec) -> Result<Plan, Fault> {
        self.observe().await;
        checked(self.issues(spec))?;
        Ok(plan(&self.state_now(), &self.committed, &spec.clone().normalised(), &self.options.board))
    }

    fn issues(&self, spec: &NetworkSpec) -> Vec<Issue> {
        let mut issues = validate(spec, &self.options.board);
        let changed = spec.ports.iter().filter(|(name, port)| self.committed.port(name) != **port);
        let absent =
            changed.filter(|(name, port)| !port.ipv4.addresses().is_empty() && !self.interfaces.contains_key(*name));
        issues.extend(absent.map(|(name, _)| Issue::new(name, Field::Port, Rule::PortAbsent)));
        issues
    }

    /// The transaction that an apply asks for.
    async fn open(&mut self, apply: Apply) -> Result<Transaction, Fault> {
        self.observe().await;
        checked(self.issues(&apply.spec))?;
        let apply = Apply { spec: apply.spec.normalised(), ..apply };
        let before = self.state_now();
        let after = report::attainable(&wanted(&apply.spec, &self.options.board), &self.interfaces);
        if before == after && apply.spec == self.committed {
            return Err(Fault::NothingToDo);
        }
        let between = overlap(&before, &after);
        Ok(Transaction {
            id: TxId(self.last_tx.0 + 1),
            by: apply.by,
            base: apply.base,
            old_spec: self.committed.clone(),
            new_spec: apply.spec,
            steps: diff(&before, &between),
            before,
            between,
            after,
            confirm: apply.confirm,
            handoff: apply.handoff,
            window: apply.window,
        })
    }

    fn confirmation(&self, confirm: Confirm) -> Confirmation {
        let token = confirm.token.unwrap_or(Digest(String::new()));
        let Confirm { tx, automatic, untested, origin, .. } = confirm;
        Confirmation { tx, token, proof: self.proof(origin), automatic, untested }
    }

    fn proof(&self, origin: Origin) -> Proof {
        let connection = match origin {
            Origin::Console => return Proof::Console,
            Origin::Unknown => return Proof::NotConnected,
            Origin::Browser(connection) => connection,
        };
        let State::AwaitingConfirm { tx, awaiting } = &self.state else { return Proof::NotConnected };
        let open = open_connections();
        judge(connection, &open, &awaiting.connections, &tx.after)
    }

    async fn ask(&mut self, event: Event, asker: Asker) {
        // one reading of the clock decides between this request and a deadline that it just missed
        let now = clock::now();
        if self.state.deadline().is_some_and(|deadline| deadline <= now) {
            self.drive_at(Event::Tick, now).await;
        }
        self.asker = asker;
        self.drive_at(event, now).await;
        // who waits for an end waits on until it comes
        if let Asker::End(_) = &self.asker
            && let Asker::End(answer) = mem::replace(&mut self.asker, Asker::Nobody)
        {
            self.waiting.push(answer);
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
            for effect in effects {
                queue.extend(self.perform(effect).await);
            }
            now = clock::now();
        }
    }

    async fn perform_all(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Some(event) = self.perform(effect).await {
                self.drive(event).await;
            }
        }
    }

    async fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::ReadState => Some(Event::StateRead(self.state_now().hash())),
            Effect::WriteJournal(phase) => {
                let armed = phase == Phase::Armed;
                let written = self.write_journal(phase).await;
                if let Err(error) = &written {
                    tracing::error!(error, "the journal cannot be written");
                }
                armed.then_some(Event::JournalWritten(written))
            }
            Effect::Accepted => {
                if let Some(tx) = self.state.transaction() {
                    self.last_tx = tx.id;
                    tracing::info!(
                        tx = tx.id.0,
                        by = tx.by.describe(),
                        steps = tx.steps.len(),
                        "network change begins"
                    );
                }
                if let Asker::Apply(answer) = mem::replace(&mut self.asker, Asker::Nobody) {
                    drop(answer.send(Ok(self.last_tx)));
                }
                None
            }
            Effect::Perform(number) => {
                let step = self.state.transaction()?.steps.get(number)?.clone();
                if let Some(hook) = &self.options.before_write {
                    hook(number, &step);
                }
                Some(Event::StepDone(self.write(&step).await))
            }
            Effect::Verify => {
                self.connections = open_connections();
                self.verify().await;
                None
            }
            Effect::CutOldConnections => {
                self.cut += 1;
                None
            }
            Effect::MintSession => {
                if let Asker::Done(answer) = mem::replace(&mut self.asker, Asker::Nobody) {
                    drop(answer.send(Ok(())));
                }
                None
            }
            Effect::SaveSpec => {
                let spec = self.state.transaction()?.new_spec.clone();
                let paths = self.options.paths.clone();
                let saved = blocking(move || paths.save_spec(&spec)).await;
                if saved.is_ok() {
                    self.committed = self.state.transaction()?.new_spec.clone();
                    self.spec_problem = None;
                } else {
                    // the rename may have been done and only the folder's fsync have failed: the next start must not find
                    // a spec that nobody confirmed
                    let (paths, old) = (self.options.paths.clone(), self.committed.clone());
                    if let Err(error) = blocking(move || paths.save_spec(&old)).await {
                        tracing::error!(error, "the old spec cannot be saved again");
                    }
                }
                Some(Event::SpecSaved(saved))
            }
            Effect::CloseJournal(outcome) => {
                let (paths, last_tx) = (self.options.paths.clone(), self.last_tx);
                if let Err(error) = blocking(move || paths.close_journal(&outcome, last_tx)).await {
                    tracing::error!(error, "the journal cannot be closed; the next start closes it again");
                }
                None
            }
            Effect::Settle => {
                let target = self.state.transaction()?.after.clone();
                Some(Event::Settled(self.go_to(&target).await))
            }
            Effect::Restore => {
                self.verifying = None;
                let target = self.state.transaction()?.before.clone();
                Some(Event::Settled(self.go_to(&target).await))
            }
            Effect::Finish(outcome) => {
                tracing::info!(?outcome, "network change ended");
                if let Asker::End(answer) = mem::replace(&mut self.asker, Asker::Nobody) {
                    self.waiting.push(answer);
                }
                for answer in self.waiting.drain(..) {
                    drop(answer.send(Ok(outcome.clone())));
                }
                self.last = Some(outcome);
                None
            }
            Effect::Refuse(fault) => {
                let fault = match fault {
                    Fault::NoChangeOpen { .. } => Fault::NoChangeOpen { last: self.last.clone() },
                    other => other,
                };
                mem::replace(&mut self.asker, Asker::Nobody).refuse(fault);
                None
            }
        }
    }

    async fn write_journal(&mut self, phase: Phase) -> Result<(), String> {
        let Some(tx) = self.state.transaction() else { return Ok(()) };
        let journal = Journal { boot_id: self.boot_id.clone(), transaction: tx.clone(), phase };
        let paths = self.options.paths.clone();
        blocking(move || paths.write_journal(&journal)).await
    }

    async fn write(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Add(object) => self.kernel.add(object, &self.interfaces).await,
            Step::Delete(object) => self.kernel.delete(object, &self.interfaces).await,
            Step::Dns(servers) => {
                let (path, servers) = (self.options.paths.resolv_conf.clone(), servers.clone());
                blocking(move || dns::write(&path, &servers)).await
            }
        }
    }

    /// Goes from whatever is there to `target`; the steps that failed come back.
    async fn go_to(&mut self, target: &KernelState) -> Vec<Step> {
        self.observe().await;
        let mut failed = Vec::new();
        for step in diff(&self.state_now(), target) {
            if let Err(error) = self.write(&step).await {
                tracing::warn!(?step, error, "a step failed");
                failed.push(step);
            }
        }
        self.observe().await;
        failed
    }

    /// Reads the kernel again and asks the gateways, without holding up the task.
    async fn verify(&mut self) {
        self.observe().await;
        let Some(tx) = self.state.transaction() else { return };
        let missing = diff(&self.state_now(), &tx.between);
        tracing::info!(
            tx = tx.id.0,
            microseconds = self.asked_at.elapsed().as_micros(),
            missing = missing.len(),
            "asked, written and read back"
        );
        let status = report::ports(&self.observed, &self.options.board);
        let changed = tx.new_spec.ports.iter().filter(|(name, port)| tx.old_spec.port(name) != **port);
        let used = changed.filter(|(_, port)| !port.ipv4.addresses().is_empty());
        let mut checks = Checks { missing, ..Checks::default() };
        let mut asked = Vec::new();
        for (name, port) in used {
            let carrier = status.iter().any(|p| p.name == *name && p.has_carrier());
            if !carrier {
                checks.no_carrier.push(name.clone());
            }
            if let (Some(gateway), Some(index)) = (port.ipv4.gateway(), self.interfaces.get(name)) {
                let (kernel, index, port) = (self.kernel.clone(), *index, name.clone());
                asked.push(async move {
                    let answers = carrier && kernel.answers(index, gateway).await;
                    GatewayCheck { port, gateway, answers }
                });
            }
        }
        self.verifying = Some(Box::pin(async move {
            checks.gateways = join_all(asked).await;
            checks
        }));
    }

    async fn observe(&mut self) {
        match self.kernel.observe().await {
            Ok(observed) => self.observed = observed,
            Err(error) => {
                tracing::error!(%error, "the kernel's network state cannot be read");
                return;
            }
        }
        let interfaces = report::interfaces(&self.observed, &self.options.board);
        if interfaces != self.interfaces {
            for link in &self.observed.links {
                if interfaces.values().any(|i| *i == link.status.index) {
                    sysctl::prepare(&link.status.interface);
                }
            }
            self.interfaces = interfaces;
        }
    }

    fn state_now(&self) -> KernelState {
        let servers = dns::servers(&self.options.paths.resolv_conf).unwrap_or_default();
        report::kernel_state(&self.observed, &self.interfaces, servers)
    }

    /// Puts back what is ours and went missing, and takes away what is ours and should not be there.
    async fn repair(&mut self) {
        let target = match &self.state {
            State::Idle | State::Degraded { .. } => wanted(&self.committed, &self.options.board),
            State::AwaitingConfirm { tx, .. } => tx.between.clone(),
            State::Planned(_)
            | State::Armed(_)
            | State::Applying { .. }
            | State::Verifying { .. }
            | State::Committing { .. }
            | State::RollingBack { .. } => return,
        };
        if self.repair_at.is_some_and(|at| at > clock::now()) {
            return;
        }
        let target = report::attainable(&target, &self.interfaces);
        let steps = diff(&self.state_now(), &target);
        let dns_missing = dns::servers(&self.options.paths.resolv_conf).is_none();
        if steps.is_empty() && !dns_missing {
            (self.drift, self.repair_pause) = (0, REPAIR_PAUSE);
            self.drive(Event::Repaired).await;
            return;
        }
        tracing::info!(steps = steps.len(), "repairing drift");
        if dns_missing {
            drop(self.write(&Step::Dns(target.dns.clone())).await);
        }
        let failed = self.go_to(&target).await;
        self.drift = failed.len();
        // somebody may be undoing it again and again: each repair waits longer than the one before
        self.repair_at = Some(clock::now().plus(self.repair_pause));
        self.repair_pause = (self.repair_pause * 2).min(LONGEST_REPAIR_PAUSE);
    }

    fn publish(&mut self) {
        let ports = report::ports(&self.observed, &self.options.board);
        let status = NetworkStatus {
            serial: self.serial,
            uplink_in_use: report::uplink_in_use(&ports),
            ports,
            dns: dns::status(&self.options.paths.resolv_conf),
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

async fn verified(verifying: &mut Option<Verifying>) -> Checks {
    match verifying {
        Some(future) => {
            let checks = future.await;
            *verifying = None;
            checks
        }
        None => std::future::pending().await,
    }
}

async fn at(when: Option<tokio::time::Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}
