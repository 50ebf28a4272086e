//! What the two boxes ask of each other, and who gives up.

use domain::{activation::told, pair::beat::MOST};
use tokio::sync::oneshot;

use super::{
    About, Answer, Answered, Applications, BootMillis, Ends, Enrolled, Fault, Ipv4Addr, Kept, Kind, Outcome, PeerHeard,
    Refusal, STOPS_WITHIN, Said, Takeover, Task, Told, VirtualIp, clock, pair_peer, peer, refused, why_not_fit,
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
        if there {
            self.share_settings(&about);
            self.share_applications(&about);
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

    /// What the peer's answer means for whoever asked.
    fn all_done(&self, said: Option<pair_peer::Answer>) -> Result<(), Fault> {
        let peer = self.of.as_ref().map(|of| of.peer.clone());
        match (said, peer) {
            (Some(pair_peer::Answer::Done), _) => Ok(()),
            (Some(pair_peer::Answer::Unusable { issues }), Some(peer)) => {
                refused(Refusal::UnusableOnPeer { peer, issues })
            }
            (Some(pair_peer::Answer::Refused { why }), _) => refused(why),
            (_, Some(peer)) => refused(Refusal::PeerAway { peer }),
            (_, None) => refused(Refusal::NoPair),
        }
    }

    pub(super) fn heard_from_peer(&mut self, said: Result<Answered, tokio::task::JoinError>) {
        match said {
            Ok(Answered::Checked { settings, said, answer }) => {
                self.setting = false;
                let done = self.all_done(said).and_then(|()| {
                    // the peer's have come meanwhile
                    if settings.revision <= self.kept.settings.revision {
                        return refused(Refusal::UnderWay);
                    }
                    let kept = Kept { settings, ..self.kept.clone() };
                    self.save(kept)
                });
                drop(answer.send(done));
            }
            Ok(Answered::Passed { said, answer }) => drop(answer.send(self.all_done(said))),
            Ok(Answered::Told) => {}
            Ok(Answered::Contested { by }) => self.conflict_seen(by),
            Ok(Answered::Shared { untaken, again }) => {
                (self.sharing.busy, self.sharing.untaken) = (false, untaken);
                self.sharing.again = clock::now().plus(again);
            }
            Ok(Answered::Copied { name, tried }) => {
                self.copying = false;
                self.tried.insert(name, tried);
            }
            Err(error) => {
                tracing::error!(%error, "what the peer said is lost");
                (self.setting, self.copying, self.sharing.busy) = (false, false, false);
            }
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

    pub(super) fn asked_by_peer(&mut self, ask: pair_peer::Ask, answer: oneshot::Sender<Said>) {
        let said = match ask {
            pair_peer::Ask::Copy { name, epoch, flags } => self.may_come(name, epoch, flags),
            pair_peer::Ask::Set { set } => return self.take(answer, set.revision, |apps| apps.adopt(set)),
            pair_peer::Ask::Application { bundle, revision } => {
                return self.take(answer, revision, move |apps| apps.import(*bundle, revision));
            }
            ask => Said::Answer(self.answered_at_once(ask)),
        };
        // whoever asked may be gone
        drop(answer.send(said));
    }

    /// Applications, of the active one and of nobody else; they are looked at beside everything else.
    fn take<F>(&mut self, answer: oneshot::Sender<Said>, revision: u64, how: impl FnOnce(Applications) -> F)
    where
        F: Future<Output = pair_peer::Answer> + Send + 'static,
    {
        let from_active = self.peer_there().is_some_and(|about| about.role == Told::Active);
        if self.runs.is_some() || !from_active || revision > MOST {
            let why = Refusal::UnderWay;
            return drop(answer.send(Said::Answer(pair_peer::Answer::Refused { why })));
        }
        let taken = how(self.apps.clone());
        self.peers.spawn(async move {
            drop(answer.send(Said::Answer(taken.await)));
            Answered::Told
        });
    }

    fn answered_at_once(&mut self, ask: pair_peer::Ask) -> pair_peer::Answer {
        match ask {
            pair_peer::Ask::Check { .. } if self.setting => pair_peer::Answer::Refused { why: Refusal::UnderWay },
            pair_peer::Ask::Check { settings } => {
                let issues = self.issues(&settings);
                if issues.is_empty() { pair_peer::Answer::Done } else { pair_peer::Answer::Unusable { issues } }
            }
            pair_peer::Ask::Settings { settings } => self.adopt_settings(settings),
            pair_peer::Ask::SwitchOver { drill } => {
                match self.switch_over(if drill { Kind::Drill } else { Kind::Switchover }) {
                    Ok(()) => pair_peer::Answer::Done,
                    Err(why) => pair_peer::Answer::Refused { why },
                }
            }
            pair_peer::Ask::Measured { gap } => {
                let mut kept = self.kept.clone();
                let planned = |takeover: &&mut Takeover| matches!(takeover.kind, Kind::Switchover | Kind::Drill);
                if let Some(takeover) = kept.history.first_mut().filter(planned) {
                    takeover.client_gap = Some(gap);
                }
                self.keep(kept);
                pair_peer::Answer::Done
            }
            // each has a place of its own
            pair_peer::Ask::Set { .. }
            | pair_peer::Ask::Application { .. }
            | pair_peer::Ask::Copy { .. }
            | pair_peer::Ask::Copied { .. } => pair_peer::Answer::Unknown,
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
        if self.wanted.is_some() || (self.under_way.is_some() && self.runs.is_some()) {
            return Err(Refusal::UnderWay);
        }
        let Some(about) = self.peer_there() else { return Err(Refusal::PeerAway { peer: of.peer }) };
        if !self.is_active() {
            return Err(Refusal::NobodyActive);
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

    /// The registry has said that this box is to go.
    pub(super) fn drains(&self) -> bool {
        self.enrolled.borrow().as_ref().is_some_and(|enrolled| enrolled.info.state == told::DRAINING)
    }

    /// What runs here goes to the peer before this box does; where nobody can take it, it ends with the box. Until the peer has it the two must
    /// stay a pair.
    pub(super) fn leave_in_order(&mut self) {
        let drains = self.drains();
        let peer = self.peer_there().filter(|about| about.fit);
        // without the registry it would get no lease, and this box none back: it is waited for
        let reaches = peer.is_some_and(|about| about.registry);
        if drains && self.wanted.is_none() && self.is_active() && reaches {
            match self.switch_over(Kind::Switchover) {
                Ok(()) => tracing::info!("this box is to leave: the peer takes over"),
                Err(why) => tracing::warn!(%why, "this box is to leave, and hands nothing over"),
            }
        }
        let theirs = peer.is_some_and(|about| about.role != Told::Active) && (self.is_active() || drains);
        let is_known = self.enrolled.borrow().is_some() && (self.of.is_none() || self.state.is_some());
        let holds = is_known.then_some(self.wanted.is_some() || theirs);
        let had = self.holds.send_replace(holds);
        if drains && had == Some(true) && holds == Some(false) {
            let activation = self.activation.clone();
            tokio::spawn(async move { activation.poll().await });
        }
    }

    pub(super) fn maintain(&mut self, on: bool) -> Result<(), Fault> {
        if self.of.is_none() {
            return refused(Refusal::NoPair);
        }
        if on && self.is_active() {
            self.switch_over(Kind::Switchover).map_err(|why| Fault::Pair { why })?;
        }
        let kept = Kept { maintenance: on, ..self.kept.clone() };
        self.save(kept)
    }
}
