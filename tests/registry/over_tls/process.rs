//! The service as a process: told to end, and asked for a backup while it runs.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use agent::registry::{Registry as Client, Way};
use domain::{activation::url::RegistryUrl, secret::Secret};
use registry::{authority::Authority, backup, serve::open, setup};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::world::{OPERATOR, PASSWORD, named, time, within};

const SOON: Duration = Duration::from_secs(20);

fn program() -> PathBuf {
    let own = std::env::current_exe().expect("this test");
    let target = own.parent().and_then(Path::parent).expect("target/debug/deps");
    target.join("examples/registry-server")
}

/// Killed when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // it may have ended by itself
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    fn start(config: &Path, state: &Path) -> Self {
        let child = Command::new(program()).arg(config).arg(state).stderr(Stdio::inherit()).spawn();
        Self(child.expect("runs"))
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).expect("a pid")).expect("a pid");
        kill_process(pid, signal).expect("there");
    }

    async fn ended(&mut self) -> ExitStatus {
        let wait = async {
            loop {
                if let Some(status) = self.0.try_wait().expect("a child") {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within(SOON, "it ends", wait).await
    }
}

/// A port that was free a moment ago.
fn config(folder: &Path, more: &str) -> (PathBuf, u16) {
    let port = TcpListener::bind("127.0.0.1:0").expect("listens").local_addr().expect("bound").port();
    let path = folder.join("registry.toml");
    let text = format!("listen = [\"127.0.0.1:{port}\"]\nurls = [\"https://127.0.0.1:{port}\"]\n{more}");
    fs::write(&path, text).expect("written");
    (path, port)
}

async fn answers(client: &Client) {
    let until = async {
        while time(client).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    within(SOON, "it answers", until).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_backed_up_while_it_runs_and_ends_when_it_is_told_to() {
    let folder = tempfile::tempdir().expect("folder");
    let state = folder.path().join("state");
    let authority = setup::init(&state, &named(OPERATOR), &Secret::new(PASSWORD)).await.expect("made");
    let (config, port) = config(folder.path(), "");
    let url: RegistryUrl = named(&format!("https://127.0.0.1:{port}"));
    let client = Client { urls: vec![url], authority: authority.hash(), way: Way::default(), identity: None };
    for signal in [Signal::TERM, Signal::INT, Signal::KILL] {
        let mut process = Process::start(&config, &state);
        answers(&client).await;
        // only one at a time: the store is its own
        assert!(open(&state).is_err(), "the store is in use");
        let file = folder.path().join(format!("{signal:?}.backup"));
        // the operator, and that the log has one
        assert_eq!(backup::write(&state, &file).await.expect("while it runs"), 2);
        let begun = Instant::now();
        process.signal(signal);
        let status = process.ended().await;
        println!("{signal:?}: {status} after {:?}", begun.elapsed());
        assert_eq!(status.success(), signal != Signal::KILL, "{signal:?}");
        // the same of one that does not run, also after a kill that has left its socket
        let cold = folder.path().join(format!("{signal:?}.cold"));
        assert_eq!(backup::write(&state, &cold).await.expect("while it does not run"), 2);
        assert_eq!(fs::read(&file).expect("read"), fs::read(&cold).expect("read"));
    }
    assert_eq!(Authority::open(&state).expect("still there").hash(), authority.hash());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_setting_that_is_mistyped_is_refused_and_so_is_a_folder_without_an_authority() {
    let folder = tempfile::tempdir().expect("folder");
    let state = folder.path().join("state");
    let (good, _) = config(folder.path(), "");
    assert!(!Process::start(&good, &state).ended().await.success(), "no authority");
    setup::init(&state, &named(OPERATOR), &Secret::new(PASSWORD)).await.expect("made");
    for wrong in ["listens = []", "metrics = 9", "names = \"one\"", "[tls]\nversion = 1"] {
        let (wrong_file, _) = config(folder.path(), wrong);
        assert!(!Process::start(&wrong_file, &state).ended().await.success(), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_told_at_their_own_address() {
    let folder = tempfile::tempdir().expect("folder");
    let state = folder.path().join("state");
    let authority = setup::init(&state, &named(OPERATOR), &Secret::new(PASSWORD)).await.expect("made");
    let free = TcpListener::bind("127.0.0.1:0").expect("listens").local_addr().expect("bound");
    let (config, port) = config(folder.path(), &format!("metrics = \"{free}\"\n"));
    let url: RegistryUrl = named(&format!("https://127.0.0.1:{port}"));
    let client = Client { urls: vec![url], authority: authority.hash(), way: Way::default(), identity: None };
    let _process = Process::start(&config, &state);
    answers(&client).await;
    let mut stream = tokio::net::TcpStream::connect(free).await.expect("connects");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: m\r\nconnection: close\r\n\r\n").await.expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("read");
    let asked = r#"gatehouse_registry_requests_total{call="GetTime",status="200"}"#;
    assert!(text.starts_with("HTTP/1.1 200") && text.contains(asked), "{text}");
    assert!(!text.contains(PASSWORD) && !text.contains(OPERATOR), "{text}");
}
