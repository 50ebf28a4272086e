//! How a box is to be made, and the making.

use super::{Appliance, system::System};
use crate::{
    config::Plate,
    debian::Debian,
    error::{Context, Error, Result},
    inside::{BootSpec, Folders},
    registry::MODELS,
    roles::Role,
    site::{Network, Site, Technician},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// How a box is to be made. `Appliance::builder(&site, "target/debug/gatehouse", folder).number(2).start()?`
#[derive(Debug)]
pub struct Builder {
    site: Site,
    runs: Runs,
    folder: PathBuf,
    plate: Plate,
    roles: Vec<Role>,
    environment: Vec<(String, String)>,
    service_here: Option<String>,
}

#[derive(Debug)]
enum Runs {
    /// This program, in namespaces.
    Program(PathBuf),
    /// This image, booted.
    Image { image: PathBuf, packages: Option<PathBuf>, installed: Option<String> },
}

impl Builder {
    /// 1 unless told; each box of one site needs another (1 to 50). It gives the MACs, the serial and the addresses.
    pub fn number(mut self, number: u8) -> Self {
        self.plate.number = number;
        self
    }

    /// `B-012` unless told.
    pub fn model(mut self, model: &str) -> Self {
        self.plate.model = model.into();
        self
    }

    /// The box has a slot for a SIM. What is behind it: see [`crate::Modem::plug`].
    pub fn sim_slot(mut self) -> Self {
        self.plate.sim_slot = true;
        self
    }

    /// The box has a port for the direct wire to its peer; a Debian one has in any case.
    pub fn heartbeat(mut self) -> Self {
        self.plate.heartbeat = true;
        self
    }

    /// Further lines of the box's box.toml, as its factory would write them.
    pub fn box_lines(mut self, lines: &str) -> Self {
        self.plate.more = lines.into();
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

    /// A folder of this machine that a Debian box sees as [`crate::debian::PACKAGES`].
    pub fn packages(mut self, folder: impl Into<PathBuf>) -> Self {
        if let Runs::Image { packages, .. } = &mut self.runs {
            *packages = Some(folder.into());
        }
        self
    }

    /// A package that is in a Debian box's image when it boots for the first time.
    pub fn install(mut self, package: &Path) -> Self {
        if let Runs::Image { packages, installed, .. } = &mut self.runs {
            *packages = package.parent().map(Path::to_owned);
            *installed = package.file_name().map(|name| name.to_string_lossy().into_owned());
        }
        self
    }

    /// Makes the box and switches it on. The roles may not answer yet: see [`Appliance::wait_ready`].
    pub fn start(self) -> Result<Appliance> {
        if !rustix::process::geteuid().is_root() {
            return Err(Error::NotRoot);
        }
        let number = self.plate.number;
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
        let host_name = format!("gatehouse-{number}");
        let heartbeat = match self.runs {
            Runs::Program(_) if !self.plate.heartbeat => None,
            Runs::Program(_) | Runs::Image { .. } => Some(self.site.heartbeat()?),
        };
        let (folders, system) = match self.runs {
            Runs::Program(gatehouse) => {
                let gatehouse = fs::canonicalize(&gatehouse).could_not(|| format!("find {}", gatehouse.display()))?;
                let (roles, environment, theirs) = (self.roles, self.environment, folders.clone());
                let spec = BootSpec { gatehouse, folders: theirs, host_name, roles, environment };
                (folders, System::Namespaces(spec))
            }
            Runs::Image { image, packages, installed } => {
                let debian = Debian { name: host_name, image, disk: self.folder, packages, installed };
                (debian.folders(), System::Debian(debian))
            }
        };
        let appliance = Appliance {
            plate: self.plate,
            running: Mutex::new(None),
            links_down: Mutex::default(),
            modem: Mutex::default(),
            technician,
            service,
            heartbeat,
            site: self.site,
            folders,
            system,
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
            runs: Runs::Program(gatehouse.into()),
            folder: folder.into(),
            plate: Plate { number: 1, model: MODELS[0].into(), sim_slot: false, heartbeat: false, more: String::new() },
            roles: vec![Role::Guard, Role::Agent, Role::Web],
            environment: Vec::new(),
            service_here: None,
        }
    }

    /// The same with a booted Debian in it, of `image` (see [`crate::debian::image`]). Without [`Builder::install`] it is bare.
    pub fn debian(site: &Site, image: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Builder {
        let runs = Runs::Image { image: image.into(), packages: None, installed: None };
        Builder { runs, ..Self::builder(site, PathBuf::new(), folder) }
    }
}
