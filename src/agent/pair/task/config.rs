//! Which pair this box is of, what is set of it, and what the guard is told.

use super::{
    ALONE, CONFIG, Config, Enrolled, Keepalived, Kept, Of, PairPorts, PairSettings, PortName, STOPS_WITHIN, Stage,
    Task, box_file, clock, disk, link,
};

impl Task {
    /// Another pair begins anew. A box that was a member before it had a peer has what the pair's applications need; one that comes has not.
    /// False: something could not be saved, and it has to be looked at again.
    pub(super) async fn belongs(&mut self, before: Option<&Enrolled>, now: Option<&Enrolled>) -> bool {
        let Some(now) = now else {
            // what was set goes with the account; what happened stays to be read
            let gone = Kept { history: self.kept.history.clone(), ..Kept::default() };
            if self.kept != gone && self.activation.view().stage == Stage::Left {
                self.keep(gone);
            }
            return true;
        };
        if now.info.pair == self.kept.pair {
            if now.info.pair.is_some() && now.info.peer.is_none() && !self.kept.in_sync {
                // the other one was replaced, and with it went what this box had not
                let kept = Kept { in_sync: true, ..self.kept.clone() };
                self.keep(kept);
            }
            return true;
        }
        // until the registry has told the whole of it
        if now.info.peer.is_some() && now.info.pair.is_none() {
            return true;
        }
        let was_alone =
            before.is_some_and(|before| before.info.peer.is_none() && before.info.serial == now.info.serial);
        if now.info.pair.is_none()
            && self.runs.is_none_or(|epoch| epoch == ALONE)
            && before.is_some()
            // the other one has them; here they run again when somebody starts them
            && let Err(fault) = self.apps.park().await
        {
            tracing::error!(%fault, "the applications that the other box has cannot be put aside");
            return false;
        }
        if self.runs == Some(ALONE) && now.info.pair.is_some() {
            // the lease says from now on
            self.runs = None;
            self.stop(clock::now().plus(STOPS_WITHIN));
        }
        let settings = self.kept.settings.clone();
        // nobody else has anything while the peer is still to come
        let in_sync = was_alone || now.info.peer.is_none();
        let fresh = Kept { pair: now.info.pair.clone(), settings, in_sync, ..Kept::default() };
        tracing::info!(pair = ?fresh.pair, was_alone, "another pair");
        self.keep(fresh);
        true
    }

    pub(super) fn pair_of(&self, enrolled: &Enrolled) -> Option<Of> {
        let (pair, peer) =
            (enrolled.info.pair.as_ref()?, enrolled.info.peer.as_ref().or(enrolled.info.awaits.as_ref())?);
        let own = enrolled.info.serial.clone();
        let settings = self.settings();
        let site = settings.virtual_ip.as_ref().map(|virtual_ip| &virtual_ip.port).or_else(|| self.first_uplink());
        let ways = link::ways(pair, &own, peer, settings.heartbeat.as_ref(), site);
        Some(Of { own, peer: peer.clone(), ways, virtual_router: link::virtual_router(pair) })
    }

    /// As they hold: where nobody has decided here, what was said with the activation.
    pub(super) fn settings(&self) -> PairSettings {
        if self.kept.settings.revision > 0 {
            return self.kept.settings.clone();
        }
        let enrolled = self.enrolled.borrow();
        let (address, ports) = enrolled.as_ref().map(|it| (it.info.virtual_ip, &it.ports)).unzip();
        PairSettings::first(
            &self.board,
            ports.unwrap_or(&PairPorts::default()),
            address.flatten(),
            &self.ports.addresses(),
        )
    }

    /// Ports that somebody has chosen in the wizard are a decision as any later one, which the peer gets: as soon as they fit.
    pub(super) fn decide(&mut self) {
        let chosen = self.enrolled.borrow().as_ref().is_some_and(|it| it.ports != PairPorts::default());
        if !chosen || self.of.is_none() || self.kept.settings.revision > 0 {
            return;
        }
        let settings = self.settings();
        let named = self.enrolled.borrow().as_ref().and_then(|it| it.info.virtual_ip);
        if settings.virtual_ip.is_some() == named.is_some() && self.issues(&settings).is_empty() {
            let kept = Kept { settings: PairSettings { revision: 1, ..settings }, ..self.kept.clone() };
            self.keep(kept);
        }
    }

    pub(super) fn first_uplink(&self) -> Option<&PortName> {
        self.board.ports.iter().find(|port| port.role == box_file::Role::Uplink).map(|port| &port.name)
    }

    pub(super) fn config_for(&self, enrolled: &Enrolled) -> Option<Config> {
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
        let (pair, alone) = (enrolled.info.pair.clone()?, enrolled.info.peer.is_none());
        Some(Config {
            pair,
            alone,
            terms: settings.terms(),
            secret,
            ways: self.ports.wires(&of.ways),
            virtual_ip,
            keepalived,
        })
    }

    /// Its digest, once it is there.
    pub(super) fn write_keepalived(&self, text: &str) -> u64 {
        let path = self.runtime_dir.join(CONFIG);
        let digest = link::digest(text.as_bytes());
        if disk::read(&path).ok().flatten().as_deref() != Some(text)
            && let Err(error) = disk::write(&path, text.as_bytes(), 0o600)
        {
            tracing::error!(%error, "keepalived's configuration cannot be written");
        }
        digest
    }

    /// Of no pair, its applications run here; not on a box in whose place another one has come.
    pub(super) fn stand_alone(&mut self) {
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
}
