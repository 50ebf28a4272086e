//! keepalived as the guard's child, behind its gate. It never outlives the guard: its parent ends with us, and ends its own.

use std::{
    fs,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::{
    fs::{CWD, FileType, Mode, OFlags, mknodat, open},
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, set_parent_process_death_signal},
};

use crate::domain::{
    pair::keepalived::{CONFIG, FIFO, GATE, Said},
    time::BootMillis,
};

/// Between two starts of one that ends at once.
const PAUSE: u64 = 500;

#[derive(Debug)]
pub struct Keepalived {
    folder: PathBuf,
    /// What it says; open for writing too, so that it never ends.
    fifo: fs::File,
    heard: Vec<u8>,
    child: Option<Running>,
    started: Option<BootMillis>,
    pub starts: u32,
    gate_open: bool,
}

#[derive(Debug)]
struct Running {
    child: Child,
    ends: OwnedFd,
}

impl Keepalived {
    /// With a closed gate.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let fifo = folder.join(FIFO);
        match fs::remove_file(&fifo) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        mknodat(CWD, &fifo, FileType::Fifo, Mode::from_raw_mode(0o600), 0)?;
        let fifo = open(&fifo, OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
        let mut this = Self {
            folder: folder.to_owned(),
            fifo: fifo.into(),
            heard: Vec::new(),
            child: None,
            started: None,
            starts: 0,
            gate_open: false,
        };
        this.gate(false)?;
        Ok(this)
    }

    /// The only place that opens the gate. keepalived looks at the file when it is written to, so that it is not replaced.
    pub fn gate(&mut self, open: bool) -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(self.folder.join(GATE))?;
        file.write_all(if open { b"0\n" } else { b"1\n" })?;
        self.gate_open = open;
        Ok(())
    }

    pub fn gate_open(&self) -> bool {
        self.gate_open
    }

    /// Runs it, unless it runs or has just ended. Where there is none the pair has no virtual IP, which its status shows.
    pub fn keep_running(&mut self, now: BootMillis) {
        if self.child.is_some() || self.started.is_some_and(|at| now < at.plus(PAUSE)) {
            return;
        }
        self.started = Some(now);
        match self.start() {
            Ok(running) => {
                self.starts += 1;
                self.child = Some(running);
            }
            Err(error) => tracing::error!(%error, "keepalived cannot be started"),
        }
    }

    /// When one that has ended may be started.
    pub fn startable(&self) -> BootMillis {
        self.started.map_or(BootMillis::default(), |at| at.plus(PAUSE))
    }

    fn start(&self) -> io::Result<Running> {
        let path = |name: &str| self.folder.join(name);
        let mut command = Command::new("keepalived");
        command.args(["--dont-fork", "--vrrp", "--log-console", "--use-file"]).arg(path(CONFIG));
        command.arg("--pid").arg(path("keepalived.pid")).arg("--vrrp_pid").arg(path("vrrp.pid"));
        // a group of its own, so that parent and child can be ended at once
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        die_with_the_guard(&mut command);
        let child = command.spawn()?;
        let ends = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
        Ok(Running { child, ends })
    }

    /// SIGKILL to all of it, which a stopped one gets too. Whatever it has put on an interface stays there.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.child.take() {
            if let Err(error) = kill_process_group(Pid::from_child(&running.child), Signal::KILL) {
                tracing::warn!(%error, "keepalived cannot be killed");
            }
            if let Err(error) = running.child.wait() {
                tracing::warn!(%error, "keepalived was not waited for");
            }
        }
    }

    /// It has ended by itself; what is left of it is ended, too.
    pub fn ended(&mut self) {
        tracing::warn!("keepalived has ended: it is started anew");
        self.kill();
    }

    pub fn ends(&self) -> Option<BorrowedFd<'_>> {
        self.child.as_ref().map(|running| running.ends.as_fd())
    }

    pub fn fifo(&self) -> BorrowedFd<'_> {
        self.fifo.as_fd()
    }

    /// All that it has said since.
    pub fn hear(&mut self) -> Vec<Said> {
        let mut buffer = [0; 512];
        if let Ok(length) = self.fifo.read(&mut buffer) {
            self.heard.extend_from_slice(buffer.get(..length).unwrap_or_default());
        }
        let mut said = Vec::new();
        while let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            said.extend(std::str::from_utf8(&line).ok().and_then(Said::parse));
        }
        // nobody else writes to it; what has no line's end is none of keepalived's
        self.heard.truncate(512);
        said
    }
}

impl Drop for Keepalived {
    fn drop(&mut self) {
        self.kill();
    }
}

#[expect(unsafe_code, reason = "the parent-death signal belongs to the child, between fork and exec")]
fn die_with_the_guard(command: &mut Command) {
    // SAFETY: one system call between fork and exec; nothing is allocated or locked.
    unsafe {
        command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::TERM))?));
    }
}
