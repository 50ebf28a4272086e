//! Alarms: raised when it lasts, one for a flapping link, kept over a restart, and from the status that is published.

use std::collections::BTreeSet;

use domain::{
    activation::{
        api::{Activation, Away, AwaySince, LeftBecause, Member, Renewal},
        validity::Validity,
    },
    alarms::{Alarms, CLEAR_AFTER, Cause, Event, HISTORY, Kind, Seen, Severity, present},
    audit::{AuditState, Chain},
    auth::policy::{PasswordPolicy, PasswordState},
    cellular::{
        api::{CellularStatus, UsageView},
        machine::SimChange,
        usage::Limit,
    },
    load::Load,
    network::{
        status::{NetworkStatus, PortStatus},
        transaction::{Outcome, TxId, Why},
    },
    pair::{
        api::{Fence, Kind as Began, PairStatus, Phase, Takeover},
        readiness::Reason,
    },
    service_port::ServicePortStatus,
    settings::{SettingsStatus, clock::Measured},
    time::{BootMillis, MADE, UnixSeconds},
};
use proptest::prelude::*;

fn link() -> Cause {
    Cause { kind: Kind::NoLink, subject: Some("lan1".into()) }
}

fn undone() -> Cause {
    Cause { kind: Kind::ChangeUndone, subject: Some("7".into()) }
}

fn step(alarms: &mut Alarms, present: &[Cause], at: u64) -> Vec<Event> {
    alarms.step(&present.iter().cloned().collect(), BootMillis(at), UnixSeconds(at / 1000))
}

const LASTS: u64 = 10_000;

#[test]
fn what_does_not_last_is_no_alarm_and_what_does_is_one_until_it_is_over() {
    let mut alarms = Alarms::default();
    assert_eq!(step(&mut alarms, &[link()], 0), []);
    assert_eq!(alarms.due(), Some(BootMillis(LASTS)));
    assert_eq!(step(&mut alarms, &[], LASTS - 1), []);
    assert_eq!((alarms.due(), alarms.count().open), (None, 0));

    assert_eq!(step(&mut alarms, &[link()], 20_000), []);
    let raised = step(&mut alarms, &[link()], 20_000 + LASTS);
    assert!(
        matches!(&raised[..], [Event::Raised(alarm)] if alarm.start == UnixSeconds(30) && alarm.id == 1),
        "{raised:?}"
    );
    assert_eq!(step(&mut alarms, &[link()], 50_000), [], "once");
    assert_eq!(alarms.count().worst, Some(Severity::Major));

    assert_eq!(step(&mut alarms, &[], 60_000), []);
    assert_eq!(alarms.due(), Some(BootMillis(60_000 + CLEAR_AFTER)));
    let ended = step(&mut alarms, &[], 60_000 + CLEAR_AFTER);
    assert!(matches!(&ended[..], [Event::Ended(alarm)] if alarm.end == Some(UnixSeconds(120))), "{ended:?}");
    assert_eq!((alarms.count().open, alarms.list().history.len()), (0, 1));
}

#[test]
fn an_event_is_told_at_once() {
    assert!(matches!(&step(&mut Alarms::default(), &[undone()], 0)[..], [Event::Raised(_)]));
}

#[test]
fn a_link_that_flaps_is_one_alarm_that_says_how_often() {
    let mut alarms = Alarms::default();
    step(&mut alarms, &[link()], 0);
    let mut told = step(&mut alarms, &[link()], LASTS);
    for n in 0..1000 {
        let at = 20_000 + n * 2000;
        told.extend(step(&mut alarms, &[], at));
        told.extend(step(&mut alarms, &[link()], at + 1000));
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(alarms.list().open[0].again, 1000);
}

#[test]
fn what_was_open_before_a_restart_is_the_same_alarm_after_it() {
    let mut before = Alarms::default();
    step(&mut before, &[undone()], 5_000_000);
    assert_eq!(before.acknowledge(None, "console", UnixSeconds(5001)), Some(1));
    // the clock of another boot begins at zero
    let mut after = Alarms::of(before.saved().clone());
    assert_eq!(step(&mut after, &[undone()], 0), []);
    assert_eq!(after.list(), before.list());
    let mut healed = Alarms::of(before.saved().clone());
    assert_eq!(step(&mut healed, &[], 0), [], "nothing is known yet");
    assert!(matches!(&step(&mut healed, &[], CLEAR_AFTER)[..], [Event::Ended(alarm)] if alarm.seen.is_some()));
}

#[test]
fn an_alarm_is_acknowledged_once_and_one_that_is_not_there_never() {
    let mut alarms = Alarms::default();
    step(&mut alarms, &[undone()], 0);
    assert_eq!(alarms.acknowledge(Some(9), "x", UnixSeconds(1)), None);
    assert_eq!(alarms.count().unseen, 1);
    assert_eq!(alarms.acknowledge(Some(1), "session 3", UnixSeconds(1)), Some(1));
    assert_eq!(alarms.acknowledge(Some(1), "somebody else", UnixSeconds(2)), Some(0));
    assert_eq!(alarms.list().open[0].seen.as_ref().map(|seen| seen.by.as_str()), Some("session 3"));
    assert_eq!(alarms.count().unseen, 0);
    assert_eq!(alarms.acknowledge(None, "x", UnixSeconds(3)), Some(0));
}

#[test]
fn the_worst_is_told_first() {
    let mut alarms = Alarms::default();
    let all = Kind::ALL.map(|kind| Cause { kind, subject: None });
    step(&mut alarms, &all, 0);
    step(&mut alarms, &all, 600_000);
    let open = alarms.list().open;
    assert_eq!(open.len(), Kind::ALL.len());
    assert!(open.is_sorted_by_key(|alarm| std::cmp::Reverse(alarm.cause.kind.severity())));
    assert_eq!(alarms.count().worst, Some(Severity::Critical));
}

proptest! {
    /// Whatever comes and goes: each cause is open once at most, numbers grow, and what is kept has an end.
    #[test]
    fn alarms_are_bounded_and_each_cause_is_open_once(steps in prop::collection::vec((any::<u32>(), 1..90_000_u64), 1..400)) {
        let mut alarms = Alarms::default();
        let (mut now, mut last) = (0, 0);
        for (mask, pause) in steps {
            now += pause;
            let present = Kind::ALL.into_iter().enumerate().filter(|(n, _)| mask >> n & 1 == 1);
            let present = present.map(|(_, kind)| Cause { kind, subject: None }).collect::<BTreeSet<_>>();
            for event in alarms.step(&present, BootMillis(now), UnixSeconds(now / 1000)) {
                if let Event::Raised(alarm) = event {
                    prop_assert!(alarm.id > last);
                    last = alarm.id;
                }
            }
            let list = alarms.list();
            let open = list.open.iter().map(|alarm| &alarm.cause).collect::<BTreeSet<_>>();
            prop_assert_eq!(open.len(), list.open.len());
            prop_assert!(list.history.len() <= HISTORY && list.history.iter().all(|alarm| alarm.end.is_some()));
            prop_assert!(list.open.iter().all(|alarm| alarm.end.is_none()));
        }
    }
}

fn uplink(carrier: bool) -> NetworkStatus {
    let port = serde_json::json!({
        "name": "lan1", "label": "LAN1", "role": "uplink", "addresses": [], "routes": [],
        "link": {
            "interface": "eth0", "index": 2, "mac": null, "up": true, "carrier": carrier, "speed": null,
            "full_duplex": null, "driver": null, "mtu": 1500,
            "counters": { "rx_bytes": 0, "tx_bytes": 0, "rx_errors": 0, "tx_errors": 0, "rx_dropped": 0 },
        },
    });
    let port: PortStatus = serde_json::from_value(port).expect("port");
    let spec = "[ports.lan1]\nmanage = true\nipv4 = { method = \"dhcp\" }";
    NetworkStatus { ports: vec![port], spec: toml::from_str(spec).expect("spec"), ..NetworkStatus::default() }
}

/// The kinds that a box in this state has.
fn kinds(change: impl FnOnce(&mut State)) -> Vec<&'static str> {
    let mut state = State {
        network: NetworkStatus::default(),
        settings: SettingsStatus::default(),
        service_port: ServicePortStatus::default(),
        load: Load::default(),
        audit: AuditState::default(),
        password: PasswordState::default(),
        activation: Activation::default(),
        activation_damaged: false,
        cellular: CellularStatus::default(),
        pair: PairStatus::default(),
        now: MADE,
    };
    change(&mut state);
    let State {
        network,
        settings,
        service_port,
        load,
        audit,
        password,
        activation,
        activation_damaged,
        cellular,
        pair,
        now,
    } = &state;
    let seen = Seen {
        network,
        settings,
        service_port,
        load: *load,
        audit,
        password: *password,
        activation,
        activation_damaged: *activation_damaged,
        cellular,
        pair,
        now: *now,
    };
    present(seen).into_iter().map(|cause| cause.kind.number()).collect()
}

struct State {
    network: NetworkStatus,
    settings: SettingsStatus,
    service_port: ServicePortStatus,
    load: Load,
    audit: AuditState,
    password: PasswordState,
    activation: Activation,
    activation_damaged: bool,
    cellular: CellularStatus,
    pair: PairStatus,
    now: UnixSeconds,
}

#[test]
fn each_alarm_comes_of_the_status_that_shows_it() {
    assert_eq!(kinds(|_| ()), [""; 0], "a new box is well");
    assert_eq!(kinds(|s| s.network = uplink(true)), ["AL-103"]);
    assert_eq!(kinds(|s| s.network = uplink(false)), ["AL-102", "AL-103"]);
    let absent = |s: &mut State| {
        s.network = uplink(false);
        s.network.ports[0].link = None;
    };
    assert_eq!(kinds(absent), ["AL-101", "AL-103"]);
    let reboot = || Some(Outcome::RolledBack { tx: TxId(7), reason: Why::Reboot });
    assert_eq!(kinds(|s| s.network.transaction.last = reboot()), ["AL-108"]);
    let kept = || Some(Outcome::Committed { tx: TxId(7) });
    assert_eq!(kinds(|s| s.network.transaction.last = kept()), [""; 0]);
    assert_eq!(kinds(|s| s.network.transaction.degraded = 1), ["AL-109"]);
    assert_eq!(kinds(|s| s.network.spec_problem = Some("x".into())), ["AL-110"]);
    assert_eq!(kinds(|s| s.settings.problem = Some("x".into())), ["AL-110"]);
    assert_eq!(kinds(|s| s.network.drift = 2), ["AL-114"]);
    let rival = || ServicePortStatus::Silent { other: None, since: BootMillis(0) };
    assert_eq!(kinds(|s| s.service_port = rival()), ["AL-112"]);
    assert_eq!(kinds(|s| s.now = UnixSeconds(MADE.0 - 1)), ["AL-201"]);
    let measured = |ahead| {
        let server = "10.20.0.1".parse().expect("server");
        Some(Measured { server, ahead, stratum: 2, at: BootMillis(0) })
    };
    assert_eq!(kinds(|s| s.settings.clock.measured = measured(100_000)), ["AL-201"]);
    assert_eq!(kinds(|s| s.settings.clock.measured = measured(10)), [""; 0]);
    assert_eq!(kinds(|s| s.settings.clock.silent_since = Some(BootMillis(0))), ["AL-202"]);
    let full = |used| Load { storage_used: used, storage_total: 100, ..Load::default() };
    assert_eq!(kinds(|s| s.load = full(90)), ["AL-203"]);
    assert_eq!(kinds(|s| s.load = full(89)), [""; 0]);
    assert_eq!(kinds(|s| s.audit.failing = Some("x".into())), ["AL-204"]);
    let broken = Chain::Broken { book: domain::audit::Book::Deeds, after: None };
    assert_eq!(kinds(|s| s.audit.chain = broken), ["AL-205"]);
    let policy = PasswordPolicy { complexity: false, rotation_days: Some(90) };
    assert_eq!(kinds(|s| s.password = PasswordState { set: Some(UnixSeconds(0)), policy }), ["AL-206"]);
}

#[test]
fn a_member_that_the_registry_has_lost_sight_of_is_an_alarm_and_a_box_that_never_was_one_is_none() {
    let with = |change: fn(&mut Member)| {
        kinds(|state| {
            let mut member = member();
            change(&mut member);
            state.activation.member = Some(member);
        })
    };
    assert_eq!(with(|_| ()), [""; 0]);
    let away = || Some(AwaySince { since: MADE, why: Away::NoUplink });
    assert_eq!(with(|m| m.renewal = Some(Renewal::Due)), [""; 0], "it is done by itself");
    assert_eq!(with(|m| m.renewal = Some(Renewal::NeedsAgreement)), ["AL-302"]);
    assert_eq!(with(|m| m.left = Some(LeftBecause::Removed { at: MADE })), ["AL-303"]);
    assert_eq!(kinds(|state| state.activation_damaged = true), ["AL-110"]);
    assert_eq!(kinds(|state| state.activation.member = Some(Member { away: away(), ..member() })), ["AL-301"]);
    assert_eq!(Kind::RegistryAway.raise_after(), 600_000, "a registry may be restarted");
}

fn member() -> Member {
    let info = serde_json::json!({
        "serial": "A-1", "name": "box-a1", "account": "demo", "state": "active", "cluster": null, "cluster_name": null,
        "peer": null, "peer_key": null, "pair": null, "awaits": null, "virtual_ip": null, "certificate": "", "authority": "",
        "not_before": MADE.0, "not_after": MADE.0 + 1, "urls": [], "now": MADE.0,
    });
    Member {
        info: serde_json::from_value(info).expect("a box"),
        told: MADE,
        activated: MADE,
        validity: Validity { not_before: MADE, not_after: MADE },
        renewal: None,
        away: None,
        left: None,
    }
}

#[test]
fn numbers_are_unique_and_grow() {
    let numbers = Kind::ALL.map(Kind::number);
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
}

#[test]
fn cellular_is_an_alarm_where_a_person_is_needed() {
    let slot = Some("sim".parse().expect("name"));
    let with = |change: &dyn Fn(&mut CellularStatus)| {
        kinds(|state| {
            state.cellular.slot.clone_from(&slot);
            change(&mut state.cellular);
        })
    };
    assert!(with(&|_| {}).is_empty());
    assert_eq!(with(&|cellular| cellular.alarm = true), ["AL-401"]);
    let known = || "89860012345678901234".parse().expect("an ICCID");
    assert_eq!(with(&|cellular| cellular.sim_change = Some(SimChange::Other { known: known() })), ["AL-402"]);
    let limit = |limit| UsageView { limit: Some(limit), ..UsageView::default() };
    assert_eq!(with(&|cellular| cellular.usage = limit(Limit::Near)), ["AL-403"]);
    assert_eq!(with(&|cellular| cellular.usage = limit(Limit::Reached)), ["AL-404"]);
    assert!(with(&|cellular| cellular.usage = limit(Limit::Far)).is_empty());
    assert_eq!(with(&|cellular| cellular.settings_problem = Some("line 1".to_owned())), ["AL-110"]);
    assert!(kinds(|state| state.cellular.alarm = true).is_empty(), "a box without a slot has none");
}

#[test]
fn a_pair_is_an_alarm_where_a_person_is_needed() {
    let with = |change: &dyn Fn(&mut PairStatus)| kinds(|state| change(&mut state.pair));
    let reason = |reason: Reason| with(&|pair| pair.reasons = vec![reason.clone()]);
    let peer = || "7F3K-2220".parse().expect("a serial");
    assert!(with(&|_| {}).is_empty());
    assert_eq!(reason(Reason::PeerUnreachable { peer: peer() }), ["AL-501"]);
    for passes in [Reason::NoPeer { awaits: peer() }, Reason::NoWatchdog, Reason::Maintenance { here: true }] {
        assert!(reason(passes.clone()).is_empty(), "{passes:?}");
    }
    let taken = |kind, ago: u64| Takeover {
        at: UnixSeconds(MADE.0 - ago),
        epoch: 3,
        kind,
        lease: 1,
        address: None,
        applications: None,
        outcomes: Vec::new(),
        client_gap: None,
    };
    let last = |kind, ago| with(&|pair| pair.history = vec![taken(kind, ago)]);
    assert_eq!(last(Began::Failover, 10), ["AL-502"]);
    assert!(last(Began::Failover, 86_400).is_empty(), "told for a day");
    assert!(last(Began::Switchover, 10).is_empty(), "somebody wanted it");
    assert_eq!(with(&|pair| pair.phase = Phase::Fenced { why: Fence::Address }), ["AL-503"]);
}
