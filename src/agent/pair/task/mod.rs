//! The task that owns the pair's file, the guard's configuration and what follows from the guard's role.

mod config;
mod data;
mod peers;
mod share;
mod takeover;
mod told;

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use domain::{
    activation::api::Stage,
    application::{ApplicationName, copies::Tried},
    box_file::{self, BoxFile},
    cluster::names::Serial,
    fault::Fault,
    name::PortName,
    pair::{
        Ask, Role,
        api::{
            AppOutcome, Fence, Kind, PairStatus, PeerHeard, PeerStatus, Phase, Refusal, SettingsRequest, Takeover,
            WayStatus,
        },
        beat::{About, Told},
        guard::{self, Config, FromGuard, Gate, ToGuard},
        keepalived::{CONFIG, Keepalived},
        link::{self, Way},
        peer as pair_peer,
        readiness::{self, Facts},
        settings::{PairPorts, PairSettings, SettingsIssue, VirtualIp},
    },
    time::BootMillis,
};
use os::{clock, disk};
use tokio::{
    sync::{Mutex, mpsc, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use self::{share::Sharing, takeover::Conflict};
use super::{
    Answer, Around,
    copy::Door,
    lease::{self, Asked},
    link::FromLink,
    peer::{self, Ends, Listening, Said},
    seen::Ports,
    store::{HISTORY, Kept, Store},
};
use crate::{
    activation::{Activations, Enrolled},
    applications::Applications,
    done,
    network::Published,
};

/// For the virtual IP to come up after the gate was opened. Shorter: three lost adverts of a busy machine. Longer: the site is without it.
const ADDRESS_WITHIN: u64 = 5_000;
/// For applications that are stopped for a switchover: as long as the longest of them may take.
const STOPS_WITHIN: u64 = 20_000;
/// Kept of what a role that stops leaves, for the guard to kill in.
const MARGIN: u64 = 80;
/// The epoch of a box that stands alone.
const ALONE: u64 = 0;
/// Looks at what changes without an event.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub enum Command {
    Settings { wanted: SettingsRequest, answer: Answer<()> },
    Switchover { drill: bool, answer: Answer<()> },
    Maintenance { on: bool, answer: Answer<()> },
    Clear { answer: Answer<()> },
}

/// Which pair this box is of.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Of {
    own: Serial,
    peer: Serial,
    ways: Vec<Way>,
    virtual_router: u8,
}

/// What is done beside the mailbox.
enum Outcome {
    TakenOver {
        epoch: u64,
        outcomes: Vec<AppOutcome>,
    },
    Stopped,
    /// All applications have stopped by themselves, for a switchover.
    Drained,
}

/// What waits for the peer's answer, beside everything else.
enum Answered {
    /// New settings, which the peer can use, cannot, or was not asked about.
    Checked {
        settings: PairSettings,
        said: Option<pair_peer::Answer>,
        answer: Answer<()>,
    },
    /// Something that only passes its answer on.
    Passed {
        said: Option<pair_peer::Answer>,
        answer: Answer<()>,
    },
    Told,
    /// Who has the virtual IP, other than this box.
    Contested {
        by: Option<SettingsIssue>,
    },
    /// What the peer cannot use, and milliseconds before it is sent once more.
    Shared {
        untaken: Option<String>,
        again: u64,
    },
    Copied {
        name: ApplicationName,
        tried: Tried,
    },
}

/// Whether the registry is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    There,
    Away,
    /// Its name leads to this box, which must not be.
    OnThisBox,
}

type UnderWay = Pin<Box<dyn Future<Output = Outcome> + Send>>;

#[expect(clippy::struct_excessive_bools, reason = "what is known of several others, each of its own")]
pub struct Task {
    board: BoxFile,
    runtime_dir: PathBuf,
    store: Store,
    kept: Kept,
    activation: Activations,
    enrolled: watch::Receiver<Option<Arc<Enrolled>>>,
    network: watch::Receiver<Arc<Published>>,
    apps: Applications,
    ports: Ports,
    of: Option<Of>,
    /// What the guard was told, if this one was.
    config: Option<Config>,
    configured: bool,
    about: About,
    to_guard: mpsc::Sender<ToGuard>,
    guard: bool,
    state: Option<guard::State>,
    asks: JoinSet<(u64, Asked)>,
    peers: JoinSet<Answered>,
    ends: Option<Ends>,
    listening: Option<Listening>,
    asked: (mpsc::Sender<peer::Asked>, Option<mpsc::Receiver<peer::Asked>>),
    /// Applications, on their way to the peer.
    sharing: Sharing,
    /// Both boxes are asked about new settings.
    setting: bool,
    /// They are not sent once more before.
    settings_again: BootMillis,
    /// Data of an application is.
    copying: bool,
    tried: BTreeMap<ApplicationName, Tried>,
    door: Door,
    /// Data goes to the peer one after the other.
    turn: Arc<Mutex<()>>,
    /// By the last call about the lease.
    registry: Reach,
    refused: bool,
    under_way: Option<UnderWay>,
    /// The epoch in which applications run here, or are being started.
    runs: Option<u64>,
    conflict: Conflict,
    /// When the gate was opened.
    opened: Option<BootMillis>,
    /// Since when it is open and the virtual IP is not there.
    missing: Option<BootMillis>,
    /// When the other one was active, as far as it was heard.
    peer_active: Option<(BootMillis, Option<Kind>)>,
    wanted: Option<Kind>,
    holds: watch::Sender<Option<bool>>,
    publish: watch::Sender<PairStatus>,
}

impl Task {
    pub fn new(
        state_dir: &Path,
        runtime_dir: PathBuf,
        board: &BoxFile,
        around: Around,
        publish: watch::Sender<PairStatus>,
    ) -> Self {
        let store = Store::new(state_dir);
        let (to_guard, _) = mpsc::channel(1);
        let (asked, asked_of) = mpsc::channel(4);
        Self {
            board: board.clone(),
            runtime_dir,
            kept: store.load(),
            store,
            enrolled: around.activation.enrolled(),
            activation: around.activation,
            network: around.network,
            apps: around.apps,
            ports: Ports::default(),
            of: None,
            config: None,
            configured: false,
            about: About::default(),
            to_guard,
            guard: false,
            state: None,
            asks: JoinSet::new(),
            peers: JoinSet::new(),
            ends: None,
            listening: None,
            asked: (asked, Some(asked_of)),
            turn: Arc::default(),
            sharing: Sharing::default(),
            setting: false,
            settings_again: BootMillis::default(),
            copying: false,
            tried: BTreeMap::new(),
            door: Door::new(),
            registry: Reach::There,
            refused: false,
            under_way: None,
            runs: None,
            conflict: Conflict::default(),
            opened: None,
            missing: None,
            peer_active: None,
            wanted: None,
            holds: around.holds,
            publish,
        }
    }

    pub async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let (to_guard, mut guard) = super::link::keep(self.runtime_dir.join(guard::SOCKET));
        self.to_guard = to_guard;
        let mut targets = self.apps.targets();
        let (mut enrolled, mut network) = (self.enrolled.clone(), self.network.clone());
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut before = None;
        let Some(mut asked) = self.asked.1.take() else { return };
        loop {
            self.look(&mut before).await;
            self.tell();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.perform(command),
                    None => return,
                },
                from = guard.recv() => match from {
                    Some(from) => self.heard(from).await,
                    None => return,
                },
                Some(asked) = self.asks.join_next() => self.answered(asked).await,
                Some(said) = self.peers.join_next() => self.heard_from_peer(said),
                Some(peer::Asked { ask, answer }) = asked.recv() => self.asked_by_peer(ask, answer),
                outcome = done(&mut self.under_way) => self.came(outcome).await,
                changed = enrolled.changed() => if changed.is_err() { return },
                changed = network.changed() => if changed.is_err() { return },
                Ok(()) = targets.changed() => self.tell_targets().await,
                _ = look.tick() => {}
            }
        }
    }

    /// Whether anything around is another one than a moment ago, and what follows.
    async fn look(&mut self, before: &mut Option<Arc<Enrolled>>) {
        let enrolled = self.enrolled.borrow().clone();
        self.ports = Ports::of(&self.network.borrow().status);
        let settled = self.belongs(before.as_deref(), enrolled.as_deref()).await;
        if settled {
            before.clone_from(&enrolled);
        }
        self.of = enrolled.as_deref().and_then(|enrolled| self.pair_of(enrolled));
        self.decide();
        let config = enrolled.as_deref().and_then(|enrolled| self.config_for(enrolled));
        // nothing is configured by a network that was not read yet: what is open would be closed
        if self.guard && !self.ports.is_empty() && (config != self.config || !self.configured) {
            (self.config, self.configured) = (config.clone(), true);
            self.say(ToGuard::Configure { config: config.map(Box::new) }).await;
        }
        if self.of.is_none() {
            self.state = None;
            if settled {
                self.stand_alone();
            }
        }
        self.meet(enrolled.as_deref());
        self.look_at_the_peer();
        self.copy_what_is_due();
        self.look_for_a_conflict();
        self.give_up_where_better().await;
        self.leave_in_order();
        let about = self.about_now();
        if about != self.about && self.guard && self.configured {
            self.about = about;
            self.say(ToGuard::About { about }).await;
        }
    }

    async fn heard(&mut self, from: FromLink) {
        match from {
            FromLink::Connected => {
                // the guard may hold what an earlier agent has told it
                (self.guard, self.configured, self.about) = (true, false, About::default());
                self.tell_targets().await;
            }
            FromLink::Gone => {
                (self.guard, self.state, self.wanted) = (false, None, None);
                if self.runs.take().is_some() {
                    tracing::error!("the guard is gone: the applications end");
                    self.stop(clock::now().plus(MARGIN));
                }
            }
            FromLink::Told(FromGuard::Ask { number, ask }) => self.ask_registry(number, ask),
            FromLink::Told(FromGuard::State { state }) => self.follow(state).await,
        }
    }

    fn ask_registry(&mut self, number: u64, ask: Ask) {
        let enrolled = self.enrolled.borrow().clone();
        let Some(registry) = enrolled.and_then(|enrolled| self.activation.registry_of(&enrolled)) else { return };
        let terms = self.settings().terms();
        let limit = Duration::from_millis(terms.every * 2);
        self.asks.spawn(async move { (number, lease::ask(&registry, ask, terms.ttl / 1000, limit).await) });
    }

    async fn answered(&mut self, asked: Result<(u64, Asked), tokio::task::JoinError>) {
        let Ok((number, asked)) = asked else { return };
        self.registry = match asked {
            Asked::Nothing => Reach::Away,
            Asked::OnThisBox => Reach::OnThisBox,
            Asked::Answer(_) | Asked::NoPair => Reach::There,
        };
        match asked {
            Asked::Answer(answer) => {
                self.refused = answer == domain::pair::Answer::Refused;
                self.say(ToGuard::Answered { number, answer }).await;
            }
            Asked::Nothing | Asked::OnThisBox => {}
            Asked::NoPair => {
                let activation = self.activation.clone();
                tokio::spawn(async move { activation.poll().await });
            }
        }
    }

    /// What cannot be saved holds all the same: a box that cannot write must still be able to take over.
    fn keep(&mut self, kept: Kept) {
        if let Err(error) = self.store.save(&kept) {
            tracing::error!(%error, "what is known of the pair cannot be saved");
        }
        self.kept = kept;
    }

    async fn say(&mut self, message: ToGuard) {
        if self.guard {
            drop(self.to_guard.send(message).await);
        }
    }

    async fn tell_targets(&mut self) {
        let targets = self.apps.targets().borrow().clone();
        self.say(ToGuard::Running { targets }).await;
    }

    fn perform(&mut self, command: Command) {
        match command {
            Command::Settings { wanted, answer } => self.set(wanted, answer),
            Command::Switchover { drill, answer } => {
                let peer_is_active = self.peer_there().is_some_and(|about| about.role == Told::Active);
                if peer_is_active {
                    self.pass(pair_peer::Ask::SwitchOver { drill }, answer);
                    return;
                }
                let done = self.switch_over(if drill { Kind::Drill } else { Kind::Switchover });
                drop(answer.send(done.map_err(|why| Fault::Pair { why })));
            }
            Command::Maintenance { on, answer } => {
                let done = self.maintain(on);
                drop(answer.send(done));
            }
            Command::Clear { answer } => {
                let done = if self.kept.fence.is_none() {
                    refused(Refusal::NotFenced)
                } else {
                    let kept = Kept { fence: None, ..self.kept.clone() };
                    self.save(kept)
                };
                drop(answer.send(done));
            }
        }
    }

    fn save(&mut self, kept: Kept) -> Result<(), Fault> {
        self.store.save(&kept).map_err(|error| Fault::NotSaved { error: error.to_string() })?;
        self.kept = kept;
        Ok(())
    }
}

fn refused<T>(why: Refusal) -> Result<T, Fault> {
    Err(Fault::Pair { why })
}

fn why_not_fit(about: &About) -> &'static str {
    if about.maintenance {
        "it is being maintained"
    } else if !about.carrier {
        "its port of the virtual IP has no cable in it"
    } else {
        "it is fenced, or has not what this box has"
    }
}
