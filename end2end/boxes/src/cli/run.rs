//! `boxes run`: one box to try, for a person with a browser on this machine.

use super::{
    events::{Event, Events, print_logs},
    in_use,
};
use boxes::{Appliance, Error, Result, SERVICE_ADDRESS, Scratch, Site, control::serve, obey};
use std::{
    fs,
    os::unix::net::UnixStream,
    path::Path,
    process::ExitCode,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// The technician's end of the service wire.
const INTERFACE: &str = "gatehouse0";
/// The web role writes it before it listens; a little later is no fault.
const FINGERPRINT_WITHIN: Duration = Duration::from_secs(2);

pub fn run(gatehouse: &Path, control: &Path) -> Result<ExitCode> {
    if !rustix::process::geteuid().is_root() {
        return Err(Error::NotRoot);
    }
    if UnixStream::connect(control).is_ok() {
        return Err(Error::Refused("another `boxes run` is up on this machine: end it first".into()));
    }
    if let Some(user) = in_use::user_of(in_use::SERVICE)? {
        let why = format!(
            "192.168.100.0/24 is in use on this machine ({user}). The box's service port needs it: disconnect that \
             network, or try the box on another machine"
        );
        return Err(Error::Refused(why));
    }
    let events = Events::new()?;
    drop(fs::remove_file(control)); // of a runner whose machine lost power
    let scratch = Scratch::new(&[control])?;
    let folder = scratch.path().to_owned();
    let outcome = until_told(&events, gatehouse, &folder, control);
    drop(scratch);
    let code = outcome?;
    if !nothing_left(&folder, control) {
        return Ok(ExitCode::FAILURE);
    }
    println!("\nThe box is off, and nothing of it is left on this machine.");
    Ok(code)
}

fn until_told(events: &Events, gatehouse: &Path, folder: &Path, control: &Path) -> Result<ExitCode> {
    let site = Site::new()?;
    let _dhcp = site.dhcp()?;
    let builder = Appliance::builder(&site, gatehouse, folder.join("box")).service_port_here(INTERFACE);
    let appliance = Arc::new(builder.start()?);
    serve(control, &appliance, None)?;
    if let Err(error) = obey(&appliance) {
        eprintln!("boxes: this box cannot be restarted from its pages: {}", boxes::chain(&error));
    }
    println!("Starting a box …");
    events.tell_when_ready(&appliance);
    let code = loop {
        match events.next() {
            Event::Ready(Ok(())) => welcome(&appliance),
            Event::Ready(Err(error)) => {
                eprintln!("boxes: {}", boxes::chain(&error));
                print_logs(&appliance);
                break ExitCode::FAILURE;
            }
            Event::End => break ExitCode::SUCCESS,
        }
    };
    appliance.power_off(); // also ends the requests that are under way
    Ok(code)
}

fn welcome(appliance: &Appliance) {
    let file = appliance.folders().web.join(format!("certificates/{SERVICE_ADDRESS}.fingerprint"));
    let read = || fs::read_to_string(&file).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let fingerprint = poll(FINGERPRINT_WITHIN, || read().is_some()).then(read).flatten();
    let fingerprint = fingerprint.unwrap_or_else(|| "(the box has not written it)".into());
    let program = std::env::current_exe().map_or_else(|_| "boxes".into(), |path| path.display().to_string());
    println!(
        "
The box is ready:  https://{SERVICE_ADDRESS}/

  1. Open it in a browser on this machine. The browser warns that it doesn't know the box's certificate: the box has
     made it itself, as nobody else could vouch for an address like this one.
  2. Compare the certificate's SHA-256 fingerprint, then go on:
     {fingerprint}
  3. Set a password: there is none yet.
  4. Network → LAN1: change its address, keep the change or let it roll back by itself.

You sit at the service port: this machine is 192.168.100.197, by {INTERFACE}. The box's LAN1 is plugged into
10.20.0.0/24 and 10.30.0.0/24 (gateways .1), LAN2 into 10.21.0.0/24 (gateway .1), each with a DHCP server; both
exist only for the box.

Its command line, in another terminal (as root):  {program} exec -- gatehouse status
Ctrl-C switches the box off and removes everything."
    );
}

/// Looks again, instead of believing.
fn nothing_left(folder: &Path, control: &Path) -> bool {
    let interface = Path::new("/sys/class/net").join(INTERFACE);
    let left = [folder, &interface, control];
    poll(Duration::from_secs(5), || left.iter().all(|path| fs::symlink_metadata(path).is_err())) || {
        for path in left.iter().filter(|path| fs::symlink_metadata(path).is_ok()) {
            eprintln!("boxes: {} is still there", path.display());
        }
        false
    }
}

fn poll(within: Duration, mut done: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + within;
    loop {
        if done() {
            return true;
        }
        if Instant::now() > until {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
}
