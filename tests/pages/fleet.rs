//! The wizard, and the cluster page.

use std::collections::HashMap;

use gatehouse::{
    components::{nav::Place, summary::Problem},
    domain::{
        activation::{
            api::{
                Activation, Away, AwaySince, Checked, CodeSeen, Draft, FleetSession, LeftBecause, Line, LineState,
                Member, NewOrReplacement, Offered, OwnCluster, Stage, Step, Unusable, Waiting,
            },
            validity::Validity,
            wizard::Page,
        },
        api::Overview,
        cluster::{
            api::{
                AssociationAsk, AssociationKind, BoxInfo, CandidateInfo, ClusterInfo, ClusterView, CodeInfo, CodeMade,
                HostInfo, Joinable, OfflineDone, Preview, Reserved, ServiceInfo, WhyNot,
            },
            problem::{NoPeer, Problem as Refused},
        },
        fault::Fault,
        pair::settings::{HeartbeatPort, PairPorts},
        secret::Secret,
        time::UnixSeconds,
    },
    pages::{
        activate::{self, OfflineView, PreparedNetwork, WizardView},
        cluster::{self, Act, ActView, BoxesView, ClusterHome, ClusterPage, CodesView, HandView},
        render::to_html,
    },
    text::Text,
};

use super::{
    all::{frame, refusal, tested, whole},
    boxes::working_box,
};

const NOW: UnixSeconds = UnixSeconds(1_795_600_000);

fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect(text)
}

/// Markup where the registry lets people choose a name; a slash is in none.
pub const NASTY: &str = "<b>plant & \"2\"<img src=x>";

fn candidate(serial: &str, why_not: Option<NoPeer>) -> CandidateInfo {
    CandidateInfo {
        serial: parse(serial),
        name: parse("box-a3"),
        state: "active".into(),
        why_not: why_not.as_ref().map(WhyNot::from),
    }
}

fn preview() -> Preview {
    Preview {
        account: parse("demo"),
        account_name: parse(NASTY),
        service: true,
        used: false,
        expires: Some(NOW),
        cluster: None,
        clusters: vec![
            Joinable {
                id: parse("c1"),
                name: parse(NASTY),
                model: Some(parse("B-012")),
                why_not: None,
                candidates: vec![
                    candidate("7F3K-2230", None),
                    candidate("7F3K-2231", Some(NoPeer::Paired { peer: parse("7F3K-2232") })),
                ],
            },
            Joinable {
                id: parse("c2"),
                name: parse("plant-3"),
                model: Some(parse("B-020")),
                why_not: Some(WhyNot {
                    reason: "other_model".into(),
                    subject: Some("B-020".into()),
                    text: String::new(),
                }),
                candidates: vec![candidate("7F3K-2240", Some(NoPeer::OtherModel { model: parse("B-020") }))],
            },
        ],
        reserved: None,
        prepared: None,
        now: NOW,
    }
}

fn draft() -> Draft {
    Draft {
        kind: Some(NewOrReplacement::New),
        power_seen: true,
        cable_seen: true,
        check_seen: true,
        code: Some(CodeSeen {
            short: false,
            urls: vec![parse("https://registry.example")],
            token: Some(parse("t1")),
            account: Some(parse("demo")),
            cluster: None,
            model: Some(parse("B-020")),
            expires: Some(NOW),
        }),
        confirmed: true,
        name: Some(parse("box-a4")),
        association: Some(AssociationAsk {
            kind: AssociationKind::Manual,
            cluster: Some(parse("c1")),
            peer: Some(parse("7F3K-2230")),
            virtual_ip: Some(parse("10.20.0.100")),
            ..AssociationAsk::none()
        }),
        ports: PairPorts { virtual_ip: Some(parse("lan1")), heartbeat: HeartbeatPort::None },
    }
}

fn answering() -> Activation {
    let offered = Some(Offered { at: NOW, preview: preview() });
    Activation { stage: Stage::Answering, draft: draft(), offered, ..Activation::default() }
}

fn working(away: bool) -> Activation {
    let line = |(at, step)| {
        let state = match (at, away) {
            (0 | 1, _) => LineState::Done,
            (2, true) => LineState::Retrying,
            (2, false) => LineState::Running,
            _ => LineState::Waiting,
        };
        Line { step, state, at: Some(NOW) }
    };
    let why = Away::NoAnswer { host: "registry.example".into(), port: 9443 };
    let waiting = away.then_some(Waiting { since: NOW, why, again_in: 8_000, code_until: Some(NOW) });
    let ledger = Step::ALL.into_iter().enumerate().map(line).collect();
    Activation { stage: Stage::Working, ledger, waiting, ..answering() }
}

fn active(peer: Option<&str>, left: Option<LeftBecause>) -> Activation {
    let info = BoxInfo {
        serial: parse("7F3K-2219"),
        name: parse("box-a4"),
        account: parse("demo"),
        state: "active".into(),
        cluster: Some(parse("c1")),
        cluster_name: Some(parse(NASTY)),
        peer: peer.map(parse),
        peer_key: None,
        pair: None,
        pair_secret: None,
        awaits: None,
        virtual_ip: None,
        certificate: String::new(),
        authority: String::new(),
        not_before: NOW,
        not_after: NOW,
        urls: Vec::new(),
        now: NOW,
    };
    let validity = Validity { not_before: NOW, not_after: NOW };
    let away = Some(AwaySince { since: NOW, why: Away::NoUplink });
    let stage = if left.is_some() { Stage::Left } else { Stage::Active };
    let member = Member { info, told: NOW, activated: NOW, validity, renewal: None, away, left };
    Activation { stage, member: Some(member), ..Activation::default() }
}

fn host(serial: &str, peer: Option<&str>, state: &str) -> HostInfo {
    HostInfo {
        serial: parse(serial),
        name: parse("box-a4"),
        model: parse("B-012"),
        state: state.into(),
        cluster: Some(parse("c1")),
        peer: peer.map(parse),
        awaits: None,
        virtual_ip: None,
        holds_lease: false,
        activated: NOW,
        certificate_until: NOW,
        last_seen: Some(NOW),
    }
}

fn cluster_view() -> ClusterView {
    let mut waits = host("7F3K-2233", None, "active");
    waits.awaits = Some(parse("7F3K-2234"));
    let hosts =
        vec![host("7F3K-2219", Some("7F3K-2220"), "active"), host("7F3K-2220", Some("7F3K-2219"), "draining"), waits];
    let cluster = ClusterInfo {
        id: parse("c1"),
        name: parse(NASTY),
        model: Some(parse("B-012")),
        created: NOW,
        hosts: 3,
        pairs: 1,
        reserved: vec![parse("7F3K-2234")],
    };
    ClusterView { cluster, hosts, now: NOW }
}

fn own() -> OwnCluster {
    OwnCluster {
        view: Some(cluster_view()),
        told: Some(NOW),
        away: Some(AwaySince { since: NOW, why: Away::NoUplink }),
    }
}

fn home() -> ClusterHome {
    ClusterHome {
        own: own(),
        session: Some(FleetSession { user: parse("admin@demo"), account: Some(parse("demo")), left: 600_000 }),
        service: Some(ServiceInfo { enabled: false, since: None }),
        clusters: vec![cluster_view().cluster],
        hosts: cluster_view().hosts,
        q: NASTY.into(),
        ..ClusterHome::default()
    }
}

fn act(act: Act, refusal: Option<gatehouse::domain::fault::Refusal>) -> ActView {
    ActView { act, subject: "7F3K-2219".into(), name: NASTY.into(), typed: NASTY.into(), problems: Vec::new(), refusal }
}

#[expect(clippy::too_many_lines, reason = "a list")]
pub fn pages(text: Text) -> Vec<(&'static str, String)> {
    let mut overview = working_box();
    overview.activation = active(Some("7F3K-2220"), None);
    let here = |overview: &Overview| frame(text, Some(overview), Some(Place::Cluster));
    let wizard = |page, view: WizardView| to_html(|| activate::wizard_page(here(&overview), &overview, page, &view));
    let of = |activation| WizardView { activation, ..WizardView::default() };
    let start = |view: WizardView| to_html(|| activate::start_page(here(&overview), &overview, &view));
    let at_cluster = |view: ClusterHome| to_html(|| cluster::page(here(&overview), &overview, &view));
    let refused = |problem| Some(refusal(Fault::Registry { problem, registry_operation: "ab".into() }));
    let acting = |view: ActView| to_html(|| cluster::act_page(here(&overview), &view));
    let offline = |view: OfflineView| to_html(|| activate::offline_page(here(&overview), &view));
    let reserved = {
        let mut activation = answering();
        let mut told = preview();
        (told.service, told.clusters) = (false, Vec::new());
        told.reserved = Some(Reserved {
            cluster: parse("c1"),
            peer: Some(parse("7F3K-2230")),
            virtual_ip: None,
            replaces: Some(parse("7F3K-2218")),
        });
        activation.offered = Some(Offered { at: NOW, preview: told });
        activation
    };
    let typed = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<HashMap<_, _>>()
    };
    let code = Fault::CodeUnreadable { why: gatehouse::domain::activation::Malformed::CutOff };
    let mut pages = vec![
        ("activate", start(WizardView::default())),
        ("activate-active", start(of(active(None, None)))),
        ("activate-left", start(of(active(None, Some(LeftBecause::Removed { at: NOW }))))),
        ("activate-check", wizard(Page::Check, of(Activation::default()))),
        ("activate-code-wrong", {
            let typed = typed(&[("code", "</textarea><script>alert(1)</script>")]);
            wizard(Page::Code, WizardView { typed, refusal: Some(refusal(code)), ..WizardView::default() })
        }),
        ("activate-reserved", wizard(Page::Cluster, of(reserved))),
        ("activate-not-offered", wizard(Page::Cluster, of(Activation { offered: None, ..answering() }))),
        ("activate-cluster-wrong", {
            let problems = vec![Problem { field: Some("name".into()), message: "x".into() }];
            let typed = typed(&[("name", NASTY), ("association", "manual"), ("new_cluster", NASTY)]);
            wizard(Page::Cluster, WizardView { activation: answering(), typed, problems, ..WizardView::default() })
        }),
        ("activate-refused", {
            let refused = Some(Refused::OtherModel { model: parse("B-020") });
            wizard(Page::Review, of(Activation { refused, ..answering() }))
        }),
        ("activate-working", wizard(Page::Progress, of(working(false)))),
        ("activate-waiting", wizard(Page::Progress, of(working(true)))),
        ("activate-done", wizard(Page::Done, of(active(Some("7F3K-2220"), None)))),
        ("activate-network-wrong", {
            let view = PreparedNetwork { unreadable: Some(NASTY.into()), ..PreparedNetwork::default() };
            to_html(|| activate::network_page(here(&overview), &overview, &view))
        }),
        ("activate-network-same", {
            let view = PreparedNetwork { same: true, ..PreparedNetwork::default() };
            to_html(|| activate::network_page(here(&overview), &overview, &view))
        }),
        ("activate-clock", {
            let checked = Some(Checked {
                report: tested(&whole()).report.expect("a report"),
                registry: Some(Away::Clock { seconds: -86_400, registry: NOW }),
                reached: false,
            });
            wizard(Page::Check, WizardView { checked, ..WizardView::default() })
        }),
        ("offline", offline(OfflineView::default())),
        ("offline-made", {
            let request = Some(format!("GH1R.{}", "AbC-_9".repeat(80)));
            let refusal = Some(refusal(Fault::BroughtUnusable { why: Unusable::Signature }));
            let activation = Activation { request, ..Activation::default() };
            offline(OfflineView { activation, typed: "GH1A.<x>".into(), refusal, problems: Vec::new() })
        }),
        ("cluster", at_cluster(ClusterHome { own: own(), ..ClusterHome::default() })),
        ("cluster-never", at_cluster(ClusterHome::default())),
        (
            "cluster-wrong-password",
            at_cluster(ClusterHome {
                refusal: refused(Refused::WrongPassword),
                user: NASTY.into(),
                ..ClusterHome::default()
            }),
        ),
        ("cluster-signed-in", at_cluster(home())),
        ("cluster-empty", at_cluster(ClusterHome { clusters: Vec::new(), hosts: Vec::new(), ..home() })),
        ("cluster-one", {
            let view = ClusterPage { view: cluster_view(), done: true };
            to_html(|| cluster::cluster_page(here(&overview), "7F3K-2219", &view))
        }),
        ("cluster-blocked", {
            let blockers = vec![parse("7F3K-2219"), parse("7F3K-2220")];
            acting(act(Act::Cluster, refused(Refused::NotEmpty { blockers })))
        }),
        ("cluster-codes", {
            let info = CodeInfo {
                id: parse("t1"),
                short: false,
                state: "open".into(),
                serial: None,
                model: None,
                cluster: None,
                label: Some(parse(NASTY)),
                made: NOW,
                by: "admin".into(),
                expires: NOW,
            };
            let made = Some(CodeMade { id: parse("t1"), code: Secret::new("GH1.AAAA.BBBB"), expires: NOW });
            let view = CodesView { codes: vec![info], made, ..CodesView::default() };
            to_html(|| cluster::codes_page(here(&overview), &view))
        }),
        ("cluster-boxes", to_html(|| cluster::boxes_page(here(&overview), &BoxesView::default()))),
        ("cluster-by-hand", {
            let answer = Some(OfflineDone { answer: "GH1A.AAAA.BBBB".into(), expires: NOW });
            to_html(|| cluster::hand_page(here(&overview), &HandView { answer, ..HandView::default() }))
        }),
    ];
    let names = ["activate-kind", "activate-power", "activate-cable", "activate-code", "activate-confirm"];
    let more = [Page::Kind, Page::Power, Page::Cable, Page::Code, Page::Confirm];
    pages.extend(names.into_iter().zip(more).map(|(name, page)| (name, wizard(page, of(answering())))));
    pages.push(("activate-cluster", wizard(Page::Cluster, of(answering()))));
    pages.push(("activate-review", wizard(Page::Review, of(answering()))));
    let acts = [
        "act-enable",
        "act-remove",
        "act-force",
        "act-replace",
        "act-unpair",
        "act-agree",
        "act-cancel",
        "act-cluster",
        "act-revoke",
        "act-forget",
    ];
    pages.extend(acts.into_iter().zip(Act::ALL).map(|(name, kind)| (name, acting(act(kind, None)))));
    pages
}

/// Each fault of the registry that has words of its own.
pub fn faults() -> Vec<Fault> {
    let serial = || parse("7F3K-2219");
    let text = || "x".to_owned();
    let mut problems = vec![
        Refused::NotSignedIn,
        Refused::WrongPassword,
        Refused::SlowDown { seconds: 5 },
        Refused::Forbidden,
        Refused::BadRequest { detail: text() },
        Refused::NotFound,
        Refused::Invalid { field: text(), detail: text() },
        Refused::Contended,
        Refused::Unknown,
        Refused::Internal,
        Refused::CodeUnknown,
        Refused::CodeExpired { at: NOW },
        Refused::CodeUsed { serial: serial() },
        Refused::CodeRevoked,
        Refused::CodeOtherModel { model: parse("B-020") },
        Refused::CodeOtherCluster { cluster: parse("c1") },
        Refused::BadSigningRequest { detail: text() },
        Refused::NoCertificate,
        Refused::HostRemoved { at: NOW },
        Refused::HostReplaced { by: None },
        Refused::OtherKey { serial: serial() },
        Refused::Replayed,
        Refused::RenewalNotAgreed,
        Refused::AlreadyActive { serial: serial() },
        Refused::ServiceNotEnabled,
        Refused::ModelUnknown { model: parse("B-020") },
        Refused::OtherModel { model: parse("B-020") },
        Refused::Reserved { serial: serial(), cluster: parse("c1"), peer: None },
        Refused::ChooseCluster { clusters: Vec::new() },
        Refused::NameTaken,
        Refused::NotEmpty { blockers: vec![serial()] },
        Refused::NotPending,
        Refused::WrongState { state: "draining".into() },
        Refused::NoPeer { serial: serial() },
        Refused::LeaseHeld { holder: serial(), epoch: 1 },
        Refused::LeaseLost { epoch: 1 },
        Refused::OtherAccount,
    ];
    let reasons = gatehouse::components::words::registry::reasons();
    problems.extend(reasons.into_iter().map(|why| Refused::PeerCannotBeChosen { serial: serial(), why }));
    let host = || "registry.example".to_owned();
    let away = [
        Away::NoUplink,
        Away::NoSuchName { host: host() },
        Away::OnThisBox { host: host() },
        Away::NoAnswer { host: host(), port: 9443 },
        Away::Refused { host: host(), port: 9443 },
        Away::Proxy { detail: text() },
        Away::OtherAuthority { host: host() },
        Away::Clock { seconds: -90, registry: NOW },
        Away::Clock { seconds: 90, registry: NOW },
        Away::Tls { host: host(), detail: text() },
        Away::NotARegistry { host: host() },
        Away::Unwell { problem: Refused::Unknown },
        Away::BadCertificate { detail: text() },
        Away::Here { detail: text() },
    ];
    let mut faults = problems
        .into_iter()
        .map(|problem| Fault::Registry { problem, registry_operation: text() })
        .chain(away.map(|why| Fault::RegistryAway { why }))
        .collect::<Vec<_>>();
    faults.extend([
        Fault::CodeOver { at: NOW },
        Fault::NoPresetRegistry,
        Fault::BroughtUnusable { why: Unusable::NoRequest },
        Fault::NotAtThisStage { stage: Stage::Active },
        Fault::Unanswered,
        Fault::NotActivated,
        Fault::FleetSignInFirst,
    ]);
    faults
}
