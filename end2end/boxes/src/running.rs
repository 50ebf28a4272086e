//! A box that is switched on: its namespaces' first process, and the conversation with it.

use crate::{
    error::{Context, Error, Result},
    helper,
    inside::{BootSpec, InitReply, InitRequest},
    ns::Ns,
};
use std::{
    io::{BufRead, BufReader, Write},
    os::{
        fd::OwnedFd,
        unix::{net::UnixStream, process::CommandExt},
    },
    process::{Child, Stdio},
    time::Duration,
};

/// A first process that says nothing for so long hangs. Setting up takes some 20 ms; a busy machine a few hundred.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Running {
    keeper: Child,
    socket: Option<BufReader<UnixStream>>,
    init: i32,
}

impl Running {
    /// Starts a box whose interfaces are in `ns`; returns when its files are in place and the roles are being started.
    pub fn start(ns: &Ns, spec: &BootSpec) -> Result<Self> {
        let (ours, theirs) = UnixStream::pair().could_not(|| "make a socket".into())?;
        ours.set_read_timeout(Some(ANSWER_WITHIN)).could_not(|| "limit the wait for the box".into())?;
        let mut command = helper::command("keeper")?;
        command.arg(serde_json::to_string(spec)?).stdin(OwnedFd::from(theirs)).stdout(Stdio::piped()).process_group(0); // Ctrl-C is for the runner
        ns.put_inside(&mut command, false);
        let mut keeper = command.spawn().could_not(|| "start the box's keeper".into())?;
        drop(command); // and with it our copy of their end
        let mut pid = String::new();
        if let Some(stdout) = keeper.stdout.take() {
            drop(BufReader::new(stdout).read_line(&mut pid));
        }
        let mut this = Self { keeper, socket: Some(BufReader::new(ours)), init: pid.trim().parse().unwrap_or(0) };
        match this.read()? {
            InitReply::Booted if this.init > 0 => Ok(this),
            InitReply::Failed(why) => Err(Error::NotStarted(why)),
            other => Err(Error::NotStarted(format!("its first process said {other:?}"))),
        }
    }

    /// The first process's PID, as this machine counts.
    pub fn init(&self) -> i32 {
        self.init
    }

    pub fn ask(&mut self, request: InitRequest) -> Result<InitReply> {
        let line = serde_json::to_string(&request)? + "\n";
        let socket = self.socket.as_mut().ok_or(Error::Off)?;
        socket.get_mut().write_all(line.as_bytes()).could_not(|| "ask the box's first process".into())?;
        match self.read()? {
            InitReply::Refused(why) => Err(Error::Refused(why)),
            reply => Ok(reply),
        }
    }

    fn read(&mut self) -> Result<InitReply> {
        let socket = self.socket.as_mut().ok_or(Error::Off)?;
        let mut line = String::new();
        socket.read_line(&mut line).could_not(|| "hear from the box's first process".into())?;
        if line.is_empty() {
            return Err(Error::NotStarted("its first process has ended".into()));
        }
        Ok(serde_json::from_str(&line)?)
    }
}

/// Pulls the plug. When this returns, no process of the box is left.
impl Drop for Running {
    fn drop(&mut self) {
        self.socket = None;
        drop(self.keeper.wait());
    }
}
