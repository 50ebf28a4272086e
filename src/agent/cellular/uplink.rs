//! Between the modem and the network engine: what a connection gave goes to the engine, which owns the interface; what becomes of it comes
//! back, with an answer of a DNS server as the proof that it leads somewhere.

use std::{net::SocketAddr, pin::Pin, sync::Arc};

use crate::{
    hops::dns,
    network::{Dialled, Published},
};
use domain::{
    cellular::{
        bearer::{Link, is_interface},
        cause::Cause,
        checklist,
        machine::State,
    },
    fault::Fault,
    name::PortName,
    network::{issue::Issue, nameserver::is_link_local},
    time::BootMillis,
};

/// Until the engine is told again what it did not take.
const TELL_AGAIN: u64 = 1_000;
/// Until DNS servers that were silent are asked again.
const ASK_AGAIN: u64 = 20_000;
const DNS_PORT: u16 = 53;

pub(super) type Told = Result<Result<(), Vec<Issue>>, Fault>;
pub(super) type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type UnderWay<T> = Option<Pending<T>>;
/// The way to the network engine.
pub(super) type Dial = Arc<dyn Fn(Dialled) -> Pending<Told> + Send + Sync>;

pub(super) struct UplinkOf {
    slot: PortName,
    dial: Dial,
    /// What the engine has, or gets now.
    told: Option<Dialled>,
    /// What it cannot use.
    unfit: bool,
    pub(super) telling: UnderWay<Told>,
    tell_at: BootMillis,
    pub(super) asking: UnderWay<bool>,
    answers: Option<bool>,
    ask_at: BootMillis,
}

impl UplinkOf {
    pub(super) fn new(slot: PortName, dial: Dial) -> Self {
        let (told, telling, asking, answers) = Default::default();
        let (tell_at, ask_at) = Default::default();
        Self { slot, dial, told, unfit: false, telling, tell_at, asking, answers, ask_at }
    }

    /// Tells the engine what is new. Without a connection it is told the interface all the same, so that it takes away what is left there.
    pub(super) fn tell(&mut self, state: &State, now: BootMillis) {
        if self.telling.is_some() || self.tell_at > now {
            return;
        }
        let dialled = match state.link() {
            Some(Ok(Link { interface, port })) => Dialled { interface: Some(interface), port: Some(port) },
            // who told of the interface may be gone, with what it gave still there
            Some(Err(_)) | None => Dialled { interface: interface(state).or_else(|| self.interface()), port: None },
        };
        if self.told.as_ref() == Some(&dialled) {
            return;
        }
        (self.unfit, self.answers, self.asking) = (false, None, None);
        self.ask_at = now;
        self.told = Some(dialled.clone());
        self.telling = Some((self.dial)(dialled));
    }

    fn interface(&self) -> Option<String> {
        self.told.as_ref()?.interface.clone()
    }

    /// What the engine said.
    pub(super) fn heard(&mut self, told: Told, now: BootMillis) {
        match told {
            Ok(Ok(())) => {}
            Ok(Err(_)) => self.unfit = true,
            Err(fault) => {
                tracing::warn!(%fault, "the network task was not told of the modem's connection");
                self.told = None;
                self.tell_at = now.plus(TELL_AGAIN);
            }
        }
    }

    /// What the engine makes of the connection.
    pub(super) fn unfit(&self, published: &Published) -> Option<Cause> {
        if self.unfit {
            return Some(Cause::AddressCollides);
        }
        let dhcp = published.status.dhcp.get(&self.slot)?;
        (dhcp.view.lease.is_none() && dhcp.view.problem.is_some()).then_some(Cause::DhcpSilent)
    }

    /// Asks the DNS servers of the connection, over it and no other, until one has answered.
    pub(super) fn ask(&mut self, published: &Published, now: BootMillis) {
        let connected = self.told.as_ref().filter(|told| told.port.is_some() && !self.unfit);
        let Some(interface) = connected.and_then(|told| told.interface.clone()) else { return };
        if self.asking.is_some() || self.answers == Some(true) || self.ask_at > now {
            return;
        }
        if self.answers == Some(false) {
            self.ask_at = now.plus(ASK_AGAIN);
        }
        if !self.has_address(published) {
            return;
        }
        let servers = published.status.effective.port(&self.slot).dns;
        // whom none was given has nobody to ask, and what it has is an address
        if servers.is_empty() {
            return;
        }
        self.asking = Some(Box::pin(async move {
            let asked = servers.iter().map(|server| {
                let at = SocketAddr::from((*server, DNS_PORT));
                Box::pin(dns::answers_over(at, &interface))
            });
            let heard = futures_util::future::join_all(asked).await;
            heard.contains(&true)
        }));
    }

    pub(super) fn answered(&mut self, answers: bool, now: BootMillis) {
        self.answers = Some(answers);
        self.ask_at = now.plus(ASK_AGAIN);
    }

    /// When there is something to do although nothing happens.
    pub(super) fn due(&self) -> Option<BootMillis> {
        let tell = self.told.is_none().then_some(self.tell_at).filter(|_| self.telling.is_none());
        let waits = self.answers == Some(false) && self.asking.is_none();
        [tell, waits.then_some(self.ask_at)].into_iter().flatten().min()
    }

    pub(super) fn view(&self, published: &Published) -> checklist::Uplink {
        let address = self.has_address(published);
        let nameless = address && published.status.effective.port(&self.slot).dns.is_empty();
        checklist::Uplink { address, answers: self.answers, nameless }
    }

    fn has_address(&self, published: &Published) -> bool {
        let here = self.told.as_ref().is_some_and(|told| told.port.is_some());
        let port = published.status.port(&self.slot);
        here && port.is_some_and(|port| port.addresses.iter().any(|address| !is_link_local(address.net.addr())))
    }
}

/// The modem's network interface.
pub(super) fn interface(state: &State) -> Option<String> {
    let modem = state.modem()?;
    modem.interfaces.iter().find(|name| is_interface(name)).cloned()
}
