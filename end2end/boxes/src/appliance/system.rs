//! What runs in a box: the roles under a first process of ours, or a Debian with systemd. What is asked of either.

use super::Appliance;
use crate::{
    debian::{Debian, Machine},
    error::{Error, Result},
    inside::{BootSpec, InitReply, InitRequest},
    ns::Ns,
    roles::{Role, RoleStatus, Signal},
    running::Running,
};
use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

#[derive(Debug)]
pub(super) enum System {
    Namespaces(BootSpec),
    Debian(Debian),
}

/// One that is switched on.
#[derive(Debug)]
pub(super) enum On {
    Namespaces(Running),
    Debian(Machine),
}

impl System {
    pub fn start(&self, ns: &Ns) -> Result<On> {
        match self {
            Self::Namespaces(spec) => {
                ns.sysctl("ipv4/ip_unprivileged_port_start", "80")?; // the web role has no capability
                Running::start(ns, spec).map(On::Namespaces)
            }
            Self::Debian(debian) => Machine::start(ns, debian).map(On::Debian),
        }
    }
}

impl On {
    pub fn init(&self) -> i32 {
        match self {
            Self::Namespaces(running) => running.init(),
            Self::Debian(machine) => machine.init(),
        }
    }
}

impl Appliance {
    pub fn kill(&self, role: Role, signal: Signal) -> Result<()> {
        match &self.system {
            System::Namespaces(_) => self.ask(InitRequest::Signal { role, signal }).map(drop),
            System::Debian(_) => {
                let signal = format!("--signal={}", signal.name());
                self.systemctl(&["kill", "--kill-whom=main", &signal, &role.unit()]).map(drop)
            }
        }
    }

    /// Hangs a role, all its threads (SIGSTOP).
    pub fn stop(&self, role: Role) -> Result<()> {
        self.kill(role, Signal::Stop)
    }

    /// Lets it go on.
    pub fn cont(&self, role: Role) -> Result<()> {
        self.kill(role, Signal::Cont)
    }

    pub fn roles(&self) -> Result<Vec<RoleStatus>> {
        match &self.system {
            System::Namespaces(_) => match self.ask(InitRequest::Roles)? {
                InitReply::Roles(roles) => Ok(roles),
                other => Err(Error::Refused(format!("its first process said {other:?}"))),
            },
            System::Debian(_) => {
                [Role::Guard, Role::Agent, Role::Web].map(|role| self.unit(role)).into_iter().collect()
            }
        }
    }

    fn ask(&self, request: InitRequest) -> Result<InitReply> {
        match self.lock().as_mut().ok_or(Error::Off)? {
            On::Namespaces(running) => running.ask(request),
            On::Debian(_) => Err(Error::Refused("it has systemd: ask that".into())),
        }
    }

    /// What `systemctl` printed; what it refused is an error.
    pub fn systemctl(&self, arguments: &[&str]) -> Result<String> {
        let argv = [&["systemctl"], arguments].concat();
        let ended = self.exec(&argv)?;
        if ended.code == 0 {
            return Ok(ended.stdout);
        }
        Err(Error::Command { command: argv.join(" "), printed: ended.stderr.trim().to_owned() })
    }

    fn unit(&self, role: Role) -> Result<RoleStatus> {
        let shown = self.systemctl(&["show", "--property=MainPID,NRestarts", &role.unit()])?;
        let number = |name: &str| shown.lines().find_map(|line| line.strip_prefix(name)?.parse().ok());
        let starts = number("NRestarts=").map_or(0, |restarts: u32| restarts + 1);
        Ok(RoleStatus { role, pid: number("MainPID=").filter(|pid| *pid > 0), starts })
    }

    /// Switches a Debian box on again whenever it has restarted itself, until it is dropped: what its hardware would do.
    pub fn restart_itself(self: &Arc<Self>) -> JoinHandle<Result<()>> {
        let held = Arc::downgrade(self);
        thread::spawn(move || {
            while let Some(appliance) = held.upgrade() {
                let mut running = appliance.lock();
                if let Some(On::Debian(machine)) = running.as_mut()
                    && machine.wants_restart()
                {
                    appliance.switch_off(&mut running);
                    appliance.switch_on(&mut running)?;
                }
                drop(running);
                drop(appliance);
                thread::sleep(Duration::from_millis(50));
            }
            Ok(())
        })
    }
}
