//! A box that is a booted Debian: a systemd-nspawn container with our package in it, on the same wires as any other box. Units,
//! sandboxes, restarts and power cuts are tested here as they ship.
//!
//! ```text
//! runner ── keeper (mount namespace, cgroup of its own) ── systemd-nspawn ── systemd (PID 1) ── gatehouse-agent.service, …
//! ```
//! The disk is an overlay: what the box writes is in a folder of its own, over an image that all boxes share. As with other boxes,
//! the runner holds a pipe, and when it closes, however it does, the keeper kills the container's first process, and the kernel with
//! it everything in it: a power cut.

pub mod keeper;
mod machine;

use crate::{
    config::{self, Plate},
    error::{Context, Error, Result},
    inside::Folders,
};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub(crate) use machine::{Machine, run_once};

/// Where a box finds the folder with packages.
pub const PACKAGES: &str = "/mnt";

/// What the keeper must know; its one argument.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Debian {
    pub name: String,
    pub image: PathBuf,
    /// Holds the box's part of the overlay.
    pub disk: PathBuf,
    /// A folder of this machine that the box sees as [`PACKAGES`].
    pub packages: Option<PathBuf>,
    /// A package of that folder that is installed before the first boot.
    pub installed: Option<String>,
}

impl Debian {
    /// What the box has written, and nothing of the image.
    pub fn written(&self) -> PathBuf {
        self.disk.join("upper")
    }

    pub fn folders(&self) -> Folders {
        let within = |path: &str| self.written().join(path);
        let (config, agent, web) =
            (within("etc/gatehouse"), within("var/lib/gatehouse"), within("var/lib/gatehouse-web"));
        Folders { config, agent, web, log: within("var/log") }
    }

    /// The image, and what a factory adds to it: what this box is, its name, and the package.
    pub(crate) fn factory_fresh(&self, plate: &Plate) -> Result<()> {
        for folder in ["upper", "work", "root"] {
            let folder = self.disk.join(folder);
            if folder.exists() {
                fs::remove_dir_all(&folder).could_not(|| format!("empty {}", folder.display()))?;
            }
            fs::create_dir_all(&folder).could_not(|| format!("make {}", folder.display()))?;
        }
        let etc = self.written().join("etc");
        fs::create_dir_all(etc.join("gatehouse")).could_not(|| "make the box's /etc".into())?;
        let [lan1, lan2, lan3] = config::PORTS;
        config::write_box(&etc.join("gatehouse"), plate, &[lan1, lan2, lan3, config::HEARTBEAT])?;
        let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid").could_not(|| "draw a machine id".into())?;
        let name = &self.name;
        let files = [
            ("machine-id", uuid.replace('-', "")),
            ("hostname", format!("{name}\n")),
            ("hosts", format!("127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost\n")),
        ];
        for (file, text) in files {
            fs::write(etc.join(file), text).could_not(|| format!("write the box's /etc/{file}"))?;
        }
        let Some(package) = &self.installed else { return Ok(()) };
        let package = format!("{PACKAGES}/{package}");
        run_once(self, &["dpkg", "--force-unsafe-io", "--install", &package])
    }
}

/// The image, made if it is not there yet by the script that is named.
pub fn image(script: &Path) -> Result<PathBuf> {
    let what = || format!("run {}", script.display());
    let output = Command::new(script).stderr(Stdio::inherit()).output().could_not(what)?;
    let printed = String::from_utf8_lossy(&output.stdout);
    match printed.lines().last() {
        Some(path) if output.status.success() => Ok(path.into()),
        _ => Err(Error::Command { command: script.display().to_string(), printed: output.status.to_string() }),
    }
}
