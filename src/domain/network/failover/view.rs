//! What others are told about the uplinks.

use serde::{Deserialize, Serialize};

use super::{State, Switch, UP_AFTER, Uplink, gateway::Gateway};
use crate::{name::PortName, time::BootMillis};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailoverView {
    /// The one in use first, then the others from first choice to last. At most one is in use.
    pub uplinks: Vec<Ranked>,
    /// Newest first.
    pub history: Vec<Switch>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    pub uplink: PortName,
    #[serde(flatten)]
    pub why: Why,
}

/// Why an uplink is used, or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    InUse,
    /// Its gateway has not been heard yet.
    InUseUntested,
    /// No other one is better off.
    InUseThoughSilent {
        since: BootMillis,
    },
    /// No other one is usable; see [`Why::Recovering`].
    InUseThoughRecovering {
        until: Option<BootMillis>,
    },
    NotAllowed,
    NoCarrier,
    NoAddress,
    NoGateway,
    GatewaySilent {
        since: BootMillis,
    },
    GatewayUntested,
    /// Usable at this time if no answer is missed; none while the last one was.
    Recovering {
        until: Option<BootMillis>,
    },
    /// Usable, and not needed.
    LowerInOrder,
}

impl Why {
    pub fn is_in_use(self) -> bool {
        match self {
            Self::InUse | Self::InUseUntested | Self::InUseThoughSilent { .. } | Self::InUseThoughRecovering { .. } => {
                true
            }
            Self::NotAllowed
            | Self::NoCarrier
            | Self::NoAddress
            | Self::NoGateway
            | Self::GatewaySilent { .. }
            | Self::GatewayUntested
            | Self::Recovering { .. }
            | Self::LowerInOrder => false,
        }
    }
}

impl State {
    pub fn view(&self) -> FailoverView {
        FailoverView { uplinks: self.ranked(), history: self.history.iter().rev().cloned().collect() }
    }

    /// The one in use first, then the others from first choice to last.
    pub fn ranked(&self) -> Vec<Ranked> {
        let mut ranked: Vec<_> =
            self.uplinks.iter().map(|u| Ranked { uplink: u.name.clone(), why: self.why(u) }).collect();
        // stable: the others keep their order
        ranked.sort_by_key(|r| !r.why.is_in_use());
        ranked
    }

    fn why(&self, uplink: &Uplink) -> Why {
        let in_use = self.in_use.as_ref() == Some(&uplink.name);
        let facts = &uplink.facts;
        if !facts.allowed {
            return Why::NotAllowed;
        }
        if !facts.carrier {
            return Why::NoCarrier;
        }
        if !facts.address {
            return Why::NoAddress;
        }
        if facts.gateway.is_none() {
            return Why::NoGateway;
        }
        match (uplink.gateway, in_use) {
            (Gateway::Answering { .. }, true) => Why::InUse,
            (Gateway::Answering { .. }, false) => Why::LowerInOrder,
            (Gateway::Untested { .. }, true) => Why::InUseUntested,
            (Gateway::Untested { .. }, false) => Why::GatewayUntested,
            (Gateway::Silent { since }, true) => Why::InUseThoughSilent { since },
            (Gateway::Silent { since }, false) => Why::GatewaySilent { since },
            (Gateway::Recovering { answers_since, .. }, in_use) => {
                let until = answers_since.map(|since| since.plus(UP_AFTER));
                if in_use { Why::InUseThoughRecovering { until } } else { Why::Recovering { until } }
            }
        }
    }
}
