//! A box with a SIM slot, the real ModemManager in it, and a modem of the harness.

use std::time::{Duration, Instant};

use boxes::{Ended, Modem, SimSpec};
use serde_json::Value;

use crate::lab::Lab;

/// ModemManager asks a modem a hundred things, for a dozen seconds, before it shows it; tests beside take the cores.
const AT_LAST: Duration = Duration::from_mins(2);

pub struct Stand {
    /// Before the box, so that it goes first.
    pub modem: Modem,
    pub lab: Lab,
}

/// A box with a slot and no modem in it.
pub fn slot() -> Lab {
    Lab::with(boxes::Builder::sim_slot)
}

impl Stand {
    pub fn new(sim: impl Into<Option<SimSpec>>) -> Self {
        let lab = slot();
        Self { modem: Modem::plug(&lab.device, sim).expect("modem"), lab }
    }

    /// One that is connected: with a SIM that asks for no PIN.
    pub fn connected() -> Self {
        let stand = Self::new(SimSpec::without_pin());
        stand.set(&["--data", "on", "--apn", "cmnet"]);
        stand.online();
        stand
    }

    pub fn set(&self, words: &[&str]) {
        let set = self.lab.cli(&[&["cellular", "set"], words].concat());
        assert_eq!(set.code, 0, "{set:?}");
    }

    /// A command of `gatehouse cellular` with lines of standard input.
    pub fn typed(&self, input: &str, words: &str) -> Ended {
        self.lab.sh(&format!("printf '{input}\\n' | gatehouse cellular {words}"))
    }

    pub fn status(&self) -> Value {
        status(&self.lab)
    }

    pub fn is(&self, code: &str) {
        self.until(code, |status| status["problem"]["code"] == code);
    }

    /// Until each step of the checklist is done.
    pub fn online(&self) -> Value {
        let all = |status: &Value| {
            let items = status["checklist"].as_array().expect("items");
            items.len() == 6 && items.iter().all(|item| item["state"] == "done")
        };
        self.until("online", all)
    }

    #[track_caller]
    pub fn until(&self, what: &str, look: impl Fn(&Value) -> bool) -> Value {
        until(&self.lab, what, look)
    }

    /// How often a PIN or a PUK was sent to the SIM.
    pub fn tries(&self) -> usize {
        self.modem.sent().expect("sent").iter().filter(|line| line.starts_with("AT+CPIN=")).count()
    }

    /// Whether the box has an address on the modem's interface.
    pub fn has_address(&self) -> bool {
        self.lab.sh("ip -4 -o addr show dev wwan0").stdout.contains("inet ")
    }

    /// The first uplink, as the kernel prefers it.
    pub fn way_out(&self) -> String {
        self.lab.show()["uplink_in_use"]["port"].as_str().unwrap_or_default().to_owned()
    }
}

/// Who looks at a failed test wants to know what ModemManager thought.
impl Drop for Stand {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.lab.sh("tail -n 60 /var/log/modem-manager.log");
            eprintln!("{}\n{:?}", log.stdout, self.modem.sent());
            eprintln!("{}", self.lab.cli(&["cellular", "show"]).stdout);
        }
    }
}

pub fn status(lab: &Lab) -> Value {
    let shown = lab.cli(&["cellular", "show", "--json"]);
    serde_json::from_str(&shown.stdout).unwrap_or_default()
}

#[track_caller]
pub fn until(lab: &Lab, what: &str, look: impl Fn(&Value) -> bool) -> Value {
    let started = Instant::now();
    loop {
        let seen = status(lab);
        // an agent that is just being started has none
        if !seen["checklist"].is_null() && look(&seen) {
            return seen;
        }
        assert!(started.elapsed() < AT_LAST, "not within {AT_LAST:?}: {what}: {seen}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
