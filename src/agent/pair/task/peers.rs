//! What the two boxes ask of each other: settings on both or on none, applications, and who gives up.

use super::{
    About, Answer, Answered, BootMillis, Ends, Enrolled, Fault, Ipv4Addr, Kept, Kind, Outcome, PairSettings, PeerHeard,
    Refusal, Role, STOPS_WITHIN, SettingsIssue, SettingsRequest, Takeover, Task, Told, VirtualIp, acd, clock,
    pair_peer, peer, refused, why_not_fit,
};
use crate::pair::drill;

impl Task {
    /// Listens where the ways are now.
    pub(super) fn meet(&mut self, enrolled: Option<&Enrolled>) {
        let wires = self.config.as_ref().map(|config| config.ways.clone());
        let ends = enrolled.zip(wires).and_then(|(enrolled, wires)| Ends::of(enrolled, wires));
        if ends != self.ends {
            self.listening = ends.as_ref().map(|ends| peer::listen(ends, &self.asked.0));
            self.ends = ends;
        }
    }

    pub(super) fn look_at_the_peer(&mut self) {
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
        let kind = about.planned.then_some(if about.drill { Kind::Drill } else { Kind::Switchover });
        if about.role == Told::Active && there {
            self.peer_active = Some((BootMillis(clock::now().0.saturating_sub(peer.heard)), kind));
        } else if let (Some((_, known)), Some(kind), true) = (&mut self.peer_active, kind, there) {
            // what it says while it gives up
            *known = Some(kind);
        }
        let mut kept = self.kept.clone();
        kept.epoch = kept.epoch.max(about.epoch);
        if there && self.runs.is_none() {
            // an active one is who has it; of two that have not been active for each other whoever has more
            let same =
                about.applications == self.apps.set().borrow().digest() && about.settings == self.settings().digest();
            let ahead = self.apps.set().borrow().revision > about.set_revision;
            let active = (about.role == Told::Active).then_some(about.epoch);
            kept.in_sync =
                (same && self.has_data(active, &kept)) || (kept.in_sync && ahead && about.role != Told::Active);
        }
        if kept != self.kept {
            self.keep(kept);
        }
    }

    /// The peer gets what runs here, file by file; what it cannot use it says, and the pair is not protected then.
    pub(super) fn share_applications(&mut self) {
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

    /// First whether both boxes can use them, with nothing changed; then here, and then there. Should the second not reach the peer, it gets them
    /// when it is heard again: the higher revision holds.
    pub(super) fn set(&mut self, wanted: SettingsRequest, answer: Answer<()>) {
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
    pub(super) fn free_to_use(
        &self,
        settings: &PairSettings,
    ) -> impl Future<Output = Option<SettingsIssue>> + Send + use<> {
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

    pub(super) fn heard_from_peer(&mut self, said: Result<Answered, tokio::task::JoinError>) {
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
            Ok(Answered::Copied { name, tried }) => {
                self.copying = false;
                self.tried.insert(name, tried);
            }
            Err(error) => tracing::error!(%error, "what the peer said is lost"),
        }
    }

    /// The peer is asked, and whoever asked this box gets its answer.
    pub(super) fn pass(&mut self, ask: pair_peer::Ask, answer: Answer<()>) {
        let ends = self.ends.clone();
        self.peers.spawn(async move {
            let said = match ends {
                Some(ends) => peer::ask(&ends, &ask).await,
                None => None,
            };
            Answered::Passed { said, answer }
        });
    }

    pub(super) async fn asked_by_peer(&mut self, ask: pair_peer::Ask) -> pair_peer::Answer {
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
            // each has a place of its own
            pair_peer::Ask::Copy { .. } | pair_peer::Ask::Copied { .. } => pair_peer::Answer::Unknown,
            pair_peer::Ask::Measured { gap } => {
                let mut kept = self.kept.clone();
                let planned = |takeover: &&mut Takeover| matches!(takeover.kind, Kind::Switchover | Kind::Drill);
                if let Some(takeover) = kept.history.first_mut().filter(planned) {
                    takeover.client_gap = Some(gap);
                }
                self.keep(kept);
                pair_peer::Answer::Done
            }
        }
    }

    /// What the site sees of a switchover: asked from this box, once it has given up, and told to the one that has it in its history.
    pub(super) fn measure(&mut self) {
        let Some((ends, client, address)) =
            self.ends.clone().zip(self.client()).map(|(ends, (client, to))| (ends, client, to))
        else {
            return;
        };
        self.peers.spawn(async move {
            if let Some(gap) = drill::gap(client, address).await {
                tracing::info!(gap, "the site had no answer for so long");
                drop(peer::ask(&ends, &pair_peer::Ask::Measured { gap }).await);
            }
            Answered::Told
        });
    }

    fn client(&self) -> Option<(drill::Client, Ipv4Addr)> {
        let VirtualIp { address, port } = self.settings().virtual_ip?;
        let status = &self.network.borrow().status;
        let link = status.ports.iter().find(|it| it.name == port)?.link.as_ref()?;
        let (_, own) = self.ports.addresses().into_iter().find(|(name, _)| *name == port)?;
        Some((drill::Client { index: link.index, mac: link.mac?, own: own.addr() }, address.addr()))
    }

    pub(super) fn peer_there(&self) -> Option<About> {
        let peer = self.state.as_ref()?.peer?;
        PeerHeard { ago: peer.heard, about: peer.about }.is_there().then_some(peer.about)
    }

    /// Whether it would take over at this moment.
    pub(super) fn peer_could(&self) -> bool {
        self.peer_there().is_some_and(|about| about.fit)
    }

    pub(super) fn switch_over(&mut self, kind: Kind) -> Result<(), Refusal> {
        let Some(of) = self.of.clone() else { return Err(Refusal::NoPair) };
        let Some(state) = self.state.clone() else { return Err(Refusal::NobodyActive) };
        if self.wanted.is_some() || (self.under_way.is_some() && self.runs.is_some()) {
            return Err(Refusal::UnderWay);
        }
        let Some(about) = self.peer_there() else { return Err(Refusal::PeerAway { peer: of.peer }) };
        match state.role {
            Role::Active { .. } => {}
            Role::Standby | Role::Acquiring | Role::Stopping { .. } => return Err(Refusal::NobodyActive),
        }
        if !about.fit {
            return Err(Refusal::PeerNotFit { peer: of.peer, why: why_not_fit(&about).to_owned() });
        }
        self.wanted = Some(kind);
        let (apps, by) = (self.apps.clone(), clock::now().plus(STOPS_WITHIN));
        let copies = self.last_copies();
        self.under_way = Some(Box::pin(async move {
            apps.stop_all(by).await;
            copies.await;
            Outcome::Drained
        }));
        Ok(())
    }

    pub(super) fn maintain(&mut self, on: bool) -> Result<(), Fault> {
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
}
