//! `boxes up`: a site with a box and a laptop for Playwright.

use super::events::{Event, Events, print_logs};
use boxes::{Appliance, Error, Result, Scratch, Site, control};
use std::{
    path::PathBuf,
    process::{ExitCode, Stdio},
    sync::Arc,
};

/// What the box is made of.
#[derive(Debug)]
pub enum Make {
    /// This program, in namespaces.
    Program(PathBuf),
    /// This image with this package, booted.
    Debian { image: PathBuf, package: PathBuf },
}

pub fn run(make: Make) -> Result<ExitCode> {
    let events = Events::new()?;
    events.end_with_stdin();
    let scratch = Scratch::new(&[])?;
    let site = Site::new()?;
    let _dhcp = site.dhcp()?;
    let folder = scratch.path().join("box");
    let builder = match make {
        Make::Program(gatehouse) => Appliance::builder(&site, gatehouse, folder),
        Make::Debian { image, package } => Appliance::debian(&site, image, folder).install(&package),
    };
    let appliance = Arc::new(builder.start()?);
    appliance.restart_itself();

    // A process in the laptop's network, for others to follow into it. It ends with this one, by the end of its input.
    let mut idle = appliance.client().command("/proc/self/exe");
    let idle = idle.arg("idle").stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let mut idle = idle.map_err(|source| Error::Io { what: "start a process at the laptop".into(), source })?;
    let client_pid = i32::try_from(idle.id()).ok();

    let socket = scratch.path().join("control.sock");
    control::serve(&socket, &appliance, client_pid)?;
    events.tell_when_ready(&appliance);
    let mut code = ExitCode::SUCCESS;
    loop {
        match events.next() {
            Event::Ready(Ok(())) => {
                let state = scratch.path().join("box");
                println!("{}", serde_json::json!({ "client_pid": client_pid, "control": socket, "state": state }));
            }
            Event::Ready(Err(error)) => {
                eprintln!("boxes: {}", boxes::chain(&error));
                print_logs(&appliance);
                code = ExitCode::FAILURE;
                break;
            }
            Event::End => break,
        }
    }
    appliance.power_off(); // also ends the requests that are under way
    drop(idle.stdin.take());
    drop(idle.wait());
    Ok(code)
}
