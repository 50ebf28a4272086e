//! A port's DHCP client in English.

use crate::domain::{
    dhcp::client::{Problem, StateName},
    name::PortName,
    network::status::DhcpStatus,
};

/// `lan1: bound, 10.20.0.77/24 from 10.20.0.1`
pub(in crate::cli) fn dhcp(port: &PortName, status: &DhcpStatus) -> String {
    let lease = status.view.lease.as_ref().map(|lease| format!(", {} from {}", lease.address, lease.server));
    let problem = status.view.problem.as_ref().map(|found| format!("; {}", problem(found)));
    format!("{port}: {}{}{}", state(status.view.state), lease.unwrap_or_default(), problem.unwrap_or_default())
}

fn state(state: StateName) -> &'static str {
    match state {
        StateName::Stopped => "stopped",
        StateName::Down => "no link",
        StateName::Init | StateName::Selecting => "looking for a server",
        StateName::Requesting => "asking for the address",
        StateName::Checking => "checking that the address is free",
        StateName::Bound => "bound",
        StateName::Renewing => "asking its server for more time",
        StateName::Rebinding => "asking any server for more time",
        StateName::InitReboot | StateName::Rebooting => "asking for the last address again",
        StateName::BackOff => "waiting before it asks again",
        StateName::Released => "given back; `gatehouse network renew` asks for an address again",
    }
}

fn problem(problem: &Problem) -> String {
    match problem {
        Problem::NoAnswer { tries } => format!("no answer to {tries} messages"),
        Problem::Nak { server, text } if text.is_empty() => format!("{server} refuses"),
        Problem::Nak { server, text } => format!("{server} refuses: {text}"),
        Problem::Conflict { address, with } => format!("{address} is used by another device, {with}"),
        Problem::Refused { refusal, .. } => format!("what the server gives cannot be used: {refusal:?}"),
        Problem::Expired { address } => format!("{address} has run out"),
    }
}
