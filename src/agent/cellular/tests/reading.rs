//! What each recorded moment reads as.

use super::trace::Trace;
use crate::cellular::read::{BEARER, SIM, bearer_paths, modem, sim_path};
use domain::cellular::{
    ids::Plmn,
    modem::{FailedReason, Lock, Method, Modem, ModemState, Registration, Tries},
    signal::Signal,
    spec::Technology,
};

fn read(name: &str) -> Modem {
    of(&Trace::read(name))
}

pub(super) fn of(trace: &Trace) -> Modem {
    let (path, object) = trace.modem().expect("a modem");
    let get = |path: &String, interface: &str| trace.objects.get(path).and_then(|all| all.get(interface)).cloned();
    let sim = sim_path(object).and_then(|path| get(&path, SIM));
    let bearers: Vec<_> =
        bearer_paths(object).into_iter().filter_map(|path| get(&path, BEARER).map(|all| (path, all))).collect();
    modem(path, object, sim.as_ref(), &bearers)
}

#[test]
fn a_modem_without_a_sim_has_failed_for_that_reason() {
    let modem = read("no-sim");
    assert_eq!((modem.state, modem.failed, modem.sim), (ModemState::Failed, FailedReason::SimMissing, None));
    assert!(!modem.equipment.is_empty() && !modem.model.is_empty());
}

#[test]
fn locks_and_tries_are_read() {
    for (name, lock, pin, puk) in [
        ("locked", Lock::Pin, 3, 10),
        ("wrong-pin", Lock::Pin, 2, 10),
        ("puk", Lock::Puk, 0, 10),
        ("wrong-puk", Lock::Puk, 0, 9),
    ] {
        let modem = read(name);
        assert_eq!((modem.state, modem.lock), (ModemState::Locked, lock), "{name}");
        assert_eq!(modem.tries, Tries { pin: Some(pin), puk: Some(puk) }, "{name}");
    }
}

#[test]
fn what_the_network_says_is_read() {
    for (name, state, registration) in [
        ("searching", ModemState::Searching, Registration::Searching),
        ("home", ModemState::Registered, Registration::Home),
        ("roaming", ModemState::Registered, Registration::Roaming),
    ] {
        let modem = read(name);
        assert_eq!((modem.state, modem.registration), (state, registration), "{name}");
    }
    assert_eq!(read("denied").registration, Registration::Denied);
    let home = read("home");
    let sim = home.sim.clone().expect("a SIM");
    assert_eq!(home.operator.code.as_ref().map(Plmn::as_str), Some("46000"));
    assert_eq!(sim.iccid.map(String::from).as_deref(), Some("89860012345678901234"));
    assert_eq!(
        (sim.imsi.as_deref(), sim.operator.map(String::from).as_deref()),
        (Some("460001234567890"), Some("46000"))
    );
    assert_eq!((home.technology, home.lock), (Some(Technology::Fourth), Lock::None));
    assert_eq!(home.interfaces, ["wwan0"]);
    assert!(home.bearers.is_empty() && !home.supported_modes.is_empty());
    let signal = Signal { rssi: Some(-69.0), rsrp: Some(-93.0), rsrq: Some(-10.0), snr: Some(12.0) };
    assert_eq!(read("connected").signal, Some(signal));
}

#[test]
fn what_a_connection_gave_is_read() {
    let modem = read("connected");
    let [bearer] = &modem.bearers[..] else { panic!("{:?}", modem.bearers) };
    assert!(bearer.connected && bearer.error.is_none());
    assert_eq!((bearer.interface.as_deref(), bearer.apn.as_str()), (Some("wwan0"), "cmnet"));
    let ipv4 = bearer.ipv4.as_ref().expect("IPv4");
    assert_eq!((ipv4.method, ipv4.address.as_deref(), ipv4.prefix), (Method::Static, Some("10.64.0.34"), Some(24)));
    assert!(ipv4.gateway.is_some() && ipv4.dns.len() == 1 && bearer.ipv6.is_none(), "{bearer:?}");
    let dhcp = &read("dhcp").bearers[0];
    assert_eq!(dhcp.ipv4.as_ref().map(|ipv4| ipv4.method), Some(Method::Dhcp));
    let dropped = read("dropped");
    assert!(dropped.bearers.iter().all(|bearer| !bearer.connected), "{dropped:?}");
}

#[test]
fn what_is_of_another_type_or_missing_is_none() {
    let mut trace = Trace::read("connected");
    let modem = "org.freedesktop.ModemManager1.Modem";
    for (name, value) in
        [("State", "8"), ("UnlockRetries", "x"), ("Ports", "x"), ("SignalQuality", "x"), ("Bearers", "x")]
    {
        trace.set("/Modem/", modem, name, zbus::Variant::from(value));
    }
    trace.set("/Modem/", modem, "Model", zbus::Variant::from("ME\u{1b}[2J909"));
    let read = of(&trace);
    assert_eq!((read.state, read.tries, read.quality), (ModemState::Unknown, Tries::default(), None));
    assert!(read.interfaces.is_empty() && read.bearers.is_empty());
    assert_eq!(read.model, "ME\\u{1b}[2J909");
}
