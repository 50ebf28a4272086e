//! DHCP in words: what the client is doing, and what went wrong.

use crate::{
    domain::dhcp::{
        anomaly::Refusal,
        client::{Problem, StateName},
    },
    text::Text,
};

pub fn dhcp_state(text: Text, state: StateName) -> &'static str {
    match state {
        StateName::Stopped => text.dhcp_stopped(),
        StateName::Down => text.dhcp_down(),
        StateName::Init | StateName::Selecting => text.dhcp_selecting(),
        StateName::Requesting => text.dhcp_requesting(),
        StateName::Checking => text.dhcp_checking(),
        StateName::Bound => text.dhcp_bound(),
        StateName::Renewing => text.dhcp_renewing(),
        StateName::Rebinding => text.dhcp_rebinding(),
        StateName::InitReboot | StateName::Rebooting => text.dhcp_rebooting(),
        StateName::BackOff => text.dhcp_back_off(),
        StateName::Released => text.dhcp_released(),
    }
}

/// What went wrong, why, and what to do.
pub fn dhcp_problem(text: Text, problem: &Problem) -> String {
    match problem {
        Problem::NoAnswer { tries } => text.dhcp_no_answer(tries),
        Problem::Nak { server, text: said } if said.is_empty() => text.dhcp_nak(server),
        Problem::Nak { server, text: said } => text.dhcp_nak_said(said, server),
        Problem::Conflict { address, with } => text.dhcp_conflict(address, with),
        Problem::Refused { refusal, .. } => text.dhcp_refused(dhcp_refusal(text, refusal)),
        Problem::Expired { address } => text.dhcp_expired(address),
    }
}

/// Why what a server gives is not taken.
pub fn dhcp_refusal(text: Text, refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoServer => text.refusal_no_server().to_owned(),
        Refusal::BadServer { server } => text.refusal_bad_server(server),
        Refusal::BadAddress { address } => text.refusal_bad_address(address),
        Refusal::Forbidden { address, net } => text.refusal_forbidden(address, net),
        Refusal::NoMask => text.refusal_no_mask().to_owned(),
        Refusal::BadMask { mask } => text.refusal_bad_mask(mask),
        Refusal::NoLeaseTime => text.refusal_no_lease_time().to_owned(),
        Refusal::TooShort { seconds } => text.refusal_too_short(seconds),
    }
}
