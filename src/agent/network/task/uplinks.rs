//! Which uplink is used. The rules are in [`domain::network::failover`]; here the gateways are asked, and what follows
//! goes into the kernel as the order of the default routes.

use std::net::Ipv4Addr;

use super::Task;
use crate::gateway;
use domain::{
    name::PortName,
    network::{
        failover::{Effect, Event, Facts, step},
        transaction::State,
        wanted::uplinks_in_order,
    },
};
use os::clock;

/// How a gateway answered.
#[derive(Debug)]
pub(super) struct Heard {
    uplink: PortName,
    gateway: Ipv4Addr,
    answers: bool,
}

impl Task {
    /// After each reading of the kernel.
    pub(super) async fn look_at_uplinks(&mut self) {
        let facts = self.facts();
        self.uplinks_event(Event::Observed(facts)).await;
    }

    pub(super) async fn heard(&mut self, Heard { uplink, gateway, answers }: Heard) {
        let event = if answers { Event::Answered { uplink, gateway } } else { Event::Missed { uplink, gateway } };
        self.uplinks_event(event).await;
    }

    pub(super) async fn uplinks_event(&mut self, event: Event) {
        let (state, effects) = step(std::mem::take(&mut self.failover), event, clock::now());
        self.failover = state;
        for effect in effects {
            match effect {
                Effect::ProbeGateway { uplink, gateway } => self.ask_gateway(uplink, gateway),
                Effect::Changed(switch) => tracing::info!(?switch, "another uplink is used"),
            }
        }
        // while a change is open, its own plan says what is where; the links decide among themselves then
        let idle = matches!(self.state, State::Idle | State::Degraded { .. });
        let preferred = self.out_of_order();
        if idle && preferred != self.preferred {
            self.preferred = preferred;
            self.repair_at = None;
            self.repair().await;
        }
    }

    /// From first choice to last.
    fn facts(&self) -> Vec<(PortName, Facts)> {
        let spec = self.effective(&self.committed);
        let order = uplinks_in_order(&self.committed, &self.options.board);
        let facts = order.into_iter().map(|name| {
            let port = spec.port(&name);
            let addresses = port.ipv4.addresses();
            let facts = Facts {
                carrier: self.carrier(&name) && self.is_connected(&name),
                address: addresses.iter().any(|a| self.holds(a.addr())),
                gateway: port.ipv4.gateway(),
                allowed: port.default_route && !addresses.is_empty(),
            };
            (name, facts)
        });
        facts.collect()
    }

    /// The uplink in use, if the order alone would have chosen another one.
    fn out_of_order(&self) -> Option<PortName> {
        let spec = self.effective(&self.committed);
        let order = uplinks_in_order(&self.committed, &self.options.board);
        let first = order.into_iter().find(|name| {
            let port = spec.port(name);
            port.default_route && port.ipv4.gateway().is_some()
        });
        self.failover.in_use().filter(|used| first.as_ref() != Some(used)).cloned()
    }

    fn ask_gateway(&self, uplink: PortName, gateway: Ipv4Addr) {
        // the modem watches its connection, and behind it are no neighbours to ask
        if self.is_slot(&uplink) {
            drop(self.answers.try_send(Heard { uplink, gateway, answers: true }));
            return;
        }
        let spec = self.effective(&self.committed).port(&uplink);
        let from = spec.ipv4.addresses().iter().find(|net| net.contains(&gateway)).map(ipnet::Ipv4Net::addr);
        // without an outcome it counts as missed
        let (Some(from), Some(whose)) = (from, self.whose(&uplink)) else { return };
        let answers = self.answers.clone();
        tokio::spawn(async move {
            let heard = gateway::answers(&whose, from, gateway).await;
            drop(answers.send(Heard { uplink, gateway, answers: heard }).await);
        });
    }
}
