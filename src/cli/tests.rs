//! Commands against an agent of the test's own, and the exit codes they end with.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::mpsc, thread};

use axum::{
    Json, Router,
    body::Body,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use clap::CommandFactory;
use serde::Serialize;
use tempfile::TempDir;

use super::*;
use crate::domain::{
    api::{Applied, Overview},
    certificate::CertificateStatus,
    load::Load,
    network::{
        kernel::KernelState,
        plan::{Change, Item, Plan, Verb},
        transaction::{Actor, TransactionView, TxId, Why},
    },
    power::PowerStatus,
    secret::Secret,
    service_port::ServicePortStatus,
    settings::SettingsStatus,
    system::SystemStatus,
    time::UnixSeconds,
};

/// What the agent answers to each path, and a list of the paths that it was asked.
struct Agent {
    folder: TempDir,
    asked: mpsc::Receiver<String>,
}

impl Agent {
    fn start(answer: impl Fn(&str) -> Response + Clone + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("agent.sock");
        let (tell, asked) = mpsc::channel();
        let (ready, wait) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
            runtime.block_on(async {
                let listener = tokio::net::UnixListener::bind(path).expect("socket");
                ready.send(()).expect("the test waits");
                let routes = Router::new().fallback(move |uri: Uri| async move {
                    // the test may have ended
                    drop(tell.send(uri.path().to_owned()));
                    answer(uri.path())
                });
                axum::serve(listener, routes).await.expect("serves");
            });
        });
        wait.recv().expect("the agent listens");
        Self { folder, asked }
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("spec.toml");
        fs::write(&path, text).expect("spec file");
        path
    }

    fn run(&self, words: &[&str]) -> Result<(), CliError> {
        let socket = self.folder.path().join("agent.sock");
        let socket = ["gatehouse", "--socket", socket.to_str().expect("path")];
        let cli = Cli::try_parse_from(socket.iter().chain(words)).expect("parses");
        let output = Output { json: cli.global.json };
        super::run(cli, output, None)
    }

    fn code(&self, words: &[&str]) -> u8 {
        self.run(words).map_or_else(|error| error.exit(), |()| Exit::Done).code()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.try_iter().collect()
    }
}

fn refused(fault: Fault) -> Response {
    let status = StatusCode::from_u16(fault.status()).expect("status");
    (status, Json(Refusal::new(fault, "9f3c"))).into_response()
}

fn answer<T: Serialize>(value: &T) -> Response {
    Json(value).into_response()
}

fn plan_of(changes: usize) -> Plan {
    let change = Change { verb: Verb::Adds, what: Item::Dns { server: "9.9.9.9".parse().expect("server") } };
    Plan {
        base: KernelState::default().hash(),
        changes: vec![change; changes],
        apply: Vec::new(),
        commit: Vec::new(),
        leaving: Vec::new(),
        arriving: Vec::new(),
        offers: BTreeMap::new(),
    }
}

fn overview(transaction: TransactionView) -> Overview {
    let mut network = network::samples::status();
    network.transaction = transaction;
    Overview {
        activation: crate::domain::activation::api::Activation::default(),
        cellular: crate::domain::cellular::api::CellularBrief::default(),
        pair: crate::domain::pair::api::PairStatus::default(),
        model: String::new(),
        serial: String::new(),
        host_name: String::new(),
        support: None,
        version: String::new(),
        network,
        load: Load::default(),
        service_port: ServicePortStatus::default(),
        settings: SettingsStatus::default(),
        power: PowerStatus::default(),
        system: SystemStatus::default(),
        seed: crate::domain::seed::SeedStatus::default(),
        certificate: CertificateStatus::default(),
        now: UnixSeconds(0),
    }
}

/// An agent whose change 7 is open at first and then ends so.
fn applying(outcome: Outcome) -> Agent {
    Agent::start(move |path| match path {
        "/v1/network/plan" => answer(&plan_of(1)),
        "/v1/network/apply" => answer(&Applied { tx: TxId(7), confirm: Secret::new("c"), handoff: Secret::new("h") }),
        "/v1/events" => {
            let over = TransactionView { last: Some(outcome.clone()), ..TransactionView::default() };
            let line = |view| serde_json::to_string(&overview(view)).expect("json") + "\n";
            Response::new(Body::from(line(network::samples::status().transaction) + &line(over)))
        }
        _ => refused(Fault::NotFound),
    })
}

fn undone() -> Outcome {
    Outcome::RolledBack { tx: TxId(7), reason: Why::NotConfirmed }
}

#[test]
fn the_commands_are_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn paths_can_be_moved_so_that_many_boxes_run_on_one_machine() {
    let at = |args: &[&str]| Cli::try_parse_from(args).expect("parses").global.socket();
    assert_eq!(at(&["gatehouse", "status"]), PathBuf::from("/run/gatehouse/agent.sock"));
    assert_eq!(at(&["gatehouse", "agent", "--runtime-dir", "/tmp/b1"]), PathBuf::from("/tmp/b1/agent.sock"));
    assert_eq!(at(&["gatehouse", "--socket", "/x", "status", "--runtime-dir", "/tmp"]), PathBuf::from("/x"));
}

#[test]
fn each_error_has_its_exit_code() {
    let refused = |fault| CliError::from(Refusal::new(fault, "9f3c"));
    for (error, code) in [
        (CliError::Declined, 1),
        (CliError::PasswordsDiffer, 1),
        (CliError::Role { role: "agent", reason: String::new() }, 1),
        (CliError::NeedsYes, 2),
        (CliError::NeedsName, 2),
        (CliError::SpecFile(spec_file::read_text("[[[").expect_err("malformed")), 2),
        (refused(Fault::PlanOutdated), 3),
        (refused(Fault::AgentAway), 4),
        (CliError::RolledBack(Box::new(undone())), 5),
    ] {
        assert_eq!(error.exit().code(), code, "{error}");
    }
    let usage = Cli::try_parse_from(["gatehouse", "no-such-command"]).expect_err("usage");
    assert_eq!(usage.exit_code(), i32::from(Exit::Usage.code()));
}

#[test]
fn help_has_examples_and_exit_codes() {
    let help = Cli::command().render_long_help().to_string();
    assert!(help.contains("gatehouse network apply net.toml") && help.contains(&exit::table()), "{help}");
}

#[test]
fn apply_ends_as_the_change_ends() {
    let kept = applying(Outcome::Committed { tx: TxId(7) });
    let file = kept.file("");
    let file = file.to_str().expect("path");
    assert_eq!(kept.code(&["network", "apply", file, "--yes"]), 0);
    assert_eq!(kept.asked(), ["/v1/network/plan", "/v1/network/apply", "/v1/events"]);
    assert_eq!(kept.code(&["network", "apply", file, "--yes", "--no-wait", "--json"]), 0);
    assert_eq!(kept.asked(), ["/v1/network/plan", "/v1/network/apply"]);

    let lost = applying(undone());
    let file = lost.file("");
    assert_eq!(lost.code(&["network", "apply", file.to_str().expect("path"), "--yes"]), 5);
}

#[test]
fn apply_follows_its_change_across_a_restart_of_the_agent() {
    let times = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let agent = Agent::start(move |path| match path {
        "/v1/network/plan" => answer(&plan_of(1)),
        "/v1/network/apply" => answer(&Applied { tx: TxId(7), confirm: Secret::new("c"), handoff: Secret::new("h") }),
        "/v1/events" => {
            let view = match times.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => network::samples::status().transaction,
                1 => return refused(Fault::AgentAway),
                _ => TransactionView { last: Some(undone()), ..TransactionView::default() },
            };
            Response::new(Body::from(serde_json::to_string(&overview(view)).expect("json") + "\n"))
        }
        _ => refused(Fault::NotFound),
    });
    let file = agent.file("");
    assert_eq!(agent.code(&["network", "apply", file.to_str().expect("path"), "--yes"]), 5);
}

#[test]
fn nothing_is_sent_that_is_malformed_or_not_agreed() {
    let agent = applying(undone());
    let file = agent.file("[ports.lan1]\nipv4 = 7\n");
    let file = file.to_str().expect("path");
    for words in [["network", "apply", file, "--yes"].as_slice(), &["network", "plan", file]] {
        let error = agent.run(words).expect_err("malformed");
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.to_string().starts_with("line 2, column 8: "), "{error}");
    }
    assert_eq!(agent.code(&["network", "apply", "-"]), 2, "nobody can be asked who is read from");
    assert_eq!(agent.code(&["network", "apply", "/no/such/file", "--yes"]), 2);
    assert_eq!(agent.asked(), Vec::<String>::new());
}

#[test]
fn a_change_of_nothing_is_not_applied() {
    let agent = Agent::start(|path| match path {
        "/v1/network/plan" => answer(&plan_of(0)),
        _ => refused(Fault::NotFound),
    });
    let file = agent.file("");
    assert_eq!(agent.code(&["network", "apply", file.to_str().expect("path"), "--yes"]), 0);
    assert_eq!(agent.asked(), ["/v1/network/plan"]);
}

#[test]
fn refusals_and_silence_differ() {
    let busy = Agent::start(|_| refused(Fault::Busy { by: Actor::Console, left: 5_000 }));
    assert_eq!(busy.code(&["network", "confirm"]), 3);
    assert_eq!(busy.code(&["status", "--json"]), 3);
    fs::remove_file(busy.folder.path().join("agent.sock")).expect("socket");
    assert_eq!(busy.code(&["status"]), 4);
}

#[test]
fn keeping_and_undoing_end_as_asked() {
    let keep = Agent::start(|path| match path {
        "/v1/network/confirm" => answer(&Outcome::Committed { tx: TxId(7) }),
        "/v1/network/rollback" => answer(&undone()),
        "/v1/network/more-time" => answer(&()),
        "/v1/overview" => answer(&overview(network::samples::status().transaction)),
        _ => refused(Fault::NotFound),
    });
    for words in [["network", "confirm", "--untested"].as_slice(), &["network", "rollback"], &["network", "more-time"]]
    {
        assert_eq!(keep.code(words), 0, "{words:?}");
    }
    for words in [["status"].as_slice(), &["network", "show"], &["network", "show", "--spec", "--json"]] {
        assert_eq!(keep.code(words), 0, "{words:?}");
    }
}
