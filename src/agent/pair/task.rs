//! The task that owns the pair's file, the guard's configuration and what follows from the guard's role.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use domain::{
    activation::api::Stage,
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
        settings::{PairSettings, SettingsIssue, VirtualIp},
    },
    time::BootMillis,
};
use ipnet::Ipv4Net;
use os::{clock, disk};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::{
    Answer, Around,
    lease::{self, Asked},
    link::FromLink,
    peer::{self, Ends, Listening},
    seen::Ports,
    store::{HISTORY, Kept, Store},
};
use crate::{
    acd,
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
    Shared,
}

type UnderWay = Pin<Box<dyn Future<Output = Outcome> + Send>>;

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
    /// The applications are on their way to the peer.
    sharing: bool,
    /// The revision that the peer was sent last.
    sent: u64,
    registry: bool,
    refused: bool,
    under_way: Option<UnderWay>,
    /// The epoch in which applications run here, or are being started.
    runs: Option<u64>,
    /// When the gate was opened.
    opened: Option<BootMillis>,
    /// Since when it is open and the virtual IP is not there.
    missing: Option<BootMillis>,
    /// When the other one was active, as far as it was heard.
    peer_active: Option<(BootMillis, Option<Kind>)>,
    wanted: Option<Kind>,
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
            sent: 0,
            sharing: false,
            registry: true,
            refused: false,
            under_way: None,
            runs: None,
            opened: None,
            missing: None,
            peer_active: None,
            wanted: None,
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
                    Some(command) => self.perform(command).await,
                    None => return,
                },
                from = guard.recv() => match from {
                    Some(from) => self.heard(from).await,
                    None => return,
                },
                Some(asked) = self.asks.join_next() => self.answered(asked).await,
                Some(said) = self.peers.join_next() => self.heard_from_peer(said),
                Some(peer::Asked { ask, answer }) = asked.recv() => {
                    let said = self.asked_by_peer(ask).await;
                    drop(answer.send(said));
                }
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
        self.belongs(before.as_deref(), enrolled.as_deref());
        before.clone_from(&enrolled);
        self.of = enrolled.as_deref().and_then(|enrolled| self.pair_of(enrolled));
        let config = enrolled.as_deref().and_then(|enrolled| self.config_for(enrolled));
        // nothing is configured by a network that was not read yet: what is open would be closed
        if self.guard && !self.ports.is_empty() && (config != self.config || !self.configured) {
            (self.config, self.configured) = (config.clone(), true);
            self.say(ToGuard::Configure { config: config.map(Box::new) }).await;
        }
        if self.of.is_none() {
            self.state = None;
            self.stand_alone();
        }
        self.meet(enrolled.as_deref());
        self.look_at_the_peer();
        self.give_up_where_better().await;
        let about = self.about_now();
        if about != self.about && self.guard && self.configured {
            self.about = about;
            self.say(ToGuard::About { about }).await;
        }
    }

    /// Another pair begins anew. A box that was a member before it had a peer has what the pair's applications need; one that comes has not.
    fn belongs(&mut self, before: Option<&Enrolled>, now: Option<&Enrolled>) {
        let Some(now) = now else { return };
        if now.info.pair == self.kept.pair {
            return;
        }
        // until the registry has told the whole of it
        if now.info.peer.is_some() && now.info.pair.is_none() {
            return;
        }
        let was_alone =
            before.is_some_and(|before| before.info.peer.is_none() && before.info.serial == now.info.serial);
        if now.info.pair.is_none() && self.runs.is_none_or(|epoch| epoch == ALONE) && before.is_some() {
            // the other one has them; here they run again when somebody starts them
            let apps = self.apps.clone();
            tokio::spawn(async move { apps.park().await });
        }
        if self.runs == Some(ALONE) && now.info.pair.is_some() {
            // the lease says from now on
            self.runs = None;
            self.stop(clock::now().plus(STOPS_WITHIN));
        }
        let settings = self.kept.settings.clone();
        let fresh = Kept { pair: now.info.pair.clone(), settings, in_sync: was_alone, ..Kept::default() };
        tracing::info!(pair = ?fresh.pair, was_alone, "another pair");
        self.keep(fresh);
    }

    fn pair_of(&self, enrolled: &Enrolled) -> Option<Of> {
        let (pair, peer) = (enrolled.info.pair.as_ref()?, enrolled.info.peer.as_ref()?);
        let own = enrolled.info.serial.clone();
        let settings = self.settings();
        let site = settings.virtual_ip.as_ref().map(|virtual_ip| &virtual_ip.port).or_else(|| self.first_uplink());
        let ways = link::ways(pair, &own, peer, settings.heartbeat.iter().chain(site));
        Some(Of { own, peer: peer.clone(), ways, virtual_router: link::virtual_router(pair) })
    }

    /// As they hold: where nobody has decided here, what was said with the activation, and the heartbeat port of the box file.
    fn settings(&self) -> PairSettings {
        if self.kept.settings.revision > 0 {
            return self.kept.settings.clone();
        }
        let named = self.enrolled.borrow().as_ref().and_then(|enrolled| enrolled.info.virtual_ip);
        let fits = |address: Ipv4Addr| {
            let (port, net) = self.ports.addresses().into_iter().find(|(_, net)| net.contains(&address))?;
            Some(VirtualIp { address: Ipv4Net::new(address, net.prefix_len()).ok()?, port })
        };
        let heartbeat = self.board.ports.iter().find(|port| port.role == box_file::Role::Heartbeat);
        PairSettings {
            virtual_ip: named.and_then(fits),
            heartbeat: heartbeat.map(|port| port.name.clone()),
            ..PairSettings::default()
        }
    }

    fn first_uplink(&self) -> Option<&PortName> {
        self.board.ports.iter().find(|port| port.role == box_file::Role::Uplink).map(|port| &port.name)
    }

    fn config_for(&self, enrolled: &Enrolled) -> Option<Config> {
        let of = self.of.as_ref()?;
        let secret = enrolled.info.pair_secret.clone()?;
        let settings = self.settings();
        let virtual_ip = self.ports.virtual_ip(&settings);
        let keepalived = virtual_ip.as_ref().map_or(0, |on| {
            let Some((virtual_ip, way)) = settings
                .virtual_ip
                .as_ref()
                .and_then(|virtual_ip| Some((virtual_ip, of.ways.iter().find(|way| way.port == virtual_ip.port)?)))
            else {
                return 0;
            };
            let folder = self.runtime_dir.display().to_string();
            let first = of.own < of.peer;
            let config = Keepalived {
                virtual_ip,
                interface: &on.interface,
                way,
                virtual_router: of.virtual_router,
                first,
                folder: &folder,
            };
            self.write_keepalived(&config.config())
        });
        Some(Config { terms: settings.terms(), secret, ways: self.ports.wires(&of.ways), virtual_ip, keepalived })
    }

    /// Its digest, once it is there.
    fn write_keepalived(&self, text: &str) -> u64 {
        let path = self.runtime_dir.join(CONFIG);
        let digest = link::digest(text.as_bytes());
        if disk::read(&path).ok().flatten().as_deref() != Some(text)
            && let Err(error) = disk::write(&path, text.as_bytes(), 0o600)
        {
            tracing::error!(%error, "keepalived's configuration cannot be written");
        }
        digest
    }

    /// Listens where the ways are now.
    fn meet(&mut self, enrolled: Option<&Enrolled>) {
        let wires = self.config.as_ref().map(|config| config.ways.clone());
        let ends = enrolled.zip(wires).and_then(|(enrolled, wires)| Ends::of(enrolled, wires));
        if ends != self.ends {
            self.listening = ends.as_ref().map(|ends| peer::listen(ends, &self.asked.0));
            self.ends = ends;
        }
    }

    fn look_at_the_peer(&mut self) {
        let Some(peer) = self.state.as_ref().and_then(|state| state.peer) else { return };
        let there = PeerHeard { ago: peer.heard, about: peer.about }.is_there();
        let about = peer.about;
        let own = &self.kept.settings;
        if there && about.revision < own.revision && self.sent != own.revision {
            // it was away when they were made, or has come later
            self.sent = own.revision;
            let (ends, ask) = (self.ends.clone(), pair_peer::Ask::Settings { settings: own.clone() });
            self.peers.spawn(async move {
                if let Some(ends) = ends {
                    drop(peer::ask(&ends, &ask).await);
                }
                Answered::Told
            });
        }
        if there
            && self.runs.is_some()
            && about.role != Told::Active
            && about.applications != self.apps.set().borrow().digest()
        {
            self.share_applications();
        }
        if !there {
            self.sent = 0;
        }
        if about.role == Told::Active && there {
            let kind = about.planned.then_some(if about.drill { Kind::Drill } else { Kind::Switchover });
            let at = BootMillis(clock::now().0.saturating_sub(peer.heard));
            self.peer_active = Some((at, kind));
        }
        let mut kept = self.kept.clone();
        kept.epoch = kept.epoch.max(about.epoch);
        if there && self.runs.is_none() {
            // an active one is who has it; of two that have not been active for each other whoever has more
            let same =
                about.applications == self.apps.set().borrow().digest() && about.settings == self.settings().digest();
            let ahead = self.apps.set().borrow().revision > about.set_revision;
            kept.in_sync = same || (kept.in_sync && ahead && about.role != Told::Active);
        }
        if kept != self.kept {
            self.keep(kept);
        }
    }

    /// The peer gets what runs here, file by file; what it cannot use it says, and the pair is not protected then.
    fn share_applications(&mut self) {
        if self.sharing {
            return;
        }
        let (Some(ends), apps) = (self.ends.clone(), self.apps.clone()) else { return };
        self.sharing = true;
        self.peers.spawn(async move {
            let set = apps.set().borrow().clone();
            let ask = pair_peer::Ask::Set { set: set.clone() };
            if let Some(pair_peer::Answer::Missing { names }) = peer::ask(&ends, &ask).await {
                for name in names {
                    let Ok(bundle) = apps.export(name.clone()).await else { continue };
                    let ask = pair_peer::Ask::Application { bundle: Box::new(bundle), revision: set.revision };
                    match peer::ask(&ends, &ask).await {
                        Some(pair_peer::Answer::Done) => tracing::info!(%name, "the peer has it"),
                        said => tracing::warn!(%name, ?said, "the peer does not take an application"),
                    }
                }
                drop(peer::ask(&ends, &pair_peer::Ask::Set { set }).await);
            }
            Answered::Shared
        });
    }

    /// The end of what this box cannot do well any more.
    async fn give_up_where_better(&mut self) {
        let Some(state) = &self.state else { return };
        if !matches!(state.role, Role::Active { .. }) {
            return;
        }
        let peer_could = state
            .peer
            .is_some_and(|peer| peer.about.fit && PeerHeard { ago: peer.heard, about: peer.about }.is_there());
        let without = self.settings().virtual_ip.filter(|virtual_ip| !self.ports.carrier(&virtual_ip.port));
        if without.is_some() && peer_could {
            tracing::warn!("the virtual IP's port has no cable in it: the peer takes over");
            self.say(ToGuard::Release).await;
            return;
        }
        let late = self.missing.is_some_and(|at| at.plus(ADDRESS_WITHIN) <= clock::now());
        if late && peer_could {
            tracing::error!("the virtual IP does not come up here");
            self.fence(Fence::Address);
            self.say(ToGuard::Release).await;
        }
    }

    fn about_now(&self) -> About {
        let settings = self.settings();
        let issues = self.issues(&settings);
        let carrier = settings.virtual_ip.as_ref().is_none_or(|virtual_ip| self.ports.carrier(&virtual_ip.port));
        let planned = self.wanted.is_some();
        About {
            role: Told::Standby,
            epoch: self.kept.epoch,
            fit: self.of.is_some()
                && self.kept.in_sync
                && !self.kept.maintenance
                && self.kept.fence.is_none()
                && issues.is_empty()
                && carrier
                && !planned,
            maintenance: self.kept.maintenance,
            carrier,
            registry: self.registry_there(),
            planned,
            drill: self.wanted == Some(Kind::Drill),
            version: link::digest(env!("CARGO_PKG_VERSION").as_bytes()),
            settings: settings.digest(),
            applications: self.apps.set().borrow().digest(),
            revision: settings.revision,
            set_revision: self.apps.set().borrow().revision,
            synced: None,
        }
    }

    /// By the lease's calls where there are some, and else by the box's signs of life.
    fn registry_there(&self) -> bool {
        let active = self.state.as_ref().is_some_and(|state| matches!(state.role, Role::Active { .. }));
        if active { self.registry } else { self.activation.view().member.is_some_and(|member| member.away.is_none()) }
    }

    fn issues(&self, settings: &PairSettings) -> Vec<SettingsIssue> {
        settings.issues(&self.board, &self.network.borrow().status.spec, &self.ports.addresses())
    }

    /// Of no pair, its applications run here; not on a box in whose place another one has come.
    fn stand_alone(&mut self) {
        let left = self.activation.view().stage == Stage::Left;
        match (left, self.runs) {
            (false, None) if self.under_way.is_none() => self.take_over(ALONE),
            (true, Some(_)) => {
                self.runs = None;
                self.stop(clock::now().plus(STOPS_WITHIN));
            }
            _ => {}
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
                (self.guard, self.state) = (false, None);
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
        self.registry = asked != Asked::Nothing;
        match asked {
            Asked::Answer(answer) => {
                self.refused = answer == domain::pair::Answer::Refused;
                self.say(ToGuard::Answered { number, answer }).await;
            }
            Asked::Nothing => {}
            Asked::NoPair => {
                let activation = self.activation.clone();
                tokio::spawn(async move { activation.poll().await });
            }
        }
    }

    /// What the guard's role means for what runs here.
    async fn follow(&mut self, state: guard::State) {
        let role = state.role;
        let open = state.gate == Gate::Open;
        let had_gate = self.state.as_ref().is_some_and(|before| before.gate != Gate::Closed);
        self.missing = (state.gate == Gate::Opening).then(|| self.missing.unwrap_or_else(clock::now));
        if state.gate == Gate::Closed {
            self.opened = None;
        } else if !had_gate {
            self.opened = Some(clock::now());
        }
        let known = self.state.replace(state).is_some();
        match role {
            Role::Active { epoch } if !known && open => {
                // an earlier agent has seen it begin
                self.go_on_in(epoch);
                self.take_over(epoch);
            }
            Role::Active { epoch } if self.runs.is_some_and(|runs| runs != epoch) => {
                self.go_on_in(epoch);
                self.take_over(epoch);
            }
            Role::Active { epoch } => {
                if self.runs.is_none() && self.opened.is_some() && self.history_of(epoch).is_none() {
                    self.begin(epoch);
                }
                if open && self.runs != Some(epoch) {
                    self.address_is_here(epoch);
                    self.take_over(epoch);
                }
            }
            Role::Stopping { by, .. } => {
                if self.runs.take().is_some() {
                    self.stop(BootMillis(by.0.saturating_sub(MARGIN)));
                } else if self.under_way.is_none() {
                    self.say(ToGuard::Stopped).await;
                }
            }
            Role::Standby | Role::Acquiring => {
                if role == Role::Standby {
                    // of a switchover that is done
                    self.wanted = None;
                }
                if self.runs.take().is_some() {
                    self.stop(clock::now().plus(MARGIN));
                }
            }
        }
    }

    fn history_of(&mut self, epoch: u64) -> Option<&mut Takeover> {
        self.kept.history.iter_mut().find(|takeover| takeover.epoch == epoch)
    }

    /// The lease is here: what is written down of this take-over begins.
    fn begin(&mut self, epoch: u64) {
        let now = clock::now();
        let (kind, since) = match self.peer_active {
            None => (Kind::Start, now),
            Some((at, kind)) => (kind.unwrap_or(Kind::Failover), at),
        };
        let lease = now.left(since);
        let takeover = Takeover {
            at: clock::wall(),
            epoch,
            kind,
            lease,
            address: None,
            applications: None,
            outcomes: Vec::new(),
            client_gap: None,
        };
        let mut kept = self.kept.clone();
        kept.history.insert(0, takeover);
        kept.history.truncate(HISTORY);
        kept.epoch = kept.epoch.max(epoch);
        self.keep(kept);
    }

    /// The lease is another one, without an interruption.
    fn go_on_in(&mut self, epoch: u64) {
        let mut kept = self.kept.clone();
        if let Some(takeover) = kept.history.first_mut() {
            takeover.epoch = epoch;
        }
        kept.epoch = kept.epoch.max(epoch);
        self.keep(kept);
    }

    fn address_is_here(&mut self, epoch: u64) {
        let now = clock::now();
        let (opened, mut kept) = (self.opened.unwrap_or(now), self.kept.clone());
        if let Some(takeover) =
            kept.history.iter_mut().find(|takeover| takeover.epoch == epoch && takeover.address.is_none())
        {
            takeover.address = Some(takeover.lease + now.left(opened));
        }
        kept.epoch = kept.epoch.max(epoch);
        self.keep(kept);
    }

    fn take_over(&mut self, epoch: u64) {
        self.runs = Some(epoch);
        let apps = self.apps.clone();
        self.under_way =
            Some(Box::pin(async move { Outcome::TakenOver { epoch, outcomes: apps.take_over(epoch).await } }));
    }

    fn stop(&mut self, by: BootMillis) {
        let apps = self.apps.clone();
        self.under_way = Some(Box::pin(async move {
            apps.stop_all(by).await;
            Outcome::Stopped
        }));
    }

    async fn came(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::TakenOver { epoch, outcomes } => self.taken_over(epoch, outcomes).await,
            Outcome::Stopped => self.say(ToGuard::Stopped).await,
            Outcome::Drained => {
                self.runs = None;
                self.say(ToGuard::Release).await;
            }
        }
    }

    async fn taken_over(&mut self, epoch: u64, outcomes: Vec<AppOutcome>) {
        let now = clock::now();
        let failed = outcomes.iter().find(|outcome| outcome.failed.is_some()).cloned();
        let (opened, mut kept) = (self.opened.unwrap_or(now), self.kept.clone());
        if let Some(takeover) =
            kept.history.iter_mut().find(|takeover| takeover.epoch == epoch && takeover.applications.is_none())
        {
            takeover.applications = Some(takeover.lease + now.left(opened));
            takeover.outcomes = outcomes;
        }
        self.peer_active = None;
        self.keep(kept);
        let peer_could = self
            .state
            .as_ref()
            .and_then(|state| state.peer)
            .is_some_and(|peer| peer.about.fit && PeerHeard { ago: peer.heard, about: peer.about }.is_there());
        if let Some(AppOutcome { name, failed: Some(reason), .. }) = failed.filter(|_| peer_could) {
            tracing::error!(name, reason, "an application does not start here: the peer takes over");
            self.fence(Fence::Application { name, reason });
            self.say(ToGuard::Release).await;
        }
    }

    fn fence(&mut self, why: Fence) {
        let kept = Kept { fence: Some(why), ..self.kept.clone() };
        self.keep(kept);
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

    async fn perform(&mut self, command: Command) {
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
                let done = match self.kept.fence {
                    None => refused(Refusal::NotFenced),
                    Some(_) => {
                        let kept = Kept { fence: None, ..self.kept.clone() };
                        self.save(kept)
                    }
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

    /// First whether both boxes can use them, with nothing changed; then here, and then there. Should the second not reach the peer, it gets them
    /// when it is heard again: the higher revision holds.
    fn set(&mut self, wanted: SettingsRequest, answer: Answer<()>) {
        let SettingsRequest { virtual_ip, heartbeat, registry } = wanted;
        let theirs = self.peer_there().map_or(0, |about| about.revision);
        let revision = self.kept.settings.revision.max(theirs) + 1;
        let settings = PairSettings { virtual_ip, heartbeat, registry, revision };
        let issues = self.issues(&settings);
        if !issues.is_empty() {
            drop(answer.send(refused(Refusal::Unusable { issues })));
            return;
        }
        let asks = self.free_to_use(&settings);
        // a peer that is still to come gets them when it does
        let ends = self.ends.clone().filter(|_| self.of.is_some());
        self.peers.spawn(async move {
            if let Some(issue) = asks.await {
                let said = Some(pair_peer::Answer::Refused { why: Refusal::Unusable { issues: vec![issue] } });
                return Answered::Passed { said, answer };
            }
            let said = match ends {
                Some(ends) => peer::ask(&ends, &pair_peer::Ask::Check { settings: settings.clone() }).await,
                None => Some(pair_peer::Answer::Done),
            };
            Answered::Checked { settings, said, answer }
        });
    }

    /// Whether somebody on the site has the virtual IP already, who is neither of the two boxes.
    fn free_to_use(&self, settings: &PairSettings) -> impl Future<Output = Option<SettingsIssue>> + Send + use<> {
        let status = self.network.borrow().status.clone();
        let same = self.settings().virtual_ip.map(|virtual_ip| virtual_ip.address);
        let asked = settings.virtual_ip.clone().filter(|virtual_ip| Some(virtual_ip.address) != same);
        async move {
            let VirtualIp { address, port } = asked?;
            let link = status.ports.iter().find(|it| it.name == port)?.link.as_ref()?;
            let own = status.ports.iter().filter_map(|port| port.link.as_ref()?.mac).collect();
            let whose = acd::Whose { index: link.index, mac: link.mac?, own };
            let by = acd::in_use(&whose, address.addr()).await?;
            Some(SettingsIssue::Taken { address, by: by.to_string() })
        }
    }

    fn heard_from_peer(&mut self, said: Result<Answered, tokio::task::JoinError>) {
        let peer = || self.of.as_ref().map(|of| of.peer.clone());
        match said {
            Ok(Answered::Checked { settings, said, answer }) => {
                let done = match (said, peer()) {
                    (Some(pair_peer::Answer::Done), _) => {
                        let kept = Kept { settings, ..self.kept.clone() };
                        self.save(kept)
                    }
                    (Some(pair_peer::Answer::Unusable { issues }), Some(peer)) => {
                        refused(Refusal::UnusableOnPeer { peer, issues })
                    }
                    (Some(pair_peer::Answer::Refused { why }), _) => refused(why),
                    (_, Some(peer)) => refused(Refusal::PeerAway { peer }),
                    (_, None) => refused(Refusal::NoPair),
                };
                drop(answer.send(done));
            }
            Ok(Answered::Passed { said, answer }) => {
                let done = match (said, peer()) {
                    (Some(pair_peer::Answer::Done), _) => Ok(()),
                    (Some(pair_peer::Answer::Refused { why }), _) => refused(why),
                    (_, Some(peer)) => refused(Refusal::PeerAway { peer }),
                    (_, None) => refused(Refusal::NoPair),
                };
                drop(answer.send(done));
            }
            Ok(Answered::Told) => {}
            Ok(Answered::Shared) => self.sharing = false,
            Err(error) => tracing::error!(%error, "what the peer said is lost"),
        }
    }

    /// The peer is asked, and whoever asked this box gets its answer.
    fn pass(&mut self, ask: pair_peer::Ask, answer: Answer<()>) {
        let ends = self.ends.clone();
        self.peers.spawn(async move {
            let said = match ends {
                Some(ends) => peer::ask(&ends, &ask).await,
                None => None,
            };
            Answered::Passed { said, answer }
        });
    }

    async fn asked_by_peer(&mut self, ask: pair_peer::Ask) -> pair_peer::Answer {
        match ask {
            pair_peer::Ask::Check { settings } => {
                let issues = self.issues(&settings);
                if issues.is_empty() { pair_peer::Answer::Done } else { pair_peer::Answer::Unusable { issues } }
            }
            pair_peer::Ask::Settings { settings } => {
                let issues = self.issues(&settings);
                if settings.revision <= self.kept.settings.revision {
                    return pair_peer::Answer::Done;
                }
                // where they do not fit any more that is told, and the box keeps what it has
                if !issues.is_empty() {
                    return pair_peer::Answer::Unusable { issues };
                }
                let kept = Kept { settings, ..self.kept.clone() };
                self.keep(kept);
                pair_peer::Answer::Done
            }
            pair_peer::Ask::SwitchOver { drill } => {
                match self.switch_over(if drill { Kind::Drill } else { Kind::Switchover }) {
                    Ok(()) => pair_peer::Answer::Done,
                    Err(why) => pair_peer::Answer::Refused { why },
                }
            }
            // an active box has its own
            pair_peer::Ask::Set { .. } | pair_peer::Ask::Application { .. } if self.runs.is_some() => {
                pair_peer::Answer::Refused { why: Refusal::UnderWay }
            }
            pair_peer::Ask::Set { set } => match self.apps.adopt(set).await {
                Ok(names) if names.is_empty() => pair_peer::Answer::Done,
                Ok(names) => pair_peer::Answer::Missing { names },
                Err(fault) => {
                    tracing::warn!(%fault, "the peer's applications");
                    pair_peer::Answer::Unknown
                }
            },
            pair_peer::Ask::Application { bundle, revision } => match self.apps.import(*bundle, revision).await {
                Ok(()) => pair_peer::Answer::Done,
                Err(fault) => {
                    tracing::warn!(%fault, "an application of the peer");
                    pair_peer::Answer::Unknown
                }
            },
            pair_peer::Ask::Measured { epoch, gap } => {
                let mut kept = self.kept.clone();
                if let Some(takeover) = kept.history.iter_mut().find(|takeover| takeover.epoch == epoch) {
                    takeover.client_gap = Some(gap);
                }
                self.keep(kept);
                pair_peer::Answer::Done
            }
        }
    }

    fn peer_there(&self) -> Option<About> {
        let peer = self.state.as_ref()?.peer?;
        PeerHeard { ago: peer.heard, about: peer.about }.is_there().then_some(peer.about)
    }

    fn switch_over(&mut self, kind: Kind) -> Result<(), Refusal> {
        let Some(of) = self.of.clone() else { return Err(Refusal::NoPair) };
        let Some(state) = self.state.clone() else { return Err(Refusal::NobodyActive) };
        if self.wanted.is_some() || (self.under_way.is_some() && self.runs.is_some()) {
            return Err(Refusal::UnderWay);
        }
        let peer = state.peer.filter(|peer| PeerHeard { ago: peer.heard, about: peer.about }.is_there());
        let Some(peer) = peer else { return Err(Refusal::PeerAway { peer: of.peer }) };
        match state.role {
            Role::Active { .. } => {}
            Role::Standby | Role::Acquiring | Role::Stopping { .. } => return Err(Refusal::NobodyActive),
        }
        if !peer.about.fit {
            return Err(Refusal::PeerNotFit { peer: of.peer, why: why_not_fit(&peer.about).to_owned() });
        }
        self.wanted = Some(kind);
        let (apps, by) = (self.apps.clone(), clock::now().plus(STOPS_WITHIN));
        self.under_way = Some(Box::pin(async move {
            apps.stop_all(by).await;
            Outcome::Drained
        }));
        Ok(())
    }

    fn maintain(&mut self, on: bool) -> Result<(), Fault> {
        if self.of.is_none() {
            return refused(Refusal::NoPair);
        }
        let active = self.state.as_ref().is_some_and(|state| matches!(state.role, Role::Active { .. }));
        if on && active {
            self.switch_over(Kind::Switchover).map_err(|why| Fault::Pair { why })?;
        }
        let kept = Kept { maintenance: on, ..self.kept.clone() };
        self.save(kept)
    }

    fn tell(&self) {
        let status = self.status();
        self.publish.send_if_modified(|before| {
            let since = if before.phase == status.phase { before.since } else { Some(clock::wall()) };
            let status = PairStatus { since, ..status };
            let changed = *before != status;
            *before = status;
            changed
        });
    }

    fn status(&self) -> PairStatus {
        let enrolled = self.enrolled.borrow().clone();
        let settings = self.settings();
        let state = self.state.as_ref();
        let heard = state.and_then(|state| state.peer).map(|peer| PeerHeard { ago: peer.heard, about: peer.about });
        let reasons = self.reasons(enrolled.as_deref(), &settings, heard);
        let name = |serial: &Serial| {
            let cluster = self.activation.cluster();
            let hosts = cluster.view.map(|view| view.hosts).unwrap_or_default();
            hosts.into_iter().find(|host| host.serial == *serial).map(|host| host.name.to_string())
        };
        // only by the second, and only where it is not there: a status is news when it says something new
        let calm =
            |heard: PeerHeard| PeerHeard { ago: if heard.is_there() { 0 } else { heard.ago / 1000 * 1000 }, ..heard };
        let ways = self.of.iter().flat_map(|of| &of.ways).enumerate().map(|(at, way)| WayStatus {
            port: way.port.clone(),
            label: self.ports.label(&way.port),
            carrier: self.ports.carrier(&way.port),
            heard: state.and_then(|state| *state.ways.get(at)?).is_some_and(|ago| ago < domain::pair::beat::GONE),
        });
        PairStatus {
            phase: self.phase(enrolled.as_deref()),
            since: None,
            epoch: self.kept.epoch,
            peer: self.of.as_ref().map(|of| PeerStatus {
                serial: of.peer.clone(),
                name: name(&of.peer),
                heard: heard.map(calm),
            }),
            ways: ways.collect(),
            reasons,
            address_here: state.is_some_and(|state| state.gate == Gate::Open) && settings.virtual_ip.is_some(),
            history: self.kept.history.clone(),
            under_way: self.wanted,
            settings,
        }
    }

    fn phase(&self, enrolled: Option<&Enrolled>) -> Phase {
        if self.of.is_none() {
            let awaits = enrolled.and_then(|enrolled| enrolled.info.awaits.clone());
            return awaits.map_or(Phase::Single, |peer| Phase::Awaiting { peer });
        }
        let Some(state) = &self.state else { return Phase::Pairing };
        match state.role {
            Role::Active { .. } if state.gate == Gate::Opening || self.under_way.is_some() => Phase::Starting,
            Role::Active { .. } => Phase::Active,
            Role::Stopping { .. } => Phase::Stopping,
            Role::Standby | Role::Acquiring if self.kept.fence.is_some() => {
                self.kept.fence.clone().map_or(Phase::Standby, |why| Phase::Fenced { why })
            }
            Role::Standby | Role::Acquiring if self.kept.maintenance => Phase::Maintenance,
            Role::Acquiring => Phase::Acquiring,
            Role::Standby => Phase::Standby,
        }
    }

    fn reasons(
        &self,
        enrolled: Option<&Enrolled>,
        settings: &PairSettings,
        heard: Option<PeerHeard>,
    ) -> Vec<readiness::Reason> {
        let state = self.state.as_ref();
        let issues = self.issues(settings);
        let heartbeat = settings.heartbeat.as_ref();
        let own = About { role: state.map_or(Told::Standby, |state| state.role.into()), ..self.about_now() };
        let port = settings.virtual_ip.as_ref().map(|virtual_ip| &virtual_ip.port);
        readiness::reasons(&Facts {
            peer: self.of.as_ref().map(|of| &of.peer),
            awaits: enrolled.and_then(|enrolled| enrolled.info.awaits.as_ref()),
            settings,
            issues: &issues,
            guard: self.guard && state.is_some(),
            keepalived: state.is_some_and(|state| state.keepalived_starts > 0),
            starting: matches!(self.phase(enrolled), Phase::Starting | Phase::Acquiring | Phase::Stopping),
            maintenance: self.kept.maintenance,
            fence: self.kept.fence.as_ref(),
            registry: self.registry_there(),
            registry_on_pair: None,
            lease_refused: self.refused && heard.is_none_or(|heard| !heard.is_there()),
            heard,
            own,
            carrier: port.is_none_or(|port| self.ports.carrier(port)),
            leased: port.is_some_and(|port| self.ports.leased(port)),
            heartbeat_carrier: heartbeat.is_some_and(|port| self.ports.carrier(port)),
            heartbeat_heard: heartbeat.is_some()
                && state
                    .and_then(|state| state.ways.first().copied().flatten())
                    .is_some_and(|ago| ago < domain::pair::beat::GONE),
            watchdog: Path::new("/dev/watchdog").exists(),
            copies: self.apps.set().borrow().copies,
        })
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
