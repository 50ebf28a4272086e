//! What both boxes of a pair have alike: settings, on both or on none, and applications.

use domain::pair::beat::MOST;

use super::{
    About, Answer, Answered, BootMillis, Kept, PairSettings, Refusal, SettingsIssue, SettingsRequest, Task, Told,
    clock, pair_peer, peer, refused,
};
use crate::{applications::Applications, pair::seen::taken};

/// Before settings are sent once more, in milliseconds: a peer that has just started may not listen yet.
const SETTINGS_AGAIN: u64 = 2_000;
/// Before applications are, where the peer was not reached.
const AGAIN: u64 = 2_000;
/// Where it cannot use one: all its files would go again.
const UNTAKEN_AGAIN: u64 = 30_000;

/// How applications come to the peer.
#[derive(Debug, Default)]
pub struct Sharing {
    pub busy: bool,
    /// The set that was sent last.
    pub digest: u64,
    /// Not sent again before.
    pub again: BootMillis,
    /// What the peer cannot use, for people.
    pub untaken: Option<String>,
}

impl Task {
    /// The peer was away when they were made, or has come later.
    pub(super) fn share_settings(&mut self, about: &About) {
        let (own, now) = (&self.kept.settings, clock::now());
        let behind = own.revision > 0 && (about.revision, about.settings) < own.rank();
        if !behind || now < self.settings_again {
            return;
        }
        self.settings_again = now.plus(SETTINGS_AGAIN);
        let (ends, ask) = (self.ends.clone(), pair_peer::Ask::Settings { settings: own.clone() });
        self.peers.spawn(async move {
            if let Some(ends) = ends {
                drop(peer::ask(&ends, &ask).await);
            }
            Answered::Told
        });
    }

    /// Where they do not fit any more that is told, and the box keeps what it has.
    pub(super) fn adopt_settings(&mut self, settings: PairSettings) -> pair_peer::Answer {
        if settings.revision > MOST || settings.rank() <= self.kept.settings.rank() {
            return pair_peer::Answer::Done;
        }
        let issues = self.issues(&settings);
        if !issues.is_empty() {
            return pair_peer::Answer::Unusable { issues };
        }
        let kept = Kept { settings, ..self.kept.clone() };
        self.keep(kept);
        pair_peer::Answer::Done
    }

    /// First whether both boxes can use them, with nothing changed; then here, and then there. Should the second not reach the peer, it gets them
    /// when it is heard again: the higher revision holds.
    pub(super) fn set(&mut self, wanted: SettingsRequest, answer: Answer<()>) {
        let SettingsRequest { virtual_ip, heartbeat, registry } = wanted;
        let theirs = self.peer_there().map_or(0, |about| about.revision);
        let revision = self.kept.settings.revision.max(theirs).saturating_add(1);
        let settings = PairSettings { virtual_ip, heartbeat, registry, revision };
        let issues = self.issues(&settings);
        // a peer that is still to come gets them when it does
        let has_peer = self.enrolled.borrow().as_ref().is_some_and(|enrolled| enrolled.info.peer.is_some());
        let ends = self.ends.clone();
        let why_not = match &self.of {
            None => Some(Refusal::NoPair),
            Some(_) if self.setting => Some(Refusal::UnderWay),
            Some(_) if !issues.is_empty() => Some(Refusal::Unusable { issues }),
            Some(of) if has_peer && ends.is_none() => Some(Refusal::PeerAway { peer: of.peer.clone() }),
            Some(_) => None,
        };
        if let Some(why) = why_not {
            drop(answer.send(refused(why)));
            return;
        }
        self.setting = true;
        let asks = self.free_to_use(&settings);
        self.peers.spawn(async move {
            let said = match (asks.await, ends) {
                (Some(issue), _) => Some(pair_peer::Answer::Refused { why: Refusal::Unusable { issues: vec![issue] } }),
                (None, Some(ends)) if has_peer => {
                    peer::ask(&ends, &pair_peer::Ask::Check { settings: settings.clone() }).await
                }
                (None, _) => Some(pair_peer::Answer::Done),
            };
            Answered::Checked { settings, said, answer }
        });
    }

    /// Whether somebody on the site has the virtual IP already, who is neither of the two boxes.
    fn free_to_use(&self, settings: &PairSettings) -> impl Future<Output = Option<SettingsIssue>> + Send + use<> {
        let status = self.network.borrow().status.clone();
        let same = self.settings().virtual_ip.map(|virtual_ip| virtual_ip.address);
        let asked = settings.virtual_ip.clone().filter(|virtual_ip| Some(virtual_ip.address) != same);
        async move { taken(&status, &asked?).await }
    }

    /// The peer gets what runs here, file by file; what it cannot use it says, and the pair is not protected then.
    pub(super) fn share_applications(&mut self, about: &About) {
        let (digest, now) = (self.apps.set().borrow().digest(), clock::now());
        if about.applications == digest {
            self.sharing.untaken = None;
            return;
        }
        let wait = self.sharing.digest == digest && now < self.sharing.again;
        if self.runs.is_none() || about.role == Told::Active || self.sharing.busy || wait {
            return;
        }
        let (Some(ends), apps) = (self.ends.clone(), self.apps.clone()) else { return };
        (self.sharing.busy, self.sharing.digest) = (true, digest);
        self.peers.spawn(async move {
            let untaken = share(&ends, &apps).await;
            let again = if matches!(untaken, Ok(Some(_))) { UNTAKEN_AGAIN } else { AGAIN };
            Answered::Shared { untaken: untaken.ok().flatten(), again }
        });
    }
}

/// What the peer cannot use, where it says so.
async fn share(ends: &peer::Ends, apps: &Applications) -> Result<Option<String>, ()> {
    let set = apps.set().borrow().clone();
    let ask = pair_peer::Ask::Set { set: set.clone() };
    let Some(pair_peer::Answer::Missing { names }) = peer::ask(ends, &ask).await else { return Err(()) };
    let mut untaken = None;
    for name in names {
        let Ok(bundle) = apps.export(name.clone()).await else { continue };
        let ask = pair_peer::Ask::Application { bundle: Box::new(bundle), revision: set.revision };
        match peer::ask(ends, &ask).await {
            Some(pair_peer::Answer::Done) => tracing::info!(%name, "the peer has it"),
            Some(pair_peer::Answer::NotTaken { why }) => {
                tracing::warn!(%name, why, "the peer cannot use an application");
                untaken = Some(format!("{name}: {why}"));
            }
            said => {
                tracing::warn!(%name, ?said, "the peer does not take an application");
                return Err(());
            }
        }
    }
    drop(peer::ask(ends, &pair_peer::Ask::Set { set }).await);
    Ok(untaken)
}
