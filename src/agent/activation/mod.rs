//! The box's activation and its membership: one task owns the ledger, the identity key and the certificate.
//!
//! ```text
//! <state>/activation.json   the ledger: answers, code, what is under way, what the registry told last; 0600
//!         identity.key      the box's key, made once; never leaves the box; 0600
//!         cluster.json      the box's own cluster, as it was told last; only to be shown
//! ```
//! The rules are `domain::activation::ledger`; each step that it asks for is done beside the task's mailbox, so that pages are answered
//! meanwhile, and what came of it is saved before the next one.

mod codes;
mod fleet;
mod hand;
mod member;
mod own;
mod steps;
mod store;
mod task;
mod told;

use std::{path::Path, sync::Arc};

use domain::{
    activation::{
        api::{Activation, Answers, Away, Offered, OwnCluster, Stage},
        ledger::Trust,
        wizard,
    },
    box_file::BoxFile,
    cluster::api::{AssociationAsk, BoxInfo, Preview},
    fault::Fault,
    pair::settings::PairPorts,
    seed::SeedStatus,
    settings::clock::Judgement,
    time::MADE,
};
use os::clock;
use tokio::sync::{mpsc, oneshot, watch};

use self::{
    codes::Typed,
    own::{Identified, Own},
    store::Store,
    task::{Command, Task, Tells},
};
use crate::{
    audit::Audit,
    network::Published,
    registry::{Identity, Registry},
    settings::Settings,
};

pub use fleet::{Fleet, changes, keep as keep_fleet};
pub use own::StartError;
pub use told::Told;

const MAILBOX: usize = 16;

type Answer<T> = oneshot::Sender<Result<T, Fault>>;

/// The box as a member of an account.
#[derive(Clone, Debug)]
pub struct Enrolled {
    pub info: BoxInfo,
    pub trust: Trust,
    /// Where the wizard was told that a pair's addresses are.
    pub ports: PairPorts,
    pub identity: Arc<Identity>,
}

impl PartialEq for Enrolled {
    fn eq(&self, other: &Self) -> bool {
        self.info == other.info && self.trust == other.trust && self.ports == other.ports
    }
}

/// What the activation has to do with.
#[derive(Debug)]
pub struct Around {
    pub network: watch::Receiver<Arc<Published>>,
    pub settings: Settings,
    pub seed: watch::Receiver<SeedStatus>,
    pub audit: Audit,
    /// Whether applications are here that the peer could take; none before that is known.
    pub holds: watch::Receiver<Option<bool>>,
}

/// Asks the task. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Activations {
    mailbox: mpsc::Sender<Command>,
    told: watch::Receiver<Told>,
    cluster: watch::Receiver<OwnCluster>,
    enrolled: watch::Receiver<Option<Arc<Enrolled>>>,
    own: Arc<Own>,
    pub fleet: Fleet,
}

/// Reads where the activation stood, and goes on.
///
/// # Errors
/// When the factory's preset cannot be used. A ledger that cannot be read is set aside: the box must be reached all the same.
pub fn start(state_dir: &Path, board: &BoxFile, around: Around) -> Result<Activations, StartError> {
    let store = Store::new(state_dir);
    let own = Arc::new(Own::new(board, &store, &around)?);
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let (cluster, cluster_watch) = watch::channel(store.cluster());
    let (told, told_watch) = watch::channel(Told::default());
    let (enrolled, enrolled_watch) = watch::channel(None);
    let task = Task::new(own.clone(), store, Tells { told, cluster, enrolled }, around.audit);
    tokio::spawn(task.run(commands, around.network, around.seed));
    Ok(Activations {
        mailbox,
        told: told_watch,
        cluster: cluster_watch,
        enrolled: enrolled_watch,
        own,
        fleet: Fleet::default(),
    })
}

impl Activations {
    pub fn view(&self) -> Activation {
        self.told.borrow().now()
    }

    pub fn watch(&self) -> watch::Receiver<Told> {
        self.told.clone()
    }

    pub fn cluster(&self) -> OwnCluster {
        self.cluster.borrow().clone()
    }

    /// Who this box is as a member, and nothing where it is none.
    pub fn enrolled(&self) -> watch::Receiver<Option<Arc<Enrolled>>> {
        self.enrolled.clone()
    }

    /// The member's registry, asked as this box, by the way that there is now.
    pub fn registry_of(&self, enrolled: &Enrolled) -> Option<Registry> {
        let registry = self.own.registry(&enrolled.trust)?;
        Some(Registry { identity: Some(enrolled.identity.clone()), ..registry })
    }

    /// Asks the registry at once how things are.
    pub async fn poll(&self) {
        drop(self.ask(|answer| Command::Poll { answer }).await);
    }

    pub fn watch_cluster(&self) -> watch::Receiver<OwnCluster> {
        self.cluster.clone()
    }

    /// Answers of the wizard. A code is shown to the registry first, where that can be reached: what is wrong with it is told at once.
    ///
    /// # Errors
    /// When the code is none, or the registry refuses it, or an association cannot be had. Nothing is saved then.
    pub async fn answers(&self, mut answers: Answers) -> Result<Activation, Fault> {
        let me = self.own.me()?;
        let before = self.view();
        if let Stage::Working | Stage::Active = before.stage {
            return Err(Fault::NotAtThisStage { stage: before.stage });
        }
        let mut typed = None;
        let mut offered = before.offered;
        if let Some(code) = answers.code.take() {
            let code = codes::read(&code, self.own.preset().as_ref())?;
            let asked = match codes::preview(&self.own, me, &code.text, &code.trust).await {
                Ok(offered) => Ok(offered),
                Err(Fault::RegistryAway { why: why @ Away::OtherAuthority { .. } }) => {
                    return Err(Fault::RegistryAway { why });
                }
                Err(Fault::RegistryAway { why }) => {
                    self.may_be_good_still(&code)?;
                    Err(why)
                }
                Err(refused) => return Err(refused),
            };
            offered = asked.as_ref().ok().cloned();
            typed = Some(Box::new((code, asked)));
        }
        if let Some(association) = &answers.association {
            let fresh = typed.is_some();
            self.judge(association, offered.as_ref().map(|offered| &offered.preview), fresh, me).await?;
        }
        let answers = Box::new(answers);
        self.ask(|answer| Command::Answer { answers, typed, answer }).await
    }

    /// While the registry is away: a clock that nobody vouches for says nothing about a code.
    fn may_be_good_still(&self, code: &Typed) -> Result<(), Fault> {
        let now = clock::wall();
        let judged = self.own.settings.status().clock.judge(now, MADE);
        match code.seen.expires {
            Some(at) if now > at && matches!(judged, Judgement::Right { .. }) => Err(Fault::CodeOver { at }),
            Some(_) | None => Ok(()),
        }
    }

    /// By what the registry told; before somebody is refused by something old, it is asked anew.
    async fn judge(
        &self,
        association: &AssociationAsk,
        offered: Option<&Preview>,
        fresh: bool,
        me: &Identified,
    ) -> Result<(), Fault> {
        let refused = |problem| Fault::Registry { problem, registry_operation: String::new() };
        let Some(preview) = offered else { return association.clone().read().map(drop).map_err(refused) };
        let Err(problem) = wizard::judge(preview, &me.serial, association) else { return Ok(()) };
        if !fresh
            && let Ok(Activation { offered: Some(Offered { preview, .. }), .. }) = self.preview().await
            && wizard::judge(&preview, &me.serial, association).is_ok()
        {
            return Ok(());
        }
        Err(refused(problem))
    }

    /// What the registry tells now: of the code, or of the member that the box is.
    ///
    /// # Errors
    /// When there is no code, the registry is away, or it refuses.
    pub async fn preview(&self) -> Result<Activation, Fault> {
        if self.view().stage == Stage::Active {
            return self.ask(|answer| Command::Poll { answer }).await;
        }
        let me = self.own.me()?;
        let (code, trust) = self.ask(|answer| Command::Code { answer }).await?;
        let (code, trust) = code.zip(trust).ok_or(Fault::Unanswered)?;
        let offered = codes::preview(&self.own, me, &code, &trust).await?;
        self.ask(|answer| Command::Offered { code, offered: Box::new(offered), answer }).await
    }

    /// The registry that is meant, to be asked now: that of the member, of the code, or the preset one.
    ///
    /// # Errors
    /// When nobody has said which.
    pub async fn registry(&self) -> Result<Registry, Fault> {
        let (_, trust) = self.ask(|answer| Command::Code { answer }).await?;
        let trust = trust.or_else(|| self.own.preset()).ok_or(Fault::NotActivated)?;
        self.own.registry(&trust).ok_or(Fault::NotActivated)
    }

    pub async fn begin(&self) -> Result<Activation, Fault> {
        self.own.me()?;
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
