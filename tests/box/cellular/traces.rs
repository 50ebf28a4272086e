//! What the tests of `src/agent/cellular` take for ModemManager (`tests/cellular/traces`) is what the real one says, moment by moment.
//!
//! After an update of ModemManager: `RECORD_TRACES=1 cargo nextest run --test box traces` writes them anew.

use std::{collections::BTreeSet, env, fs, path::Path};

use boxes::{Addressing, Modem, Registration, SimSpec};

use super::stand::slot;
use crate::lab::{Lab, PATIENCE, within};

const MANAGER: &str = "org.freedesktop.ModemManager1";

/// What `busctl` prints: a signature, and values with a blank between them. (Its JSON has no dictionaries of numbers.)
fn called(lab: &Lab, path: &str, method: &str) -> Option<String> {
    let ended = lab.sh(&format!("busctl call {MANAGER} {path} {method}"));
    (ended.code == 0).then(|| ended.stdout.trim_end().to_owned())
}

/// Every object, a line each: the modems, which are listed, and what they lead to.
fn seen(lab: &Lab) -> String {
    let root = "/org/freedesktop/ModemManager1";
    let Some(modems) = called(lab, root, "org.freedesktop.DBus.ObjectManager GetManagedObjects") else {
        return String::new();
    };
    let paths = modems.split('"').filter(|text| text.contains("/SIM/") || text.contains("/Bearer/"));
    let mut all = format!("{root} {modems}\n");
    for path in paths {
        let interface = format!("{MANAGER}.{}", if path.contains("/SIM/") { "Sim" } else { "Bearer" });
        let get = format!("org.freedesktop.DBus.Properties GetAll s {interface}");
        if let Some(properties) = called(lab, path, &get) {
            all.extend([path, " ", &interface, " ", &properties, "\n"]);
        }
    }
    all
}

fn is(all: &str, property: &str, value: &str) -> bool {
    all.contains(&format!("\"{property}\" {value} "))
}

/// Tries left, as `UnlockRetries` has them.
fn left(all: &str, lock: &str) -> Option<String> {
    let numbers =
        all.split("\"UnlockRetries\" a{uu} ").nth(1)?.split('"').next()?.split_whitespace().collect::<Vec<_>>();
    let pair = numbers.get(1..)?.chunks(2).find(|pair| pair[0] == lock)?;
    pair.get(1).map(|left| (*left).to_owned())
}

/// Properties with their types: `"State" i`.
fn shape(all: &str) -> BTreeSet<String> {
    let words = all.split_whitespace().collect::<Vec<_>>();
    let is_type = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase() || c == '(') && !matches!(word, "true" | "false")
    };
    let pairs = words.windows(2).filter(|pair| pair[0].ends_with('"') && is_type(pair[1]));
    pairs.map(|pair| pair.join(" ")).collect()
}

struct Recorder {
    lab: Lab,
}

impl Recorder {
    fn record(&self, name: &str, state: &str, also: impl Fn(&str) -> bool) {
        let found = patiently(name, || {
            Some(seen(&self.lab)).filter(|all| (state.is_empty() || is(all, "State", state)) && also(all))
        });
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cellular/traces").join(name).with_extension("txt");
        if env::var_os("RECORD_TRACES").is_some() {
            fs::write(file, found).expect("written");
        } else {
            assert_eq!(shape(&found), shape(&fs::read_to_string(file).expect("a trace")), "{name}");
        }
    }

    fn mmcli(&self, arguments: &str) {
        self.lab.sh(&format!("mmcli {arguments}"));
    }
}

/// ModemManager and five moments of a modem in a row.
fn patiently<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(5 * PATIENCE, what, look)
}

#[test]
fn the_traces_are_what_modem_manager_says() {
    let any = |_: &str| true;
    let lab = slot();
    lab.device.start_bus().expect("bus");
    // the agent would do something about each of them
    lab.device.kill(boxes::Role::Agent, boxes::Signal::Stop).expect("stop");
    let modem = Modem::plug(&lab.device, None).expect("modem");
    let one = Recorder { lab };
    one.record("no-sim", "i -1", any);
    modem.swap_sim(SimSpec { pin_left: 3, ..SimSpec::default() }).expect("SIM");
    modem.power_cycle().expect("power");
    let tries = |lock: &'static str, number: &'static str| move |all: &str| left(all, lock).as_deref() == Some(number);
    one.record("locked", "i 2", tries("2", "3"));
    let sim = || one.lab.sh("mmcli -m any -K | sed -n 's/^modem.generic.sim  *: //p'").stdout.trim().to_owned();
    one.mmcli(&format!("-i {} --pin=4321", sim()));
    one.record("wrong-pin", "i 2", tries("2", "2"));
    one.mmcli(&format!("-i {} --pin=4321", sim()));
    one.mmcli(&format!("-i {} --pin=4321", sim()));
    one.record("puk", "i 2", |all| is(all, "UnlockRequired", "u 4"));
    one.mmcli(&format!("-i {} --puk=11111111 --pin=1234", sim()));
    one.record("wrong-puk", "i 2", tries("4", "9"));
    one.mmcli(&format!("-i {} --puk=12345678 --pin=1234", sim()));
    one.record("disabled", "i 3", any);
    modem.set(|air| air.registration = Registration::Searching).expect("air");
    one.mmcli("-m any --enable");
    one.record("searching", "i 7", any);
    let registered = |number: &'static str| move |all: &str| is(all, "RegistrationState", number);
    modem.set(|air| air.registration = Registration::Denied).expect("air");
    one.record("denied", "", registered("u 3"));
    modem.set(|air| air.registration = Registration::Roaming).expect("air");
    one.record("roaming", "i 8", registered("u 5"));
    modem.set(|air| air.registration = Registration::Home).expect("air");
    one.record("home", "i 8", registered("u 1"));
    one.mmcli("-m any --signal-setup=1");
    one.mmcli("-m any --simple-connect=apn=cmnet");
    one.record("connected", "i 11", |all| all.contains("\"rsrp\""));
    modem.net_drop().expect("drop");
    one.record("dropped", "i 8", any);
    one.mmcli("-m any --simple-disconnect");
    modem.set(|air| air.addressing = Addressing::Dhcp).expect("air");
    one.mmcli("-m any --simple-connect=apn=cmnet");
    one.record("dhcp", "i 11", any);
}
