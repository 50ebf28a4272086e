//! A question to a person at a terminal. It goes to standard error, so that standard output stays the answer's.

use std::io::{self, BufRead, IsTerminal, Write};

use super::CliError;

/// `Ok` where the person says yes, or `yes` was said beforehand.
pub(super) fn agreed(question: &str, yes: bool) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(CliError::NeedsYes);
    }
    let answer = line(&format!("{question} [y/N] ")).map_err(CliError::Input)?;
    if matches!(answer.to_lowercase().as_str(), "y" | "yes") { Ok(()) } else { Err(CliError::Declined) }
}

/// What a person types where `given` is nothing.
pub(super) fn typed(question: &str, given: Option<&str>) -> Result<String, CliError> {
    match given {
        Some(given) => Ok(given.to_owned()),
        None if io::stdin().is_terminal() => line(question).map_err(CliError::Input),
        None => Err(CliError::NeedsName),
    }
}

/// What was typed, without blanks around it.
fn line(question: &str) -> io::Result<String> {
    write!(io::stderr(), "{question}")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}
