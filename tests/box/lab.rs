//! A box, and short words for what a technician, a script and an attacker do to it.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use boxes::{Appliance, Builder, Ended, Role, Scratch, Site};
use serde_json::Value;

/// A test that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const PASSWORD: &str = "correct horse battery";
pub const SERVICE: &str = "https://192.168.100.198";
/// LAN1 as delivered.
pub const UPLINK: &str = "https://10.20.0.15";
/// As the harness's boxes have it.
const WEB_UID: &str = "64198";

/// LAN1 with another address; LAN2 off.
pub const MOVED: &str = r#"
uplink_order = ["lan1", "lan2"]
[ports.lan1]
ipv4 = { method = "static", addresses = ["10.30.0.15/24"], gateway = "10.30.0.1" }
dns = ["10.30.0.1"]
manage = true
"#;

pub struct Lab {
    pub device: Appliance,
    scratch: Scratch,
}

impl Lab {
    /// A box as delivered, answering.
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// The same of another make.
    pub fn with(make: impl FnOnce(Builder) -> Builder) -> Self {
        Self::on(&Site::new().expect("these tests need root"), make)
    }

    /// The same on a site that is there already.
    pub fn on(site: &Site, make: impl FnOnce(Builder) -> Builder) -> Self {
        let scratch = Scratch::new(&[]).expect("scratch");
        let gatehouse = env!("CARGO_BIN_EXE_gatehouse");
        let device = make(Appliance::builder(site, gatehouse, scratch.path())).start().expect("box");
        let lab = Self { device, scratch };
        lab.ready();
        lab
    }

    /// Returns when agent and web answer.
    pub fn ready(&self) {
        if let Err(error) = self.device.wait_ready(PATIENCE) {
            panic!("{error}\n{}\n{}", self.log(Role::Agent), self.log(Role::Web));
        }
    }

    pub fn log(&self, role: Role) -> String {
        self.device.log(role).expect("log")
    }

    /// A box whose password is set, and the cookie of whoever set it.
    pub fn set_up() -> (Self, String) {
        let lab = Self::new();
        let answer = lab.post(SERVICE, "/setup", "", &[("password", PASSWORD)]);
        let cookie = answer.cookie().unwrap_or_else(|| panic!("{answer:?}"));
        (lab, cookie)
    }

    /// For what a test keeps beside the box.
    pub fn folder(&self) -> &Path {
        self.scratch.path()
    }

    /// Writes a file beside `box.toml`; its path in the box.
    pub fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.device.folders().config.join(name), text).expect("write");
        format!("/etc/gatehouse/{name}")
    }

    pub fn exec(&self, argv: &[&str]) -> Ended {
        self.device.exec(argv).expect("exec")
    }

    /// A shell's line in the box, as root.
    pub fn sh(&self, line: &str) -> Ended {
        self.exec(&["sh", "-c", line])
    }

    /// `gatehouse …` as root.
    pub fn cli(&self, args: &[&str]) -> Ended {
        self.exec(&[&["gatehouse"], args].concat())
    }

    pub fn show(&self) -> Value {
        let shown = self.cli(&["network", "show", "--json"]);
        assert_eq!(shown.code, 0, "{shown:?}");
        serde_json::from_str(&shown.stdout).expect("JSON")
    }

    /// Starts a change and returns when the box waits for somebody to keep it.
    pub fn open(&self, spec: &str) {
        let file = self.file("wanted.toml", spec);
        let applied = self.cli(&["network", "apply", &file, "--yes", "--no-wait"]);
        assert_eq!(applied.code, 0, "{applied:?}");
        self.awaiting();
    }

    /// Returns when a change waits to be kept.
    pub fn awaiting(&self) {
        eventually("a change that waits", || waits(&self.show()).then_some(()));
    }

    /// What the kernel and the disk have of the network; the same as long as nothing changes it.
    pub fn network(&self) -> String {
        let kernel = self.sh("ip -4 -o addr; ip -4 route show table all; ip -4 rule; cat /run/gatehouse/resolv.conf");
        let disk = self.sh("ls /var/lib/gatehouse; cat /var/lib/gatehouse/network.toml");
        let lines = kernel.stdout.lines().map(|l| l.split(" valid_lft").next().unwrap_or_default());
        lines.chain(disk.stdout.lines()).collect::<Vec<_>>().join("\n")
    }

    /// One form of a page, sent as a browser sends it.
    pub fn post(&self, origin: &str, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        let fields = fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        let mut more = vec!["-H".to_owned(), format!("origin: {origin}")];
        more.extend(fields.into_iter().flat_map(|field| ["--data-urlencode".to_owned(), field]));
        self.curl(&format!("{origin}{path}"), cookie, &more)
    }

    pub fn get(&self, origin: &str, path: &str, cookie: &str) -> Answer {
        self.curl(&format!("{origin}{path}"), cookie, &[])
    }

    /// From the technician's laptop, which has a leg on the service wire and one on the site's network.
    fn curl(&self, url: &str, cookie: &str, more: &[String]) -> Answer {
        let cookie = format!("cookie: {cookie}");
        let mut argv = vec!["curl", "-sk", "-i", "--path-as-is", "--globoff", "--max-time", "20", "-H", &cookie];
        argv.extend(more.iter().map(String::as_str));
        argv.push(url);
        Answer::of(&self.device.client_exec(&argv).expect("curl"))
    }

    /// Calls the agent's socket as another user, past the web process.
    pub fn socket(&self, uid: &str, method: &str, path: &str, caller: Option<&Value>, body: &Value) -> Answer {
        let (user, group) = (format!("--reuid={uid}"), format!("--regid={uid}"));
        let url = format!("http://agent{path}");
        let (caller, body) = (caller.map(|c| format!("gatehouse-caller: {c}")), body.to_string());
        let mut argv = vec!["setpriv", &user, &group, "--clear-groups", "curl", "-s", "-i", "--max-time", "20"];
        argv.extend(["--unix-socket", "/run/gatehouse/agent.sock", "-X", method, &url]);
        if let Some(caller) = &caller {
            argv.extend(["-H", caller]);
        }
        if method != "GET" {
            argv.extend(["-H", "content-type: application/json", "--data", &body]);
        }
        Answer::of(&self.exec(&argv))
    }

    /// The same as the user that the web process has.
    pub fn as_web(&self, method: &str, path: &str, caller: &Value, body: &Value) -> Answer {
        self.socket(WEB_UID, method, path, Some(caller), body)
    }

    pub fn starts(&self, role: Role) -> u32 {
        let roles = self.device.roles().expect("roles");
        roles.iter().find(|r| r.role == role).map_or(0, |r| r.starts)
    }

    /// Its process in the box.
    pub fn pid(&self, role: Role) -> u32 {
        let pid = || self.device.roles().expect("roles").iter().find(|r| r.role == role).and_then(|r| r.pid);
        eventually("a process", pid)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}\n{}\n{}", self.log(Role::Agent), self.log(Role::Web), self.scratch.path().display());
        }
    }
}

/// An HTTP answer as curl prints it.
#[derive(Debug)]
pub struct Answer {
    /// 0 where there was none.
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    fn of(ended: &Ended) -> Self {
        let (head, body) = ended.stdout.split_once("\r\n\r\n").unwrap_or((&ended.stdout, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The session that it starts.
    pub fn cookie(&self) -> Option<String> {
        let (_, rest) = self.head.split_once("__Host-session=")?;
        Some(format!("__Host-session={}", rest.split(';').next()?)).filter(|cookie| !cookie.ends_with('='))
    }

    pub fn leads_to(&self, path: &str) -> bool {
        self.status == 303 && self.head.to_ascii_lowercase().contains(&format!("\r\nlocation: {path}"))
    }
}

pub fn waits(show: &Value) -> bool {
    show["transaction"]["open"]["phase"]["phase"] == "awaiting_confirm"
}

pub fn address(show: &Value) -> &str {
    show["spec"]["ports"]["lan1"]["ipv4"]["addresses"][0].as_str().unwrap_or_default()
}

/// Looks until there is something.
#[track_caller]
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, what, look)
}

/// The same for what takes longer than others do.
#[track_caller]
pub fn within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < patience, "not within {patience:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
