//! The audit log: who did what.

use crate::{
    domain::audit::{Book, Chain, Kind, Who},
    text::Text,
};

/// What a call is called; the call itself where another version had one that this one does not know.
pub fn call(text: Text, what: &str) -> String {
    let known = match what {
        "setup" => text.call_setup(),
        "login" => text.call_login(),
        "logout" => text.call_logout(),
        "password" => text.call_password(),
        "password/change" => text.call_password_change(),
        "sessions/end" => text.call_sessions_end(),
        "alarms/ack" => text.call_alarms_ack(),
        "network/apply" => text.call_network_apply(),
        "network/confirm" => text.call_network_confirm(),
        "network/handoff" => text.call_network_handoff(),
        "network/rollback" => text.call_network_rollback(),
        "network/more-time" => text.call_network_more_time(),
        "network/lease" => text.call_network_lease(),
        "network/undone" => text.call_network_undone(),
        "settings/host-name" => text.call_settings_host_name(),
        "settings/time" => text.call_settings_time(),
        "settings/clock" => text.call_settings_clock(),
        "settings/proxy" => text.call_settings_proxy(),
        "pair/settings" => text.call_pair_settings(),
        "pair/switchover" => text.call_pair_switchover(),
        "pair/drill" => text.call_pair_drill(),
        "pair/maintenance" => text.call_pair_maintenance(),
        "pair/clear" => text.call_pair_clear(),
        "applications/add" => text.call_applications_add(),
        "applications/remove" => text.call_applications_remove(),
        "applications/start" => text.call_applications_start(),
        "applications/stop" => text.call_applications_stop(),
        "power" => text.power_title(),
        "factory-reset" => text.reset_title(),
        "certificate/install" => text.call_certificate_install(),
        "certificate/remove" => text.call_certificate_remove(),
        "activation/answers" => text.call_activation_answers(),
        "activation/begin" => text.call_activation_begin(),
        "activation/stop" => text.call_activation_stop(),
        "activation/request" => text.call_activation_request(),
        "activation/offline" => text.call_activation_offline(),
        "fleet/sign-in" => text.call_fleet_sign_in(),
        "fleet/sign-out" => text.call_fleet_sign_out(),
        "fleet/call" => text.call_fleet_call(),
        "cellular/set" => text.call_cellular_set(),
        "cellular/unlock" => text.call_cellular_unlock(),
        "cellular/puk" => text.call_cellular_puk(),
        "cellular/pin" => text.call_cellular_pin(),
        "cellular/sim" => text.call_cellular_sim(),
        "cellular/connect" => text.call_cellular_connect(),
        "cellular/disconnect" => text.call_cellular_disconnect(),
        "seed" => text.seed_title(),
        "support" => text.support_title(),
        "audit/broken" => text.call_audit_broken(),
        other => return other.to_owned(),
    };
    known.to_owned()
}

pub fn by(text: Text, who: &Who) -> String {
    match who {
        Who::Console => text.audit_by_console().to_owned(),
        Who::Session { number, from } => text.audit_by_session(from, number),
        Who::Visitor { from } if from == "*" => text.audit_by_others().to_owned(),
        Who::Visitor { from } => text.audit_by_visitor(from),
        Who::Local { user: Some(user) } => text.audit_by_user(user),
        Who::Local { user: None } => text.audit_by_program().to_owned(),
        Who::Seed => text.audit_by_seed().to_owned(),
        Who::Machine => text.actor_machine().to_owned(),
    }
}

pub fn kind(text: Text, kind: Kind) -> &'static str {
    match kind {
        Kind::Console => text.audit_kind_console(),
        Kind::Session => text.audit_kind_session(),
        Kind::Visitor => text.audit_kind_visitor(),
        Kind::Local => text.audit_kind_local(),
        Kind::Seed => text.audit_kind_seed(),
        Kind::Machine => text.audit_kind_machine(),
    }
}

/// Where the chain is broken; nothing where it is whole.
pub fn broken(text: Text, chain: Chain) -> Option<String> {
    match chain {
        Chain::Unbroken => None,
        Chain::Broken { after: Some(after), book: Book::Deeds | Book::Strangers } => {
            Some(text.audit_broken_after(after))
        }
        Chain::Broken { after: None, book: Book::Deeds | Book::Strangers } => {
            Some(text.audit_broken_beginning().to_owned())
        }
    }
}
