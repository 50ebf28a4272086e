//! The agent is killed at every journal write and every netlink step, as it ships, and the box must be reached all the same.
//!
//! A round runs the agent until the n-th system call that leaves a trace on the disk or in the kernel, through a start, a change
//! and its confirmation; then it is started again, and must end in one of the two states, whole, and be reached in it.

use std::{
    fs,
    io::{ErrorKind, Read},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use boxes::Traced;
use serde_json::Value;

use crate::lab::{BOARD, Lab, PATIENCE, moved};

const GATEHOUSE: &str = env!("CARGO_BIN_EXE_gatehouse");
const OLD: &str = "10.20.0.15";
const NEW: &str = "10.30.0.15";
/// More kills than the sample of one whole change: as many as this says.
const KILLS: &str = "GATEHOUSE_KILLS";

/// What the agent's client was told before the kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    /// Nothing: the agent had not even started.
    Nothing,
    Ready,
    /// The change is open.
    Applied,
    /// The change is saved.
    Kept,
}

struct Round {
    lab: Lab,
    wanted: PathBuf,
}

impl Round {
    fn new() -> Self {
        let lab = Lab::new();
        fs::write(lab.file("box.toml"), BOARD).expect("write");
        fs::write(lab.file("gatehouse.toml"), "web_uid = 64198\n").expect("write");
        let wanted = lab.file("wanted.toml");
        fs::write(&wanted, toml::to_string(&moved()).expect("TOML")).expect("write");
        Self { lab, wanted }
    }

    fn arguments(&self) -> [String; 6] {
        let path = |name: &str| self.lab.file(name).display().to_string();
        let [config, state, run] = ["gatehouse.toml", "state", "run"].map(path);
        ["--config".into(), config, "--state-dir".into(), state, "--runtime-dir".into(), run]
    }

    /// The agent, to be killed at this point.
    fn doomed(&self, point: u64) -> Child {
        let arguments = self.arguments();
        let mut argv = vec![GATEHOUSE, "agent"];
        argv.extend(arguments.iter().map(String::as_str));
        let mut command = self.lab.box_ns.doomed_command(point, &argv).expect("boxes");
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("boxes kill-at")
    }

    fn agent(&self) -> Child {
        let log = fs::File::create(self.lab.file("log")).expect("log");
        let mut command = self.lab.box_ns.command(GATEHOUSE);
        command.arg("agent").args(self.arguments()).stderr(log).spawn().expect("agent")
    }

    fn cli(&self, arguments: &[&str]) -> Output {
        let socket = self.lab.file("run/agent.sock");
        let mut command = Command::new(GATEHOUSE);
        command.arg("--socket").arg(socket).args(arguments).output().expect("gatehouse")
    }

    fn show(&self) -> Option<Value> {
        let shown = self.cli(&["network", "show", "--json"]);
        shown.status.success().then(|| serde_json::from_slice(&shown.stdout).expect("JSON"))
    }

    /// A whole change, as far as the agent lives.
    fn change(&self, agent: &mut Child) -> Told {
        let wanted = self.wanted.display().to_string();
        let alive = |agent: &mut Child| agent.try_wait().expect("wait").is_none();
        let until = |agent: &mut Child, done: &dyn Fn() -> bool| {
            let started = Instant::now();
            while !done() {
                if !alive(agent) {
                    return false;
                }
                assert!(started.elapsed() < PATIENCE, "neither done nor killed");
                std::thread::sleep(Duration::from_millis(1));
            }
            true
        };
        if !until(agent, &|| self.show().is_some()) {
            return Told::Nothing;
        }
        if !self.cli(&["network", "apply", &wanted, "--yes", "--no-wait"]).status.success() {
            return Told::Ready;
        }
        if !until(agent, &|| self.show().is_some_and(|show| waits(&show))) {
            return Told::Applied;
        }
        if !self.cli(&["network", "confirm", "--untested"]).status.success() {
            return Told::Applied;
        }
        Told::Kept
    }

    /// Somebody on the site reaches the box at this address: nothing listens there, and the box says so.
    fn reaches(&self, address: &str) -> bool {
        let to = SocketAddr::from((address.parse::<Ipv4Addr>().expect("address"), 9));
        let tried = self.lab.site.run(|| TcpStream::connect_timeout(&to, Duration::from_secs(1))).expect("ns");
        matches!(tried, Err(error) if error.kind() == ErrorKind::ConnectionRefused)
    }

    /// What is saved.
    fn committed(&self) -> &'static str {
        match fs::read_to_string(self.lab.file("state/network.toml")) {
            Ok(text) if text.contains(NEW) => NEW,
            Ok(_) => OLD,
            Err(error) if error.kind() == ErrorKind::NotFound => OLD,
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts the agent again, and looks at what it makes of what it finds.
    fn recover(&self, told: Told, point: &str) {
        let committed = self.committed();
        assert!(told != Told::Kept || committed == NEW, "{point}: what was kept is not saved");
        assert!(told >= Told::Applied || committed == OLD, "{point}: saved without an answer");
        if told >= Told::Ready {
            assert!(
                self.reaches(committed),
                "{point}: not reached at {committed} after the kill\n{}",
                self.lab.kernel()
            );
        }
        let mut agent = self.agent();
        let started = Instant::now();
        let show = loop {
            if let Some(show) = self.show() {
                break show;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{point}: {}",
                fs::read_to_string(self.lab.file("log")).expect("log")
            );
            std::thread::sleep(Duration::from_millis(1));
        };
        assert!(self.reaches(committed), "{point}: not reached at {committed} after the start\n{}", self.lab.kernel());
        if waits(&show) {
            assert!(self.reaches(OLD) && self.reaches(NEW), "{point}: in the window both are there");
            assert_eq!(self.cli(&["network", "rollback"]).status.code(), Some(0), "{point}");
        } else {
            assert_eq!(show["transaction"]["open"], Value::Null, "{point}");
        }
        let (here, gone) = if committed == NEW { (NEW, OLD) } else { (OLD, NEW) };
        let kernel = self.lab.kernel();
        assert!(self.reaches(here), "{point}: not reached at {here} in the end\n{kernel}");
        assert!(kernel.contains(here) && !kernel.contains(gone), "{point}: left over\n{kernel}");
        let left = fs::read_dir(self.lab.file("state")).expect("folder");
        let left = left.map(|f| f.expect("file").file_name().into_string().expect("name")).collect::<Vec<_>>();
        assert!(!left.iter().any(|name| name == "journal.json"), "{point}: {left:?}");
        agent.kill().expect("kill");
        agent.wait().expect("wait");
    }
}

fn waits(show: &Value) -> bool {
    show["transaction"]["open"]["phase"]["phase"] == "awaiting_confirm"
}

/// Where the agent was killed; `None` when it came through.
fn ended(mut doomed: Child, told: Told) -> Option<String> {
    if told == Told::Kept {
        // what is left to do after the answer takes a moment
        let started = Instant::now();
        while doomed.try_wait().expect("wait").is_none() && started.elapsed() < Duration::from_millis(50) {
            std::thread::sleep(Duration::from_millis(5));
        }
        doomed.kill().expect("kill");
    }
    let mut said = String::new();
    doomed.stdout.take().expect("stdout").read_to_string(&mut said).expect("read");
    doomed.wait().expect("wait");
    let traced: Option<Traced> = serde_json::from_str(&said).ok();
    traced.and_then(|traced| Some(format!("point {}, {}", traced.points, traced.killed_at?)))
}

/// One kill; `None` when the agent came through the whole change before the point.
fn kill(point: u64) -> Option<String> {
    let round = Round::new();
    let mut doomed = round.doomed(point);
    let told = round.change(&mut doomed);
    let at = ended(doomed, told)?;
    round.recover(told, &format!("{at} ({told:?})"));
    Some(at)
}

#[test]
fn s24_killed_at_every_journal_write_and_every_netlink_step_the_box_is_reached() {
    let more: u64 = std::env::var(KILLS).map_or(0, |text| text.parse().expect("a number"));
    let (mut kills, mut point) = (0, 1);
    loop {
        match kill(point) {
            Some(at) => {
                kills += 1;
                if more > 0 {
                    eprintln!("kill {kills}: {at}");
                }
                point += 1;
            }
            None if kills < more => point = 1,
            None => break,
        }
    }
    eprintln!("{kills} kills, and the box was reached after each");
    assert!(kills > 40, "only {kills} points were found: they are not seen any more");
}
