//! The task that owns the activation: one thing with the registry at a time, beside the mailbox.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use domain::{
    activation::{
        api::{Activation, Answers, Away, LeftBecause, Offered, OwnCluster, Stage, Step},
        ledger::{ByHand, Ended, Ledger, Next, Trust},
        wizard,
    },
    audit::Who,
    cluster::{api::BoxInfo, names::RequestId},
    fault::Fault,
    secret::Secret,
    seed::SeedStatus,
    time::{BootMillis, UnixSeconds},
};
use os::clock;
use tokio::sync::{mpsc, watch};

use super::{
    Answer, Enrolled, codes,
    codes::Typed,
    hand, member,
    own::{Own, Reach},
    steps,
    store::Store,
    told::Told,
};
use crate::{audit::Audit, done, network::Published, registry::Failed, secrets};

/// Between two signs of life. Shorter: ten thousand boxes are a load. Longer: a removal is heard of late.
const POLL: u64 = 45_000;
/// While its peer is to come: the pair begins when both have heard of it.
const POLL_AWAITING: u64 = 5_000;
/// After a change of the network what waits is tried again, but not at each of its events.
const SETTLE: u64 = 1_000;
/// The clock is looked at as often: who has set it waits for what waits for it.
const LOOK: Duration = Duration::from_secs(1);
/// Milliseconds by which the clock goes wrong by itself in that time, and more.
const JUMP: i64 = 2_000;

pub enum Command {
    Answer {
        answers: Box<Answers>,
        typed: Option<Box<(Typed, Result<Offered, Away>)>>,
        answer: Answer<Activation>,
    },
    Offered {
        code: Secret,
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
    /// The code, and whom to ask about it.
    Code {
        answer: Answer<(Option<Secret>, Option<Trust>)>,
    },
    /// A member asks now how things are.
    Poll {
        answer: Answer<Activation>,
    },
}

/// Where what the task knows is told.
pub struct Tells {
    pub told: watch::Sender<Told>,
    pub cluster: watch::Sender<OwnCluster>,
    pub enrolled: watch::Sender<Option<Arc<Enrolled>>>,
}

/// What is done beside the mailbox.
enum Outcome {
    Step(Step, Ended),
    Asked(Secret, Result<Box<Offered>, Failed>),
    Polled(Box<member::Polled>),
}

type UnderWay = Pin<Box<dyn Future<Output = Outcome> + Send>>;

pub struct Task {
    own: Arc<Own>,
    store: Store,
    ledger: Ledger,
    tells: Tells,
    audit: Audit,
    damaged: bool,
    under_way: Option<UnderWay>,
    /// When what failed is tried again, or the registry is asked how things are.
    wait: Option<BootMillis>,
    /// Who waits for the next word of the registry.
    waiting: Vec<Answer<Activation>>,
    reach: Reach,
}

impl Task {
    pub fn new(own: Arc<Own>, store: Store, tells: Tells, audit: Audit) -> Self {
        let (ledger, damaged) = store.ledger();
        let reach = own.reach();
        let (under_way, wait, waiting) = (None, None, Vec::new());
        let mut task = Self { own, store, ledger, tells, audit, damaged, under_way, wait, waiting, reach };
        task.look_at_the_seed();
        task.tidy();
        task.publish();
        task
    }

    pub async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        mut network: watch::Receiver<Arc<Published>>,
        mut seed: watch::Receiver<SeedStatus>,
    ) {
        let mut settings = self.own.settings.watch();
        let mut clock_at = shift();
        self.go(self.ledger.resume());
        loop {
            let idle = self.under_way.is_none();
            let waits = idle && self.wait.is_some();
            let alive = tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => {
                        self.perform(command);
                        true
                    }
                    None => false,
                },
                outcome = done(&mut self.under_way) => {
                    self.came(outcome);
                    true
                }
                () = clock::until(self.wait), if waits => {
                    self.wait = None;
                    self.go(self.ledger.resume());
                    true
                }
                changed = network.changed(), if idle => changed.is_ok(),
                changed = settings.changed(), if idle => changed.is_ok(),
                changed = seed.changed() => {
                    self.look_at_the_seed();
                    self.publish();
                    changed.is_ok()
                }
                now = jumped(clock_at), if waits => {
                    clock_at = now;
                    self.hurry();
                    true
                }
            };
            if !alive {
                return;
            }
            let reach = self.own.reach();
            if idle && reach != self.reach {
                self.reach = reach;
                self.hurry();
            }
        }
    }

    /// The network, the proxy or the clock is another one: what waits may work now.
    fn hurry(&mut self) {
        let away = self.ledger.view(false, 0).waiting.is_some()
            || self.ledger.member.as_ref().is_some_and(|member| member.away.is_some());
        if let Some(wait) = self.wait.filter(|_| away) {
            self.wait = Some(wait.min(clock::now().plus(SETTLE)));
            self.publish();
        }
    }

    fn go(&mut self, next: Next) {
        match next {
            Next::Do(step) => {
                let work = steps::perform(self.own.clone(), self.store.clone(), self.ledger.clone(), step);
                self.start(async move { Outcome::Step(step, work.await) });
            }
            Next::Ask => {
                let (Some(code), Some(trust)) = (self.ledger.code.clone(), self.ledger.trust.clone()) else { return };
                let own = self.own.clone();
                self.start(async move {
                    let asked = match own.me() {
                        Ok(me) => codes::ask(&own, me, &code, &trust).await,
                        Err(_) => Err(steps::no_registry()),
                    };
                    Outcome::Asked(code, asked.map(Box::new))
                });
            }
            Next::Poll => {
                let (own, store, ledger) = (self.own.clone(), self.store.clone(), self.ledger.clone());
                self.start(async move { Outcome::Polled(Box::new(member::poll(&own, &store, &ledger).await)) });
            }
            Next::Wait(pause) => self.wait = Some(clock::now().plus(pause)),
            Next::Rest => self.wait = None,
        }
        self.publish();
    }

    fn poll(&self) -> u64 {
        let awaits = self.ledger.member.as_ref().is_some_and(|member| member.info.awaits.is_some());
        let every = if awaits { POLL_AWAITING } else { POLL };
        every + secrets::random() % (every / 4)
    }

    fn start(&mut self, work: impl Future<Output = Outcome> + Send + 'static) {
        self.wait = None;
        self.under_way = Some(Box::pin(work));
    }

    fn came(&mut self, outcome: Outcome) {
        let (now, jitter) = (clock::wall(), (secrets::random() & 0xff) as u8);
        let mut ledger = self.ledger.clone();
        let next = match outcome {
            Outcome::Step(step, ended) => {
                tell(step, &ended);
                ledger.ended(step, ended, now, jitter)
            }
            // somebody typed another code meanwhile
            Outcome::Asked(code, _) if ledger.code.as_ref() != Some(&code) => ledger.resume(),
            Outcome::Asked(_, Ok(offered)) => {
                ledger.offered(*offered);
                Next::Rest
            }
            Outcome::Asked(_, Err(failed)) => match steps::later(failed) {
                Ok(why) => ledger.unasked(why, now, jitter),
                Err(problem) => {
                    tracing::warn!(code = problem.code(), %problem, "the registry refuses the code");
                    ledger.code_refused(problem);
                    Next::Rest
                }
            },
            Outcome::Polled(polled) => {
                member::take(&mut ledger, *polled, &self.tells.cluster, &self.store, now);
                match ledger.stage() {
                    Stage::Active => Next::Wait(self.poll()),
                    Stage::Unopened | Stage::Answering | Stage::Working | Stage::Left => Next::Rest,
                }
            }
        };
        match self.keep(ledger) {
            Ok(()) => self.go(next),
            // not saved is not done: it is done again
            Err(error) => {
                tracing::error!(%error, "the activation's ledger cannot be saved");
                self.go(Next::Wait(self.poll()));
            }
        }
        for answer in std::mem::take(&mut self.waiting) {
            drop(answer.send(Ok(self.tells.told.borrow().now())));
        }
    }

    /// Saved first, and then so. What only says when something was tried is not worth a write to the disk.
    fn keep(&mut self, ledger: Ledger) -> std::io::Result<()> {
        if ledger.lasting() != self.ledger.lasting() {
            self.store.save(&ledger)?;
        }
        let before = std::mem::replace(&mut self.ledger, ledger);
        self.write_down(&before);
        self.tidy();
        Ok(())
    }

    /// Nobody calls for what comes by itself. The log is another task's, and not waited for.
    fn write_down(&self, before: &Ledger) {
        let Some((what, detail)) = happened(before, &self.ledger) else { return };
        let audit = self.audit.clone();
        tokio::spawn(async move { audit.happened(Who::Machine, what, Ok(()), Some(&detail)).await });
    }

    /// A box that has left keeps neither the key by which it was known nor its cluster.
    fn tidy(&mut self) {
        if self.ledger.is_done_with_its_key() {
            self.store.forget_key();
            if *self.tells.cluster.borrow() != OwnCluster::default() {
                self.store.forget_cluster();
                self.tells.cluster.send_replace(OwnCluster::default());
            }
        }
    }

    fn perform(&mut self, command: Command) {
        // whoever asked has gone if an answer is not taken
        match command {
            Command::Answer { answers, typed, answer } => drop(answer.send(self.answer(&answers, typed))),
            Command::Offered { code, offered, answer } => {
                let changed = self.change(|ledger| {
                    ledger.answering()?;
                    if ledger.code.as_ref() == Some(&code) {
                        ledger.offered(*offered);
                    }
                    Ok(())
                });
                drop(answer.send(changed));
            }
            Command::Begin { answer } => drop(answer.send(self.begin())),
            Command::Stop { answer } => {
                let changed = self.change(Ledger::stop);
                if changed.is_ok() {
                    (self.under_way, self.wait) = (None, None);
                    self.go(self.ledger.resume());
                }
                drop(answer.send(changed.map(|_| self.tells.told.borrow().now())));
            }
            Command::Request { answer } => {
                let made = self.ledger.answering();
                let made = made.and_then(|()| hand::request(&self.own, &self.store, &self.ledger));
                let changed = match made {
                    Ok(request) => {
                        let by_hand = Some(ByHand { text: request.write() });
                        self.change(|ledger| {
                            ledger.by_hand = by_hand;
                            Ok(())
                        })
                    }
                    Err(fault) => Err(fault),
                };
                drop(answer.send(changed));
            }
            Command::Brought { text, answer } => drop(answer.send(self.bring(&text))),
            Command::Code { answer } => drop(answer.send(Ok((self.ledger.code.clone(), self.ledger.trust.clone())))),
            Command::Poll { answer } => {
                self.waiting.push(answer);
                if self.under_way.is_none() {
                    self.go(self.ledger.resume());
                }
            }
        }
    }

    fn begin(&mut self) -> Result<Activation, Fault> {
        let request: Option<RequestId> = secrets::token().ok().and_then(|token| token.expose()[..32].parse().ok());
        let request = request.ok_or_else(|| Fault::Internal { detail: "no random bytes".into() })?;
        let mut next = Next::Rest;
        self.change(|ledger| {
            next = ledger.begin(request, clock::wall())?;
            Ok(())
        })?;
        self.go(next);
        Ok(self.tells.told.borrow().now())
    }

    fn bring(&mut self, text: &str) -> Result<Activation, Fault> {
        self.ledger.answering()?;
        let (info, trust) = hand::brought(&self.own, &self.store, &self.ledger, text)?;
        let request: RequestId = "by-hand".parse().map_err(|_| Fault::Unanswered)?;
        let mut next = Next::Rest;
        self.change(|ledger| {
            next = ledger.brought(request, info, trust, clock::wall());
            Ok(())
        })?;
        self.go(next);
        Ok(self.tells.told.borrow().now())
    }

    fn answer(
        &mut self,
        answers: &Answers,
        typed: Option<Box<(Typed, Result<Offered, Away>)>>,
    ) -> Result<Activation, Fault> {
        let jitter = (secrets::random() & 0xff) as u8;
        let mut next = None;
        self.change(|ledger| {
            ledger.answering()?;
            ledger.refused = None;
            let another = typed.as_ref().is_some_and(|typed| ledger.code.as_ref() != Some(&typed.0.text));
            let seen = typed.as_ref().map(|typed| (typed.0.seen.clone(), another, typed.1.as_ref().ok()));
            wizard::answer(&mut ledger.draft, answers, seen);
            if let Some(typed) = typed {
                let (Typed { text, trust, .. }, asked) = *typed;
                ledger.typed(text, trust);
                match asked {
                    Ok(offered) => ledger.offered(offered),
                    Err(why) => next = Some(ledger.unasked(why, clock::wall(), jitter)),
                }
            }
            Ok(())
        })?;
        if self.under_way.is_none() {
            let waits = self.wait.is_some().then_some(Next::Wait(0)).filter(|_| self.ledger.asking.is_some());
            match (next, waits) {
                (Some(next), _) => self.go(next),
                // it waits already
                (None, Some(_)) => self.publish(),
                (None, None) => self.go(self.ledger.resume()),
            }
        }
        Ok(self.tells.told.borrow().now())
    }

    fn change(&mut self, how: impl FnOnce(&mut Ledger) -> Result<(), Fault>) -> Result<Activation, Fault> {
        let mut ledger = self.ledger.clone();
        how(&mut ledger)?;
        self.keep(ledger).map_err(|error| Fault::NotSaved { error: error.to_string() })?;
        self.publish();
        Ok(self.tells.told.borrow().now())
    }

    /// A seed may have brought a registry, and a code for a box that nobody has begun with.
    fn look_at_the_seed(&mut self) {
        self.own.look_for_preset(&self.store);
        if self.ledger.stage() != Stage::Unopened {
            return;
        }
        let Some(code) = self.store.seeded_code() else { return };
        match codes::read(&code, self.own.preset().as_ref()) {
            Ok(Typed { text, seen, trust }) => {
                let ledger = &mut self.ledger;
                (ledger.code, ledger.trust, ledger.draft.code) = (Some(text), Some(trust), Some(seen));
                if self.under_way.is_none() {
                    self.wait = Some(clock::now());
                }
            }
            Err(fault) => tracing::warn!(%fault, "the seed's activation code cannot be used"),
        }
    }

    fn publish(&self) {
        let told = Told::new(self.ledger.view(self.own.preset().is_some(), 0), self.wait, self.damaged);
        self.tells.told.send_if_modified(|before| {
            let changed = *before != told;
            *before = told;
            changed
        });
        let enrolled = self.enrolled();
        self.tells.enrolled.send_if_modified(|before| {
            let changed = before.as_deref() != enrolled.as_ref();
            if changed {
                *before = enrolled.map(Arc::new);
            }
            changed
        });
    }

    /// Without what changes with each word of the registry.
    fn enrolled(&self) -> Option<Enrolled> {
        let member = self.ledger.member.as_ref().filter(|member| member.left.is_none())?;
        let trust = self.ledger.trust.clone()?;
        let info = BoxInfo { now: UnixSeconds(0), ..member.info.clone() };
        let identity = steps::identity(&self.store, &info)
            .inspect_err(|error| tracing::error!(%error, "this box's certificate cannot be used"))
            .ok()?;
        Some(Enrolled { info, trust, ports: self.ledger.ports.clone(), identity: Arc::new(identity) })
    }
}

/// For the audit log.
fn happened(before: &Ledger, now: &Ledger) -> Option<(&'static str, String)> {
    let (old, member) = (before.member.as_ref().filter(|old| old.left.is_none()), now.member.as_ref()?);
    match (old, &member.left) {
        (None, None) => Some(("activation/done", format!("{} {}", member.info.account, member.info.name))),
        (Some(_), Some(LeftBecause::Removed { .. })) => Some(("activation/left", "removed".to_owned())),
        (Some(_), Some(LeftBecause::Replaced { .. })) => Some(("activation/left", "replaced".to_owned())),
        (Some(old), None) if old.validity != member.validity => {
            Some(("activation/renewed", format!("until {}", member.validity.not_after.0)))
        }
        (Some(_), None) | (None, Some(_)) => None,
    }
}

fn tell(step: Step, ended: &Ended) {
    match ended {
        Ended::Done | Ended::Taken(_) => tracing::info!(?step, "done"),
        Ended::Away(why) | Ended::Useless(why) => tracing::warn!(?step, %why, "tried again later"),
        Ended::Refused(problem) => tracing::warn!(?step, code = problem.code(), %problem, "refused"),
    }
}

/// By how much the two clocks differ: only somebody who sets the one changes it.
fn shift() -> i64 {
    clock::wall_millis().saturating_sub(i64::try_from(clock::now().0).unwrap_or(i64::MAX))
}

/// Ends when the wall clock was set; with what it is now.
async fn jumped(before: i64) -> i64 {
    loop {
        tokio::time::sleep(LOOK).await;
        let now = shift();
        if now.abs_diff(before) > JUMP.unsigned_abs() {
            return now;
        }
    }
}
