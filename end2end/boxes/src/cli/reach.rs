//! `boxes exec` and `boxes in-client`: commands in what a runner has brought up.

use boxes::{
    Error, Result,
    control::{Request, ask},
    inside::enter,
};
use std::{path::Path, process::ExitCode};

/// Runs the command with this terminal's streams, and passes its exit code on.
pub fn exec(control: &Path, argv: &[String]) -> Result<ExitCode> {
    let init = ask(control, &Request::Where)?.init_pid.ok_or(Error::Off)?;
    enter::run_in_box(init, argv).map(code)
}

/// Doesn't return when all is well: this process becomes the command.
pub fn in_client(control: &Path, argv: &[String]) -> Result<ExitCode> {
    let nobody = || Error::Refused("its service port is on this machine: there is no laptop".into());
    let client = ask(control, &Request::Where)?.client_pid.ok_or_else(nobody)?;
    enter::become_in_network_of(client, argv).map(|()| ExitCode::SUCCESS)
}

pub fn code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
