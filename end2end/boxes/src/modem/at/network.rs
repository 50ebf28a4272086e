//! Registration, operators and signal.

use super::{Answer, Form, cme, done, line, parameters};
use crate::modem::{card::Lock, spec::Registration, state::State};

pub(super) fn answer(state: &mut State, name: &str, form: Form<'_>) -> Option<Answer> {
    Some(match (name, form) {
        ("+CREG" | "+CGREG" | "+CEREG", Form::Test) => line(format!("{name}: (0-2)")),
        ("+CREG" | "+CGREG" | "+CEREG", Form::Read) => line(format!("{name}: 2,{}", state.registration_line())),
        ("+CREG" | "+CGREG" | "+CEREG" | "^HCSQ" | "^SYSCFGEX", Form::Set(_)) => done(),
        ("+CSQ", Form::Run) => line(format!("+CSQ: {},99", state.csq())),
        ("^HCSQ", Form::Read) => line(state.hcsq()),
        ("^SYSINFOEX", Form::Run) => line(system(state)),
        ("+COPS", Form::Read) => line(serving(state)),
        ("+COPS", Form::Test) => scan(state),
        ("+COPS", Form::Set(set)) => choose(state, &parameters(set)),
        ("^SYSCFGEX", Form::Read) => line("^SYSCFGEX: \"00\",3FFFFFFF,1,2,7FFFFFFFFFFFFFFF"),
        ("^SYSCFGEX", Form::Test) => line(
            "^SYSCFGEX: (\"00\",\"01\",\"02\",\"03\"),((3fffffff,\"All bands\")),(0-2),(0-4),\
             ((7fffffffffffffff,\"All bands\"))",
        ),
        _ => return None,
    })
}

/// Huawei's: service, domain, roaming, the SIM's state and the technology, of LTE its numbers 6 and 101.
fn system(state: &State) -> String {
    let registration = state.registration();
    let sim = match state.lock() {
        None => 255,
        Some(Lock::Pin | Lock::Puk | Lock::Blocked) => 240,
        Some(Lock::Open) => 1,
    };
    let (service, roaming) =
        (if registration.serves() { 2 } else { 0 }, u8::from(registration == Registration::Roaming));
    format!("^SYSINFOEX:{service},3,{roaming},{sim},,6,\"LTE\",101,\"LTE\"")
}

fn serving(state: &State) -> String {
    if !state.registration().serves() {
        return "+COPS: 0".into();
    }
    let ((code, name), format) = (&state.air.serving, state.operator_format);
    let mode = u8::from(state.chosen);
    format!("+COPS: {mode},{format},\"{}\",7", if format == 2 { code } else { name })
}

/// All that are heard: 2 serves, 1 could, 3 denies.
fn scan(state: &mut State) -> Answer {
    state.card()?.open()?;
    let (code, name) = &state.air.serving;
    let mut heard = vec![format!("(2,\"{name}\",\"{name}\",\"{code}\",7)")];
    heard.extend(state.air.others.iter().map(|other| {
        let kind = if other.forbidden { 3 } else { 1 };
        format!("({kind},\"{0}\",\"{0}\",\"{1}\",7)", other.name, other.code)
    }));
    line(format!("+COPS: {},,(0,1,2,3,4),(0,1,2)", heard.join(",")))
}

fn choose(state: &mut State, told: &[&str]) -> Answer {
    match *told {
        ["3", format] => state.operator_format = format.parse().map_err(|_| cme(cme::BAD_PARAMETER))?,
        ["0", ..] => state.choose(None)?,
        ["1", "2", code, ..] => state.choose(Some(code))?,
        _ => return Err(cme(cme::BAD_PARAMETER)),
    }
    done()
}
