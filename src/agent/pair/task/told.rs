//! What is told: to the peer, and to people.

use super::{
    About, Enrolled, Facts, Gate, Kind, PairSettings, PairStatus, Path, PeerHeard, PeerStatus, Phase, Reach, Role,
    Serial, SettingsIssue, Task, Told, WayStatus, clock, link, readiness,
};

use domain::{activation::api::Away, application::copies};

impl Task {
    pub(super) fn about_now(&self) -> About {
        let settings = self.settings();
        let issues = self.issues(&settings);
        let carrier = settings.virtual_ip.as_ref().is_none_or(|virtual_ip| self.ports.carrier(&virtual_ip.port));
        let (planned, reach) = (self.wanted.is_some(), self.reach());
        About {
            role: Told::Standby,
            epoch: self.kept.epoch,
            fit: self.of.is_some()
                && self.kept.in_sync
                && !self.kept.maintenance
                && self.kept.fence.is_none()
                && issues.is_empty()
                && carrier
                && !planned
                && !self.drains(),
            maintenance: self.kept.maintenance,
            carrier,
            registry: reach == Reach::There,
            planned,
            registry_here: reach == Reach::OnThisBox,
            fenced: self.kept.fence.is_some(),
            drill: self.wanted == Some(Kind::Drill),
            version: link::digest(env!("CARGO_PKG_VERSION").as_bytes()),
            settings: settings.digest(),
            applications: self.apps.set().borrow().digest(),
            revision: settings.revision,
            set_revision: self.apps.set().borrow().revision,
            synced: copies::lateness(
                &self.apps.set().borrow().copies,
                &self.apps.copies().borrow(),
                self.kept.epoch,
                clock::wall(),
            ),
        }
    }

    /// By the lease's calls where there are some, and else by the box's signs of life.
    fn reach(&self) -> Reach {
        if self.is_active() {
            return self.registry;
        }
        match self.activation.view().member.map(|member| member.away.map(|away| away.why)) {
            Some(None) => Reach::There,
            Some(Some(Away::OnThisBox { .. })) => Reach::OnThisBox,
            Some(Some(_)) | None => Reach::Away,
        }
    }

    pub(super) fn issues(&self, settings: &PairSettings) -> Vec<SettingsIssue> {
        settings.issues(&self.board, &self.network.borrow().status.spec, &self.ports.addresses())
    }

    pub(super) fn tell(&self) {
        let status = self.status();
        self.publish.send_if_modified(|before| {
            let since = if before.phase == status.phase { before.since } else { Some(clock::wall()) };
            let status = PairStatus { since, ..status };
            let changed = *before != status;
            *before = status;
            changed
        });
    }

    pub(super) fn status(&self) -> PairStatus {
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
            peer: self
                .of
                .as_ref()
                .filter(|_| enrolled.as_ref().is_some_and(|it| it.info.peer.is_some()))
                .map(|of| PeerStatus { serial: of.peer.clone(), name: name(&of.peer), heard: heard.map(calm) }),
            ways: ways.collect(),
            reasons,
            address_here: state.is_some_and(|state| state.gate == Gate::Open) && settings.virtual_ip.is_some(),
            history: self.kept.history.clone(),
            under_way: self.wanted,
            settings,
        }
    }

    pub(super) fn phase(&self, enrolled: Option<&Enrolled>) -> Phase {
        let awaits = enrolled.filter(|it| it.info.peer.is_none()).and_then(|it| it.info.awaits.clone());
        if let Some(peer) = awaits {
            return Phase::Awaiting { peer };
        }
        if self.of.is_none() {
            return Phase::Single;
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

    pub(super) fn reasons(
        &self,
        enrolled: Option<&Enrolled>,
        settings: &PairSettings,
        heard: Option<PeerHeard>,
    ) -> Vec<readiness::Reason> {
        let state = self.state.as_ref();
        let issues = self.issues(settings);
        let heartbeat = settings.heartbeat.as_ref();
        let on_pair = self.reach() == Reach::OnThisBox || self.peer_there().is_some_and(|about| about.registry_here);
        let registry = enrolled.and_then(|enrolled| Some(enrolled.trust.urls.first()?.host()));
        let own = About { role: state.map_or(Told::Standby, |state| state.role.into()), ..self.about_now() };
        let port = settings.virtual_ip.as_ref().map(|virtual_ip| &virtual_ip.port);
        readiness::reasons(&Facts {
            peer: enrolled.and_then(|enrolled| enrolled.info.peer.as_ref()).filter(|_| self.of.is_some()),
            awaits: enrolled.and_then(|enrolled| enrolled.info.awaits.as_ref()),
            settings,
            issues: &issues,
            guard: self.guard && state.is_some(),
            keepalived: state.is_some_and(|state| state.keepalived_starts > 0),
            starting: matches!(self.phase(enrolled), Phase::Starting | Phase::Acquiring | Phase::Stopping),
            maintenance: self.kept.maintenance,
            fence: self.kept.fence.as_ref(),
            registry: self.reach() == Reach::There,
            registry_on_pair: registry.filter(|_| on_pair),
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
            copies: !self.apps.set().borrow().copies.is_empty(),
            conflict: self.conflict.by.as_deref(),
            untaken: self.sharing.untaken.as_deref(),
            planned: self.wanted.is_some(),
        })
    }
}
