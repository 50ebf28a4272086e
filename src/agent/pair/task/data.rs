//! Data of applications: the active box gives what is due, and the other one takes it.

use std::time::Duration;

use domain::application::{
    ApplicationName,
    copies::{self, Tried},
};
use tokio::time::timeout;

use super::{Answered, Kept, Role, STOPS_WITHIN, Task, Told, clock};
use crate::pair::{
    copy::{Incoming, Outgoing},
    peer::Said,
};

use domain::pair::{api::Refusal, peer::Answer};

impl Task {
    /// The epoch in which this box is who gives, to a peer that has the same applications.
    fn gives(&self) -> Option<u64> {
        let Some(Role::Active { epoch }) = self.state.as_ref().map(|state| state.role) else { return None };
        let about = self.peer_there()?;
        let same = about.applications == self.apps.set().borrow().digest();
        (self.runs == Some(epoch) && same && about.role == Told::Standby).then_some(epoch)
    }

    fn outgoing(&self, name: &ApplicationName, epoch: u64) -> Option<Outgoing> {
        let folders = self.apps.set().borrow().copies.get(name)?.folders.clone();
        Some(Outgoing { name: name.clone(), epoch, folders, apps: self.apps.clone(), turn: self.turn.clone() })
    }

    pub(super) fn copy_what_is_due(&mut self) {
        let Some(epoch) = self.gives().filter(|_| !self.copying && self.wanted.is_none()) else { return };
        let at = clock::now();
        let Some(name) = copies::due(&self.apps.set().borrow().copies, &self.tried, epoch, at) else { return };
        let (Some(outgoing), Some(ends)) = (self.outgoing(&name, epoch), self.ends.clone()) else { return };
        self.copying = true;
        self.peers.spawn(async move {
            let done = outgoing.send(&ends).await;
            if let Err(why) = &done {
                tracing::warn!(%name, why, "data was not copied to the peer");
            }
            Answered::Copied { name, tried: Tried { at, epoch, whole: done.is_ok() } }
        });
    }

    /// What was written since the last copy goes along with a switchover, once nothing writes any more. One that does not come about holds
    /// nobody up for longer than an application may take to stop.
    pub(super) fn last_copies(&self) -> impl Future<Output = ()> + Send + use<> {
        let epoch = self.gives();
        let names: Vec<_> = self.apps.set().borrow().copies.keys().cloned().collect();
        let all = epoch.map(|epoch| names.iter().filter_map(|name| self.outgoing(name, epoch)).collect::<Vec<_>>());
        let ends = self.ends.clone();
        async move {
            let (Some(all), Some(ends)) = (all, ends) else { return };
            let copies = async {
                for outgoing in all {
                    let name = outgoing.name.clone();
                    if let Err(why) = outgoing.send(&ends).await {
                        tracing::warn!(%name, why, "the last copy of its data before the switchover");
                    }
                }
            };
            if timeout(Duration::from_millis(STOPS_WITHIN), copies).await.is_err() {
                tracing::warn!("the last copies before the switchover take too long: it goes on without them");
            }
        }
    }

    /// From the active one and nobody else, nothing of an epoch that is over, and nothing of an application that this box does not know as one whose data comes.
    pub(super) fn may_come(&self, name: ApplicationName, epoch: u64, flags: String) -> Said {
        let standby = matches!(self.state.as_ref().map(|state| state.role), Some(Role::Standby)) && self.runs.is_none();
        let known = self.apps.set().borrow().copies.contains_key(&name);
        let active = self.peer_there().filter(|about| about.role == Told::Active && about.epoch == epoch);
        if !standby || !known || active.is_none() || epoch < self.kept.epoch || !domain::pair::peer::is_flags(&flags) {
            return Said::Answer(Answer::Refused { why: Refusal::UnderWay });
        }
        Said::Receive(Box::new(Incoming { name, epoch, flags, door: self.door.clone(), apps: self.apps.clone() }))
    }

    /// Whether this box has the data of the epoch that the active one is in; of two that are not active, what it had before holds.
    pub(super) fn has_data(&self, active: Option<u64>, kept: &Kept) -> bool {
        let wanted = self.apps.set().borrow().copies.clone();
        match active {
            Some(epoch) => copies::of_epoch(&wanted, &self.apps.copies().borrow(), epoch),
            None => wanted.is_empty() || kept.in_sync,
        }
    }
}
