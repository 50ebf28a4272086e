//! Who runs the programs: systemd, or this process where there is none. Both let them live when the agent ends, and find them again.

mod data;
mod process;
mod systemd;

use std::{io, path::PathBuf, time::Duration};

use domain::{
    application::{ApplicationName, Manifest, life::Reason, unit},
    pair::guard::Target,
};

use tokio::{process::Command, time::timeout};

use crate::bus::{Bus, BusError};

/// What is to be run, in which epoch.
#[derive(Clone, Debug)]
pub struct Job {
    pub manifest: Manifest,
    pub files: PathBuf,
    pub epoch: u64,
}

#[derive(Clone, Debug)]
pub enum Runner {
    Systemd(systemd::Systemd),
    Process(process::Processes),
}

impl Runner {
    /// systemd where it is (`sd_booted(3)`).
    pub fn new(runtime_dir: PathBuf, state_dir: PathBuf, bus: Bus) -> Self {
        if std::path::Path::new("/run/systemd/system").is_dir() {
            Self::Systemd(systemd::Systemd::new(bus, runtime_dir))
        } else {
            Self::Process(process::Processes::new(runtime_dir, state_dir))
        }
    }

    /// # Errors
    /// Why nothing was started, for people.
    pub async fn start(&self, job: &Job) -> Result<(), String> {
        match self {
            Self::Systemd(systemd) => systemd.start(job).await.map_err(|error| error.to_string()),
            Self::Process(processes) => processes.start(job).map_err(|error| error.to_string()),
        }
    }

    /// Asks it to end, and kills it when it has not by then. Returns when nothing of it is left.
    pub async fn stop(&self, name: &ApplicationName, within: Duration) {
        match self {
            Self::Systemd(systemd) => systemd.stop(name, within).await,
            Self::Process(processes) => processes.stop(name, within).await,
        }
    }

    /// `None`: it runs. Otherwise how it ended.
    ///
    /// # Errors
    /// When nobody can say.
    pub async fn gone(&self, name: &ApplicationName) -> Result<Option<Reason>, BusError> {
        match self {
            Self::Systemd(systemd) => systemd.gone(name).await,
            Self::Process(processes) => Ok(processes.gone(name)),
        }
    }

    /// What is to be killed, should nobody stop it.
    pub fn target(&self, name: &ApplicationName) -> Option<Target> {
        match self {
            // all of them at once
            Self::Systemd(_) => Some(Target::Cgroup { path: systemd::SLICE_PATH.to_owned() }),
            Self::Process(processes) => processes.target(name),
        }
    }

    /// The folder of its data, which is there then.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn data(&self, name: &ApplicationName) -> io::Result<PathBuf> {
        let (folder, mode) = match self {
            // systemd's own place and mode: nobody but root goes through the folder above
            Self::Systemd(_) => (PathBuf::from("/var/lib/private").join(name.unit()), 0o755),
            Self::Process(processes) => (processes.data(name), process::DATA_MODE),
        };
        data::make(&folder, name, mode)?;
        Ok(folder)
    }

    /// Whether podman has this image. It is asked to the end, also where nobody waits for the answer any more.
    ///
    /// # Errors
    /// Why nobody says, for people.
    pub async fn has_image(&self, image: &str) -> Result<bool, String> {
        let (runner, image) = (self.clone(), image.to_owned());
        let asked = tokio::spawn(async move {
            match &runner {
                Self::Systemd(systemd) => systemd.has_image(&image).await.map_err(|error| error.to_string()),
                Self::Process(_) => {
                    let [program, arguments @ ..] = &unit::image_exists(&image);
                    let mut podman = Command::new(program);
                    podman.args(arguments).kill_on_drop(true);
                    match timeout(Duration::from_millis(unit::IMAGE_LIMIT), podman.status()).await {
                        Ok(Ok(status)) => Ok(status.success()),
                        Ok(Err(error)) => Err(error.to_string()),
                        Err(late) => Err(late.to_string()),
                    }
                }
            }
        });
        asked.await.unwrap_or_else(|error| Err(error.to_string()))
    }

    /// What it has printed last, the oldest first.
    pub async fn logs(&self, name: &ApplicationName, lines: usize) -> Vec<String> {
        match self {
            Self::Systemd(systemd) => systemd.logs(name, lines).await,
            Self::Process(processes) => processes.logs(name, lines),
        }
    }
}
