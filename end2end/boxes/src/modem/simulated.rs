//! The harness's end of the modem's process.

use super::spec::{Order, Said, Start};
use crate::{
    error::{Context, Error, Result},
    helper,
};
use std::{
    io::{BufRead, BufReader, Write},
    os::{
        fd::OwnedFd,
        unix::{net::UnixStream, process::CommandExt},
    },
    process::{Child, Stdio},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

/// A process that says nothing for so long hangs.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What the modem does unasked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Happened {
    Session(bool),
    Reset,
}

#[derive(Debug)]
pub(super) struct Simulated {
    child: Child,
    socket: UnixStream,
    answers: Mutex<Receiver<Said>>,
    pub terminals: [String; 2],
}

impl Simulated {
    /// It has no power yet. What happens is told until it ends.
    pub fn start(start: &Start, happened: Sender<Happened>) -> Result<Self> {
        let what = || "start the modem's process".to_owned();
        let (ours, theirs) = UnixStream::pair().could_not(what)?;
        let mut command = helper::command("modem-hardware")?;
        command.arg(serde_json::to_string(start)?).stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).process_group(0);
        let child = command.spawn().could_not(what)?;
        drop(command); // and with it our copy of their end
        let lines = BufReader::new(ours.try_clone().could_not(what)?).lines();
        let (answered, answers) = channel();
        thread::spawn(move || {
            for line in lines.map_while(std::result::Result::ok) {
                // whoever waits for neither is about to end
                let _ = match serde_json::from_str(&line) {
                    Ok(Said::Session(on)) => happened.send(Happened::Session(on)).ok(),
                    Ok(Said::Reset) => happened.send(Happened::Reset).ok(),
                    Ok(said) => answered.send(said).ok(),
                    Err(error) => answered.send(Said::Refused(error.to_string())).ok(),
                };
            }
        });
        let mut this = Self { child, socket: ours, answers: Mutex::new(answers), terminals: Default::default() };
        match heard(&this.answers.lock().unwrap_or_else(PoisonError::into_inner))? {
            Said::Ports(terminals) => terminals,
            other => return Err(Error::NotStarted(format!("the modem said {other:?}"))),
        }
        .clone_into(&mut this.terminals);
        Ok(this)
    }

    pub fn order(&self, order: &Order) -> Result<Said> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let line = serde_json::to_string(order)? + "\n";
        (&self.socket).write_all(line.as_bytes()).could_not(|| "tell the modem".into())?;
        match heard(&answers)? {
            Said::Refused(why) => Err(Error::Refused(why)),
            said => Ok(said),
        }
    }
}

fn heard(answers: &Receiver<Said>) -> Result<Said> {
    let nothing = |_| Error::TimedOut { what: "the modem's answer".into(), waited: ANSWER_WITHIN };
    answers.recv_timeout(ANSWER_WITHIN).map_err(nothing)
}

impl Drop for Simulated {
    fn drop(&mut self) {
        drop(self.socket.shutdown(std::net::Shutdown::Both));
        drop(self.child.wait());
    }
}
