//! How a box is to be made, and the making.

use super::Appliance;
use crate::{
    error::{Context, Error, Result},
    inside::{BootSpec, Folders},
    roles::Role,
    site::{Network, Site, Technician},
};
use std::{fs, path::PathBuf, sync::Mutex};

/// How a box is to be made. `Appliance::builder(&site, "target/debug/gatehouse", folder).number(2).start()?`
#[derive(Debug)]
pub struct Builder {
    site: Site,
    gatehouse: PathBuf,
    folder: PathBuf,
    number: u8,
    roles: Vec<Role>,
    environment: Vec<(String, String)>,
    service_here: Option<String>,
}

impl Builder {
    /// 1 unless told; each box of one site needs another (1 to 50). It gives the MACs, the serial and the addresses.
    pub fn number(mut self, number: u8) -> Self {
        self.number = number;
        self
    }

    /// Which roles run; guard, agent and web unless told.
    pub fn roles(mut self, roles: &[Role]) -> Self {
        roles.clone_into(&mut self.roles);
        self
    }

    /// An environment variable of every role.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The technician's end of the service wire is an interface of this machine, and there is no laptop.
    pub fn service_port_here(mut self, interface: &str) -> Self {
        self.service_here = Some(interface.into());
        self
    }

    /// Makes the box and switches it on. The roles may not answer yet: see [`Appliance::wait_ready`].
    pub fn start(self) -> Result<Appliance> {
        if !rustix::process::geteuid().is_root() {
            return Err(Error::NotRoot);
        }
        let number = self.number;
        if !(1..=50).contains(&number) {
            return Err(Error::Number(number));
        }
        let service = Network::new(&format!("02:00:00:02:{number:02x}:01"), &[])?;
        let technician = match &self.service_here {
            Some(interface) => Technician::here(number, &service, interface)?,
            None => Technician::laptop(number, &service, &self.site)?,
        };
        let folder = |name: &str| self.folder.join(name);
        let folders = Folders { config: folder("etc"), agent: folder("agent"), web: folder("web"), log: folder("log") };
        let gatehouse = fs::canonicalize(&self.gatehouse).could_not(|| format!("find {}", self.gatehouse.display()))?;
        let spec = BootSpec {
            gatehouse,
            folders,
            host_name: format!("gatehouse-{number}"),
            roles: self.roles,
            environment: self.environment,
        };
        let appliance = Appliance {
            number,
            running: Mutex::new(None),
            links_down: Mutex::default(),
            technician,
            service,
            site: self.site,
            spec,
        };
        appliance.factory_fresh()?;
        appliance.switch_on(&mut appliance.lock())?;
        Ok(appliance)
    }
}

impl Appliance {
    /// `folder` is the box's disk: what it keeps over restarts is written there, and stays when the box is dropped. What
    /// an earlier box left there is wiped. For a box that finds something on its disk: power off, write it, power on.
    pub fn builder(site: &Site, gatehouse: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Builder {
        Builder {
            site: site.clone(),
            gatehouse: gatehouse.into(),
            folder: folder.into(),
            number: 1,
            roles: vec![Role::Guard, Role::Agent, Role::Web],
            environment: Vec::new(),
            service_here: None,
        }
    }
}
