//! What the box is in a registry's eyes, where it looks for one, and how it gets there.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    activation::ledger::Trust,
    box_file::BoxFile,
    cluster::names::{ModelName, Serial},
    fault::Fault,
    name::PortName,
    settings::proxy::ProxyView,
};
use tokio::{sync::watch, time::timeout};

use super::{Around, store, store::Store};
use crate::{
    api::own_addresses,
    hops::dns,
    network::Published,
    registry::{Registry, Way},
    settings::Settings,
};

/// For the pair's task to hear of its guard, after a start of both.
const KNOWN: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("box.toml: the preset registry's ca is no certificate")]
    PresetAuthority,
}

/// The box's names in a registry.
#[derive(Debug)]
pub struct Identified {
    pub serial: Serial,
    pub model: ModelName,
}

#[derive(Debug)]
pub struct Own {
    /// None where the box file has names that no registry takes: such a box does all but be activated.
    identified: Option<Identified>,
    /// By the factory.
    factory: Option<Trust>,
    preset: Mutex<Option<Trust>>,
    network: watch::Receiver<Arc<Published>>,
    pub settings: Settings,
    holds: watch::Receiver<Option<bool>>,
}

/// What decides whether a registry that was out of reach may be in reach now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    dns: Vec<dns::Resolver>,
    uplink: Option<PortName>,
    own: Vec<std::net::Ipv4Addr>,
    proxy: Option<ProxyView>,
}

impl Own {
    /// # Errors
    /// When what the factory says of a registry cannot be used.
    pub fn new(board: &BoxFile, store: &Store, around: &Around) -> Result<Self, StartError> {
        let (serial, model) = (board.serial.parse(), board.model.parse());
        let identified = serial.ok().zip(model.ok()).map(|(serial, model)| Identified { serial, model });
        if identified.is_none() {
            tracing::error!("box.toml: serial or model cannot be used in a registry; this box cannot be activated");
        }
        let factory = store::factory(board)?;
        let preset = Mutex::new(store::preset(factory.as_ref(), store));
        let (network, settings, holds) = (around.network.clone(), around.settings.clone(), around.holds.clone());
        Ok(Self { identified, factory, preset, network, settings, holds })
    }

    /// Whether applications are here that the peer could take. Waits for that to be known; where nobody comes to know it, there are none.
    pub async fn holds(&self) -> bool {
        let mut holds = self.holds.clone();
        let known = timeout(KNOWN, holds.wait_for(Option::is_some)).await;
        matches!(known, Ok(Ok(holds)) if *holds == Some(true))
    }

    /// # Errors
    /// When the box cannot be activated at all.
    pub fn me(&self) -> Result<&Identified, Fault> {
        let detail = "serial or model in box.toml cannot be used in a registry".to_owned();
        self.identified.as_ref().ok_or(Fault::Internal { detail })
    }

    /// The registry that is known without a code; with it, short codes are possible.
    pub fn preset(&self) -> Option<Trust> {
        self.preset.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A seed may have come.
    pub fn look_for_preset(&self, store: &Store) {
        *self.preset.lock().unwrap_or_else(PoisonError::into_inner) = store::preset(self.factory.as_ref(), store);
    }

    /// Where the box's own DNS servers and proxy are now.
    fn way(&self) -> Way {
        let status = &self.network.borrow().status;
        Way { dns: Some(dns::resolvers(status)), proxy: self.settings.proxy(), own: own_addresses(status) }
    }

    pub fn registry(&self, trust: &Trust) -> Option<Registry> {
        let authority = hex::decode(&trust.authority).ok()?.try_into().ok()?;
        Some(Registry { urls: trust.urls.clone(), authority, way: self.way(), identity: None })
    }

    pub fn reach(&self) -> Reach {
        let status = &self.network.borrow().status;
        Reach {
            dns: dns::resolvers(status),
            uplink: status.uplink_in_use.as_ref().map(|uplink| uplink.port.clone()),
            own: own_addresses(status),
            proxy: self.settings.status().proxy,
        }
    }
}
