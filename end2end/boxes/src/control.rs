//! The control socket of a runner: one JSON request a line, one JSON answer a line, so that Playwright and the command
//! line can do what a Rust test does by calling methods.
//!
//! `{"do":"kill","role":"web","signal":"KILL"}` is answered by `{"ok":true}`, and a failure by
//! `{"ok":false,"error":"…"}`. Only root can connect: the socket's mode says so.

use crate::{
    appliance::Appliance,
    errands::Ended,
    error::{Context, Error, Result, chain},
    modem,
    registry::Registry,
    roles::{Role, RoleStatus, Signal},
    site::Uplink,
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    Kill {
        role: Role,
        signal: Signal,
    },
    Stop {
        role: Role,
    },
    Cont {
        role: Role,
    },
    Roles,
    Reset,
    Reboot,
    PowerOff,
    PowerOn,
    Exec {
        argv: Vec<String>,
    },
    ClientExec {
        argv: Vec<String>,
    },
    GatewayExec {
        uplink: Uplink,
        argv: Vec<String>,
    },
    /// A logind that does what it is asked, until the box is switched off.
    Logind,
    Link {
        port: String,
        up: bool,
    },
    /// The registry's cable.
    RegistryLink {
        up: bool,
    },
    /// Off is a power cut.
    RegistryPower {
        on: bool,
    },
    RegistryReset,
    /// What a factory presets of it.
    RegistryPreset,
    /// `gatehouse …` at the registry, with the account's sign-in.
    Fleet {
        argv: Vec<String>,
    },
    Modem {
        #[serde(flatten)]
        asked: modem::Asked,
    },
    Log {
        role: Role,
    },
    WaitReady {
        milliseconds: Option<u64>,
    },
    Where,
}

/// `ok`, and what the request asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reply {
    pub ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(flatten)]
    pub ended: Option<Ended>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<RoleStatus>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// What a command of the fleet answered, or the modem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<serde_json::Value>,
    /// The box's first process, as this machine counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_pid: Option<i32>,
    /// A process in the laptop's network namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_pid: Option<i32>,
}

/// Long enough for a slow machine with a debug build.
pub const READY_WITHIN: Duration = Duration::from_secs(20);

/// What requests are about.
#[derive(Debug, Clone)]
pub struct About {
    /// The caller decides when the box ends.
    appliance: Weak<Appliance>,
    registry: Weak<Registry>,
    modem: Weak<modem::Holder>,
    /// What `where` answers.
    client_pid: Option<i32>,
}

impl About {
    pub fn new(appliance: &Arc<Appliance>) -> Self {
        Self { appliance: Arc::downgrade(appliance), registry: Weak::new(), modem: Weak::new(), client_pid: None }
    }

    /// A process at the laptop.
    pub fn client(mut self, pid: Option<i32>) -> Self {
        self.client_pid = pid;
        self
    }

    pub fn registry(mut self, registry: Option<&Arc<Registry>>) -> Self {
        self.registry = registry.map(Arc::downgrade).unwrap_or_default();
        self
    }

    /// Where a modem is held, or will be.
    pub fn modem(mut self, holder: &Arc<modem::Holder>) -> Self {
        self.modem = Arc::downgrade(holder);
        self
    }
}

/// Answers at `path` from now until the process ends.
pub fn serve(path: &Path, about: About) -> Result<()> {
    let what = || format!("listen at {}", path.display());
    let listener = UnixListener::bind(path).could_not(what)?;
    fs::set_permissions(path, Permissions::from_mode(0o600)).could_not(what)?;
    thread::spawn(move || {
        for stream in listener.incoming().map_while(std::result::Result::ok) {
            let about = about.clone();
            thread::spawn(move || {
                let mut lines = BufReader::new(&stream).lines().map_while(std::result::Result::ok);
                // A caller that has gone needs no answer.
                lines.try_for_each(|line| {
                    let reply =
                        serde_json::from_str(&line).map_err(Error::from).and_then(|asked| answer(&about, asked));
                    let reply = reply.unwrap_or_else(|error| Reply { error: Some(chain(&error)), ..Reply::default() });
                    let text = serde_json::to_string(&reply).unwrap_or_else(|_| r#"{"ok":false}"#.into());
                    (&stream).write_all((text + "\n").as_bytes())
                })
            });
        }
    });
    Ok(())
}

fn answer(about: &About, request: Request) -> Result<Reply> {
    let appliance = &about.appliance.upgrade().ok_or(Error::Off)?;
    let registry = || about.registry.upgrade().ok_or_else(|| Error::Refused("there is no registry here".into()));
    let mut reply = Reply { ok: true, ..Reply::default() };
    match request {
        Request::Kill { role, signal } => appliance.kill(role, signal)?,
        Request::Stop { role } => appliance.stop(role)?,
        Request::Cont { role } => appliance.cont(role)?,
        Request::Roles => reply.roles = Some(appliance.roles()?),
        Request::Reset => appliance.reset()?,
        Request::Reboot => appliance.reboot()?,
        Request::PowerOff => appliance.power_off(),
        Request::PowerOn => appliance.power_on()?,
        Request::Exec { argv } => reply.ended = Some(appliance.exec(&strs(&argv))?),
        Request::ClientExec { argv } => reply.ended = Some(appliance.client_exec(&strs(&argv))?),
        Request::GatewayExec { uplink, argv } => reply.ended = Some(appliance.gateway_exec(uplink, &strs(&argv))?),
        Request::Logind => crate::obey(appliance)?,
        Request::Link { port, up } => appliance.link(&port, up)?,
        Request::RegistryLink { up } => registry()?.link(up)?,
        Request::RegistryPower { on: true } => registry()?.power_on()?,
        Request::RegistryPower { on: false } => registry()?.power_off(),
        Request::RegistryReset => registry()?.reset()?,
        Request::RegistryPreset => reply.answer = Some(registry()?.preset()?),
        Request::Fleet { argv } => reply.answer = Some(registry()?.by_account(&strs(&argv))?),
        Request::Modem { asked } => {
            let holder = about.modem.upgrade().ok_or_else(|| Error::Refused("no modem fits in here".into()))?;
            reply.answer = modem::answer(appliance, &holder, asked)?;
        }
        Request::Log { role } => reply.log = Some(appliance.log(role)?),
        Request::WaitReady { milliseconds } => {
            appliance.wait_ready(milliseconds.map_or(READY_WITHIN, Duration::from_millis))?;
        }
        Request::Where => (reply.init_pid, reply.client_pid) = (Some(appliance.init_pid()?), about.client_pid),
    }
    Ok(reply)
}

fn strs(argv: &[String]) -> Vec<&str> {
    argv.iter().map(String::as_str).collect()
}

/// One request over a socket made for it; an answer that isn't ok is an error.
pub fn ask(path: &Path, request: &Request) -> Result<Reply> {
    let what = || format!("speak to {} (does a `boxes run` or `boxes up` live there?)", path.display());
    let mut stream = UnixStream::connect(path).could_not(what)?;
    stream.write_all((serde_json::to_string(request)? + "\n").as_bytes()).could_not(what)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).could_not(what)?;
    let reply: Reply = serde_json::from_str(&line)?;
    if reply.ok { Ok(reply) } else { Err(Error::Answer(reply.error.unwrap_or_default())) }
}
