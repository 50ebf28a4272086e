//! A Debian box with the package made of the program under test, and short words for what is done to it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use boxes::{Appliance, Ended, Role, Scratch, Site, Uplink, debian};
use rustix::fs::{FlockOperation, flock};
use serde_json::Value;

/// A test that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_mins(1);
pub const PASSWORD: &str = "correct horse battery";
pub const SERVICE: &str = "https://192.168.100.198";
/// LAN1 with another address; LAN2 off.
pub const MOVED: &str = r#"
uplink_order = ["lan1", "lan2"]
[ports.lan1]
ipv4 = { method = "static", addresses = ["10.30.0.15/24"], gateway = "10.30.0.1" }
dns = ["10.30.0.1"]
manage = true
"#;

pub struct Lab {
    pub device: Arc<Appliance>,
    _scratch: Scratch,
}

impl Lab {
    /// A box whose image has the package, switched on.
    pub fn new() -> Self {
        Self::with(true)
    }

    /// A Debian as it is, booted; the packages are in a folder that it sees.
    pub fn bare() -> Self {
        let lab = Self::with(false);
        lab.booted();
        lab
    }

    /// One of several on a site, with the package.
    pub fn on(site: &Site, number: u8) -> Self {
        Self::make(site, true, number)
    }

    fn with(installed: bool) -> Self {
        Self::make(&Site::new().expect("these tests need root"), installed, 1)
    }

    fn make(site: &Site, installed: bool, number: u8) -> Self {
        let scratch = Scratch::new(&[]).expect("scratch");
        let image = debian::image(&source("packaging/lab/image.sh")).expect("image");
        let package = package("1.0");
        let builder = Appliance::debian(site, image, scratch.path()).number(number);
        let builder =
            if installed { builder.install(&package) } else { builder.packages(package.parent().expect("folder")) };
        Self { device: Arc::new(builder.start().expect("box")), _scratch: scratch }
    }

    /// Returns when systemd has started all that it starts at boot.
    pub fn booted(&self) {
        eventually("the end of the boot", || {
            let state = self.exec(&["systemctl", "is-system-running"]).stdout;
            ["running\n", "degraded\n"].contains(&state.as_str()).then_some(())
        });
    }

    /// Returns when the pages answer at the service port.
    pub fn ready(&self) {
        eventually_or("pages", || self.answers(SERVICE).then_some(()), || self.trouble());
    }

    /// What a person would look at.
    pub fn trouble(&self) -> String {
        let argv = ["journalctl", "--no-pager", "--boot", "--lines=80", "--unit=gatehouse-*"];
        let status = ["systemctl", "--no-pager", "--lines=0", "status", "gatehouse-*"];
        self.exec(&argv).stdout + &self.exec(&status).stdout
    }

    pub fn exec(&self, argv: &[&str]) -> Ended {
        self.device.exec(argv).expect("exec")
    }

    /// A shell's line in the box, as root.
    pub fn sh(&self, line: &str) -> Ended {
        self.exec(&["sh", "-c", line])
    }

    /// What a command of the box prints; it must end well.
    #[track_caller]
    pub fn run(&self, line: &str) -> String {
        let ended = self.sh(line);
        assert_eq!(ended.code, 0, "{line}: {ended:?}");
        ended.stdout
    }

    /// Whether the laptop gets a page.
    pub fn answers(&self, origin: &str) -> bool {
        let url = format!("{origin}/healthz");
        let asked = self.device.client_exec(&["curl", "-sk", "--max-time", "5", &url]).expect("curl");
        asked.stdout == "ok\n"
    }

    /// The same from the gateway of the site's network.
    pub fn answers_at_the_gateway(&self, origin: &str) -> bool {
        let url = format!("{origin}/healthz");
        let argv = ["curl", "-sk", "--max-time", "5", &url];
        self.device.gateway_exec(Uplink::A, &argv).expect("curl").stdout == "ok\n"
    }

    pub fn show(&self) -> Value {
        serde_json::from_str(&self.run("gatehouse network show --json")).expect("JSON")
    }

    /// The role's process, and how often systemd has started it anew.
    pub fn process(&self, role: Role) -> (Option<u32>, u32) {
        let roles = self.device.roles().expect("roles");
        let status = roles.into_iter().find(|status| status.role == role).expect("role");
        (status.pid, status.starts)
    }
}

/// The package of the program under test. Made again if anything that is in it is newer; several tests may ask at a time.
pub fn package(version: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_gatehouse"));
    let target = program.parent().and_then(Path::parent).expect("target folder");
    let (manual, folder) = (program.with_file_name("manual"), target.join("deb"));
    fs::create_dir_all(&folder).expect("folder");
    let lock = File::create(folder.join("lock")).expect("lock");
    flock(&lock, FlockOperation::LockExclusive).expect("lock");
    let made = folder.join(format!("test-{version}"));
    let newest = [program.to_owned(), manual.clone(), source("packaging/deb")].iter().map(|path| newest(path)).max();
    if let (Ok(package), Ok(meta)) = (fs::read_to_string(&made), fs::metadata(&made))
        && meta.modified().ok() > newest.flatten()
    {
        return package.into();
    }
    let mut build = Command::new(source("packaging/deb/build.sh"));
    build.env("CARGO_TARGET_DIR", target).arg(program).arg(manual).args([version, "none"]);
    let output = build.output().expect("build.sh");
    let printed = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let package = printed.lines().last().expect("path").to_owned();
    fs::write(&made, &package).expect("note");
    package.into()
}

/// When anything there was changed last.
fn newest(path: &Path) -> Option<SystemTime> {
    let own = fs::metadata(path).ok()?.modified().ok();
    let below = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| newest(&entry.path()));
    below.chain([own]).max().flatten()
}

pub fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Looks until there is something.
#[track_caller]
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    eventually_or(what, look, String::new)
}

#[track_caller]
pub fn eventually_or<T>(what: &str, mut look: impl FnMut() -> Option<T>, trouble: impl Fn() -> String) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}\n{}", trouble());
        std::thread::sleep(Duration::from_millis(20));
    }
}
