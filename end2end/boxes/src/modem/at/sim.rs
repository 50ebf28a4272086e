//! The SIM: its locks and what stands on it.

use super::{Answer, Form, cme, done, line, parameters};
use crate::modem::{card::Lock, state::State};

/// Files of 3GPP 31.102, as `+CRSM` numbers them.
const EF_ICCID: &str = "12258";
const EF_AD: &str = "28589";
const EF_SPN: &str = "28486";
/// Length of the operator's name on the SIM.
const SPN_BYTES: usize = 16;

pub(super) fn answer(state: &mut State, name: &str, form: Form<'_>) -> Option<Answer> {
    Some(match (name, form) {
        ("+CPIN", Form::Read) => asks(state),
        ("+CPIN", Form::Set(set)) => enter(state, &parameters(set)),
        ("^CPIN", Form::Read) => tries(state),
        ("+CLCK", Form::Test) => line("+CLCK: (\"SC\",\"PN\",\"FD\")"),
        ("+CLCK", Form::Set(set)) => facility(state, &parameters(set)),
        ("+CPWD", Form::Set(set)) => match *parameters(set) {
            ["SC", old, new] => state.card().and_then(|card| card.change_pin(old, new)).and_then(|()| done()),
            _ => Err(cme(cme::BAD_PARAMETER)),
        },
        ("+CIMI", Form::Run) => state.card().and_then(|card| {
            card.open()?;
            line(card.spec.imsi.clone())
        }),
        ("^ICCID", Form::Read) => state.card().and_then(|card| line(format!("^ICCID: {}", card.spec.iccid))),
        ("+CRSM", Form::Set(set)) => file(state, &parameters(set)),
        ("+CNUM", Form::Run) => state.card().and_then(|card| card.open()).and_then(|()| done()),
        _ => return None,
    })
}

fn asks(state: &mut State) -> Answer {
    let card = state.card()?;
    match card.lock() {
        Lock::Open => line("+CPIN: READY"),
        Lock::Pin => line("+CPIN: SIM PIN"),
        Lock::Puk => line("+CPIN: SIM PUK"),
        Lock::Blocked => Err(cme(cme::SIM_FAILURE)),
    }
}

fn enter(state: &mut State, told: &[&str]) -> Answer {
    let card = state.card()?;
    match *told {
        [pin] => card.enter_pin(pin)?,
        [puk, new] => card.enter_puk(puk, new)?,
        _ => return Err(cme(cme::BAD_PARAMETER)),
    }
    state.say_registration();
    done()
}

/// Huawei's: the lock with its tries, then the tries of PUK, PIN, PUK2 and PIN2.
fn tries(state: &mut State) -> Answer {
    let card = state.card()?;
    let (pin, puk) = (card.spec.pin_left, card.spec.puk_left);
    let now = match card.lock() {
        Lock::Open => "READY,".into(),
        Lock::Pin => format!("SIM PIN,{pin}"),
        Lock::Puk => format!("SIM PUK,{puk}"),
        Lock::Blocked => return Err(cme(cme::SIM_FAILURE)),
    };
    line(format!("^CPIN: {now},{puk},{pin},10,3"))
}

fn facility(state: &mut State, told: &[&str]) -> Answer {
    match *told {
        ["SC", "2"] => {
            let asks = state.card()?.spec.asks_pin;
            line(format!("+CLCK: {}", u8::from(asks)))
        }
        ["SC", mode @ ("0" | "1"), pin] => {
            state.card()?.ask_pin(mode == "1", pin)?;
            done()
        }
        [_, "2"] => line("+CLCK: 0"),
        _ => Err(cme(cme::BAD_PARAMETER)),
    }
}

/// Reads a file: two status bytes in decimal, then the content.
fn file(state: &mut State, told: &[&str]) -> Answer {
    let card = state.card()?;
    let number = told.get(1).copied().unwrap_or_default();
    if number != EF_ICCID {
        card.open()?;
    }
    let content = match number {
        EF_ICCID => swapped(&card.spec.iccid),
        // the last byte: two digits of the IMSI are the network's
        EF_AD => "00000002".into(),
        EF_SPN => {
            let mut name = card.spec.operator.clone().into_bytes();
            name.resize(SPN_BYTES, 0xFF);
            name.iter().fold("00".to_owned(), |text, byte| text + &format!("{byte:02X}"))
        }
        _ => return line("+CRSM: 106,130,\"\""),
    };
    line(format!("+CRSM: 144,0,\"{content}\""))
}

/// As the SIM stores digits: two a byte, the first in its low half.
fn swapped(digits: &str) -> String {
    digits.as_bytes().chunks(2).flat_map(|pair| [*pair.get(1).unwrap_or(&b'F'), pair[0]]).map(char::from).collect()
}
