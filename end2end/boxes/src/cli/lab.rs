//! `boxes lab`: two booted Debian boxes with our package on one site, for a person with a browser on this machine.

use super::{
    events::{Event, Events, print_logs},
    in_use,
};
use boxes::{
    Appliance, Error, Result, SERVICE_ADDRESS, Scratch, Site,
    control::{About, serve},
};
use std::{
    fs,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// The technician's end of the first box's service wire, and this machine's place on the site's network.
const SERVICE_INTERFACE: &str = "gatehouse0";
const SITE_INTERFACE: &str = "gatehouse1";
const SITE_MAC: &str = "02:00:00:00:0a:c7";
const SITE_ADDRESS: &str = "10.20.0.199/24";

pub fn run(image: &Path, package: &Path, controls: &[PathBuf; 2]) -> Result<ExitCode> {
    if !rustix::process::geteuid().is_root() {
        return Err(Error::NotRoot);
    }
    if controls.iter().any(|control| UnixStream::connect(control).is_ok()) {
        return Err(Error::Refused("another `boxes run` or `boxes lab` is up on this machine: end it first".into()));
    }
    for network in [in_use::SERVICE, in_use::SITE] {
        if let Some(user) = in_use::user_of(network)? {
            let (address, length) = network;
            let why = format!("{address}/{length} is in use on this machine ({user}), and the lab's boxes need it");
            return Err(Error::Refused(why));
        }
    }
    let events = Events::new()?;
    for control in controls {
        drop(fs::remove_file(control)); // of a runner whose machine lost power
    }
    let scratch = Scratch::new(&controls.each_ref().map(PathBuf::as_path))?;
    until_told(&events, image, package, scratch.path(), controls)
}

fn until_told(
    events: &Events,
    image: &Path,
    package: &Path,
    folder: &Path,
    controls: &[PathBuf; 2],
) -> Result<ExitCode> {
    let site = Site::new()?;
    let _dhcp = site.dhcp()?;
    let _leg = site.a.here(SITE_INTERFACE, SITE_MAC, SITE_ADDRESS)?;
    println!("Installing the package on two Debian boxes, and booting them …");
    let make =
        |number: u8| Appliance::debian(&site, image, folder.join(number.to_string())).number(number).install(package);
    let boxes = [make(1).service_port_here(SERVICE_INTERFACE), make(2)];
    let mut on = Vec::new();
    for (builder, control) in boxes.into_iter().zip(controls) {
        let appliance = Arc::new(builder.start()?);
        appliance.restart_itself();
        serve(control, About::new(&appliance))?;
        events.tell_when_ready(&appliance);
        on.push(appliance);
    }
    let mut ready = 0;
    let code = loop {
        match events.next() {
            Event::Ready(Ok(())) => {
                ready += 1;
                if ready == on.len() {
                    welcome();
                }
            }
            Event::Ready(Err(error)) => {
                eprintln!("boxes: {}", boxes::chain(&error));
                for appliance in &on {
                    print_logs(appliance);
                }
                break ExitCode::FAILURE;
            }
            Event::End => break ExitCode::SUCCESS,
        }
    };
    for appliance in &on {
        appliance.power_off(); // also ends the requests that are under way
    }
    println!("\nBoth boxes are off, and nothing of them is left on this machine.");
    Ok(code)
}

fn welcome() {
    let program = std::env::current_exe().map_or_else(|_| "boxes".into(), |path| path.display().to_string());
    println!(
        "
Both boxes are ready. This machine sits at the first one's service port and on the site's network (10.20.0.199).

  first box    https://{SERVICE_ADDRESS}/   https://10.20.0.15/
  second box   https://10.20.0.16/   set its password on its console:
               {program} exec --box 2 -- gatehouse password reset

In another terminal, as root; --box 2 means the second one:
  {program} exec -- gatehouse status     its command line; also journalctl, systemctl, …
  {program} power cut                    a power cut, and power again at once; or off, on, restart
  {program} cable lan1 out               pulls a cable: lan1 site, lan2 WAN, lan3 service port, lan4 heartbeat; or in
Ctrl-C switches both off and removes everything."
    );
}
