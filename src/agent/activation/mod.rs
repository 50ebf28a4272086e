//! The box's activation and its membership: one task owns the ledger, the identity key and the certificate.
//!
//! ```text
//! <state>/activation.json   the ledger: answers, code, what is under way, what the registry told last; 0600
//!         identity.key      the box's key, made once; never leaves the box
//! ```
//! The rules are `domain::activation::ledger`; each step that it asks for is done beside the task's mailbox, so that pages are answered
//! meanwhile, and what came of it is saved before the next one.

mod fleet;
mod member;
mod steps;
mod store;

use std::{future::Future, path::Path, pin::Pin, sync::Arc, time::Duration};

use domain::{
    activation::{
        api::{Activation, Answers, CodeSeen, Offered, OwnCluster, Stage, Step},
        ledger::{ByHand, Ended, Ledger, Next, Trust},
        offline, wizard,
    },
    box_file::BoxFile,
    cluster::{
        api::BoxInfo,
        names::{ModelName, RequestId, Serial},
    },
    fault::Fault,
    secret::Secret,
    time::BootMillis,
};
use os::clock;
use tokio::sync::{mpsc, oneshot, watch};

pub use fleet::{Fleet, changes};
use store::Store;

use crate::{
    api::own_addresses,
    done,
    hops::dns,
    network::Published,
    registry::{Registry, Way},
    secrets,
    settings::Settings,
};

const MAILBOX: usize = 16;
/// Between two signs of life. Shorter: ten thousand boxes are a load. Longer: a removal is heard of late.
const POLL: Duration = Duration::from_secs(45);
/// After a change of the network what waits is tried again, but not at each of its events.
const SETTLE: Duration = Duration::from_secs(1);

/// What the box knows of a registry without a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset(pub Trust);

/// Asks the task. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Activations {
    mailbox: mpsc::Sender<Command>,
    view: watch::Receiver<Activation>,
    cluster: watch::Receiver<OwnCluster>,
    own: Arc<Own>,
    pub fleet: Fleet,
}

/// What does not change while the agent runs, and how the box gets anywhere.
#[derive(Debug)]
struct Own {
    serial: Serial,
    model: ModelName,
    preset: Option<Preset>,
    network: watch::Receiver<Arc<Published>>,
    settings: Settings,
}

type Answer<T> = oneshot::Sender<Result<T, Fault>>;

enum Command {
    Answer {
        answers: Box<Answers>,
        code: Option<Box<(Secret, CodeSeen, Trust)>>,
        offered: Option<Box<Offered>>,
        answer: Answer<Activation>,
    },
    Offered {
        offered: Box<Offered>,
        answer: Answer<Activation>,
    },
    Begin {
        answer: Answer<Activation>,
    },
    Stop {
        answer: Answer<Activation>,
    },
    Request {
        answer: Answer<Activation>,
    },
    Brought {
        text: String,
        answer: Answer<Activation>,
    },
    /// For a preview: the code and whom to ask.
    Code {
        answer: Answer<Option<(Secret, Trust)>>,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("box.toml: {what} cannot be used in a registry")]
    BoxFile { what: &'static str },
    #[error("box.toml: the preset registry's ca is no certificate")]
    PresetAuthority,
    #[error("the activation's ledger cannot be read")]
    Ledger(#[source] std::io::Error),
}

/// Reads where the activation stood, and goes on.
///
/// # Errors
/// When the ledger is there and cannot be read: a box must not forget whose it is.
pub fn start(
    state_dir: &Path,
    board: &BoxFile,
    network: watch::Receiver<Arc<Published>>,
    settings: Settings,
) -> Result<Activations, StartError> {
    let serial = board.serial.parse().map_err(|_| StartError::BoxFile { what: "serial" })?;
    let model = board.model.parse().map_err(|_| StartError::BoxFile { what: "model" })?;
    let store = Store::new(state_dir);
    let preset = store::preset(board, &store)?;
    let mut ledger = store.ledger().map_err(StartError::Ledger)?;
    if ledger.stage() == Stage::Unopened
        && let Some(code) = store.seeded_code()
    {
        match steps::read_code(&code, preset.as_ref()) {
            Ok((seen, trust)) => {
                (ledger.code, ledger.trust, ledger.draft.code) = (Some(code), Some(trust), Some(seen));
            }
            Err(fault) => tracing::warn!(%fault, "the seed's activation code cannot be used"),
        }
    }
    let own = Arc::new(Own { serial, model, preset, network, settings });
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let (view, view_watch) = watch::channel(Activation::default());
    let (cluster, cluster_watch) = watch::channel(store.cluster());
    let task = Task { own: own.clone(), store, ledger, view, cluster, wait: None };
    task.publish();
    tokio::spawn(task.run(commands));
    let fleet = Fleet::default();
    Ok(Activations { mailbox, view: view_watch, cluster: cluster_watch, own, fleet })
}

impl Own {
    /// Where the box's own DNS servers and proxy are now.
    fn way(&self) -> Way {
        let status = &self.network.borrow().status;
        Way { dns: Some(dns::resolvers(status)), proxy: self.settings.proxy(), own: own_addresses(status) }
    }

    fn registry(&self, trust: &Trust) -> Option<Registry> {
        let authority = hex::decode(&trust.authority).ok()?.try_into().ok()?;
        Some(Registry { urls: trust.urls.clone(), authority, way: self.way(), identity: None })
    }
}

impl Activations {
    pub fn view(&self) -> Activation {
        self.view.borrow().clone()
    }

    pub fn watch(&self) -> watch::Receiver<Activation> {
        self.view.clone()
    }

    pub fn cluster(&self) -> OwnCluster {
        self.cluster.borrow().clone()
    }

    pub fn serial(&self) -> &Serial {
        &self.own.serial
    }

    /// Answers of the wizard. A code is shown to the registry first, where that can be reached: what is wrong with it is told at once.
    ///
    /// # Errors
    /// When the code is none, or the registry refuses it. Nothing is saved then.
    pub async fn answers(&self, mut answers: Answers) -> Result<Activation, Fault> {
        let (mut code, mut offered) = (None, None);
        if let Some(typed) = answers.code.take() {
            let (seen, trust) = steps::read_code(&typed, self.own.preset.as_ref())?;
            if let Some(at) = seen.expires.filter(|at| clock::wall() > *at && self.clock_is_right()) {
                return Err(Fault::CodeOver { at });
            }
            offered = steps::preview(&self.own, &typed, &trust).await?.map(Box::new);
            code = Some(Box::new((typed, seen, trust)));
        }
        let answers = Box::new(answers);
        self.ask(|answer| Command::Answer { answers, code, offered, answer }).await
    }

    /// A clock that nobody has set says nothing about a code.
    fn clock_is_right(&self) -> bool {
        clock::wall().0 > 1_700_000_000
    }

    /// What the registry tells of the code now.
    ///
    /// # Errors
    /// When there is no code, the registry is away, or it refuses.
    pub async fn preview(&self) -> Result<Activation, Fault> {
        let (code, trust) = self.ask(|answer| Command::Code { answer }).await?.ok_or(Fault::Unanswered)?;
        let offered = steps::ask_preview(&self.own, &code, &trust).await?;
        self.ask(|answer| Command::Offered { offered: Box::new(offered), answer }).await
    }

    /// Where the registry is, as far as anybody has said.
    pub async fn trust(&self) -> Result<Option<Trust>, Fault> {
        let code = self.ask(|answer| Command::Code { answer }).await?;
        Ok(code.map(|(_, trust)| trust).or_else(|| self.own.preset.clone().map(|Preset(trust)| trust)))
    }

    /// The registry that is meant, to be asked now.
    ///
    /// # Errors
    /// When nobody has said which.
    pub async fn registry(&self) -> Result<Registry, Fault> {
        let trust = self.trust().await?.ok_or(Fault::NotActivated)?;
        self.own.registry(&trust).ok_or(Fault::NotActivated)
    }

    pub async fn begin(&self) -> Result<Activation, Fault> {
        self.ask(|answer| Command::Begin { answer }).await
    }

    pub async fn stop(&self) -> Result<Activation, Fault> {
        self.ask(|answer| Command::Stop { answer }).await
    }

    pub async fn request(&self) -> Result<Activation, Fault> {
        self.ask(|answer| Command::Request { answer }).await
    }

    pub async fn brought(&self, text: String) -> Result<Activation, Fault> {
        self.ask(|answer| Command::Brought { text, answer }).await
    }

    /// Ends when the task does, which it never should.
    pub async fn ended(&self) {
        self.mailbox.closed().await;
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Fault> {
        let (answer, result) = oneshot::channel();
        self.mailbox.try_send(command(answer)).map_err(|_| Fault::SlowDown { seconds: 1 })?;
        result.await.unwrap_or_else(|_| Err(Fault::Internal { detail: "the activation task ended".into() }))
    }
}

/// What is done beside the mailbox.
enum Outcome {
    Step(Step, Ended),
    Polled(Box<member::Polled>),
}

type UnderWay = Pin<Box<dyn Future<Output = Outcome> + Send>>;

struct Task {
    own: Arc<Own>,
    store: Store,
    ledger: Ledger,
    view: watch::Sender<Activation>,
    cluster: watch::Sender<OwnCluster>,
    /// When what failed is tried again, or the registry is asked how things are.
    wait: Option<BootMillis>,
}

impl Task {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut network = self.own.network.clone();
        let mut under_way: Option<UnderWay> = None;
        let next = self.ledger.resume();
        self.go(next, &mut under_way);
        loop {
            let idle = under_way.is_none();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.perform(command, &mut under_way),
                    None => return,
                },
                outcome = done(&mut under_way) => self.came(outcome, &mut under_way),
                () = clock::until(self.wait), if idle => {
                    self.wait = None;
                    self.again(&mut under_way);
                }
                changed = network.changed(), if idle => {
                    if changed.is_err() {
                        return;
                    }
                    self.hurry();
                }
            }
        }
    }

    /// The network changed: what waits may work now.
    fn hurry(&mut self) {
        let waits = self.ledger.work.as_ref().is_some_and(|work| work.away.is_some())
            || self.ledger.member.as_ref().is_some_and(|member| member.away.is_some());
        if waits {
            let soon = clock::now().plus(millis(SETTLE));
            self.wait = Some(self.wait.map_or(soon, |wait| wait.min(soon)));
        }
    }

    fn again(&mut self, under_way: &mut Option<UnderWay>) {
        let next = self.ledger.resume();
        self.go(next, under_way);
    }

    fn go(&mut self, next: Next, under_way: &mut Option<UnderWay>) {
        match next {
            Next::Do(step) => {
                self.wait = None;
                *under_way =
                    Some(Box::pin(steps::perform(self.own.clone(), self.store.clone(), self.ledger.clone(), step)));
            }
            Next::Wait(pause) => self.wait = Some(clock::now().plus(pause)),
            Next::Rest => self.rest(under_way),
        }
        self.publish();
    }

    /// Nothing to do for the activation: a member tells that it lives.
    fn rest(&mut self, under_way: &mut Option<UnderWay>) {
        if self.ledger.stage() != Stage::Active || under_way.is_some() || self.wait.is_some() {
            return;
        }
        let (own, store, ledger) = (self.own.clone(), self.store.clone(), self.ledger.clone());
        *under_way =
            Some(Box::pin(async move { Outcome::Polled(Box::new(member::poll(&own, &store, &ledger).await)) }));
    }

    fn came(&mut self, outcome: Outcome, under_way: &mut Option<UnderWay>) {
        let now = clock::wall();
        match outcome {
            Outcome::Step(step, ended) => {
                tell(step, &ended);
                let jitter = (secrets::random() & 0xff) as u8;
                let mut ledger = self.ledger.clone();
                let next = ledger.ended(step, ended, now, jitter);
                match self.store.save(&ledger) {
                    Ok(()) => {
                        self.ledger = ledger;
                        self.go(next, under_way);
                    }
                    // not saved is not done: the step is done again
                    Err(error) => {
                        tracing::error!(%error, "the activation's ledger cannot be saved");
                        self.wait = Some(clock::now().plus(millis(POLL)));
                    }
                }
            }
            Outcome::Polled(polled) => {
                member::take(&mut self.ledger, *polled, &self.cluster, &self.store, now);
                if let Err(error) = self.store.save(&self.ledger) {
                    tracing::error!(%error, "what the registry told cannot be saved");
                }
                let jitter = secrets::random() % millis(POLL / 4);
                self.wait = Some(clock::now().plus(millis(POLL) + jitter));
                self.publish();
            }
        }
    }

    fn perform(&mut self, command: Command, under_way: &mut Option<UnderWay>) {
        // whoever asked has gone if an answer is not taken
        match command {
            Command::Answer { answers, code, offered, answer } => {
                drop(answer.send(self.answer(&answers, code, offered)));
            }
            Command::Offered { offered, answer } => {
                let changed = self.change(|ledger| {
                    ledger.answering()?;
                    wizard::prefill(&mut ledger.draft, &offered.preview);
                    ledger.offered = Some(*offered);
                    Ok(())
                });
                drop(answer.send(changed));
            }
            Command::Begin { answer } => {
                let request: Option<RequestId> =
                    secrets::token().ok().and_then(|token| token.expose()[..32].parse().ok());
                let Some(request) = request else {
                    return drop(answer.send(Err(Fault::Internal { detail: "no random bytes".into() })));
                };
                let mut next = Next::Rest;
                let changed = self.change(|ledger| {
                    next = ledger.begin(request, clock::wall())?;
                    Ok(())
                });
                if changed.is_ok() {
                    self.go(next, under_way);
                }
                drop(answer.send(changed.map(|_| self.view.borrow().clone())));
            }
            Command::Stop { answer } => {
                let changed = self.change(Ledger::stop);
                if changed.is_ok() {
                    (*under_way, self.wait) = (None, None);
                }
                drop(answer.send(changed));
            }
            Command::Request { answer } => {
                let made = self.ledger.answering().and_then(|()| steps::request(&self.own, &self.store, &self.ledger));
                let changed = made.and_then(|request| {
                    self.change(|ledger| {
                        ledger.by_hand = Some(ByHand { text: request.write() });
                        Ok(())
                    })
                });
                drop(answer.send(changed));
            }
            Command::Brought { text, answer } => {
                let read = self.ledger.answering().and_then(|()| steps::brought(&self.own, &self.ledger, &text));
                let changed = read.and_then(|(info, trust)| self.bring(info, trust, under_way));
                drop(answer.send(changed));
            }
            Command::Code { answer } => {
                let code = self.ledger.code.clone().zip(self.ledger.trust.clone());
                let known = code.or_else(|| Some((Secret::default(), self.ledger.trust.clone()?)));
                drop(answer.send(Ok(known)));
            }
        }
    }

    fn bring(&mut self, info: BoxInfo, trust: Trust, under_way: &mut Option<UnderWay>) -> Result<Activation, Fault> {
        let request: RequestId = "by-hand".parse().map_err(|_| Fault::Unanswered)?;
        let mut next = Next::Rest;
        let changed = self.change(|ledger| {
            next = ledger.brought(request, info, trust, clock::wall());
            Ok(())
        });
        if changed.is_ok() {
            self.go(next, under_way);
        }
        changed
    }

    fn answer(
        &mut self,
        answers: &Answers,
        code: Option<Box<(Secret, CodeSeen, Trust)>>,
        offered: Option<Box<Offered>>,
    ) -> Result<Activation, Fault> {
        self.change(|ledger| {
            ledger.answering()?;
            ledger.refused = None;
            let seen = code.as_ref().map(|code| (code.1.clone(), offered.as_deref()));
            wizard::answer(&mut ledger.draft, answers, seen);
            if let Some(code) = code {
                (ledger.code, ledger.trust) = (Some(code.0), Some(code.2));
                ledger.offered = offered.map(|offered| *offered);
            }
            Ok(())
        })
    }

    /// Saved first, and then so.
    fn change(&mut self, how: impl FnOnce(&mut Ledger) -> Result<(), Fault>) -> Result<Activation, Fault> {
        let mut ledger = self.ledger.clone();
        how(&mut ledger)?;
        self.store.save(&ledger).map_err(|error| Fault::NotSaved { error: error.to_string() })?;
        self.ledger = ledger;
        self.publish();
        Ok(self.view.borrow().clone())
    }

    fn publish(&self) {
        let again_in = self.wait.map_or(0, |wait| wait.left(clock::now()));
        let view = self.ledger.view(self.own.preset.is_some(), again_in);
        self.view.send_if_modified(|before| {
            let changed = *before != view;
            *before = view;
            changed
        });
    }
}

fn tell(step: Step, ended: &Ended) {
    match ended {
        Ended::Done | Ended::Taken(_) => tracing::info!(?step, "done"),
        Ended::Away(why) => tracing::warn!(?step, %why, "tried again later"),
        Ended::Refused(problem) => tracing::warn!(?step, code = problem.code(), %problem, "refused"),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Of a request that is awaited.
fn pending(ledger: &Ledger) -> Option<offline::Request> {
    offline::Request::parse(&ledger.by_hand.as_ref()?.text).ok()
}
