//! `boxes run`: one box to try, or three with a registry, for a person with a browser on this machine.

use super::{
    events::{Event, Events, print_logs},
    in_use,
};
use boxes::{
    Appliance, Error, FLEET_PASSWORD, FLEET_USER, Leg, Modem, REGISTRY_URL, Registry, Result, SERVICE_ADDRESS, Scratch,
    SimSpec, Site,
    control::{About, serve},
    modem::Holder,
    obey,
};
use std::{
    fs,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// The technician's end of the service wire.
const INTERFACE: &str = "gatehouse0";
/// The web role writes it before it listens; a little later is no fault.
const FINGERPRINT_WITHIN: Duration = Duration::from_secs(2);

/// This machine's place on the site's network, by which it reaches the other boxes.
const SITE_INTERFACE: &str = "gatehouse1";
const SITE_MAC: &str = "02:00:00:00:0a:c7";
const SITE_ADDRESS: &str = "10.20.0.199/24";

/// `controls` are the sockets of the boxes, the first of one that is always there.
pub fn run(gatehouse: &Path, controls: &[PathBuf], fleet: bool) -> Result<ExitCode> {
    if !rustix::process::geteuid().is_root() {
        return Err(Error::NotRoot);
    }
    if controls.iter().any(|control| UnixStream::connect(control).is_ok()) {
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
    for control in controls {
        drop(fs::remove_file(control)); // of a runner whose machine lost power
    }
    let scratch = Scratch::new(&controls.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    let folder = scratch.path().to_owned();
    let outcome = until_told(&events, gatehouse, &folder, controls, fleet);
    drop(scratch);
    let code = outcome?;
    if !nothing_left(&folder, controls) {
        return Ok(ExitCode::FAILURE);
    }
    println!("\nAll is off, and nothing of it is left on this machine.");
    Ok(code)
}

/// The registry, activation codes of it for two boxes, and whether this machine reaches the site's network.
struct Fleet {
    registry: Arc<Registry>,
    codes: [String; 2],
    reach: Option<Leg>,
}

impl Fleet {
    fn start(site: &Site, gatehouse: &Path, folder: &Path) -> Result<Self> {
        println!("Starting a registry …");
        let registry = Arc::new(Registry::start(site, gatehouse, &folder.join("registry"))?);
        registry.by_account(&["cluster", "enable"])?;
        let codes = [registry.code(&[])?, registry.code(&[])?];
        let reach = match in_use::user_of(in_use::SITE)? {
            None => Some(site.a.here(SITE_INTERFACE, SITE_MAC, SITE_ADDRESS)?),
            Some(_) => None,
        };
        Ok(Self { registry, codes, reach })
    }
}

fn until_told(events: &Events, gatehouse: &Path, folder: &Path, controls: &[PathBuf], fleet: bool) -> Result<ExitCode> {
    let site = Site::new()?;
    let _dhcp = site.dhcp()?;
    let fleet = if fleet { Some(Fleet::start(&site, gatehouse, folder)?) } else { None };
    let mut builders = super::fleet(&site, gatehouse, &|number| folder.join(format!("box{number}")));
    builders.truncate(if fleet.is_some() { controls.len() } else { 1 });
    println!("{}", if fleet.is_some() { "Starting three boxes …" } else { "Starting a box …" });
    let modem = Arc::new(Holder::default());
    let mut on = Vec::new();
    for (builder, control) in builders.into_iter().zip(controls) {
        let builder = if on.is_empty() { builder.service_port_here(INTERFACE).sim_slot() } else { builder };
        // the two of one model, with a wire between them
        let builder = if fleet.is_some() && on.len() < 2 { builder.heartbeat() } else { builder };
        let appliance = Arc::new(builder.start()?);
        let about = About::new(&appliance).registry(fleet.as_ref().map(|fleet| &fleet.registry));
        serve(control, if on.is_empty() { about.modem(&modem) } else { about })?;
        if let Err(error) = obey(&appliance) {
            eprintln!("boxes: this box cannot be restarted from its pages: {}", boxes::chain(&error));
        }
        if on.is_empty() {
            match Modem::plug(&appliance, SimSpec::default()) {
                Ok(plugged) => *modem.lock().unwrap_or_else(PoisonError::into_inner) = Some(plugged),
                Err(error) => eprintln!("boxes: this box has no modem: {}", boxes::chain(&error)),
            }
        }
        events.tell_when_ready(&appliance);
        on.push(appliance);
    }
    let mut ready = 0;
    let code = loop {
        match events.next() {
            Event::Ready(Ok(())) => {
                ready += 1;
                if ready == on.len() {
                    welcome(&on[0]);
                    if modem.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
                        introduce_modem();
                    }
                    fleet.iter().for_each(introduce);
                    println!("\nCtrl-C switches all off and removes everything.");
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
    // also ends the requests that are under way
    for appliance in &on {
        appliance.power_off();
    }
    Ok(code)
}

fn introduce(fleet: &Fleet) {
    let program = program();
    let others = match fleet.reach {
        Some(_) => "https://10.20.0.16/ (the same model) and https://10.20.0.17/ (another one)",
        None => "10.20.0.16 and 10.20.0.17, which this machine cannot reach, because it uses 10.20.0.0/24 itself",
    };
    let [first, second] = &fleet.codes;
    println!(
        "
There is a registry, {REGISTRY_URL}, with the account `demo`, so that boxes can be activated. Two codes, each good for one box:

{first}

{second}

  More codes, clusters and hosts: Cluster → sign in for the fleet, as {FLEET_USER} with the password `{FLEET_PASSWORD}`
  Two more boxes: {others}. Their passwords are set on their
  consoles (as root): {program} exec --box 2 -- gatehouse password reset, and --box 3."
    );
}

fn welcome(appliance: &Appliance) {
    let file = appliance.folders().web.join(format!("certificates/{SERVICE_ADDRESS}.fingerprint"));
    let read = || fs::read_to_string(&file).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let fingerprint = poll(FINGERPRINT_WITHIN, || read().is_some()).then(read).flatten();
    let fingerprint = fingerprint.unwrap_or_else(|| "(the box has not written it)".into());
    let program = program();
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

Its command line, in another terminal (as root):  {program} exec -- gatehouse status"
    );
}

fn introduce_modem() {
    let program = program();
    println!(
        "
It has a modem, with a SIM of operator 46000: PIN 1234, access point `cmnet`. ModemManager has it some 12 seconds after
the start.

  Its page:                https://{SERVICE_ADDRESS}/cellular
  On the command line:     {program} exec -- gatehouse cellular show
  Without network, another SIM, out of its socket:  {program} modem denied, sim-other, unplug (--help lists all)"
    );
}

/// How a person calls this program.
fn program() -> String {
    std::env::current_exe().map_or_else(|_| "boxes".into(), |path| path.display().to_string())
}

/// Looks again, instead of believing.
fn nothing_left(folder: &Path, controls: &[PathBuf]) -> bool {
    let interfaces = [INTERFACE, SITE_INTERFACE].map(|name| Path::new("/sys/class/net").join(name));
    let left = [&[folder.to_owned()], interfaces.as_slice(), controls].concat();
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
