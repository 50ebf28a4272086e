//! The data session.

use super::{Answer, Form, Refusal, cme, done, line, parameters};
use crate::modem::{spec::Addressing, state::State};
use std::net::Ipv4Addr;

pub(super) fn answer(state: &mut State, name: &str, form: Form<'_>) -> Option<Answer> {
    Some(match (name, form) {
        ("+CGDCONT", Form::Test) => Ok(vec!["+CGDCONT: (1-11),\"IP\",,,(0-2),(0-3)".into()]),
        ("+CGDCONT", Form::Read) => {
            let one =
                |(id, (kind, apn)): (&u8, &(String, String))| format!("+CGDCONT: {id},\"{kind}\",\"{apn}\",\"\",0,0");
            Ok(state.contexts.iter().map(one).collect())
        }
        ("+CGDCONT", Form::Set(set)) => define(state, &parameters(set)),
        ("+CGACT", Form::Read) => {
            let active = u8::from(state.session);
            Ok(state.contexts.keys().map(|id| format!("+CGACT: {id},{active}")).collect())
        }
        ("+CGATT", Form::Read) => line(format!("+CGATT: {}", u8::from(state.registration().serves()))),
        ("+CGACT" | "+CGATT", Form::Set(_)) => done(),
        ("^NDISDUP", Form::Test) => line("^NDISDUP: (1-11),(0,1)"),
        ("^NDISDUP", Form::Set(set)) => session(state, &parameters(set)),
        ("^NDISSTATQRY", Form::Read) => line(format!("^NDISSTATQRY: {},,,\"IPV4\"", u8::from(state.session))),
        ("^DHCP", Form::Read) => address(state),
        _ => return None,
    })
}

fn define(state: &mut State, told: &[&str]) -> Answer {
    let bad = || cme(cme::BAD_PARAMETER);
    let id = told.first().and_then(|id| id.parse().ok()).ok_or_else(bad)?;
    match *told {
        [_] => drop(state.contexts.remove(&id)),
        [_, kind, apn, ..] => drop(state.contexts.insert(id, (kind.into(), apn.into()))),
        _ => return Err(bad()),
    }
    done()
}

/// Number of the context, on or off, APN, user, password, kind of authentication.
fn session(state: &mut State, told: &[&str]) -> Answer {
    let part = |at: usize| told.get(at).copied().unwrap_or_default();
    match part(1) {
        "0" => state.end_session(false),
        "1" => state.begin_session(part(2), (part(3), part(4)))?,
        _ => return Err(cme(cme::BAD_PARAMETER)),
    }
    done()
}

/// Huawei's: address, mask, gateway, DHCP server and two name servers, each a number with the bytes backwards; then speeds.
fn address(state: &State) -> Answer {
    if !state.session || state.air.addressing == Addressing::Dhcp {
        return Err(Refusal::Unknown);
    }
    let lease = &state.lease;
    let mask = u32::MAX.checked_shl(32 - u32::from(lease.prefix)).unwrap_or(0);
    let numbers = [lease.address, Ipv4Addr::from(mask), lease.gateway, lease.gateway, lease.dns, Ipv4Addr::UNSPECIFIED];
    let numbers = numbers.map(|address| format!("{:08X}", u32::from(address).swap_bytes()));
    line(format!("^DHCP: {},150000000,150000000", numbers.join(",")))
}
