//! What routers say of DNS servers, and when it is over. The rules are in [`domain::network::rdnss`].

use super::Task;
use domain::{
    name::PortName,
    network::{
        rdnss::{Advert, Resolvers},
        spec::Ipv6Spec,
        transaction::State,
    },
};
use os::clock;

impl Task {
    /// Whether the saved or the coming spec wants to hear the routers of this port.
    pub(super) fn listens(&self, port: &PortName) -> bool {
        let coming = self.state.transaction().map(|tx| &tx.new_spec);
        [Some(&self.committed), coming].into_iter().flatten().any(|spec| spec.port(port).ipv6() == Ipv6Spec::Auto)
    }

    pub(super) fn advertised(&mut self, advert: Advert) {
        let port = self.interfaces.iter().find(|(_, index)| **index == advert.index).map(|(port, _)| port.clone());
        if let Some(port) = port.filter(|port| self.listens(port)) {
            self.change_resolvers(|resolvers| resolvers.hear(&port, advert, clock::now()));
        }
    }

    pub(super) fn expire_resolvers(&mut self) {
        self.change_resolvers(|resolvers| resolvers.expire(clock::now()));
    }

    fn change_resolvers(&mut self, change: impl FnOnce(&mut Resolvers)) {
        let before = self.resolvers.servers();
        change(&mut self.resolvers);
        self.learned |= self.resolvers.servers() != before;
    }

    /// Uses what was learned, as soon as the state of an open change allows it.
    pub(super) async fn use_resolvers(&mut self) {
        let mut resolvers = std::mem::take(&mut self.resolvers);
        resolvers.keep(|port| self.listens(port) && self.interfaces.contains_key(port));
        self.resolvers = resolvers;
        let now = matches!(self.state, State::Idle | State::Degraded { .. } | State::AwaitingConfirm { .. });
        if self.learned && now {
            self.learned = false;
            self.leases_changed().await;
        }
    }
}
