//! What a command says: text for people or JSON for scripts on standard output, problems on standard error.

use std::{
    error::Error,
    io::{self, Write},
};

use serde::Serialize;

use super::{CliError, words};
use crate::domain::fault::Fault;

#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    pub(super) json: bool,
}

impl Output {
    /// The answer: `value` as JSON, or its text.
    pub(super) fn answer<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), CliError> {
        if self.json { print(&json(value)?) } else { print(&text(value)) }
    }

    /// Text for people only; nothing with `--json`.
    pub(super) fn say(self, text: &str) -> Result<(), CliError> {
        if self.json { Ok(()) } else { print(text) }
    }

    /// Says why the command failed. If even that cannot be written, the exit code has to do.
    pub(super) fn error(self, error: &CliError) {
        let told = match error {
            CliError::Refused(refusal) if self.json => json(refusal).and_then(|text| print(&text)),
            CliError::RolledBack(outcome) if self.json => json(outcome).and_then(|text| print(&text)),
            _ => writeln!(io::stderr(), "gatehouse: {}", explained(error)).map_err(CliError::Output),
        };
        drop(told);
    }
}

pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(end.as_bytes())).map_err(CliError::Output)?;
    out.flush().map_err(CliError::Output)
}

fn json<T: Serialize>(value: &T) -> Result<String, CliError> {
    serde_json::to_string_pretty(value).map_err(|e| CliError::Output(e.into()))
}

/// The error, its causes, and for a refusal its issues and what to do next.
fn explained(error: &CliError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        // a transparent error has its source's words already
        if !text.ends_with(&source.to_string()) {
            text = format!("{text}: {source}");
        }
        cause = source.source();
    }
    if let CliError::Refused(refusal) = error {
        if let Fault::Invalid { issues } = &refusal.fault {
            text.extend(issues.iter().map(|issue| format!("\n  {issue}")));
        }
        if let Fault::SeedUnusable { problems } = &refusal.fault {
            text.extend(problems.iter().map(|problem| format!("\n  {problem}")));
        }
        if let Fault::ProxyFails { cause } = &refusal.fault {
            text = format!("{text}\n  {}", words::cause(cause));
        }
        text.extend(words::next_step(&refusal.fault).map(|step| format!("\n{step}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        fault::Refusal,
        network::issue::{Field, Issue, Rule},
    };

    #[test]
    fn a_refusal_is_told_with_its_issues_code_and_next_step() {
        let port = "lan1".parse().expect("name");
        let issues = vec![
            Issue::new(&port, Field::Address, Rule::Missing),
            Issue::new(&port, Field::Gateway, Rule::GatewayIsOwnAddress),
        ];
        let error = CliError::from(Refusal::new(Fault::Invalid { issues }, "9f3c"));
        insta::assert_snapshot!(explained(&error), @"
        2 of the fields cannot be used (GH-201, operation 9f3c)
          ports.lan1.address: is needed
          ports.lan1.gateway: is the port's own address
        Correct the file and try again.
        ");
        let away = CliError::from(Refusal::new(Fault::AgentAway, "9f3c"));
        insta::assert_snapshot!(explained(&away), @"
        the agent does not answer (GH-501, operation 9f3c)
        Is it running, and may you use its socket? Look at its log, or try with sudo.
        ");
        let input = CliError::Input(io::Error::other("gone"));
        assert_eq!(explained(&input), "cannot read from standard input: gone");
    }
}
