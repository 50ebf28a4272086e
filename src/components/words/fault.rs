//! A fault explained: what happened, why, and what to do next.

use super::{Ports, application, certificate, change, pair};
use crate::{
    components::format::duration,
    domain::{
        auth::password::PasswordRule,
        fault::Fault,
        network::{proof::Proof, status::NetworkStatus},
    },
    text::Text,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    pub what: &'static str,
    pub why: String,
    pub next: &'static str,
}

pub fn explain(text: Text, fault: &Fault) -> Explained {
    let t = text;
    let say = |what, why: &str, next| Explained { what, why: why.to_owned(), next };
    match fault {
        Fault::NotSignedIn => say(t.fault_not_signed_in(), t.fault_not_signed_in_why(), t.fault_not_signed_in_next()),
        Fault::WrongPassword => {
            say(t.fault_wrong_password(), t.fault_wrong_password_why(), t.fault_wrong_password_next())
        }
        Fault::SlowDown { seconds } => {
            say(t.fault_slow_down(), &t.fault_slow_down_why(duration(t, *seconds)), t.fault_slow_down_next())
        }
        Fault::SetupFirst => say(t.fault_setup_first(), t.fault_setup_first_why(), t.fault_setup_first_next()),
        Fault::SetupDone => say(t.fault_setup_done(), t.fault_setup_done_why(), t.fault_setup_done_next()),
        Fault::ServicePortOnly => say(t.fault_service_port(), t.fault_service_port_why(), t.fault_service_port_next()),
        Fault::BadPassword { rule } => {
            say(t.fault_bad_password(), password_rule(t, *rule), t.fault_bad_password_next())
        }
        Fault::NoSuchSession { number } => {
            say(t.fault_no_session(), &t.fault_no_session_why(number), t.fault_no_session_next())
        }
        Fault::NoSuchAlarm { id } => say(t.fault_no_alarm(), &t.fault_no_alarm_why(id), t.fault_no_alarm_next()),
        Fault::Invalid { issues } => {
            say(t.fault_invalid(), &t.fault_invalid_why(issues.len() as u64), t.fault_invalid_next())
        }
        Fault::Busy { by, left } => {
            let why = t.fault_busy_why(change::actor(t, by), duration(t, left.div_ceil(1000)));
            say(t.fault_busy(), &why, t.fault_busy_next())
        }
        Fault::PlanOutdated => say(t.fault_plan_outdated(), t.fault_plan_outdated_why(), t.fault_plan_outdated_next()),
        Fault::NothingToDo => say(t.fault_nothing_to_do(), t.fault_nothing_to_do_why(), t.fault_nothing_to_do_next()),
        Fault::NoChangeOpen { last } => {
            // the ports' labels are not at hand here; names serve
            let nothing = NetworkStatus::default();
            let ended = last.as_ref().map(|last| change::outcome(t, last, Ports(&nothing)));
            let why = ended.as_deref().unwrap_or(t.fault_no_change_why());
            say(t.fault_no_change(), why, t.fault_no_change_next())
        }
        Fault::NotNow => say(t.fault_not_now(), t.fault_not_now_why(), t.fault_not_now_next()),
        Fault::WrongToken => say(t.fault_wrong_token(), t.fault_wrong_token_why(), t.fault_wrong_token_next()),
        Fault::ProvesNothing { proof } => {
            say(t.fault_proves_nothing(), proof_why(t, *proof), t.fault_proves_nothing_next())
        }
        Fault::NeedsAPerson => say(t.fault_needs_person(), t.fault_needs_person_why(), t.fault_needs_person_next()),
        Fault::NotByDhcp => say(t.fault_not_by_dhcp(), t.fault_not_by_dhcp_why(), t.fault_not_by_dhcp_next()),
        Fault::NoLink => say(t.fault_no_link(), t.fault_no_link_why(), t.fault_no_link_next()),
        Fault::CutsOff { address } => say(t.fault_cuts_off(), &t.fault_cuts_off_why(address), t.fault_cuts_off_next()),
        Fault::NotSaved { error } => say(t.fault_not_saved(), &t.fault_not_saved_why(error), t.fault_not_saved_next()),
        Fault::ClockNotSet { reason: None } => {
            say(t.fault_clock_not_set(), t.fault_clock_nobody_why(), t.fault_clock_nobody_next())
        }
        Fault::ClockNotSet { reason: Some(reason) } => {
            say(t.fault_clock_not_set(), &t.fault_clock_refused_why(reason), t.fault_clock_refused_next())
        }
        Fault::ProxyFails { cause } => say(t.fault_proxy_fails(), &super::cause(t, cause), t.fault_proxy_fails_next()),
        Fault::ChangeOpen { by, left } => {
            let by = change::actor(t, by);
            let why = if *left == 0 {
                t.fault_change_open_working(by)
            } else {
                t.fault_change_open_why(by, duration(t, left.div_ceil(1000)))
            };
            say(t.fault_change_open(), &why, t.fault_change_open_next())
        }
        Fault::PowerRefused { reason: None } => {
            say(t.fault_power_refused(), t.fault_power_nobody_why(), t.fault_power_nobody_next())
        }
        Fault::PowerRefused { reason: Some(reason) } => {
            say(t.fault_power_refused(), &t.fault_power_refused_why(reason), t.fault_power_refused_next())
        }
        Fault::GoingDown => say(t.fault_going_down(), t.fault_going_down_why(), t.fault_going_down_next()),
        Fault::BadCertificate { problem } => {
            say(t.fault_bad_certificate(), &certificate::problem(t, problem), t.fault_bad_certificate_next())
        }
        Fault::NoCandidate => say(t.fault_no_candidate(), t.fault_no_candidate_why(), t.fault_no_candidate_next()),
        Fault::Malformed { detail } => {
            say(t.fault_malformed(), &t.fault_malformed_why(detail), t.fault_malformed_next())
        }
        Fault::NotFound => say(t.fault_not_found(), t.fault_not_found_why(), t.fault_not_found_next()),
        Fault::Forbidden => say(t.fault_forbidden(), t.fault_forbidden_why(), t.fault_forbidden_next()),
        Fault::AgentAway => say(t.fault_agent_away(), t.fault_agent_away_why(), t.fault_agent_away_next()),
        Fault::SeedUnusable { problems } => {
            let nothing = NetworkStatus::default();
            let why = problems.iter().map(|p| super::seed_problem(t, p, Ports(&nothing))).collect::<Vec<_>>().join(" ");
            say(t.fault_seed_unusable(), &t.fault_seed_unusable_why(why), t.fault_seed_unusable_next())
        }
        Fault::Internal { detail } => say(t.fault_internal(), &t.fault_internal_why(detail), t.fault_internal_next()),
        Fault::Registry { .. }
        | Fault::RegistryAway { .. }
        | Fault::CodeUnreadable { .. }
        | Fault::CodeOver { .. }
        | Fault::NoPresetRegistry
        | Fault::BroughtUnusable { .. }
        | Fault::NotAtThisStage { .. }
        | Fault::Unanswered
        | Fault::NotActivated
        | Fault::FleetSignInFirst => super::registry::fault(t, fault)
            .unwrap_or_else(|| say(t.fault_internal(), &fault.to_string(), t.fault_internal_next())),
        Fault::Cellular { cause } => super::cellular::fault(t, cause),
        Fault::Pair { why } => pair::refused(t, why),
        Fault::Application { why } => application::refused(t, why),
        Fault::NoSimSlot => say(t.cellular_none(), t.cellular_none_why(), t.cellular_none_next()),
    }
}

pub fn password_rule(text: Text, rule: PasswordRule) -> &'static str {
    match rule {
        PasswordRule::TooShort => text.password_too_short(),
        PasswordRule::TooLong => text.password_too_long(),
        PasswordRule::Common => text.password_common(),
        PasswordRule::Monotonous => text.password_monotonous(),
        PasswordRule::Simple => text.password_simple(),
        PasswordRule::Unchanged => text.password_unchanged(),
    }
}

fn proof_why(text: Text, proof: Proof) -> &'static str {
    match proof {
        Proof::Console | Proof::NewAddress => text.proof_other(),
        Proof::ServicePort => text.proof_service_port(),
        Proof::OldConnection => text.proof_old_connection(),
        Proof::OldAddress => text.proof_old_address(),
        Proof::FromTheBox => text.proof_from_the_box(),
        Proof::NotConnected => text.proof_not_connected(),
    }
}
