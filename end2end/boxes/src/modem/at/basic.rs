//! Who the modem is, and how it speaks.

use super::{Answer, Form, Refusal, cme, done, line};
use crate::modem::state::{State, Unasked};

const MANUFACTURER: &str = "huawei";
const MODEL: &str = "ME909s-821";
const REVISION: &str = "11.617.05.00.00";
const IMEI: &str = "867223021234563";

pub(super) fn answer(state: &mut State, name: &str, form: Form<'_>) -> Option<Answer> {
    Some(match (name, form) {
        ("+CGMI" | "+GMI", Form::Run) => line(MANUFACTURER),
        ("+CGMM" | "+GMM", Form::Run) => line(MODEL),
        ("+CGMR" | "+GMR", Form::Run) => line(REVISION),
        ("+CGSN" | "+GSN", Form::Run) => line(IMEI),
        ("+GCAP", Form::Run) => line("+GCAP: +CGSM,+DS,+ES"),
        ("I" | "I0" | "I1", Form::Run) => Ok(vec![
            format!("Manufacturer: {MANUFACTURER}"),
            format!("Model: {MODEL}"),
            format!("Revision: {REVISION}"),
            format!("IMEI: {IMEI}"),
            "+GCAP: +CGSM,+DS,+ES".into(),
        ]),
        ("+CSCS", Form::Test) => line("+CSCS: (\"IRA\",\"GSM\")"),
        ("+CSCS", Form::Read) => line("+CSCS: \"IRA\""),
        ("+CSCS" | "+CMEE" | "+IFC", Form::Set(_)) | ("^CURC", Form::Set("0" | "1")) => done(),
        ("+WS46", Form::Test) => line("+WS46: (12,22,25,28,29)"),
        ("+WS46", Form::Read) => line("+WS46: 25"),
        ("+CFUN", Form::Read) => line(format!("+CFUN: {}", state.function)),
        ("+CFUN", Form::Set("1,1")) | ("^RESET", Form::Run) => {
            state.unasked.push(Unasked::Reset);
            done()
        }
        ("+CFUN", Form::Set(set)) => function(state, set),
        // echo, verbose answers and the like: it has no other way
        (basic, _) if !basic.starts_with(['+', '^', 'D']) => done(),
        _ => return None,
    })
}

fn function(state: &mut State, set: &str) -> Answer {
    let function = set.split(',').next().and_then(|first| first.parse().ok()).ok_or(cme(cme::BAD_PARAMETER))?;
    if !matches!(function, 0 | 1 | 4 | 7) {
        return Err(Refusal::Unknown);
    }
    state.set_function(function);
    done()
}
