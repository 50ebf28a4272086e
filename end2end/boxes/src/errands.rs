//! Commands inside a box, at the laptop or at a gateway, and the wait for a box that answers.

use crate::{
    appliance::Appliance,
    error::{Context, Error, Result},
    helper,
    ns::Ns,
    site::{SERVICE_ADDRESS, Uplink},
};
use serde::{Deserialize, Serialize};
use std::{
    net::{SocketAddr, TcpStream},
    os::unix::{net::UnixStream, process::ExitStatusExt},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

const AGENT_SOCKET: &str = "/run/gatehouse/agent.sock";

/// How a command ended, and what it printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// 128 + the signal where one ended it, as in a shell.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or_default());
        Self { code, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

impl Appliance {
    /// Runs a command in the box, as root: `exec(&["gatehouse", "network", "show", "--json"])`.
    pub fn exec(&self, argv: &[&str]) -> Result<Ended> {
        exec_in(self.init_pid()?, argv)
    }

    /// Runs a command at the technician's laptop.
    pub fn client_exec(&self, argv: &[&str]) -> Result<Ended> {
        in_ns(self.client(), argv)
    }

    /// Runs a command at the gateway of an uplink network.
    pub fn gateway_exec(&self, uplink: Uplink, argv: &[&str]) -> Result<Ended> {
        in_ns(self.site().network(uplink).ns(), argv)
    }

    /// Returns when the laptop can open a connection to the box's port 443 over the service wire, and the box's agent
    /// takes requests: web is often there before it.
    pub fn wait_ready(&self, within: Duration) -> Result<()> {
        let started = Instant::now();
        self.wait_port(443, within)?;
        while UnixStream::connect(format!("/proc/{}/root{AGENT_SOCKET}", self.init_pid()?)).is_err() {
            if started.elapsed() > within {
                return Err(Error::TimedOut { what: format!("an answer at {AGENT_SOCKET}"), waited: within });
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// The same for another port.
    pub fn wait_port(&self, port: u16, within: Duration) -> Result<()> {
        let address = SocketAddr::from((SERVICE_ADDRESS, port));
        let started = Instant::now();
        let reached = self.client().run(|| {
            // A try is short, because a lost SYN is repeated only after a second.
            while TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_err() {
                if started.elapsed() > within {
                    return false;
                }
                thread::sleep(Duration::from_millis(2));
            }
            true
        })?;
        if reached { Ok(()) } else { Err(Error::TimedOut { what: format!("an answer at {address}"), waited: within }) }
    }
}

/// The same in the box with this first process, for whoever must not ask the box which one it is.
pub(crate) fn exec_in(init: i32, argv: &[&str]) -> Result<Ended> {
    let mut command = helper::command("enter")?;
    command.arg("--init").arg(init.to_string()).arg("--").args(argv);
    output(command, argv)
}

pub(crate) fn in_ns(ns: &Ns, argv: &[&str]) -> Result<Ended> {
    let (program, arguments) = argv.split_first().ok_or_else(|| Error::Refused("no command given".into()))?;
    let mut command = ns.command(program);
    command.args(arguments);
    output(command, argv)
}

fn output(mut command: Command, argv: &[&str]) -> Result<Ended> {
    Ok(command.stdin(Stdio::null()).output().could_not(|| format!("run `{}`", argv.join(" ")))?.into())
}
