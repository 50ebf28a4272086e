//! The pair and its applications.

use gatehouse::{
    components::nav::Place,
    domain::{
        api::Overview,
        application::{
            api::{ApplicationStatus, Applications, Refusal as NotAdded, RunState},
            life::Reason as Ended,
            manifest::{DataState, ManifestIssue, Why},
        },
        fault::Fault,
        pair::{
            api::{
                AppOutcome, Fence, Kind, PairStatus, PeerHeard, PeerStatus, Phase, Refusal as NotDone, Takeover,
                WayStatus,
            },
            beat::{About, Told},
            readiness::Reason,
            settings::{PairSettings, SettingsIssue, VirtualIp},
        },
        time::UnixSeconds,
    },
    pages::{
        applications::{self, AppView, ListView},
        cluster::{self, ClusterHome},
        pair::{self, Act, PairView, Typed, act_page},
        render::to_html,
    },
    text::{Lang, Text},
};

use super::{
    all::{Named, frame, overview_page, refusal},
    boxes::working_box,
};

const NASTY: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";

fn parse<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("parses")
}

fn active() -> PairStatus {
    let about = About { role: Told::Standby, fit: true, carrier: true, registry: true, ..About::default() };
    let way =
        |port: &str, label: &str| WayStatus { port: parse(port), label: label.into(), carrier: true, heard: true };
    let virtual_ip = Some(VirtualIp { address: parse("10.20.0.100/24"), port: parse("lan1") });
    let outcome = AppOutcome { name: "hello".into(), took: Some(420), failed: None };
    let failed = AppOutcome { name: "other".into(), took: None, failed: Some(NASTY.into()) };
    let takeover = |kind, epoch| Takeover {
        at: UnixSeconds(1_795_700_000),
        epoch,
        kind,
        lease: 2_580,
        address: Some(2_950),
        applications: Some(3_370),
        outcomes: vec![outcome.clone(), failed.clone()],
        client_gap: (kind == Kind::Drill).then_some(412),
    };
    PairStatus {
        phase: Phase::Active,
        since: Some(UnixSeconds(1_795_700_000)),
        epoch: 12,
        settings: PairSettings { virtual_ip, heartbeat: Some(parse("lan2")), ..PairSettings::default() },
        peer: Some(PeerStatus {
            serial: parse("7F3K-2220"),
            name: Some("box-a2".into()),
            heard: Some(PeerHeard { ago: 0, about }),
        }),
        ways: vec![way("lan4", "LAN4"), way("lan1", "LAN1")],
        reasons: vec![Reason::NoWatchdog],
        address_here: true,
        history: [Kind::Start, Kind::Failover, Kind::Switchover, Kind::Drill].map(|kind| takeover(kind, 12)).to_vec(),
        under_way: None,
    }
}

/// Every reason, each once.
fn every() -> Vec<Reason> {
    let (peer, port) = (|| parse("7F3K-2220"), || parse("lan1"));
    vec![
        Reason::NoPeer { awaits: peer() },
        Reason::GuardAway,
        Reason::RegistryOnPair { address: "10.20.0.16".into() },
        Reason::TakeoverUnderWay,
        Reason::Maintenance { here: true },
        Reason::Maintenance { here: false },
        Reason::Fenced { why: Fence::Address },
        Reason::Fenced { why: Fence::Application { name: "hello".into(), reason: NASTY.into() } },
        Reason::PeerFenced,
        Reason::PeerNotReady,
        Reason::PeerUnreachable { peer: peer() },
        Reason::RegistryUnreachable { here: true },
        Reason::RegistryUnreachable { here: false },
        Reason::LeaseUnavailable,
        Reason::SettingsDiffer,
        Reason::SettingsUnusable { issue: SettingsIssue::PortHasNoAddress { port: port() } },
        Reason::NoVirtualIp,
        Reason::AddressConflict { by: "02:00:00:00:0a:78".into() },
        Reason::NoKeepalived,
        Reason::ApplicationsDiffer { untaken: None },
        Reason::ApplicationsDiffer { untaken: Some(NASTY.into()) },
        Reason::DataTooOld { seconds: Some(900) },
        Reason::DataTooOld { seconds: None },
        Reason::VersionsDiffer,
        Reason::NoCarrier { port: port(), here: true },
        Reason::NoCarrier { port: port(), here: false },
        Reason::NoHeartbeat { port: None },
        Reason::NoHeartbeat { port: Some(port()) },
        Reason::NoHeartbeatCarrier { port: port() },
        Reason::LeasedAddress { port: port() },
        Reason::NoWatchdog,
    ]
}

fn issues() -> Vec<SettingsIssue> {
    let net = || parse("10.20.0.100/24");
    vec![
        SettingsIssue::NoSuchPort { port: parse("lan9") },
        SettingsIssue::OutsideNetwork { address: net(), port: parse("lan1"), network: parse("10.21.0.0/24") },
        SettingsIssue::PortHasNoAddress { port: parse("lan1") },
        SettingsIssue::OwnAddress { address: net() },
        SettingsIssue::Gateway { address: net() },
        SettingsIssue::NotAHost { address: net() },
        SettingsIssue::Taken { address: net(), by: NASTY.into() },
        SettingsIssue::NoHeartbeatPort { port: parse("lan1") },
    ]
}

fn page(text: Text, status: PairStatus, view: PairView) -> String {
    let overview = Overview { pair: status.clone(), ..working_box() };
    to_html(|| pair::page(frame(text, Some(&overview), Some(Place::Cluster)), &overview, &status, &view))
}

fn state(text: Text, phase: Phase) -> String {
    page(text, PairStatus { phase, address_here: false, ..active() }, PairView::default())
}

fn reasoned(text: Text, phase: Phase, reason: Reason) -> String {
    let status = PairStatus { phase, address_here: false, reasons: vec![reason], ..active() };
    page(text, status, PairView::default())
}

fn app(state: RunState) -> ApplicationStatus {
    ApplicationStatus {
        name: parse("hello"),
        about: Some(NASTY.into()),
        enabled: true,
        state,
        since: Some(UnixSeconds(1_795_700_000)),
        reason: None,
        epoch: 12,
        data: DataState::None,
        synced: None,
        image: None,
        command: vec!["/usr/bin/node".into(), NASTY.into()],
    }
}

fn list(text: Text, status: &Applications, view: &ListView) -> String {
    let overview = working_box();
    to_html(|| applications::page(frame(text, Some(&overview), Some(Place::Applications)), status, view))
}

fn one(text: Text, app: ApplicationStatus, here: bool, lines: &[&str]) -> String {
    let overview = working_box();
    let view = AppView { app, here, lines: lines.iter().map(|line| (*line).to_owned()).collect(), refusal: None };
    to_html(|| applications::app_page(frame(text, Some(&overview), Some(Place::Applications)), &view))
}

fn not_done(text: Text, why: NotDone) -> String {
    let view = PairView { refusal: Some(refusal(Fault::Pair { why })), ..PairView::default() };
    page(text, active(), view)
}

pub fn pages(text: Text) -> Named {
    let overview = |status: PairStatus| Overview { pair: status, ..working_box() };
    let unprotected = PairStatus { reasons: every(), ..active() };
    let mut silent = active();
    if let Some(peer) = &mut silent.peer {
        peer.heard = peer.heard.map(|heard| PeerHeard { ago: 90_000, ..heard });
    }
    silent.ways.iter_mut().for_each(|way| way.heard = false);
    silent.ways[0].carrier = false;
    silent.reasons = vec![Reason::PeerUnreachable { peer: parse("7F3K-2220") }];
    let mut peer_fenced = PairStatus { reasons: vec![Reason::PeerFenced], ..active() };
    if let Some(heard) = peer_fenced.peer.as_mut().and_then(|peer| peer.heard.as_mut()) {
        (heard.about.fenced, heard.about.fit) = (true, false);
    }
    let typed = || Some(Typed { address: NASTY.into(), mask: NASTY.into(), ..Typed::default() });
    let wrong = PairView { typed: typed(), ..PairView::default() };
    let typed = Typed { address: "10.20.0.100".into(), mask: "/24".into(), port: "lan1".into(), ..Typed::default() };
    let refused = PairView {
        typed: Some(typed),
        refusal: Some(refusal(Fault::Pair {
            why: NotDone::UnusableOnPeer { peer: parse("7F3K-2220"), issues: issues() },
        })),
        ..PairView::default()
    };
    let act = |act| to_html(|| act_page(frame(text, Some(&working_box()), Some(Place::Cluster)), act, None));
    let synced = ApplicationStatus { data: DataState::Rsync(30), synced: Some(12), ..app(RunState::Running) };
    let elsewhere = ApplicationStatus { data: DataState::External(NASTY.into()), ..app(RunState::Stopped) };
    let failed = ApplicationStatus {
        reason: Some(Ended::NotHealthy { seconds: 30, last: NASTY.into() }),
        data: DataState::Rsync(30),
        ..app(RunState::Failed)
    };
    let stopped = ApplicationStatus { enabled: false, ..app(RunState::Stopped) };
    let image = ApplicationStatus { image: Some("site/app:1".into()), ..app(RunState::Starting) };
    let again = ApplicationStatus { reason: Some(Ended::Exited { code: 1 }), ..app(RunState::Restarting) };
    let all =
        Applications { all: vec![synced, elsewhere, failed.clone(), stopped, image, again], here: true, revision: 7 };
    let issue = |field: &str, why| ManifestIssue { field: field.into(), why };
    let bad = vec![issue("file[0].path", Why::Path), issue("image", Why::NoPodman)];
    let refused_app = ListView {
        manifest: format!("name = \"{NASTY}\""),
        refusal: Some(refusal(Fault::Application { why: NotAdded::Unusable { issues: bad } })),
        ..ListView::default()
    };
    let unreadable =
        ListView { manifest: NASTY.into(), unreadable: Some("expected `=`".into()), ..ListView::default() };
    let home = overview(active());
    let in_cluster =
        to_html(|| cluster::page(frame(text, Some(&home), Some(Place::Cluster)), &home, &ClusterHome::default()));
    vec![
        ("pair-active", page(text, active(), PairView::default())),
        ("pair-unprotected", page(text, unprotected.clone(), PairView::default())),
        ("pair-silent", page(text, silent, PairView::default())),
        ("pair-standby", state(text, Phase::Standby)),
        ("pair-starting", state(text, Phase::Starting)),
        ("pair-fenced", reasoned(text, Phase::Fenced { why: Fence::Address }, Reason::Fenced { why: Fence::Address })),
        ("pair-maintenance", reasoned(text, Phase::Maintenance, Reason::Maintenance { here: true })),
        ("pair-peer-fenced", page(text, peer_fenced, PairView::default())),
        (
            "pair-awaiting",
            page(
                text,
                PairStatus {
                    phase: Phase::Awaiting { peer: parse("7F3K-2220") },
                    reasons: vec![Reason::NoPeer { awaits: parse("7F3K-2220") }],
                    settings: active().settings,
                    address_here: true,
                    ..PairStatus::default()
                },
                PairView::default(),
            ),
        ),
        ("pair-single", page(text, PairStatus::default(), PairView { saved: true, ..PairView::default() })),
        ("pair-wrong", page(text, active(), wrong)),
        ("pair-refused", page(text, active(), refused)),
        ("pair-peer-away", not_done(text, NotDone::PeerAway { peer: parse("7F3K-2220") })),
        ("pair-not-fit", not_done(text, NotDone::PeerNotFit { peer: parse("7F3K-2220"), why: NASTY.into() })),
        ("pair-switchover", act(Act::Switchover)),
        ("pair-drill", act(Act::Drill)),
        ("pair-in-cluster", in_cluster),
        ("overview-unprotected", overview_page(text, &overview(unprotected))),
        ("applications", list(text, &all, &ListView::default())),
        ("applications-none", list(text, &Applications::default(), &ListView { added: true, ..ListView::default() })),
        ("applications-refused", list(text, &all, &refused_app)),
        ("applications-unreadable", list(text, &Applications::default(), &unreadable)),
        ("application", one(text, app(RunState::Running), true, &["serves", NASTY])),
        ("application-failed", one(text, failed, true, &[])),
        ("application-elsewhere", one(text, app(RunState::Stopped), false, &[])),
        ("applications-elsewhere", list(text, &Applications { here: false, ..all.clone() }, &ListView::default())),
    ]
    .into_iter()
    .collect()
}

#[test]
fn each_reason_has_its_cause_and_its_mend_in_both_languages() {
    let (english, chinese) = (Text(Lang::En), Text(Lang::ZhCn));
    let network = working_box().network;
    let ports = gatehouse::components::words::Ports(&network);
    let mut known = std::collections::BTreeSet::new();
    for reason in every() {
        let (en, en_mend) = gatehouse::components::words::pair::reason(english, &reason, ports);
        let (zh, zh_mend) = gatehouse::components::words::pair::reason(chinese, &reason, ports);
        assert!(en.is_ascii() || en.contains(NASTY), "{en}");
        assert!(!zh.is_ascii() && !zh_mend.is_ascii(), "{zh} {zh_mend}");
        assert!(en.ends_with(['.', '>', ')']) && en_mend.ends_with('.'), "{en} {en_mend}");
        assert!(known.insert(zh), "two reasons read alike: {reason:?}");
    }
}
