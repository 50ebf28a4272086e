//! Each reason why a pair is not protected is found by itself.

use domain::{
    cluster::names::Serial,
    pair::{
        api::{Fence, PeerHeard},
        beat::{About, Told},
        readiness::{Facts, Reason, Weight, heaviest, reasons},
        settings::{PairSettings, SettingsIssue, VirtualIp},
    },
};

/// Whatever one case changes.
type Change = fn(&mut Facts<'_>);

const SAME: About = About {
    role: Told::Standby,
    epoch: 3,
    fit: true,
    maintenance: false,
    carrier: true,
    registry: true,
    planned: false,
    drill: false,
    registry_here: false,
    fenced: false,
    version: 1,
    settings: 2,
    applications: 3,
    revision: 1,
    set_revision: 1,
    synced: Some(10),
};

fn found(change: Change) -> Vec<Reason> {
    found_with(|_| {}, change)
}

fn found_with(first: impl FnOnce(&mut Facts<'_>), change: Change) -> Vec<Reason> {
    let peer: Serial = "7F3K-2220".parse().expect("a serial");
    let virtual_ip =
        VirtualIp { address: "10.20.0.100/24".parse().expect("a net"), port: "lan1".parse().expect("a port") };
    let heartbeat = Some("lan4".parse().expect("a port"));
    let settings = PairSettings { virtual_ip: Some(virtual_ip), heartbeat, ..PairSettings::default() };
    let mut facts = Facts {
        peer: Some(&peer),
        awaits: None,
        settings: &settings,
        issues: &[],
        guard: true,
        keepalived: true,
        starting: false,
        maintenance: false,
        fence: None,
        registry: true,
        registry_on_pair: None,
        lease_refused: false,
        heard: Some(PeerHeard { ago: 100, about: SAME }),
        own: About { role: Told::Active, ..SAME },
        carrier: true,
        leased: false,
        heartbeat_carrier: true,
        heartbeat_heard: true,
        watchdog: true,
        copies: true,
        conflict: None,
        untaken: None,
        planned: false,
    };
    first(&mut facts);
    change(&mut facts);
    reasons(&facts)
}

fn heard(facts: &mut Facts<'_>, change: impl FnOnce(&mut About)) {
    if let Some(heard) = &mut facts.heard {
        change(&mut heard.about);
    }
}

#[test]
fn a_healthy_pair_has_none() {
    assert_eq!(found(|_| {}), []);
    assert_eq!(heaviest(&[]), None);
}

#[test]
fn each_is_found_by_itself() {
    static FENCE: Fence = Fence::Address;
    let peer = || "7F3K-2220".parse().expect("a serial");
    let lan = |port: &str| port.parse().expect("a port");
    let cases: Vec<(Change, Reason)> = vec![
        (|f| f.guard = false, Reason::GuardAway),
        (|f| f.registry_on_pair = Some("10.20.0.16"), Reason::RegistryOnPair { address: "10.20.0.16".into() }),
        (|f| f.starting = true, Reason::TakeoverUnderWay),
        (|f| f.maintenance = true, Reason::Maintenance { here: true }),
        (|f| heard(f, |about| about.maintenance = true), Reason::Maintenance { here: false }),
        (|f| f.fence = Some(&FENCE), Reason::Fenced { why: Fence::Address }),
        (|f| f.registry = false, Reason::RegistryUnreachable { here: true }),
        (|f| heard(f, |about| about.registry = false), Reason::RegistryUnreachable { here: false }),
        (|f| f.lease_refused = true, Reason::LeaseUnavailable),
        (|f| heard(f, |about| about.settings = 9), Reason::SettingsDiffer),
        (|f| f.conflict = Some("02:00:00:00:0a:78"), Reason::AddressConflict { by: "02:00:00:00:0a:78".into() }),
        (|f| f.keepalived = false, Reason::NoKeepalived),
        (|f| heard(f, |about| about.applications = 9), Reason::ApplicationsDiffer { untaken: None }),
        (|f| heard(f, |about| (about.fenced, about.fit) = (true, false)), Reason::PeerFenced),
        (|f| heard(f, |about| about.fit = false), Reason::PeerNotReady),
        (|f| heard(f, |about| about.synced = Some(301)), Reason::DataTooOld { seconds: Some(301) }),
        (|f| heard(f, |about| about.synced = None), Reason::DataTooOld { seconds: None }),
        (|f| heard(f, |about| about.version = 9), Reason::VersionsDiffer),
        (|f| f.carrier = false, Reason::NoCarrier { port: lan("lan1"), here: true }),
        (|f| heard(f, |about| about.carrier = false), Reason::NoCarrier { port: lan("lan1"), here: false }),
        (|f| f.heartbeat_heard = false, Reason::NoHeartbeat { port: Some(lan("lan4")) }),
        (|f| f.heartbeat_carrier = false, Reason::NoHeartbeatCarrier { port: lan("lan4") }),
        (|f| f.leased = true, Reason::LeasedAddress { port: lan("lan1") }),
        (|f| f.watchdog = false, Reason::NoWatchdog),
    ];
    for (change, reason) in cases {
        assert_eq!(found(change), [reason]);
    }
    let untaken = found(|f| {
        f.untaken = Some("hello: no podman");
        heard(f, |about| about.applications = 9);
    });
    assert_eq!(untaken, [Reason::ApplicationsDiffer { untaken: Some("hello: no podman".into()) }]);
    // one that does not take over for a reason that is told needs no second one, nor while it is asked to
    assert_eq!(
        found(|f| heard(f, |about| (about.maintenance, about.fit) = (true, false))),
        [Reason::Maintenance { here: false }]
    );
    let handing_over = |f: &mut Facts<'_>| {
        f.planned = true;
        heard(f, |about| about.fit = false);
    };
    assert_eq!(found(handing_over), []);
    // the heaviest first
    let several = found(|f| {
        (f.leased, f.carrier) = (true, false);
        heard(f, |about| about.version = 9);
    });
    let weights = several.iter().map(Reason::weight).collect::<Vec<_>>();
    assert_eq!(weights, [Weight::Unprotected, Weight::Weakened, Weight::Remark], "{several:?}");
    // one that is not heard has nothing to compare
    let silent = found(|f| f.heard = f.heard.map(|heard| PeerHeard { ago: 1_001, ..heard }));
    assert_eq!(silent[0], Reason::PeerUnreachable { peer: peer() });
    assert_eq!(heaviest(&silent), Some(Weight::Unprotected));
}

#[test]
fn settings_that_are_missing_or_do_not_fit_are_told() {
    static NONE: PairSettings = PairSettings {
        virtual_ip: None,
        heartbeat: None,
        registry: domain::pair::settings::Nearness::Site,
        revision: 0,
    };
    assert_eq!(found(|f| f.settings = &NONE), [Reason::NoVirtualIp, Reason::NoHeartbeat { port: None }]);
    let issue = SettingsIssue::NoHeartbeatPort { port: "lan4".parse().expect("a port") };
    assert_eq!(Reason::SettingsUnusable { issue }.weight(), Weight::Unprotected);
}

#[test]
fn a_box_without_a_peer_waits_for_it_and_says_what_else_keeps_it() {
    static FENCE: Fence = Fence::Address;
    assert_eq!(found(|f| f.peer = None), []);
    let awaits: Serial = "7F3K-2221".parse().expect("a serial");
    let waits = |change: Change| {
        // lives as long as the test
        static AWAITS: std::sync::OnceLock<Serial> = std::sync::OnceLock::new();
        let awaits = AWAITS.get_or_init(|| "7F3K-2221".parse().expect("a serial"));
        found_with(move |f| (f.peer, f.awaits) = (None, Some(awaits)), change)
    };
    let waiting = || Reason::NoPeer { awaits: awaits.clone() };
    assert_eq!(waits(|_| {}), [waiting()]);
    assert_eq!(heaviest(&[waiting()]), Some(Weight::Passing), "no alarm");
    assert_eq!(waits(|f| f.fence = Some(&FENCE)), [Reason::Fenced { why: Fence::Address }, waiting()]);
    assert_eq!(waits(|f| f.maintenance = true), [Reason::Maintenance { here: true }, waiting()]);
    assert_eq!(waits(|f| f.guard = false), [Reason::GuardAway, waiting()]);
}
