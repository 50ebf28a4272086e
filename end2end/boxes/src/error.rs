//! What can go wrong while a box is made or spoken to. The harness is used by people who didn't write it, so every
//! error names the step that failed and, where a command failed, what it printed.

use std::{io, path::PathBuf, time::Duration};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A system call or a file operation; `what` reads after "could not".
    #[error("could not {what}")]
    Io { what: String, source: io::Error },
    /// A command of the topology (`ip`) ended with an error.
    #[error("`{command}` failed: {printed}")]
    Command { command: String, printed: String },
    /// The first process of a box ended, or refused to begin.
    #[error("the box did not start: {0}")]
    NotStarted(String),
    /// The box's first process refused a request.
    #[error("the box refused: {0}")]
    Refused(String),
    /// What a runner answered over its control socket.
    #[error("{0}")]
    Answer(String),
    #[error("the box is switched off")]
    Off,
    #[error("{what} was not there after {waited:?}")]
    TimedOut { what: String, waited: Duration },
    /// The helper program belongs beside the program that uses this library.
    #[error("the program `boxes` is not beside {0}: build it with `cargo build -p boxes`, or name it in $BOXES")]
    NoHelper(PathBuf),
    #[error("a message of the control socket can't be read")]
    Message(#[from] serde_json::Error),
    #[error("a box has a number from 1 to 50, not {0}")]
    Number(u8),
    #[error("this needs root: network namespaces and mounts are made")]
    NotRoot,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Names the step that an I/O error belongs to.
pub(crate) trait Context<T> {
    fn could_not(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<io::Error>> Context<T> for std::result::Result<T, E> {
    fn could_not(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Io { what: what(), source: source.into() })
    }
}

/// The error and its causes in one line, for the person in front of the terminal.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
