//! The agent's end of the conversation: one at a time, the newest. A line of JSON a message.

use std::{
    io::{self, Read, Write},
    os::{
        fd::AsFd,
        unix::net::{UnixListener, UnixStream},
    },
};

use rustix::{net::sockopt::socket_peercred, process::geteuid};

use crate::domain::pair::guard::{FromGuard, ToGuard};

/// Longer than any message: keepalived's file is not among them.
const LONGEST: usize = 64 * 1024;

#[derive(Debug)]
pub struct Agent {
    pub stream: UnixStream,
    received: Vec<u8>,
}

impl Agent {
    /// `None` for another user, or one that is gone again.
    pub fn accept(listener: &UnixListener) -> Option<Self> {
        let admit = || -> io::Result<Self> {
            let (stream, _) = listener.accept()?;
            stream.set_nonblocking(true)?;
            if socket_peercred(stream.as_fd())?.uid != geteuid() {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
            Ok(Self { stream, received: Vec::new() })
        };
        admit().inspect_err(|error| tracing::warn!(%error, "a connection about the pair was not taken")).ok()
    }

    /// What it has told, in order.
    ///
    /// # Errors
    /// When it is gone, or says what no agent says.
    pub fn hear(&mut self) -> io::Result<Vec<ToGuard>> {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.received.extend_from_slice(buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.received.len() > LONGEST {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        let mut told = Vec::new();
        while let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.received.drain(..=end).collect();
            told.push(serde_json::from_slice(&line)?);
        }
        Ok(told)
    }

    /// An agent that does not read is not waited for.
    pub fn tell(&mut self, message: &FromGuard) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        self.stream.write_all(&line)
    }
}
