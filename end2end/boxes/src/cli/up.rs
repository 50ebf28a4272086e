//! `boxes up`: a site with boxes and laptops for Playwright.

use super::events::{Event, Events, print_logs};
use boxes::{
    Appliance, Error, Ns, Registry, Result, Scratch, Site,
    control::{self, About},
    modem::Holder,
};
use std::{
    path::PathBuf,
    process::{Child, ExitCode, Stdio},
    sync::Arc,
};

/// What the boxes are made of.
#[derive(Debug)]
pub enum Make {
    /// This program, in namespaces.
    Program(PathBuf),
    /// The same with a SIM slot.
    WithSimSlot(PathBuf),
    /// The same, three times, the third of another model, with a registry.
    Fleet(PathBuf),
    /// This image with this package, booted.
    Debian { image: PathBuf, package: PathBuf },
    /// The same twice, of one model, with this program as the registry.
    Pair { image: PathBuf, package: PathBuf, gatehouse: PathBuf },
}

pub fn run(make: &Make) -> Result<ExitCode> {
    let events = Events::new()?;
    events.end_with_stdin();
    let scratch = Scratch::new(&[])?;
    let site = Site::new()?;
    let _dhcp = site.dhcp()?;
    let registry = match make {
        Make::Fleet(gatehouse) | Make::Pair { gatehouse, .. } => {
            Some(Arc::new(Registry::start(&site, gatehouse, &scratch.path().join("registry"))?))
        }
        Make::Program(_) | Make::WithSimSlot(_) | Make::Debian { .. } => None,
    };
    let folder = |number: u8| scratch.path().join(format!("box{number}"));
    let builders = match make {
        Make::Program(gatehouse) => vec![Appliance::builder(&site, gatehouse, folder(1))],
        Make::WithSimSlot(gatehouse) => vec![Appliance::builder(&site, gatehouse, folder(1)).sim_slot()],
        Make::Fleet(gatehouse) => super::fleet(&site, gatehouse, &folder),
        Make::Pair { image, package, .. } => {
            [1, 2].map(|number| Appliance::debian(&site, image, folder(number)).install(package).number(number)).into()
        }
        Make::Debian { image, package } => vec![Appliance::debian(&site, image, folder(1)).install(package)],
    };
    let modem = Arc::new(Holder::default());
    let (mut on, mut laptops, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for (number, builder) in (1..).zip(builders) {
        let appliance = Arc::new(builder.start()?);
        appliance.restart_itself();
        let laptop = Laptop::open(appliance.client())?;
        let socket = scratch.path().join(format!("control{number}.sock"));
        let about = About::new(&appliance).client(laptop.pid()).registry(registry.as_ref());
        // one that is asked for goes into the first box
        let about = if on.is_empty() { about.modem(&modem) } else { about };
        control::serve(&socket, about)?;
        events.tell_when_ready(&appliance);
        told.push(serde_json::json!({ "client_pid": laptop.pid(), "control": socket, "state": folder(number) }));
        on.push(appliance);
        laptops.push(laptop);
    }
    let mut ready = 0;
    let code = loop {
        match events.next() {
            Event::Ready(Ok(())) => {
                ready += 1;
                if ready == on.len() {
                    let mut first = told[0].clone();
                    first["boxes"] = told.clone().into();
                    println!("{first}");
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

/// A process in a laptop's network, for others to follow into it. It ends with this one, by the end of its input.
#[derive(Debug)]
struct Laptop(Child);

impl Laptop {
    fn open(ns: &Ns) -> Result<Self> {
        let idle = ns.command("/proc/self/exe").arg("idle").stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
        idle.map(Self).map_err(|source| Error::Io { what: "start a process at the laptop".into(), source })
    }

    fn pid(&self) -> Option<i32> {
        i32::try_from(self.0.id()).ok()
    }
}

impl Drop for Laptop {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}
