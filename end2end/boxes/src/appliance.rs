//! A box under test: its ports on the wires around it, its disk, and the power button.
//!
//! "Switching it off" is a power cut: everything in its namespaces is killed and the namespaces go. The folder with its
//! state stays, and so do the wires, the laptop and the MACs; switching on makes the rest anew, with another boot id.

mod builder;
mod system;

pub use builder::Builder;
use system::{On, System};

use crate::{
    config::{self, HEARTBEAT, PORTS, Plate},
    error::{Context, Error, Result},
    inside::Folders,
    modem::Plugged,
    ns::Ns,
    roles::Role,
    site::{Network, Site, Technician},
};
use std::{
    collections::HashSet,
    fs, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// A box. Dropping it leaves nothing but the folder it was given.
#[derive(Debug)]
pub struct Appliance {
    plate: Plate,
    // Dropped in this order: first the box, then what it is plugged into.
    running: Mutex<Option<On>>,
    /// Ports whose far end is down, which it stays over a restart of the box.
    links_down: Mutex<HashSet<&'static str>>,
    /// Gets its power with the box.
    modem: Mutex<Weak<Plugged>>,
    pub(crate) technician: Technician,
    service: Network,
    heartbeat: Option<Network>,
    site: Site,
    folders: Folders,
    system: System,
}

impl Appliance {
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The wire at the service port, to put another host on.
    pub fn service(&self) -> &Network {
        &self.service
    }

    /// The technician's laptop (or this machine's namespace, where the service port is here).
    pub fn client(&self) -> &Ns {
        &self.technician.ns
    }

    pub(crate) fn number(&self) -> u8 {
        self.plate.number
    }

    /// The box's modem from now on, until it is dropped.
    pub(crate) fn take_modem(&self, modem: &Arc<Plugged>) -> Result<()> {
        let running = self.lock();
        let Some(On::Namespaces(on)) = &*running else {
            return Err(Error::Refused("a modem goes into a box of namespaces that is on".into()));
        };
        modem.box_on(on.init())?;
        *locked(&self.modem) = Arc::downgrade(modem);
        Ok(())
    }

    /// Where the box's lasting files are on this machine.
    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    /// Its first process as this machine counts, for `setns`; another one after each restart.
    pub fn init_pid(&self) -> Result<i32> {
        self.lock().as_ref().map(On::init).ok_or(Error::Off)
    }

    /// A power cut.
    pub fn power_off(&self) {
        self.switch_off(&mut self.lock());
    }

    /// Nothing happens if it is on.
    pub fn power_on(&self) -> Result<()> {
        let mut running = self.lock();
        if running.is_none() { self.switch_on(&mut running) } else { Ok(()) }
    }

    /// A power cut and a start.
    pub fn reboot(&self) -> Result<()> {
        let mut running = self.lock();
        self.switch_off(&mut running);
        self.switch_on(&mut running)
    }

    /// As delivered: off, all state, logs and changes of its configuration away, links up, and on again.
    pub fn reset(&self) -> Result<()> {
        let mut running = self.lock();
        self.switch_off(&mut running);
        self.factory_fresh()?;
        locked(&self.links_down).clear();
        self.switch_on(&mut running)
    }

    /// Plugs a cable in or out at the far end: the box sees its carrier come or go.
    pub fn link(&self, port: &str, up: bool) -> Result<()> {
        let Some((port, network)) = self.wires().find(|(known, _)| known.name == port) else {
            return Err(Error::Refused(format!("there is no port {port}")));
        };
        let mut down = locked(&self.links_down);
        network.ns().ip(&format!("link set {} {}", self.outer(port.name), if up { "up" } else { "down" }))?;
        if up {
            down.remove(port.name)
        } else {
            down.insert(port.name)
        };
        Ok(())
    }

    /// What a role has printed since the last reset.
    pub fn log(&self, role: Role) -> Result<String> {
        if let System::Debian(_) = &self.system {
            return Ok(self.exec(&["journalctl", "--no-pager", "--output=cat", "--unit", &role.unit()])?.stdout);
        }
        let path = self.folders.log.join(format!("{role}.log"));
        match fs::read(&path) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(error).could_not(|| format!("read {}", path.display())),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<On>> {
        locked(&self.running)
    }

    fn modem(&self) -> Option<Arc<Plugged>> {
        locked(&self.modem).upgrade()
    }

    /// Which port is plugged into what.
    fn wires(&self) -> impl Iterator<Item = (config::Port, &Network)> {
        let [lan1, lan2, lan3] = PORTS;
        let wires = [(lan1, &self.site.a), (lan2, &self.site.b), (lan3, &self.service)];
        wires.into_iter().chain(self.heartbeat.iter().map(|wire| (HEARTBEAT, wire)))
    }

    /// The far end's name, as it stands in the network's namespace.
    fn outer(&self, port: &str) -> String {
        format!("box{}-{port}", self.plate.number)
    }

    fn switch_on(&self, running: &mut Option<On>) -> Result<()> {
        let ns = Ns::new()?;
        for (port, network) in self.wires() {
            let outer = self.outer(port.name);
            network.attach(&outer, &ns, port.name, &port.mac(self.plate.number))?;
            if locked(&self.links_down).contains(port.name) {
                network.ns().ip(&format!("link set {outer} down"))?;
            }
        }
        let on = running.insert(self.system.start(&ns)?);
        self.modem().map_or(Ok(()), |modem| modem.box_on(on.init()))
    }

    fn switch_off(&self, running: &mut Option<On>) {
        if let Some(modem) = self.modem() {
            modem.box_off();
        }
        *running = None;
        // The kernel takes a namespace's interfaces away some time after its end: at once, so that the names are free.
        for (port, network) in self.wires() {
            network.detach(&self.outer(port.name));
        }
    }

    fn factory_fresh(&self) -> Result<()> {
        if let System::Debian(debian) = &self.system {
            return debian.factory_fresh(&self.plate);
        }
        let Folders { config, agent, web, log } = &self.folders;
        for folder in [config, agent, web, log] {
            empty(folder).could_not(|| format!("empty {}", folder.display()))?;
        }
        config::write(config, &self.plate)
    }
}

impl Drop for Appliance {
    fn drop(&mut self) {
        self.power_off();
    }
}

fn empty(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::create_dir_all(folder),
    }
}

/// A panicking test must not keep the box from being switched off.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
