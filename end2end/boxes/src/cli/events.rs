//! What a runner waits for: the box is ready, a person has had enough, the caller has gone.

use boxes::{Appliance, Error, Result, Role, control::READY_WITHIN};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

#[derive(Debug)]
pub enum Event {
    Ready(Result<()>),
    /// Time to clean up: a signal, or the end of standard input.
    End,
}

#[derive(Debug)]
pub struct Events {
    sender: Sender<Event>,
    receiver: Receiver<Event>,
}

impl Events {
    /// From here on the signals that end a program no longer do; they become [`Event::End`].
    pub fn new() -> Result<Self> {
        let (sender, receiver) = channel();
        let what = |source| Error::Io { what: "listen to signals".into(), source };
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(what)?;
        let to_main = sender.clone();
        // A sender whose receiver has gone belongs to a program that is ending: nothing to tell it.
        thread::spawn(move || signals.forever().try_for_each(|_| to_main.send(Event::End)));
        Ok(Self { sender, receiver })
    }

    pub fn end_with_stdin(&self) {
        let sender = self.sender.clone();
        thread::spawn(move || {
            drop(io::copy(&mut io::stdin(), &mut io::sink()));
            sender.send(Event::End)
        });
    }

    pub fn tell_when_ready(&self, appliance: &Arc<Appliance>) {
        let (appliance, sender) = (Arc::downgrade(appliance), self.sender.clone());
        thread::spawn(move || {
            let ready = appliance.upgrade().map_or(Ok(()), |appliance| appliance.wait_ready(READY_WITHIN));
            sender.send(Event::Ready(ready))
        });
    }

    pub fn next(&self) -> Event {
        self.receiver.recv().unwrap_or(Event::End)
    }
}

/// The end of what the roles printed, for the person whose box doesn't answer.
pub fn print_logs(appliance: &Appliance) {
    for role in [Role::Agent, Role::Web] {
        let log = appliance.log(role).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        eprintln!("--- the end of the {role}'s log ---");
        for line in &lines[lines.len().saturating_sub(20)..] {
            eprintln!("{line}");
        }
    }
}
