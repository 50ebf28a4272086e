//! What the registry refuses, why it cannot be reached, and what is wrong with what was brought.

use super::Explained;
use crate::{
    components::format::{duration, list, moment},
    domain::{
        activation::{
            Malformed,
            api::{Away, Unusable},
            offline::Unfit,
        },
        cluster::{
            api::WhyNot,
            problem::{NoPeer, Problem},
        },
        fault::Fault,
    },
    text::Text,
};

/// The faults that are about the registry.
pub(super) fn fault(text: Text, fault: &Fault) -> Option<Explained> {
    let t = text;
    let say = |what, why: String, next| Some(Explained { what, why, next });
    match fault {
        Fault::Registry { problem: why, .. } => say(t.fault_registry(), problem(t, why), next(t, why)),
        Fault::RegistryAway { why } => say(t.fault_registry_away(), away(t, why), mend(t, why)),
        Fault::CodeUnreadable { why } => {
            say(t.fault_code_unreadable(), malformed(t, *why), t.fault_code_unreadable_next())
        }
        Fault::CodeOver { at } => {
            say(t.fault_code_over(), t.fault_code_over_why(moment(*at)), t.fault_code_over_next())
        }
        Fault::NoPresetRegistry => say(t.fault_no_preset(), t.fault_no_preset_why().into(), t.fault_no_preset_next()),
        Fault::BroughtUnusable { why } => say(t.fault_brought(), unusable(t, why), t.fault_brought_next()),
        Fault::NotAtThisStage { .. } => say(t.fault_stage(), t.fault_stage_why().into(), t.fault_stage_next()),
        Fault::Unanswered => say(t.fault_unanswered(), t.fault_unanswered_why().into(), t.fault_unanswered_next()),
        Fault::NotActivated => {
            say(t.fault_not_activated(), t.fault_not_activated_why().into(), t.fault_not_activated_next())
        }
        Fault::FleetSignInFirst => {
            say(t.fault_fleet_first(), t.fault_fleet_first_why().into(), t.fault_fleet_first_next())
        }
        _ => None,
    }
}

pub fn problem(text: Text, problem: &Problem) -> String {
    let t = text;
    match problem {
        Problem::NotSignedIn => t.problem_not_signed_in().into(),
        Problem::WrongPassword => t.problem_wrong_password().into(),
        Problem::SlowDown { seconds } => t.problem_slow_down(duration(t, *seconds)),
        Problem::Forbidden => t.problem_forbidden().into(),
        Problem::BadRequest { detail } => t.problem_bad_request(detail),
        Problem::NotFound => t.problem_not_found().into(),
        Problem::Invalid { field, detail } => t.problem_invalid(detail, field),
        Problem::Contended => t.problem_contended().into(),
        Problem::Unknown => t.problem_unknown().into(),
        Problem::Internal => t.problem_internal().into(),
        Problem::CodeMalformed { why } => malformed(t, *why),
        Problem::CodeUnknown => t.problem_code_unknown().into(),
        Problem::CodeExpired { at } => t.problem_code_expired(moment(*at)),
        Problem::CodeUsed { serial } => t.problem_code_used(serial),
        Problem::CodeRevoked => t.problem_code_revoked().into(),
        Problem::CodeOtherModel { model } => t.problem_code_other_model(model),
        Problem::CodeOtherCluster { .. } => t.problem_code_other_cluster().into(),
        Problem::BadSigningRequest { detail } => t.problem_bad_csr(detail),
        Problem::NoCertificate => t.problem_no_certificate().into(),
        Problem::HostRemoved { at } => t.problem_host_removed(moment(*at)),
        Problem::HostReplaced { .. } => t.problem_host_replaced().into(),
        Problem::OtherKey { serial } => t.problem_other_key(serial),
        Problem::Replayed => t.problem_replayed().into(),
        Problem::RenewalNotAgreed => t.problem_renewal_not_agreed().into(),
        Problem::AlreadyActive { serial } => t.problem_already_active(serial),
        Problem::ServiceNotEnabled => t.problem_service().into(),
        Problem::ModelUnknown { model } => t.problem_model_unknown(model),
        Problem::OtherModel { model } => t.problem_other_model(model),
        Problem::PeerCannotBeChosen { serial, why } => t.problem_peer(serial, no_peer(t, &WhyNot::from(why))),
        Problem::Reserved { serial, .. } => t.problem_reserved(serial),
        Problem::ChooseCluster { .. } => t.problem_choose_cluster().into(),
        Problem::NameTaken => t.problem_name_taken().into(),
        Problem::NotEmpty { blockers } => {
            let boxes = blockers.iter().map(ToString::to_string).collect::<Vec<_>>();
            t.problem_not_empty(list(t, &boxes))
        }
        Problem::NotPending => t.problem_not_pending().into(),
        Problem::WrongState { state } => t.problem_wrong_state(host_state(t, state)),
        Problem::NoPeer { serial } => t.problem_no_peer(serial),
        Problem::LeaseHeld { holder, .. } => t.problem_lease_held(holder),
        Problem::LeaseLost { .. } => t.problem_lease_lost().into(),
        Problem::OtherAccount => t.problem_other_account().into(),
    }
}

/// What to do about it.
pub fn next(text: Text, problem: &Problem) -> &'static str {
    match problem {
        Problem::CodeMalformed { .. } => text.fault_code_unreadable_next(),
        Problem::CodeUnknown
        | Problem::CodeExpired { .. }
        | Problem::CodeUsed { .. }
        | Problem::CodeRevoked
        | Problem::CodeOtherModel { .. } => text.registry_next_code(),
        Problem::CodeOtherCluster { .. }
        | Problem::OtherModel { .. }
        | Problem::PeerCannotBeChosen { .. }
        | Problem::Reserved { .. }
        | Problem::ChooseCluster { .. } => text.registry_next_choose(),
        Problem::OtherKey { .. } | Problem::AlreadyActive { .. } => text.registry_next_remove(),
        Problem::NotEmpty { .. } => text.registry_next_empty(),
        Problem::ServiceNotEnabled => text.registry_next_enable(),
        Problem::NotSignedIn => text.fault_fleet_first_next(),
        Problem::WrongPassword
        | Problem::Invalid { .. }
        | Problem::BadRequest { .. }
        | Problem::NameTaken
        | Problem::NotPending => text.registry_next_correct(),
        Problem::SlowDown { .. }
        | Problem::Contended
        | Problem::Unknown
        | Problem::Internal
        | Problem::NotFound
        | Problem::WrongState { .. }
        | Problem::NoPeer { .. }
        | Problem::LeaseHeld { .. }
        | Problem::LeaseLost { .. } => text.registry_next_again(),
        Problem::Forbidden
        | Problem::BadSigningRequest { .. }
        | Problem::NoCertificate
        | Problem::HostRemoved { .. }
        | Problem::HostReplaced { .. }
        | Problem::Replayed
        | Problem::RenewalNotAgreed
        | Problem::ModelUnknown { .. }
        | Problem::OtherAccount => text.registry_next_admin(),
    }
}

/// Why a box cannot be chosen. The registry's word for it is known; one that is not is told in the registry's English.
pub fn no_peer(text: Text, why: &WhyNot) -> String {
    let subject = why.subject.as_deref().unwrap_or_default();
    match why.reason.as_str() {
        "itself" => text.no_peer_itself().into(),
        "other_model" => text.no_peer_other_model(subject),
        "other_cluster" => text.no_peer_other_cluster().into(),
        "paired" => text.no_peer_paired(subject),
        "waits" => text.no_peer_waits(subject),
        "not_active" => text.no_peer_not_active(host_state(text, subject)),
        _ => why.text.clone(),
    }
}

/// All reasons, for the tests that each has words.
pub fn reasons() -> Vec<NoPeer> {
    let serial = || "7F3K-2220".parse().ok();
    let mut all = vec![NoPeer::Itself, NoPeer::OtherCluster, NoPeer::NotActive { state: "draining".into() }];
    all.extend(serial().map(|peer| NoPeer::Paired { peer }));
    all.extend(serial().map(|serial| NoPeer::Waits { serial }));
    all.extend("B-020".parse().ok().map(|model| NoPeer::OtherModel { model }));
    all
}

/// The registry's word for what a host is doing.
pub fn host_state(text: Text, state: &str) -> String {
    match state {
        "active" => text.host_active().into(),
        "draining" => text.host_draining().into(),
        "leaving" => text.host_leaving().into(),
        "removed" => text.host_removed().into(),
        "replaced" => text.host_replaced().into(),
        other => other.to_owned(),
    }
}

pub fn malformed(text: Text, why: Malformed) -> String {
    match why {
        Malformed::Empty => text.malformed_empty().into(),
        Malformed::NotOurs(kind) => text.malformed_not_ours(kind.mark()),
        Malformed::Newer => text.malformed_newer().into(),
        Malformed::CutOff => text.malformed_cut_off().into(),
        Malformed::TooLong => text.malformed_too_long().into(),
        Malformed::Character => text.malformed_character().into(),
        Malformed::Content => text.malformed_content().into(),
        Malformed::Digits => text.malformed_digits().into(),
        Malformed::CheckDigit => text.malformed_check_digit().into(),
    }
}

pub fn unusable(text: Text, why: &Unusable) -> String {
    match why {
        Unusable::Malformed { why } => malformed(text, *why),
        Unusable::Unfit { why } => match why {
            Unfit::OtherBox => text.unusable_other_box(),
            Unfit::OtherRequest => text.unusable_other_request(),
            Unfit::Expired => text.unusable_expired(),
            Unfit::OtherAuthority => text.unusable_other_authority(),
        }
        .into(),
        Unusable::Signature => text.unusable_signature().into(),
        Unusable::OtherKey => text.unusable_other_key().into(),
        Unusable::NoRequest => text.unusable_no_request().into(),
    }
}

/// Why the registry cannot be asked.
pub fn away(text: Text, away: &Away) -> String {
    match away {
        Away::NoUplink => text.away_no_uplink().into(),
        Away::NoSuchName { host } => text.away_no_such_name(host),
        Away::OnThisBox { host } => text.away_on_this_box(host),
        Away::NoAnswer { host, port } => text.away_no_answer(host, port),
        Away::Refused { host, port } => text.away_refused(host, port),
        Away::Proxy { detail } => text.away_proxy(detail),
        Away::OtherAuthority { host } => text.away_other_authority(host),
        Away::Clock { seconds, .. } => {
            let by = duration(text, seconds.unsigned_abs());
            if *seconds < 0 { text.away_clock_behind(by) } else { text.away_clock_ahead(by) }
        }
        Away::Tls { host, detail } => text.away_tls(detail, host),
        Away::NotARegistry { host } => text.away_not_a_registry(host),
        Away::Unwell { problem: why } => text.away_unwell(problem(text, why)),
        Away::BadCertificate { detail } => text.away_bad_certificate(detail),
        Away::Here { detail } => text.away_here(detail),
    }
}

/// What to mend.
pub fn mend(text: Text, away: &Away) -> &'static str {
    match away {
        Away::NoUplink => text.away_mend_network(),
        Away::NoSuchName { .. } => text.away_mend_dns(),
        Away::OnThisBox { .. } => text.away_mend_other_machine(),
        Away::NoAnswer { .. } | Away::Refused { .. } => text.away_mend_firewall(),
        Away::Proxy { .. } => text.away_mend_proxy(),
        Away::OtherAuthority { .. } => text.away_mend_trust(),
        Away::Clock { .. } => text.away_mend_clock(),
        Away::Tls { .. }
        | Away::NotARegistry { .. }
        | Away::Unwell { .. }
        | Away::BadCertificate { .. }
        | Away::Here { .. } => text.away_mend_wait(),
    }
}

/// Where that is mended, if it is on this box.
pub fn place(away: &Away) -> Option<&'static str> {
    match away {
        Away::NoUplink | Away::NoSuchName { .. } => Some("/network"),
        Away::NoAnswer { .. } | Away::Refused { .. } => Some("/network/test"),
        Away::Proxy { .. } => Some("/system/proxy"),
        Away::Clock { .. } => Some("/system/time"),
        Away::OtherAuthority { .. }
        | Away::OnThisBox { .. }
        | Away::Tls { .. }
        | Away::NotARegistry { .. }
        | Away::Unwell { .. }
        | Away::BadCertificate { .. }
        | Away::Here { .. } => None,
    }
}
