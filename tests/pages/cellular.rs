//! The way out by a SIM.

use gatehouse::{
    components::{
        nav::Place,
        words::{cellular_action, cellular_cause},
    },
    domain::{
        api::Overview,
        cellular::{
            api::{CellularStatus, ModemView, Problem, Sample, ServingView, SimView as Its, UsageView},
            apn::Suggestion,
            cause::Cause,
            checklist::{Item, ItemState, Step},
            machine::{Phase, SimChange},
            modem::{Lock, Operator, Registration, Tries},
            pin::AskWhy,
            signal::{Advice, Signal},
            spec::{Auth, CellularSpec, Technology},
            usage::{Bytes, Limit, Month},
        },
        fault::Fault,
        network::issue::{Field, Issue, Rule},
        time::BootMillis,
    },
    pages::{
        cellular::{self, Asked, SettingsView, SimView, Typed},
        render::to_html,
    },
    text::{Lang, Text},
};

use super::{
    all::{Named, frame, refusal},
    boxes::{name, working_box},
};

const NASTY: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
const NOW: BootMillis = BootMillis(90_000_000);

fn with(status: &CellularStatus) -> Overview {
    Overview { cellular: status.brief(), ..working_box() }
}

fn items(states: [ItemState; 6]) -> Vec<Item> {
    Step::ALL.into_iter().zip(states).map(|(step, state)| Item { step, state }).collect()
}

/// What is in the way at one step.
fn stopped(status: CellularStatus, cause: Cause) -> CellularStatus {
    let at = Step::of(&cause);
    let state = |step: Step| match step {
        step if step < at => ItemState::Done,
        step if step == at => ItemState::Failed { cause: cause.clone() },
        _ => ItemState::Waiting,
    };
    let checklist = items(Step::ALL.map(state));
    CellularStatus { checklist, problem: Some(Problem::from(cause)), connected_since: None, ..status }
}

fn online() -> CellularStatus {
    let signal = Signal { rssi: Some(-69.0), rsrp: Some(-93.0), rsrq: Some(-16.0), snr: Some(12.0) };
    let sample = |minute: u64| {
        let bars = (minute % 90 > 10).then_some(u8::try_from(1 + minute / 30 % 5).expect("bars"));
        Sample { at: BootMillis(NOW.0 - (240 - minute) * 60_000), bars, signal }
    };
    CellularStatus {
        slot: Some(name("sim")),
        at: NOW,
        phase: Phase::Connected,
        spec: CellularSpec {
            on: true,
            apn: "cmnet".parse().ok(),
            user: Some("meter".into()),
            auth: Auth::Both,
            limit: Some(500),
            ..CellularSpec::default()
        },
        password: true,
        pin: true,
        checklist: items([const { ItemState::Done }; 6]),
        modem: Some(ModemView {
            manufacturer: "huawei".into(),
            model: "ME909s-821".into(),
            imei: "867223021234563".into(),
        }),
        sim: Some(Its {
            iccid: "89860012345678901234".parse().ok(),
            imsi: Some("460001234567890".into()),
            operator: "46000".parse().ok(),
            operator_name: "CMCC".into(),
            lock: Lock::None,
            tries: Tries { pin: Some(3), puk: Some(10) },
            pin_enabled: Some(true),
        }),
        network: Some(ServingView {
            registration: Registration::Roaming,
            operator: Operator { code: "46001".parse().ok(), name: "UNICOM".into() },
            technology: Some(Technology::Fourth),
            signal,
            bars: Some(4),
            advice: Some(Advice::Interference),
        }),
        connected_since: Some(BootMillis(NOW.0 - 7_300_000)),
        usage: UsageView {
            this_month: Bytes { rx: 430_000_000, tx: 41_000_000 },
            limit: Some(Limit::Near),
            months: vec![
                Month { year: 2026, month: 11, used: Bytes { rx: 430_000_000, tx: 41_000_000 } },
                Month { year: 2026, month: 10, used: Bytes { rx: 300_000_000, tx: 20_000_000 } },
            ],
        },
        history: (0..240).map(sample).collect(),
        ..CellularStatus::default()
    }
}

fn locked(lock: Lock, cause: Cause, tries: Tries) -> CellularStatus {
    let sim = online().sim.map(|sim| Its { lock, tries, ..sim });
    let spec = CellularSpec { on: false, ..CellularSpec::default() };
    stopped(CellularStatus { phase: Phase::Locked, sim, spec, network: None, pin: false, ..online() }, cause)
}

fn first(text: Text, status: &CellularStatus) -> String {
    let overview = with(status);
    to_html(|| cellular::page(frame(text, Some(&overview), Some(Place::Network)), &overview, status, None))
}

fn settings(text: Text, status: &CellularStatus, view: SettingsView) -> String {
    let overview = with(status);
    to_html(|| cellular::settings_page(frame(text, Some(&overview), Some(Place::Network)), &overview, status, view))
}

fn sim(text: Text, status: &CellularStatus, view: &SimView) -> String {
    let overview = with(status);
    to_html(|| cellular::sim_page(frame(text, Some(&overview), Some(Place::Network)), &overview, status, view))
}

fn invalid(all: &[(Field, Rule)]) -> Fault {
    let issues = all.iter().map(|(field, rule)| Issue { port: None, field: *field, rule: rule.clone() });
    Fault::Invalid { issues: issues.collect() }
}

pub fn pages(text: Text) -> Named {
    let asks = locked(Lock::Pin, Cause::PinNeeded { why: AskWhy::NotKept }, Tries { pin: Some(3), puk: None });
    let last = locked(Lock::Pin, Cause::PinNeeded { why: AskWhy::LastTry }, Tries { pin: Some(1), puk: None });
    let puk = locked(Lock::Puk, Cause::PukNeeded { left: Some(1) }, Tries { pin: Some(0), puk: Some(1) });
    let away = CellularStatus { modem: None, sim: None, network: None, history: Vec::new(), ..online() };
    let away = stopped(CellularStatus { phase: Phase::NoManager, ..away }, Cause::NoManager);
    let cause = Cause::ConnectFailed { error: NASTY.into() };
    let failed = CellularStatus { failures: 3, next_try: Some(BootMillis(NOW.0 + 70_000)), ..stopped(online(), cause) };
    let mut nasty = failed.clone();
    for told in [&mut nasty.modem.as_mut().expect("modem").model, &mut nasty.sim.as_mut().expect("SIM").operator_name] {
        NASTY.clone_into(told);
    }
    NASTY.clone_into(&mut nasty.network.as_mut().expect("network").operator.name);
    let known = "89860109876543210987".parse().expect("ICCID");
    let swapped = CellularStatus { sim_change: Some(SimChange::Other { known }), ..online() };
    let known = "89860109876543210987".parse().expect("ICCID");
    let missing = stopped(CellularStatus { sim: None, ..online() }, Cause::SimMissing);
    let missing = CellularStatus { sim_change: Some(SimChange::Missing { known }), ..missing };
    let suggestion =
        Suggestion { apn: "cmnet".parse().expect("APN"), operator: "China Mobile".into(), user: None, password: None };
    let fresh = CellularStatus { spec: CellularSpec::default(), suggestions: vec![suggestion], ..online() };
    let paused = CellularStatus { paused: true, connected_since: None, ..online() };
    let paused = CellularStatus { checklist: stopped(online(), Cause::NoApn).checklist, ..paused };
    let typed = Typed { apn: NASTY.into(), mtu: "9".into(), operator: "China".into(), ..Typed::default() };
    let wrong = invalid(&[
        (Field::Apn, Rule::NotAnApn),
        (Field::CellularMtu, Rule::MtuOutOfRange { least: 576, most: 9000 }),
        (Field::Operator, Rule::NotAnOperator),
    ]);
    let refused = |asked, fault| SimView { asked: Some(asked), refusal: Some(refusal(fault)) };
    vec![
        ("cellular-online", first(text, &online())),
        ("cellular-away", first(text, &away)),
        ("cellular-locked", first(text, &asks)),
        ("cellular-failed", first(text, &nasty)),
        ("cellular-paused", first(text, &paused)),
        ("cellular-settings", settings(text, &fresh, SettingsView::default())),
        ("cellular-settings-saved", settings(text, &online(), SettingsView { saved: true, ..SettingsView::default() })),
        ("cellular-settings-refused", {
            let view = SettingsView { typed: Some(typed), saved: false, refusal: Some(refusal(wrong)) };
            settings(text, &online(), view)
        }),
        ("cellular-sim", sim(text, &online(), &SimView::default())),
        ("cellular-sim-done", sim(text, &online(), &SimView { asked: Some(Asked::Change), refusal: None })),
        ("cellular-sim-asks", sim(text, &asks, &SimView::default())),
        ("cellular-sim-wrong", {
            let fault = Fault::Cellular { cause: Cause::PinWrong { left: Some(2) } };
            sim(text, &asks, &refused(Asked::Unlock, fault))
        }),
        ("cellular-sim-last", { sim(text, &last, &refused(Asked::Unlock, invalid(&[(Field::Pin, Rule::NotAPin)]))) }),
        ("cellular-sim-puk", sim(text, &puk, &SimView::default())),
        ("cellular-sim-swapped", sim(text, &swapped, &SimView::default())),
        ("cellular-sim-missing", sim(text, &missing, &SimView::default())),
        ("cellular-no-slot", {
            let overview = working_box();
            to_html(|| gatehouse::pages::fault::page(frame(text, Some(&overview), None), &refusal(Fault::NoSimSlot)))
        }),
        ("overview-cellular", {
            let overview = with(&failed);
            to_html(|| gatehouse::pages::overview::page(frame(text, Some(&overview), Some(Place::Overview)), &overview))
        }),
    ]
}

#[test]
fn stored_xss_names_from_the_air_are_text() {
    for lang in [Lang::En, Lang::ZhCn] {
        for (name, html) in pages(Text(lang)) {
            assert!(!html.contains("<script>alert") && !html.contains("<img"), "{name}: {html}");
        }
    }
}

#[test]
fn a_pin_that_was_typed_does_not_come_back_and_each_problem_is_at_its_field() {
    let all = pages(Text(Lang::En));
    let of = |wanted| all.iter().find(|(name, _)| *name == wanted).map(|(_, html)| html.as_str()).expect("a page");
    let last = of("cellular-sim-last");
    assert!(last.contains("href=\"#pin\"") && last.contains("id=\"last-yes\""), "{last}");
    assert!(!of("cellular-sim-asks").contains("id=\"last-yes\""), "only the last try asks for a word");
    let settings = of("cellular-settings-refused");
    for field in ["apn", "mtu", "operator"] {
        assert!(settings.contains(&format!("href=\"#{field}\"")), "{field}");
    }
    assert!(of("cellular-settings").contains("value=\"cmnet\""), "suggested");
}

/// A cause that has no words does not compile; one that has the words of another language, or of another cause, is seen here.
#[test]
fn every_cause_has_words_of_its_own_in_both_languages() {
    let causes = [
        Cause::NoManager,
        Cause::NoModem,
        Cause::ModemFailed,
        Cause::ModemSilent,
        Cause::SimMissing,
        Cause::SimError,
        Cause::PinNeeded { why: AskWhy::NotKept },
        Cause::PinNeeded { why: AskWhy::SimUnknown },
        Cause::PinNeeded { why: AskWhy::TriedAlready },
        Cause::PinNeeded { why: AskWhy::LastTry },
        Cause::PinWrong { left: Some(2) },
        Cause::PukNeeded { left: None },
        Cause::PukWrong { left: Some(1) },
        Cause::SimDead,
        Cause::ModemLocked,
        Cause::Searching,
        Cause::NoNetwork,
        Cause::Denied,
        Cause::EmergencyOnly,
        Cause::RoamingForbidden,
        Cause::NoApn,
        Cause::ApnRefused,
        Cause::CredentialsRefused,
        Cause::IpTypeRefused,
        Cause::NotSubscribed,
        Cause::Congested,
        Cause::NetworkTimeout,
        Cause::Dropped,
        Cause::ConnectFailed { error: "Core.Failed".into() },
        Cause::NoAddress,
        Cause::AddressCollides,
        Cause::NeedsPpp,
        Cause::DhcpSilent,
        Cause::DnsSilent,
        Cause::NoAnswer,
    ];
    for (lang, chinese) in [(Lang::En, false), (Lang::ZhCn, true)] {
        let text = Text(lang);
        let said = causes.iter().map(|cause| cellular_cause(text, cause).0).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(said.len(), causes.len());
        for cause in &causes {
            for words in [cellular_cause(text, cause).0, cellular_action(text, cause.action())] {
                assert_eq!(words.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), chinese, "{words}");
            }
        }
    }
}
