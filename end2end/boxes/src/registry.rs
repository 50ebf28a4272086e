//! A registry beside the boxes: a host of its own on network A, with an account to try things with.
//!
//! ```text
//! network A ── 10.20.0.10, registry.test:9443 ── `gatehouse registry`
//! ```
//! The site's DHCP and DNS servers know its name. Cutting its cable leaves it running.

use crate::{
    daemon::Daemon,
    errands::Ended,
    error::{Context, Error, Result},
    ns::Ns,
    site::Site,
};
use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// Where it is.
pub const REGISTRY_ADDRESS: &str = "10.20.0.10";
/// The same by name.
pub const REGISTRY_NAME: &str = "registry.test";
/// What codes carry.
pub const REGISTRY_URL: &str = "https://registry.test:9443";
/// Who signs in for the account `demo`.
pub const FLEET_USER: &str = "admin@demo";
pub const FLEET_PASSWORD: &str = "a fleet of demo boxes";
/// What the registry takes; the boxes of a site are of these.
pub const MODELS: [&str; 2] = ["B-012", "B-020"];

const PORT: u16 = 9443;
const MAC: &str = "02:00:00:00:0a:0a";
/// Its end of the wire, in the network's namespace.
const OUTER: &str = "registry";
const OPERATOR: &str = "operator";
/// Long enough for a slow machine with a debug build, which hashes two passwords.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// Runs until it is dropped. Its folder stays.
#[derive(Debug)]
pub struct Registry {
    site: Site,
    ns: Ns,
    gatehouse: PathBuf,
    folder: PathBuf,
    running: Mutex<Option<Daemon>>,
    authority: Mutex<String>,
}

impl Registry {
    /// Makes one in the folder, with the models and the account `demo`, whose cluster service is not enabled yet.
    pub fn start(site: &Site, gatehouse: &Path, folder: &Path) -> Result<Self> {
        let gatehouse = fs::canonicalize(gatehouse).could_not(|| format!("find {}", gatehouse.display()))?;
        let ns = site.a.host(OUTER, MAC, &format!("{REGISTRY_ADDRESS}/24"))?;
        fs::create_dir_all(folder).could_not(|| format!("make {}", folder.display()))?;
        let put = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).could_not(|| format!("write {}", path.display()))
        };
        put(
            "registry.toml",
            &format!(
                "listen = [\"{REGISTRY_ADDRESS}:{PORT}\"]\nurls = [\"{REGISTRY_URL}\"]\nnames = [\"{REGISTRY_ADDRESS}\"]\n"
            ),
        )?;
        put("password", FLEET_PASSWORD)?;
        let this = Self {
            site: site.clone(),
            ns,
            gatehouse,
            folder: folder.to_owned(),
            running: Mutex::new(None),
            authority: Mutex::default(),
        };
        this.reset()?;
        Ok(this)
    }

    /// Anew: another authority, and nothing but the models and the account.
    pub fn reset(&self) -> Result<()> {
        self.power_off();
        self.link(true)?;
        let state = self.folder.join("state");
        if state.exists() {
            fs::remove_dir_all(&state).could_not(|| format!("empty {}", state.display()))?;
        }
        let password = self.password_file();
        let made = self.own(&["init", "--operator", OPERATOR, "--password-file", &password])?;
        *locked(&self.authority) = text_of(&made, "authority")?;
        self.power_on()?;
        for model in MODELS {
            self.by_operator(&["model", "add", model])?;
        }
        self.by_operator(&["account", "add", "demo", "--name", "Demo"])?;
        self.by_operator(&["user", "add", FLEET_USER, "--account", "demo", "--new-password-file", &password])?;
        Ok(())
    }

    /// SHA-256 of its authority's certificate, in hexadecimal.
    pub fn authority(&self) -> String {
        locked(&self.authority).clone()
    }

    /// `{"url", "ca"}`: where it is, and its authority's certificate as PEM. A box that has them takes short codes.
    pub fn preset(&self) -> Result<serde_json::Value> {
        let path = self.folder.join("state/authority.pem");
        let ca = fs::read_to_string(&path).could_not(|| format!("read {}", path.display()))?;
        Ok(serde_json::json!({ "url": REGISTRY_URL, "ca": ca }))
    }

    /// The registry's host.
    pub fn ns(&self) -> &Ns {
        &self.ns
    }

    /// `gatehouse …` on the registry's host, with the account's sign-in; what it prints as JSON.
    pub fn by_account(&self, argv: &[&str]) -> Result<serde_json::Value> {
        let password = self.password_file();
        let door = format!("https://{REGISTRY_ADDRESS}:{PORT}");
        let authority = self.authority();
        let sign_in =
            ["--registry", &door, "--authority", &authority, "--user", FLEET_USER, "--password-file", &password];
        self.gatehouse(&[argv, &sign_in].concat())
    }

    /// An activation code: `registry.code(&["--model", "B-012"])`.
    pub fn code(&self, more: &[&str]) -> Result<String> {
        text_of(&self.by_account(&[&["token", "create"], more].concat())?, "code")
    }

    /// Any command on its host.
    pub fn exec(&self, argv: &[&str]) -> Result<Ended> {
        let Some((program, arguments)) = argv.split_first() else { return Err(Error::Refused("no command".into())) };
        let output = self.ns.command(program).args(arguments).output();
        output.map(Ended::from).could_not(|| format!("run {}", argv.join(" ")))
    }

    /// Its cable, at the far end.
    pub fn link(&self, up: bool) -> Result<()> {
        self.site.a.ns().ip(&format!("link set {OUTER} {}", if up { "up" } else { "down" }))
    }

    /// A power cut to the process; what it has committed stays.
    pub fn power_off(&self) {
        *locked(&self.running) = None;
    }

    /// And on again, until it answers.
    pub fn power_on(&self) -> Result<()> {
        let argv = self.argv(&[]);
        let daemon = self.ns.daemon(&argv.iter().map(String::as_str).collect::<Vec<_>>())?;
        *locked(&self.running) = Some(daemon);
        let door: SocketAddr = format!("{REGISTRY_ADDRESS}:{PORT}").parse().map_err(|_| Error::Off)?;
        let until = Instant::now() + READY_WITHIN;
        while self.ns.run(|| TcpStream::connect_timeout(&door, Duration::from_secs(1)))?.is_err() {
            if Instant::now() > until {
                return Err(Error::NotStarted("the registry does not answer".into()));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn password_file(&self) -> String {
        self.folder.join("password").display().to_string()
    }

    /// The role's own commands, which work on its files.
    fn own(&self, more: &[&str]) -> Result<serde_json::Value> {
        let argv = self.argv(&[more, &["--json"]].concat());
        self.json(&argv.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn argv(&self, more: &[&str]) -> Vec<String> {
        let (config, state) = (self.folder.join("registry.toml"), self.folder.join("state"));
        let path = |path: &Path| path.display().to_string();
        let mut argv =
            vec![path(&self.gatehouse), "--config".into(), path(&config), "--state-dir".into(), path(&state)];
        argv.push("registry".into());
        argv.extend(more.iter().map(|word| (*word).to_owned()));
        argv
    }

    fn by_operator(&self, argv: &[&str]) -> Result<serde_json::Value> {
        let password = self.password_file();
        let door = format!("https://{REGISTRY_ADDRESS}:{PORT}");
        let authority = self.authority();
        let sign_in =
            ["--registry", &door, "--authority", &authority, "--user", OPERATOR, "--password-file", &password];
        self.gatehouse(&[&["registry"], argv, &sign_in].concat())
    }

    fn gatehouse(&self, argv: &[&str]) -> Result<serde_json::Value> {
        let program = self.gatehouse.display().to_string();
        self.json(&[&[program.as_str()], argv, &["--json"]].concat())
    }

    fn json(&self, argv: &[&str]) -> Result<serde_json::Value> {
        let ended = self.exec(argv)?;
        if ended.code != 0 {
            let printed = format!("{}{}", ended.stdout.trim(), ended.stderr.trim());
            return Err(Error::Command { command: argv.join(" "), printed });
        }
        Ok(serde_json::from_str(&ended.stdout)?)
    }
}

/// A panicking test must not keep the registry from being switched off.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn text_of(answer: &serde_json::Value, field: &str) -> Result<String> {
    let text = answer.get(field).and_then(serde_json::Value::as_str);
    text.map(str::to_owned).ok_or_else(|| Error::Answer(format!("there is no {field} in {answer}")))
}
