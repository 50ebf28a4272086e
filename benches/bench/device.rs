//! A box of the harness with the program that is measured.

use boxes::{Appliance, Ended, Role, Scratch, Site};
use serde_json::Value;

use std::{
    fs,
    time::{Duration, Instant},
};

pub const SERVICE: &str = "https://192.168.100.198";
const PASSWORD: &str = "correct horse battery";
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Device {
    pub appliance: Appliance,
    pub site: Site,
    pub scratch: Scratch,
}

impl Device {
    /// As delivered, answering.
    pub fn new() -> Self {
        let (site, scratch) = (Site::new().expect("this needs root"), Scratch::new(&[]).expect("scratch"));
        let gatehouse = env!("CARGO_BIN_EXE_gatehouse");
        let appliance = Appliance::builder(&site, gatehouse, scratch.path()).start().expect("box");
        appliance.wait_ready(PATIENCE).expect("ready");
        Self { appliance, site, scratch }
    }

    pub fn cli(&self, args: &[&str]) -> Ended {
        let ended = self.appliance.exec(&[&["gatehouse"], args].concat()).expect("exec");
        assert_eq!(ended.code, 0, "{args:?}: {ended:?}");
        ended
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.appliance.folders().config.join(name), text).expect("write");
        format!("/etc/gatehouse/{name}")
    }

    /// Returns when a change waits to be kept.
    pub fn awaiting(&self) {
        let end = Instant::now() + PATIENCE;
        loop {
            let shown = self.cli(&["network", "show", "--json"]);
            let show: Value = serde_json::from_str(&shown.stdout).expect("JSON");
            if show["transaction"]["open"]["phase"]["phase"] == "awaiting_confirm" {
                return;
            }
            assert!(Instant::now() < end, "{show}");
        }
    }

    /// curl at the technician's laptop.
    pub fn curl(&self, options: &[&str]) -> String {
        let argv = [&["curl", "-sk", "--max-time", "20"], options].concat();
        let ended = self.appliance.client_exec(&argv).expect("curl");
        assert_eq!(ended.code, 0, "{options:?}: {ended:?}");
        ended.stdout
    }

    /// Sets the password; the cookie.
    pub fn set_up(&self) -> String {
        self.enter("/setup")
    }

    pub fn sign_in(&self) -> String {
        self.enter("/login")
    }

    fn enter(&self, path: &str) -> String {
        let (origin, field) = (format!("origin: {SERVICE}"), format!("password={PASSWORD}"));
        let url = format!("{SERVICE}{path}");
        let answer = self.curl(&["-i", "-H", &origin, "--data-urlencode", &field, &url]);
        let token = answer.split("__Host-session=").nth(1).and_then(|rest| rest.split(';').next());
        format!("__Host-session={}", token.unwrap_or_else(|| panic!("{answer}")))
    }

    /// Proportional set size of a role, in bytes: memory shared with others counts by its share.
    pub fn pss(&self, role: Role) -> u64 {
        let roles = self.appliance.roles().expect("roles");
        let pid = roles.iter().find(|r| r.role == role).and_then(|r| r.pid).expect("running");
        let rollup = self.appliance.exec(&["cat", &format!("/proc/{pid}/smaps_rollup")]).expect("cat").stdout;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).expect("Pss");
        1024 * line.trim().trim_end_matches(" kB").parse::<u64>().expect("kB")
    }
}
