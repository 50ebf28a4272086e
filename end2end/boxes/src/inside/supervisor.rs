//! Keeps the roles running: each is started again 200 ms after it has ended, as its systemd unit would.

use super::{BIN, BootSpec, SEARCH_PATH, WEB_UID};
use crate::{
    error::{Context, Error, Result},
    roles::{Role, RoleStatus, Signal},
};
use rustix::process::{Pid, WaitOptions, kill_process, wait};
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// As long as the units' `RestartSec`. Shorter would spin on a role that can't start; longer would slow the tests.
const RESTART_AFTER: Duration = Duration::from_millis(200);

#[derive(Debug)]
struct Supervised {
    role: Role,
    log: File,
    state: State,
    starts: u32,
}

#[derive(Debug)]
enum State {
    Running(Pid),
    Due(Instant),
}

#[derive(Debug)]
pub struct Supervisor {
    roles: Vec<Supervised>,
    environment: Vec<(String, String)>,
}

impl Supervisor {
    pub fn new(spec: &BootSpec) -> Result<Self> {
        let now = Instant::now();
        let supervised = |role: &Role| {
            let path = format!("/var/log/gatehouse/{role}.log");
            let log = OpenOptions::new().create(true).append(true).open(&path).could_not(|| format!("open {path}"))?;
            Ok(Supervised { role: *role, log, state: State::Due(now), starts: 0 })
        };
        let roles = spec.roles.iter().map(supervised).collect::<Result<_>>()?;
        Ok(Self { roles, environment: spec.environment.clone() })
    }

    /// Starts what is due and returns when the next one is.
    pub fn start_due(&mut self, now: Instant) -> Option<Instant> {
        for supervised in &mut self.roles {
            if matches!(supervised.state, State::Due(at) if at <= now) {
                supervised.starts += 1;
                supervised.state = match start(supervised.role, &supervised.log, &self.environment) {
                    Ok(pid) => State::Running(pid),
                    Err(error) => {
                        note(&supervised.log, &format!("could not be started: {error}"));
                        State::Due(now + RESTART_AFTER)
                    }
                };
            }
        }
        let due = self.roles.iter().filter_map(|s| if let State::Due(at) = s.state { Some(at) } else { None });
        due.min()
    }

    /// Takes in every process that has ended: the roles, and orphans of any kind.
    pub fn reap(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            let ended = |s: &&mut Supervised| matches!(s.state, State::Running(running) if running == pid);
            if let Some(supervised) = self.roles.iter_mut().find(ended) {
                let how = match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => format!("exit code {code}"),
                    (None, Some(signal)) => format!("signal {signal}"),
                    (None, None) => "unknown".into(),
                };
                note(&supervised.log, &format!("ended ({how}); to be started again"));
                supervised.state = State::Due(Instant::now() + RESTART_AFTER);
            }
        }
    }

    pub fn signal(&self, role: Role, signal: Signal) -> Result<()> {
        let Some(supervised) = self.roles.iter().find(|s| s.role == role) else {
            return Err(Error::Refused(format!("this box has no {role}")));
        };
        match supervised.state {
            State::Running(pid) => kill_process(pid, signal.into()).could_not(|| format!("send a signal to {role}")),
            State::Due(_) => Err(Error::Refused(format!("{role} isn't running at the moment"))),
        }
    }

    pub fn status(&self) -> Vec<RoleStatus> {
        let one = |s: &Supervised| RoleStatus {
            role: s.role,
            pid: match s.state {
                State::Running(pid) => u32::try_from(pid.as_raw_nonzero().get()).ok(),
                State::Due(_) => None,
            },
            starts: s.starts,
        };
        self.roles.iter().map(one).collect()
    }
}

fn start(role: Role, log: &File, environment: &[(String, String)]) -> io::Result<Pid> {
    let state = match role {
        Role::Web => "/var/lib/gatehouse-web",
        Role::Agent | Role::Guard => "/var/lib/gatehouse",
    };
    let mut command = Command::new(format!("{BIN}/gatehouse"));
    command
        .arg(role.name())
        .args(["--config", "/etc/gatehouse/gatehouse.toml"])
        .args(["--state-dir", state])
        .args(["--runtime-dir", "/run/gatehouse"])
        .env_clear()
        .env("PATH", SEARCH_PATH)
        .env("LANG", "C.UTF-8")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log.try_clone()?);
    if role == Role::Web {
        command.uid(WEB_UID).gid(WEB_UID); // from root: also drops every capability and supplementary group
        no_new_privileges(&mut command);
    }
    let child = command.spawn()?;
    Ok(Pid::from_child(&child))
}

#[expect(unsafe_code, reason = "no_new_privs belongs to the child, between fork and exec")]
fn no_new_privileges(command: &mut Command) {
    // SAFETY: one system call between fork and exec; nothing is allocated or locked.
    unsafe {
        command.pre_exec(|| Ok(rustix::thread::set_no_new_privs(true)?));
    }
}

/// The harness's own line in a role's log. A log that can't be written is no reason to stop a box.
fn note(mut log: &File, text: &str) {
    drop(writeln!(log, "[boxes] {text}"));
}
