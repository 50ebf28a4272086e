//! The modem's language, as far as ModemManager's plugin for Huawei's modems speaks it: 3GPP 27.007 for all that begins with `+`,
//! Huawei's own for `^`.

mod basic;
mod data;
mod network;
mod sim;

use super::state::State;

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// 3GPP 27.007, 9.2.
    Cme(u16),
    /// It isn't known.
    Unknown,
}

pub(super) fn cme(code: u16) -> Refusal {
    Refusal::Cme(code)
}

/// The codes that are used.
pub(super) mod cme {
    pub const NOT_ALLOWED: u16 = 3;
    pub const NO_SIM: u16 = 10;
    pub const PIN_REQUIRED: u16 = 11;
    pub const PUK_REQUIRED: u16 = 12;
    pub const SIM_FAILURE: u16 = 13;
    pub const WRONG_PASSWORD: u16 = 16;
    pub const NO_NETWORK: u16 = 30;
    pub const BAD_PARAMETER: u16 = 50;
    pub const NOT_SUBSCRIBED: u16 = 133;
    pub const PDP_AUTHENTICATION: u16 = 149;
}

/// The lines before `OK`.
type Answer = Result<Vec<String>, Refusal>;

/// What is asked of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form<'a> {
    /// `+X`
    Run,
    /// `+X?`
    Read,
    /// `+X=?`
    Test,
    /// `+X=…`
    Set(&'a str),
}

/// Carries out a line and says all that the terminal answers; `None` for what is no command.
pub(super) fn carry_out(state: &mut State, line: &str) -> Option<String> {
    let body = line.get(..2).filter(|start| start.eq_ignore_ascii_case("AT")).and_then(|_| line.get(2..))?;
    let mut answer = String::new();
    let mut end = "OK".to_owned();
    for command in split(body, ';') {
        match one(state, command) {
            Ok(lines) => answer.extend(lines.iter().map(|line| format!("\r\n{line}\r\n"))),
            Err(refusal) => {
                end = match refusal {
                    Refusal::Cme(code) => format!("+CME ERROR: {code}"),
                    Refusal::Unknown => "ERROR".into(),
                };
                break;
            }
        }
    }
    Some(answer + &format!("\r\n{end}\r\n"))
}

fn one(state: &mut State, command: &str) -> Answer {
    let end = command.find(['=', '?']).unwrap_or(command.len());
    let (name, rest) = command.split_at(end);
    let form = match rest {
        "" => Form::Run,
        "?" => Form::Read,
        "=?" => Form::Test,
        set => Form::Set(set.trim_start_matches('=')),
    };
    let name = name.to_ascii_uppercase();
    let mut knows = [basic::answer, sim::answer, network::answer, data::answer].into_iter();
    knows.find_map(|part| part(state, &name, form)).unwrap_or(Err(Refusal::Unknown))
}

/// At a sign that is not in quotes.
fn split(text: &str, at: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|sign| {
        quoted ^= sign == '"';
        sign == at && !quoted
    })
    .collect()
}

/// The parameters of a command, without their quotes.
fn parameters(text: &str) -> Vec<&str> {
    split(text, ',').into_iter().map(|part| part.trim().trim_matches('"')).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "it stands among answers that may be refusals")]
fn line(text: impl Into<String>) -> Answer {
    Ok(vec![text.into()])
}

#[expect(clippy::unnecessary_wraps, reason = "it stands among answers that may be refusals")]
fn done() -> Answer {
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modem::spec::{Lease, Registration, SimSpec, Start};
    use std::net::Ipv4Addr;

    fn modem(sim: Option<SimSpec>) -> State {
        let gateway = Ipv4Addr::new(10, 64, 0, 1);
        let lease = Lease { address: Ipv4Addr::new(10, 64, 0, 34), prefix: 24, gateway, dns: gateway };
        let mut state = State::new(Start { sim, lease });
        state.power(true);
        state
    }

    fn says(state: &mut State, line: &str) -> String {
        carry_out(state, line).unwrap().trim().replace("\r\n\r\n", " | ")
    }

    #[test]
    fn a_line_of_several_commands_ends_at_the_first_that_is_refused() {
        let mut state = modem(Some(SimSpec::without_pin()));
        assert_eq!(says(&mut state, "AT+COPS=3,2;+COPS?"), "+COPS: 0,2,\"46000\",7 | OK");
        assert_eq!(says(&mut state, "at+nothing;+CGMM"), "ERROR");
        assert_eq!(carry_out(&mut state, "hello"), None);
        assert_eq!(parameters("1,\"a;b,c\",,x"), ["1", "a;b,c", "", "x"]);
    }

    #[test]
    fn a_slot_without_a_sim_says_so() {
        let mut state = modem(None);
        for command in ["AT+CPIN?", "AT+CIMI", "AT^ICCID?", "AT+CPIN=\"1234\""] {
            assert_eq!(says(&mut state, command), "+CME ERROR: 10", "{command}");
        }
    }

    #[test]
    fn a_sim_that_was_swapped_is_seen_after_a_power_cycle() {
        let mut state = modem(Some(SimSpec::without_pin()));
        state.put_in(Some(SimSpec::other()));
        assert!(says(&mut state, "AT^ICCID?").contains("89860012345678901234"));
        state.power(false);
        state.power(true);
        assert!(says(&mut state, "AT^ICCID?").contains("89860109876543210987"));
    }

    #[test]
    fn a_session_needs_the_pin_the_network_the_contract_and_the_password() {
        let mut state = modem(Some(SimSpec::default()));
        let connect = "AT^NDISDUP=1,1,\"cmnet\"";
        assert_eq!(says(&mut state, connect), "+CME ERROR: 30");
        assert_eq!(says(&mut state, "AT+CPIN=\"1234\""), "OK");
        assert_eq!(says(&mut state, "AT^NDISDUP=1,1,\"nobody.has.it\""), "+CME ERROR: 133");
        assert_eq!(says(&mut state, "AT^NDISDUP=1,1,\"private.iot\",\"meter\",\"wrong\",1"), "+CME ERROR: 149");
        assert_eq!(says(&mut state, "AT^DHCP?"), "ERROR");
        assert_eq!(says(&mut state, "AT^NDISDUP=1,1,\"private.iot\",\"meter\",\"s3cret\",1"), "OK");
        assert_eq!(says(&mut state, connect), "OK");
        assert!(says(&mut state, "AT^DHCP?").starts_with("^DHCP: 2200400A,00FFFFFF,0100400A,"));
        let mut air = state.air.clone();
        air.registration = Registration::Denied;
        state.set_air(air);
        assert!(!state.session, "who is denied has no session");
    }

    #[test]
    fn a_manual_choice_is_roaming_or_denied() {
        let mut state = modem(Some(SimSpec::without_pin()));
        assert_eq!(says(&mut state, "AT+COPS=1,2,\"46011\""), "+CME ERROR: 30");
        assert_eq!(state.registration(), Registration::Denied);
        assert_eq!(says(&mut state, "AT+COPS=0"), "OK");
        assert_eq!(state.registration(), Registration::Home);
        assert_eq!(says(&mut state, "AT+COPS=1,2,\"46001\""), "OK");
        assert_eq!((state.registration(), state.air.serving.0.as_str()), (Registration::Roaming, "46001"));
    }
}
