//! `gatehouse password reset`: a new password for the pages, from the console. All browsers are signed out. `gatehouse password hash` makes
//! what a seed file has instead of a password; it asks no agent.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::Subcommand;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

use super::{CliError, Context};
use crate::{
    agent::auth,
    client::here,
    domain::{
        api::{Caller, SetPassword},
        auth::password::broken_rule,
        fault::Fault,
        secret::Secret,
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Set a new password: typed twice on a terminal, or one line of standard input
    Reset,
    /// Print the hash of a password, for a seed file: typed twice on a terminal, or one line of standard input
    Hash,
}

/// What Ctrl-C sends.
const INTERRUPT: u8 = 3;

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    let password = read()?;
    if let Command::Hash = command {
        if let Some(rule) = broken_rule(password.expose()) {
            return Err(here(Fault::BadPassword { rule }).into());
        }
        let hash = auth::hash(&password).map_err(CliError::Hash)?;
        return context.output.answer(&hash, Clone::clone);
    }
    context.agent.set_password(&Caller::default(), &SetPassword { password }).await?;
    context.output.answer(&(), |()| "The password is set; all browsers are signed out.".to_owned())
}

fn read() -> Result<Secret, CliError> {
    if !io::stdin().is_terminal() {
        return typed_ahead();
    }
    let first = ask("New password: ")?;
    let again = ask("The same again: ")?;
    if first == again { Ok(first) } else { Err(CliError::PasswordsDiffer) }
}

/// One that exists already: asked for once.
pub(super) fn one(question: &str) -> Result<Secret, CliError> {
    if io::stdin().is_terminal() { ask(question) } else { typed_ahead() }
}

fn typed_ahead() -> Result<Secret, CliError> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(CliError::Input)?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}

/// Reads one line without showing it.
fn ask(question: &str) -> Result<Secret, CliError> {
    write!(io::stderr(), "{question}").map_err(CliError::Output)?;
    let line = {
        let _quiet = Quiet::start().map_err(CliError::Input)?;
        line().map_err(CliError::Input)?
    };
    writeln!(io::stderr()).map_err(CliError::Output)?;
    if line.contains(&INTERRUPT) {
        return Err(CliError::Declined);
    }
    let text = String::from_utf8(line).map_err(|e| CliError::Input(io::Error::new(io::ErrorKind::InvalidData, e)))?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}

/// One line of the terminal: it hands out whole lines, and ends one at Ctrl-C too while it is quiet.
fn line() -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut part = [0; 256];
    loop {
        let count = rustix::io::retry_on_intr(|| rustix::io::read(io::stdin(), &mut part[..]))?;
        line.extend_from_slice(&part[..count]);
        if count == 0 || matches!(line.last(), Some(&(b'\n' | INTERRUPT))) {
            return Ok(line);
        }
    }
}

/// A terminal that does not show what is typed; as before when this is dropped.
///
/// Ctrl-C must not end the process in between, or the shell that follows shows nothing either: it ends the line instead.
struct Quiet {
    before: Termios,
}

impl Quiet {
    fn start() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ISIG;
        quiet.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self { before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(io::stdin(), OptionalActions::Drain, &self.before) {
            tracing::warn!(%error, "the terminal cannot be set back; `reset` does it");
        }
    }
}
