//! What scripts, manuals and other versions rely on: codes, and types that read back what they wrote.

use std::{collections::BTreeSet, fmt::Debug};

use domain::{
    activation::{
        Malformed,
        api::{Away, Stage, Unusable},
    },
    api::{Applied, ApplyRequest, Caller, ConfirmRequest, Hello, Listen, PlanRequest},
    auth::password::PasswordRule,
    certificate::CertificateProblem,
    fault::{Fault, Refusal},
    network::{
        diff::Step,
        effective::Conditions,
        hops::Cause,
        journal::Journal,
        kernel::KernelState,
        nameserver::Resolver,
        plan::{Plan, plan},
        proof::{Connection, Proof},
        spec::NetworkSpec,
        transaction::{Actor, Awaiting, Checks, Duplicate, GatewayCheck, Outcome, Phase, TransactionView, TxId, Why},
    },
    secret::Secret,
    seed::{Language, Problem, What},
    time::{BootMillis, UnixSeconds},
};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use crate::support::{any_change, board, ip, moving, name};

fn faults() -> Vec<Fault> {
    let (error, detail) = (String::new(), String::new());
    vec![
        Fault::NotSignedIn,
        Fault::WrongPassword,
        Fault::SlowDown { seconds: 3 },
        Fault::SetupFirst,
        Fault::SetupDone,
        Fault::ServicePortOnly,
        Fault::BadPassword { rule: PasswordRule::Common },
        Fault::NoSuchSession { number: 7 },
        Fault::NoSuchAlarm { id: 7 },
        Fault::Invalid { issues: Vec::new() },
        Fault::Busy { by: Actor::Console, left: 5_000 },
        Fault::PlanOutdated,
        Fault::NothingToDo,
        Fault::NoChangeOpen { last: Some(Outcome::Committed { tx: TxId(7) }) },
        Fault::NotNow,
        Fault::WrongToken,
        Fault::ProvesNothing { proof: Proof::OldConnection },
        Fault::NeedsAPerson,
        Fault::NotByDhcp,
        Fault::NoLink,
        Fault::CutsOff { address: ip("10.20.0.77") },
        Fault::NotSaved { error },
        Fault::ClockNotSet { reason: None },
        Fault::ProxyFails { cause: Cause::ProxyAuth },
        Fault::Malformed { detail: detail.clone() },
        Fault::NotFound,
        Fault::Forbidden,
        Fault::AgentAway,
        Fault::Internal { detail },
        Fault::ChangeOpen { by: Actor::Console, left: 5_000 },
        Fault::PowerRefused { reason: None },
        Fault::GoingDown,
        Fault::BadCertificate { problem: CertificateProblem::KeyMismatch },
        Fault::NoCandidate,
        Fault::SeedUnusable { problems: vec![Problem { line: Some(1), what: What::NotAFile }] },
        Fault::RegistryAway { why: Away::NoUplink },
        Fault::CodeUnreadable { why: Malformed::CutOff },
        Fault::CodeOver { at: UnixSeconds(7) },
        Fault::NoPresetRegistry,
        Fault::BroughtUnusable { why: Unusable::Signature },
        Fault::NotAtThisStage { stage: Stage::Active },
        Fault::Unanswered,
        Fault::NotActivated,
        Fault::FleetSignInFirst,
        Fault::NoSimSlot,
        Fault::Cellular { cause: domain::cellular::cause::Cause::NoModem },
    ]
    .into_iter()
    .chain(applications().map(|why| Fault::Application { why }))
    .chain(pair().map(|why| Fault::Pair { why }))
    .collect()
}

fn applications() -> [domain::application::api::Refusal; 3] {
    use domain::application::api::Refusal;
    [
        Refusal::Unusable { issues: Vec::new() },
        Refusal::NoSuchApplication { name: "hello".parse().expect("a name") },
        Refusal::NotActive,
    ]
}

fn pair() -> [domain::pair::api::Refusal; 9] {
    use domain::pair::{api::Refusal, settings::SettingsIssue};
    let peer = || "7F3K-2220".parse().expect("a serial");
    [
        Refusal::NoPair,
        Refusal::Unusable { issues: Vec::new() },
        Refusal::UnusableOnPeer { peer: peer(), issues: Vec::new() },
        Refusal::PeerAway { peer: peer() },
        Refusal::PeerNotFit { peer: peer(), why: String::new() },
        Refusal::NobodyActive,
        Refusal::UnderWay,
        Refusal::NotFenced,
        Refusal::Network { issue: SettingsIssue::PortHasNoAddress { port: "lan1".parse().expect("a port") } },
    ]
}

fn reads_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let json = serde_json::to_string(value).expect("serializes");
    let back = serde_json::from_str::<T>(&json).unwrap_or_else(|e| panic!("{e} in {json}"));
    assert_eq!(&back, value, "{json}");
}

#[test]
fn codes_and_statuses_never_change() {
    let list = faults().iter().map(|f| format!("{} {} {}", f.code(), f.status(), tag(f))).collect::<Vec<_>>();
    insta::with_settings!({ snapshot_path => "../contracts", prepend_module_to_snapshot => false, omit_expression => true },
        { insta::assert_snapshot!("fault-codes", list.join("\n")) });
    let codes = faults().iter().map(Fault::code).collect::<BTreeSet<_>>();
    assert_eq!(codes.len(), faults().len(), "two faults share a code");
}

fn tag(fault: &Fault) -> String {
    let json = serde_json::to_value(fault).expect("json");
    json["fault"].as_str().expect("tag").to_owned()
}

#[test]
fn refusals_read_back() {
    for fault in faults() {
        reads_back(&fault);
        reads_back(&Refusal::new(fault, "9f3c"));
    }
    let refusal = Refusal::new(Fault::Busy { by: Actor::Console, left: 5_000 }, "9f3c");
    insta::with_settings!({ snapshot_path => "../contracts", prepend_module_to_snapshot => false, omit_expression => true },
        { insta::assert_snapshot!("refusal", serde_json::to_string(&refusal).expect("json")) });
}

#[test]
fn journals_of_every_phase_read_back() {
    let transaction = moving(7);
    let connection = Connection { local: (ip("10.20.0.15"), 443), remote: (ip("10.20.0.200"), 50_000) };
    let checks = Checks {
        duplicates: Vec::new(),
        missing: vec![Step::Dns(Resolver { servers: vec![ip("9.9.9.9").into()], search: Vec::new() })],
        no_carrier: vec![name("lan1")],
        gateways: vec![GatewayCheck { port: name("lan1"), gateway: ip("10.20.0.1").into(), answers: true }],
    };
    let awaiting = Awaiting {
        since: BootMillis(1),
        deadline: BootMillis(2),
        checks,
        connections: [connection].into(),
        handoff_used: true,
    };
    let step = transaction.steps[0].clone();
    let whys = [
        Why::Duplicate(Duplicate { port: name("lan1"), address: "2001:db8::15".parse().expect("address") }),
        Why::NotConfirmed,
        Why::Asked { by: Actor::Session { from: "10.0.0.9".into() } },
        Why::StepFailed { step, error: "EPERM".into() },
        Why::NotInKernel,
        Why::VerifyTooLong,
        Why::Reboot,
        Why::AgentRestarted,
        Why::JournalUnreadable,
        Why::NotSaved { error: "ENOSPC".into() },
    ];
    let phases = whys.into_iter().map(Phase::RollingBack).chain([Phase::Armed, Phase::Awaiting(awaiting)]);
    for phase in phases {
        reads_back(&Journal { boot_id: "b".into(), transaction: transaction.clone(), phase });
    }
}

#[test]
fn requests_read_back_and_leave_out_what_is_optional() {
    reads_back(&Caller { session: Some(Secret::new("s")), connection: None });
    let listen = Listen {
        interface: "eth0".into(),
        index: 2,
        port: name("lan1"),
        service: false,
        addresses: vec![ip("10.20.0.15")],
    };
    reads_back(&Hello {
        ready: true,
        host_name: "box".into(),
        listen: vec![listen],
        cut: 3,
        language: Some(Language::ZhCn),
        generation: "g".into(),
        names: vec!["box.example".into()],
        certificate: None,
        contact: Some("tel:4008100000".into()),
    });
    reads_back(&Applied { tx: TxId(7), confirm: Secret::new("c"), handoff: Secret::new("h") });
    reads_back(&TransactionView::default());
    let read = |json| serde_json::from_str::<ConfirmRequest>(json);
    let empty = ConfirmRequest { tx: None, token: None, automatic: false, untested: false };
    assert_eq!(read("{}").ok(), Some(empty));
    assert_eq!(serde_json::from_str::<Caller>("{}").ok(), Some(Caller::default()));
    let base = KernelState::default().hash();
    let json = serde_json::json!({ "spec": {}, "base": base });
    let request = serde_json::from_value::<ApplyRequest>(json).expect("request");
    assert_eq!(request, ApplyRequest { spec: NetworkSpec::default(), base, window: None });
}

#[test]
fn secrets_do_not_reach_a_log() {
    let applied = Applied { tx: TxId(7), confirm: Secret::new("hunter2"), handoff: Secret::new("hunter2") };
    assert!(!format!("{applied:?}").contains("hunter2"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn specs_and_plans_read_back((board, old, new) in any_change()) {
        let now = domain::network::wanted::wanted(&old, &board);
        reads_back(&PlanRequest { spec: new.clone() });
        reads_back::<Plan>(&plan(&now, &old, &new, &Conditions::default(), &board));
        let toml = toml::to_string(&new).expect("toml");
        prop_assert_eq!(toml::from_str::<NetworkSpec>(&toml).expect("reads back"), new);
    }

    #[test]
    fn state_hashes_survive_javascript((board, spec, _) in any_change()) {
        let hash = serde_json::to_value(domain::network::wanted::wanted(&spec, &board).hash()).expect("json");
        prop_assert!(hash.as_u64().expect("number") < 1 << 53);
    }
}

#[test]
fn a_factory_box_reads_back() {
    reads_back(&board());
}
