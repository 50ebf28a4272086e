//! One error, one cause, one action.

use domain::cellular::{
    cause::{Action, Cause, Failure},
    modem::{Lock, Modem, Registration},
    signal::{Advice, Signal, bars_of_quality},
    spec::Technology,
};

use super::world::modem;

fn cause(error: &str, modem: &Modem) -> Cause {
    Failure::refused(&format!("org.freedesktop.ModemManager1.Error.{error}")).of_connect(Some(modem))
}

#[test]
fn errors_of_modem_manager_and_of_3gpp_have_a_cause() {
    let at = |registration| Modem { registration, ..modem() };
    let home = at(Registration::Home);
    for (error, modem, expected) in [
        ("MobileEquipment.ServiceOptionNotSubscribed", &home, Cause::ApnRefused),
        ("MobileEquipment.MissingOrUnknownApn", &home, Cause::ApnRefused),
        ("MobileEquipment.RequestedApnNotSupported", &home, Cause::ApnRefused),
        ("MobileEquipment.PdpAuthFailure", &home, Cause::CredentialsRefused),
        ("MobileEquipment.UserAuthenticationFailed", &home, Cause::CredentialsRefused),
        ("MobileEquipment.SimNotInserted", &home, Cause::SimMissing),
        ("MobileEquipment.SimFailure", &home, Cause::SimError),
        ("MobileEquipment.SimWrong", &home, Cause::SimError),
        ("MobileEquipment.NetworkNotAllowed", &home, Cause::EmergencyOnly),
        ("MobileEquipment.NetworkTimeout", &at(Registration::Denied), Cause::Denied),
        ("MobileEquipment.NetworkTimeout", &at(Registration::Searching), Cause::NoNetwork),
        ("MobileEquipment.NetworkTimeout", &home, Cause::NetworkTimeout),
        ("Core.Unauthorized", &at(Registration::Roaming), Cause::RoamingForbidden),
        ("Core.Unauthorized", &Modem { lock: Lock::Puk, ..modem() }, Cause::PukNeeded { left: Some(10) }),
        ("Core.Unsupported", &home, Cause::IpTypeRefused),
    ] {
        assert_eq!(cause(error, modem), expected, "{error}");
    }
    let unknown = cause("<b>x</b>\n\u{1b}[2J", &home);
    let Cause::ConnectFailed { error } = &unknown else { panic!("{unknown:?}") };
    assert!(!error.contains(['\n', '\u{1b}']), "{error:?}");
    assert_eq!(unknown.action(), Action::Reconnect);
}

#[test]
fn the_worse_of_strength_and_clearness_counts() {
    let bars = |rsrp, snr| Signal { rsrp, snr, ..Signal::default() }.bars();
    for (rsrp, snr, expected) in [
        (Some(-84.0), None, Some(5)),
        (Some(-85.0), None, Some(4)),
        (Some(-95.0), None, Some(3)),
        (Some(-105.0), None, Some(2)),
        (Some(-115.0), None, Some(1)),
        (None, Some(13.0), Some(5)),
        (None, Some(4.5), Some(4)),
        (None, Some(1.0), Some(3)),
        (None, Some(-3.0), Some(2)),
        (None, Some(-3.1), Some(1)),
        (Some(-80.0), Some(0.0), Some(2)),
        (None, None, None),
    ] {
        assert_eq!(bars(rsrp, snr), expected, "{rsrp:?} {snr:?}");
    }
    assert_eq!([0, 19, 20, 99, 100, 255].map(bars_of_quality), [1, 1, 2, 5, 5, 5]);
}

#[test]
fn what_no_modem_can_measure_is_not_shown() {
    let nonsense = [f64::NAN, f64::INFINITY, -32768.0, 1e300, -1e300];
    for value in nonsense {
        let signal = Signal { rssi: Some(value), rsrp: Some(value), rsrq: Some(value), snr: Some(value) };
        assert!(!signal.sensible().is_known(), "{value}");
    }
    let advice = |rsrp, rsrq| Signal { rsrp: Some(rsrp), rsrq: Some(rsrq), ..Signal::default() }.advice();
    assert_eq!(advice(-80.0, -18.0), Some(Advice::Interference));
    assert_eq!(advice(-118.0, -18.0), Some(Advice::Antenna));
    assert_eq!(advice(-118.0, -10.0), None);
    assert_eq!(
        [1 << 14, 1 << 15 | 1 << 14, 1 << 5, 1 << 1, 1, 0].map(Technology::best_of),
        [
            Some(Technology::Fourth),
            Some(Technology::Fifth),
            Some(Technology::Third),
            Some(Technology::Second),
            None,
            None,
        ]
    );
}
