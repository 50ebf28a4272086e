//! Why an uplink is used, or is not, and why the box changed from one to another.

use super::Ports;
use crate::{
    components::format::duration,
    domain::{
        network::failover::{Switch, SwitchWhy, Why},
        time::BootMillis,
    },
    text::Text,
};

pub fn uplink_why(text: Text, why: Why, now: BootMillis) -> String {
    let recovering = |until: Option<BootMillis>| match until {
        Some(until) => text.uplink_recovering(until.left(now).div_ceil(1000)),
        None => text.uplink_unsteady().to_owned(),
    };
    match why {
        Why::InUse => text.uplink_in_use().to_owned(),
        Why::InUseUntested => text.uplink_in_use_untested().to_owned(),
        Why::InUseThoughSilent { .. } => text.uplink_in_use_silent().to_owned(),
        Why::InUseThoughRecovering { .. } => text.uplink_in_use_recovering().to_owned(),
        Why::NotAllowed => text.uplink_not_allowed().to_owned(),
        Why::NoCarrier => text.uplink_no_carrier().to_owned(),
        Why::NoAddress => text.uplink_no_address().to_owned(),
        Why::NoGateway => text.uplink_no_gateway().to_owned(),
        Why::GatewaySilent { .. } => text.uplink_silent().to_owned(),
        Why::GatewayUntested => text.uplink_untested().to_owned(),
        Why::Recovering { until } => recovering(until),
        Why::LowerInOrder => text.uplink_lower().to_owned(),
    }
}

/// "3 minutes ago: from port 1 to port 2. The gateway did not answer."
pub fn switch(text: Text, switch: &Switch, ports: Ports) -> String {
    let ago = duration(text, ports.0.at.left(switch.at) / 1000);
    let why = match switch.why {
        SwitchWhy::First => text.switch_first(),
        SwitchWhy::Removed => text.switch_removed(),
        SwitchWhy::NoCarrier => text.switch_no_carrier(),
        SwitchWhy::NoAddress => text.switch_no_address(),
        SwitchWhy::NoGateway => text.switch_no_gateway(),
        SwitchWhy::NotAllowed => text.switch_not_allowed(),
        SwitchWhy::GatewaySilent => text.switch_silent(),
        SwitchWhy::Unsteady => text.switch_unsteady(),
        SwitchWhy::BetterUsable => text.switch_better(),
        SwitchWhy::Reordered => text.switch_reordered(),
    };
    match (&switch.from, &switch.to) {
        (Some(from), Some(to)) => text.switch_over(ago, ports.say(text, from), ports.say(text, to), why),
        (None, Some(to)) => text.switch_to(ago, ports.say(text, to), why),
        (Some(from), None) => text.switch_lost(ago, ports.say(text, from), why),
        (None, None) => why.to_owned(),
    }
}
