//! What the guard's role means for what runs here, and what is written down of it.

use super::{
    ADDRESS_WITHIN, Answered, AppOutcome, BootMillis, Fence, Gate, HISTORY, Kept, Kind, MARGIN, Outcome, Role,
    SettingsIssue, Takeover, Task, ToGuard, clock, guard,
};

use domain::application::api::RunState;

use crate::pair::seen::taken;

/// Between two looks for a device that has the virtual IP, too, in milliseconds. keepalived does not look for one.
const CONFLICT_LOOK: u64 = 10_000;

/// Another device that has the virtual IP.
#[derive(Debug, Default)]
pub struct Conflict {
    /// Its hardware address.
    pub by: Option<String>,
    next: BootMillis,
}

impl Task {
    /// The box that has the virtual IP asks the site who else has it (RFC 5227): a probe, which changes nobody's mind.
    pub(super) fn look_for_a_conflict(&mut self) {
        let open = self.state.as_ref().is_some_and(|state| state.gate == Gate::Open);
        let Some(virtual_ip) = self.settings().virtual_ip.filter(|_| open) else {
            self.conflict = Conflict::default();
            return;
        };
        let now = clock::now();
        if now < self.conflict.next {
            return;
        }
        self.conflict.next = now.plus(CONFLICT_LOOK);
        let status = self.network.borrow().status.clone();
        self.peers.spawn(async move { Answered::Contested { by: taken(&status, &virtual_ip).await } });
    }

    pub(super) fn conflict_seen(&mut self, by: Option<SettingsIssue>) {
        let by = match by {
            Some(SettingsIssue::Taken { by, .. }) if self.is_active() => Some(by),
            Some(_) | None => None,
        };
        if let Some(by) = by.as_ref().filter(|_| by != self.conflict.by) {
            tracing::error!(by, "another device has the virtual IP, too");
        }
        self.conflict.by = by;
    }

    pub(super) fn is_active(&self) -> bool {
        self.state.as_ref().is_some_and(|state| matches!(state.role, Role::Active { .. }))
    }

    /// The end of what this box cannot do well any more.
    pub(super) async fn give_up_where_better(&mut self) {
        if !self.is_active() {
            return;
        }
        let peer_could = self.peer_could();
        let without = self.settings().virtual_ip.filter(|virtual_ip| !self.ports.carrier(&virtual_ip.port));
        if without.is_some() && peer_could {
            tracing::warn!("the virtual IP's port has no cable in it: the peer takes over");
            self.say(ToGuard::Release).await;
            return;
        }
        let given_up = self.apps.status().all.into_iter().find(|app| app.enabled && app.state == RunState::Failed);
        if let Some(app) = given_up.filter(|_| peer_could && self.under_way.is_none()) {
            let reason = app.reason.map(|reason| reason.to_string()).unwrap_or_default();
            tracing::error!(name = %app.name, reason, "an application was given up here: the peer takes over");
            self.fence(Fence::Application { name: app.name.to_string(), reason });
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

    /// What the guard's role means for what runs here.
    pub(super) async fn follow(&mut self, state: guard::State) {
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
        self.door.set(role == Role::Standby && self.runs.is_none());
        match role {
            Role::Active { epoch } if !known && open => {
                // an earlier agent has seen it begin
                self.go_on_in(epoch);
                self.take_over(epoch);
            }
            Role::Active { epoch } if self.runs.is_some_and(|runs| runs != epoch) => {
                self.go_on_in(epoch);
                self.runs = Some(epoch);
                if self.wanted.is_none() {
                    self.take_over(epoch);
                }
            }
            // what has ended for a switchover does not begin again before the guard has heard of it
            Role::Active { .. } if self.wanted.is_some() => {}
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
                // also what an earlier agent was stopping when it ended
                let left = self.under_way.is_none() && !self.apps.targets().borrow().is_empty();
                if self.runs.take().is_some() || left {
                    self.stop(clock::now().plus(MARGIN));
                }
            }
        }
    }

    pub(super) fn history_of(&mut self, epoch: u64) -> Option<&mut Takeover> {
        self.kept.history.iter_mut().find(|takeover| takeover.epoch == epoch)
    }

    /// The lease is here: what is written down of this take-over begins.
    pub(super) fn begin(&mut self, epoch: u64) {
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
    pub(super) fn go_on_in(&mut self, epoch: u64) {
        let mut kept = self.kept.clone();
        if let Some(takeover) = kept.history.first_mut() {
            takeover.epoch = epoch;
        }
        kept.epoch = kept.epoch.max(epoch);
        self.keep(kept);
    }

    pub(super) fn address_is_here(&mut self, epoch: u64) {
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

    pub(super) fn take_over(&mut self, epoch: u64) {
        self.runs = Some(epoch);
        let (apps, door) = (self.apps.clone(), self.door.clone());
        self.under_way = Some(Box::pin(async move {
            door.close().await;
            Outcome::TakenOver { epoch, outcomes: apps.take_over(epoch).await }
        }));
    }

    pub(super) fn stop(&mut self, by: BootMillis) {
        let apps = self.apps.clone();
        self.under_way = Some(Box::pin(async move {
            apps.stop_all(by).await;
            Outcome::Stopped
        }));
    }

    pub(super) async fn came(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::TakenOver { epoch, outcomes } => self.taken_over(epoch, outcomes).await,
            Outcome::Stopped => self.say(ToGuard::Stopped).await,
            Outcome::Drained => {
                self.runs = None;
                self.measure();
                self.say(ToGuard::Release).await;
            }
        }
    }

    pub(super) async fn taken_over(&mut self, epoch: u64, outcomes: Vec<AppOutcome>) {
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
        let peer_could = self.peer_could();
        if let Some(AppOutcome { name, failed: Some(reason), .. }) = failed.filter(|_| peer_could) {
            tracing::error!(name, reason, "an application does not start here: the peer takes over");
            self.fence(Fence::Application { name, reason });
            self.say(ToGuard::Release).await;
        }
    }

    pub(super) fn fence(&mut self, why: Fence) {
        let kept = Kept { fence: Some(why), ..self.kept.clone() };
        self.keep(kept);
    }
}
