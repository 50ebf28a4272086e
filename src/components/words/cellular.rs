//! What keeps a box from being online by its SIM, what to do about it, and where.

use super::Explained;
use crate::{
    domain::cellular::{
        cause::{Action, Cause},
        checklist::{ItemState, Step},
        modem::Tries,
        pin::AskWhy,
    },
    text::Text,
};

/// What is in the way, and what else is known of it.
pub fn cellular_cause(text: Text, cause: &Cause) -> (&'static str, Option<String>) {
    let what = match cause {
        Cause::NoManager => text.cell_cause_no_manager(),
        Cause::NoModem => text.cell_cause_no_modem(),
        Cause::ModemFailed => text.cell_cause_modem_failed(),
        Cause::ModemSilent => text.cell_cause_modem_silent(),
        Cause::SimMissing => text.cell_cause_sim_missing(),
        Cause::SimError => text.cell_cause_sim_error(),
        Cause::PinNeeded { why: AskWhy::NotKept } => text.cell_cause_pin_not_kept(),
        Cause::PinNeeded { why: AskWhy::SimUnknown } => text.cell_cause_pin_sim_unknown(),
        Cause::PinNeeded { why: AskWhy::TriedAlready } => text.cell_cause_pin_tried(),
        Cause::PinNeeded { why: AskWhy::LastTry } => text.cell_cause_pin_last(),
        Cause::PinWrong { .. } => text.cell_cause_pin_wrong(),
        Cause::PukNeeded { .. } => text.cell_cause_puk_needed(),
        Cause::PukWrong { .. } => text.cell_cause_puk_wrong(),
        Cause::SimDead => text.cell_cause_sim_dead(),
        Cause::ModemLocked => text.cell_cause_modem_locked(),
        Cause::Searching => text.cell_cause_searching(),
        Cause::NoNetwork => text.cell_cause_no_network(),
        Cause::Denied => text.cell_cause_denied(),
        Cause::EmergencyOnly => text.cell_cause_emergency_only(),
        Cause::RoamingForbidden => text.cell_cause_roaming_forbidden(),
        Cause::NoApn => text.cell_cause_no_apn(),
        Cause::ApnRefused => text.cell_cause_apn_refused(),
        Cause::CredentialsRefused => text.cell_cause_credentials_refused(),
        Cause::IpTypeRefused => text.cell_cause_ip_type_refused(),
        Cause::NotSubscribed => text.cell_cause_not_subscribed(),
        Cause::Congested => text.cell_cause_congested(),
        Cause::NetworkTimeout => text.cell_cause_network_timeout(),
        Cause::Dropped => text.cell_cause_dropped(),
        Cause::ConnectFailed { .. } => text.cell_cause_connect_failed(),
        Cause::NoAddress => text.cell_cause_no_address(),
        Cause::AddressCollides => text.cell_cause_address_collides(),
        Cause::NeedsPpp => text.cell_cause_needs_ppp(),
        Cause::DhcpSilent => text.cell_cause_dhcp_silent(),
        Cause::DnsSilent => text.cell_cause_dns_silent(),
        Cause::NoAnswer => text.cell_cause_no_answer(),
    };
    let why = match cause {
        Cause::PinWrong { left } | Cause::PukNeeded { left } | Cause::PukWrong { left } => Some(tries(text, *left)),
        Cause::ConnectFailed { error } => Some(text.cellular_fault_connect_failed_why(error)),
        _ => None,
    };
    (what, why)
}

pub fn fault(text: Text, cause: &Cause) -> Explained {
    let (what, why) = cellular_cause(text, cause);
    Explained { what, why: why.unwrap_or_default(), next: cellular_action(text, cause.action()) }
}

pub fn cellular_action(text: Text, action: Action) -> &'static str {
    match action {
        Action::RestartBox => text.cell_action_restart_box(),
        Action::CallSupport => text.cell_action_call_support(),
        Action::InsertSim => text.cell_action_insert_sim(),
        Action::EnterPin => text.cell_action_enter_pin(),
        Action::EnterPuk => text.cell_action_enter_puk(),
        Action::Wait => text.cell_action_wait(),
        Action::CheckAntenna => text.cell_action_check_antenna(),
        Action::AskOperator => text.cell_action_ask_operator(),
        Action::AllowRoaming => text.cell_action_allow_roaming(),
        Action::SetApn => text.cell_action_set_apn(),
        Action::SetCredentials => text.cell_action_set_credentials(),
        Action::SetIpType => text.cell_action_set_ip_type(),
        Action::Reconnect => text.cell_action_reconnect(),
        Action::ChangeLan => text.cell_action_change_lan(),
    }
}

/// The page where it is done, if there is one.
pub fn cellular_place(text: Text, action: Action) -> Option<(&'static str, &'static str)> {
    match action {
        Action::EnterPin | Action::EnterPuk => Some(("/cellular/sim", text.cellular_unlock_go())),
        Action::AllowRoaming | Action::SetApn | Action::SetCredentials | Action::SetIpType => {
            Some(("/cellular/settings", text.cellular_to_settings()))
        }
        Action::RestartBox | Action::InsertSim => Some(("/system/power", text.cellular_to_power())),
        Action::ChangeLan => Some(("/network", text.nav_network())),
        Action::CallSupport | Action::Wait | Action::CheckAntenna | Action::AskOperator | Action::Reconnect => None,
    }
}

pub fn tries(text: Text, left: Option<u8>) -> String {
    left.map_or_else(|| text.cellular_tries_unknown().to_owned(), |left| text.cellular_tries(u64::from(left)))
}

/// Of a SIM that asks for its PIN: a try is one of three.
pub fn pin_tries(text: Text, cause: &Cause, tries_left: Tries) -> Option<String> {
    matches!(cause, Cause::PinNeeded { .. }).then(|| tries(text, tries_left.pin))
}

pub fn cellular_step(text: Text, step: Step) -> &'static str {
    match step {
        Step::Sim => text.cellular_step_sim(),
        Step::Pin => text.cellular_step_pin(),
        Step::Registered => text.cellular_step_registered(),
        Step::Apn => text.cellular_step_apn(),
        Step::Address => text.cellular_step_address(),
        Step::Dns => text.cellular_step_dns(),
    }
}

pub fn cellular_item(text: Text, state: &ItemState) -> &'static str {
    match state {
        ItemState::Done => text.cellular_item_done(),
        ItemState::UnderWay => text.cellular_item_under_way(),
        ItemState::Failed { .. } => text.cellular_item_failed(),
        ItemState::Untested => text.cellular_item_untested(),
        ItemState::Waiting => text.cellular_item_waiting(),
        ItemState::Off => text.cellular_item_off(),
    }
}
