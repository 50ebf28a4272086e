//! The modem's process, `boxes modem-hardware`: two terminals for ModemManager, and a socket at its standard input for whoever plugged it in.
//! It ends when the socket closes.

use super::{
    at,
    spec::{Order, Said},
    state::{State, Unasked},
};
use crate::error::{Context, Result, chain};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{OptionalActions, tcgetattr, tcsetattr},
};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Longer is no command; a terminal that sends such is cut.
const LONGEST_LINE: u64 = 1024;

#[derive(Debug)]
struct Hardware {
    state: Mutex<Running>,
    /// Its own ends of the terminals.
    ports: [File; 2],
}

#[derive(Debug)]
struct Running {
    state: State,
    sent: Vec<String>,
    harness: UnixStream,
}

/// A terminal: its own end, ModemManager's end, which stays open so that nothing is lost between two readers, and where that one is.
fn terminal() -> Result<(File, OwnedFd, String)> {
    let what = || "make a pseudo terminal".to_owned();
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).could_not(what)?;
    grantpt(&ours).could_not(what)?;
    unlockpt(&ours).could_not(what)?;
    let path = ptsname(&ours, Vec::new()).could_not(what)?.to_string_lossy().into_owned();
    let theirs: OwnedFd = OpenOptions::new().read(true).write(true).open(&path).could_not(what)?.into();
    let mut settings = tcgetattr(&theirs).could_not(what)?;
    settings.make_raw();
    tcsetattr(&theirs, OptionalActions::Now, &settings).could_not(what)?;
    Ok((ours.into(), theirs, path))
}

/// Runs until the socket that is standard input closes.
pub fn run(start: &str) -> Result<()> {
    let state = State::new(serde_json::from_str(start)?);
    let socket = io::stdin().as_fd().try_clone_to_owned().could_not(|| "take the socket".into())?;
    let harness = UnixStream::from(socket);
    let ((first, _held, at), (second, _also_held, at_too)) = (terminal()?, terminal()?);
    let orders = BufReader::new(harness.try_clone().could_not(|| "take the socket".into())?);
    let running = Running { state, sent: Vec::new(), harness };
    let hardware = Arc::new(Hardware { state: Mutex::new(running), ports: [first, second] });
    for port in 0..2 {
        let hardware = Arc::clone(&hardware);
        thread::spawn(move || hardware.listen(port));
    }
    hardware.lock().tell(&Said::Ports([at, at_too]))?;
    for order in orders.lines() {
        let order = order.could_not(|| "hear from the harness".into())?;
        let mut running = hardware.lock();
        let said = serde_json::from_str(&order).map(|order| running.obey(order));
        let said = said.unwrap_or_else(|error| Said::Refused(chain(&error)));
        hardware.unasked(&mut running)?;
        running.tell(&said)?;
    }
    Ok(())
}

impl Running {
    fn obey(&mut self, order: Order) -> Said {
        match order {
            Order::Air => return Said::Air(self.state.air.clone()),
            Order::Sent => return Said::Sent(self.sent.clone()),
            Order::SetAir(air) => self.state.set_air(air),
            Order::NetDrop => self.state.end_session(true),
            Order::Power(on) => self.state.power(on),
            Order::Sim(sim) => self.state.put_in(sim),
        }
        Said::Done
    }

    fn tell(&mut self, said: &Said) -> Result<()> {
        let line = serde_json::to_string(said)? + "\n";
        self.harness.write_all(line.as_bytes()).could_not(|| "tell the harness".into())
    }
}

impl Hardware {
    fn lock(&self) -> MutexGuard<'_, Running> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes in at a terminal, until it is cut.
    fn listen(&self, port: usize) {
        let mut lines = BufReader::new(&self.ports[port]);
        loop {
            let mut line = Vec::new();
            match (&mut lines).take(LONGEST_LINE).read_until(b'\r', &mut line) {
                Ok(length) if length > 0 && line.ends_with(b"\r") => {}
                _ => return,
            }
            let text = String::from_utf8_lossy(&line);
            let mut running = self.lock();
            if !running.state.on {
                continue;
            }
            if let Some(answer) = at::carry_out(&mut running.state, text.trim()) {
                running.sent.push(text.trim().to_owned());
                self.write(port, &answer);
            }
            if self.unasked(&mut running).is_err() {
                return;
            }
        }
    }

    /// Says what the last step left to say.
    fn unasked(&self, running: &mut Running) -> Result<()> {
        for unasked in std::mem::take(&mut running.state.unasked) {
            match unasked {
                Unasked::Line(line) => (0..2).for_each(|port| self.write(port, &format!("\r\n{line}\r\n"))),
                Unasked::Session(on) => running.tell(&Said::Session(on))?,
                Unasked::Reset => running.tell(&Said::Reset)?,
            }
        }
        Ok(())
    }

    /// Where nobody reads, the terminal fills, and a modem does not wait.
    fn write(&self, port: usize, text: &str) {
        let mut terminal = &self.ports[port];
        let mut fds = [PollFd::new(terminal, PollFlags::OUT)];
        if poll(&mut fds, Some(&Timespec::default())).is_ok_and(|ready| ready > 0) {
            drop(terminal.write_all(text.as_bytes()));
        }
    }
}
