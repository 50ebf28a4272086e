//! Applications as transient units of systemd (`StartTransientUnit`, org.freedesktop.systemd1(5)): what is told is [`domain::application::unit`].

use std::{fs, path::PathBuf, process::Stdio, time::Duration};

use domain::application::{
    ApplicationName,
    life::Reason,
    unit::{self, Place, Value},
};
use tokio::{
    process::Command,
    time::{Instant, sleep, timeout},
};
use zbus::{OwnedObjectPath, Variant};

use super::Job;
use crate::{
    bus::{Bus, BusError, Peer},
    secrets,
};

const MANAGER: Peer<'_> = Peer {
    service: "org.freedesktop.systemd1",
    path: "/org/freedesktop/systemd1",
    interface: "org.freedesktop.systemd1.Manager",
};
const SERVICE: &str = "org.freedesktop.systemd1.Service";
const UNIT: &str = "org.freedesktop.systemd1.Unit";
/// systemd makes folders of a slice's name.
pub const SLICE_PATH: &str = "gatehouse.slice/gatehouse-applications.slice";
const NO_SUCH_UNIT: &str = "org.freedesktop.systemd1.NoSuchUnit";
/// Between two looks at a unit that ends.
const LOOK: Duration = Duration::from_millis(20);
/// Where systemd does not answer.
const UNKNOWN: Duration = Duration::from_millis(500);

#[derive(Clone, Debug)]
pub struct Systemd {
    bus: Bus,
    runtime_dir: PathBuf,
}

impl Systemd {
    pub fn new(bus: Bus, runtime_dir: PathBuf) -> Self {
        Self { bus, runtime_dir }
    }

    /// # Errors
    /// What systemd says.
    pub async fn start(&self, job: &Job) -> Result<(), BusError> {
        let name = &job.manifest.name;
        let seen_at = self.runtime_dir.join("applications").join(name.as_str());
        if let Err(error) = fs::create_dir_all(&seen_at) {
            let (service, name) = ("this box", String::new());
            return Err(BusError::Refused { service, name, reason: error.to_string() });
        }
        let (files, seen_at) = (job.files.display().to_string(), seen_at.display().to_string());
        let place = Place { files: &files, seen_at: &seen_at, epoch: job.epoch };
        let properties = unit::properties(&job.manifest, &place);
        self.start_unit(&format!("{}.service", name.unit()), &properties).await
    }

    async fn start_unit(&self, file: &str, properties: &[(&str, Value)]) -> Result<(), BusError> {
        let properties: Vec<(&str, Variant<'_>)> =
            properties.iter().map(|(name, value)| (*name, variant(value))).collect();
        let nothing: Vec<(&str, Vec<(&str, Variant<'_>)>)> = Vec::new();
        self.forget_failed(file).await;
        let body = (file, "replace", properties, nothing);
        self.bus.call::<_, OwnedObjectPath>(MANAGER, "StartTransientUnit", &body).await.map(drop)
    }

    /// One that failed is there until it is forgotten.
    async fn forget_failed(&self, file: &str) {
        drop(self.bus.call::<_, ()>(MANAGER, "ResetFailedUnit", &(file,)).await);
    }

    /// # Errors
    /// When systemd or podman does not say.
    pub async fn has_image(&self, image: &str) -> Result<bool, BusError> {
        let file = format!("gatehouse-image-{:016x}.service", secrets::random());
        self.start_unit(&file, &unit::asks_for_image(image)).await?;
        // podman's own limit, and what systemd needs to end it
        let limit = Duration::from_millis(2 * unit::IMAGE_LIMIT);
        let said = timeout(limit, async {
            loop {
                match self.state_of(&file).await?.map(|(state, _)| state).as_deref() {
                    Some("active") => return Ok(true),
                    Some("failed") | None => return Ok(false),
                    Some(_) => sleep(LOOK).await,
                }
            }
        });
        let said = said.await.unwrap_or(Err(BusError::Late { service: "podman" }));
        drop(self.bus.call::<_, OwnedObjectPath>(MANAGER, "StopUnit", &(file.as_str(), "replace")).await);
        self.forget_failed(&file).await;
        said
    }

    async fn unit(&self, name: &ApplicationName) -> Result<Option<(String, OwnedObjectPath)>, BusError> {
        self.state_of(&format!("{}.service", name.unit())).await
    }

    /// `None`: there is no such unit.
    async fn state_of(&self, file: &str) -> Result<Option<(String, OwnedObjectPath)>, BusError> {
        let path = match self.bus.call::<_, OwnedObjectPath>(MANAGER, "GetUnit", &(file,)).await {
            Ok(path) => path,
            Err(error) if error.is(NO_SUCH_UNIT) => return Ok(None),
            Err(error) => return Err(error),
        };
        let unit = Peer { service: MANAGER.service, path: path.as_str(), interface: UNIT };
        let state = self.bus.property::<String>(unit, "ActiveState").await?;
        // its start waits in systemd's queue
        let is_new =
            state == "inactive" && self.bus.property::<u64>(unit, "InactiveExitTimestampMonotonic").await? == 0;
        Ok(Some((if is_new { "activating".to_owned() } else { state }, path)))
    }

    /// # Errors
    /// When systemd does not say.
    pub async fn gone(&self, name: &ApplicationName) -> Result<Option<Reason>, BusError> {
        let Some((state, path)) = self.unit(name).await? else { return Ok(Some(Reason::Ended)) };
        Ok(match state.as_str() {
            "active" | "activating" | "reloading" => None,
            _ => {
                let service = Peer { service: MANAGER.service, path: path.as_str(), interface: SERVICE };
                let code = self.bus.property::<i32>(service, "ExecMainCode").await.unwrap_or(0);
                let status = self.bus.property::<i32>(service, "ExecMainStatus").await.unwrap_or(0);
                // waitid(2): CLD_EXITED, CLD_KILLED, CLD_DUMPED
                Some(match code {
                    1 => Reason::Exited { code: status },
                    2 | 3 => Reason::Killed { signal: status },
                    _ => Reason::Ended,
                })
            }
        })
    }

    /// Asks again and again where systemd does not answer: that nobody says anything does not mean that nothing runs.
    pub async fn stop(&self, name: &ApplicationName, within: Duration) {
        let file = format!("{}.service", name.unit());
        let until = Instant::now() + within;
        let (mut told, mut killed) = (false, false);
        loop {
            if !told {
                // also takes back a start that waits in systemd's queue
                match self.bus.call::<_, OwnedObjectPath>(MANAGER, "StopUnit", &(file.as_str(), "replace")).await {
                    Ok(_) => told = true,
                    Err(error) if error.is(NO_SUCH_UNIT) => return,
                    Err(error) => tracing::warn!(%name, %error, "systemd does not end it"),
                }
            }
            match self.unit(name).await {
                Ok(None) => return,
                Ok(Some((state, _))) if told && state == "inactive" => return,
                Ok(Some((state, _))) if state == "failed" => return self.forget_failed(&file).await,
                Ok(Some(_)) => {}
                Err(error) => {
                    tracing::warn!(%name, %error, "nobody says whether it has ended");
                    sleep(UNKNOWN).await;
                }
            }
            if !killed && Instant::now() >= until {
                let body = (file.as_str(), "all", 9_i32);
                killed = self.bus.call::<_, ()>(MANAGER, "KillUnit", &body).await.is_ok();
            }
            sleep(LOOK).await;
        }
    }

    pub async fn logs(&self, name: &ApplicationName, lines: usize) -> Vec<String> {
        let unit = format!("{}.service", name.unit());
        let mut command = Command::new("journalctl");
        command.args(["--no-pager", "--output=cat", "--quiet", "--unit", &unit, "--lines", &lines.to_string()]);
        command.stdin(Stdio::null()).kill_on_drop(true);
        let said = timeout(Duration::from_secs(5), command.output()).await;
        let Ok(Ok(said)) = said else { return Vec::new() };
        String::from_utf8_lossy(&said.stdout).lines().map(str::to_owned).collect()
    }
}

fn variant(value: &Value) -> Variant<'static> {
    match value {
        Value::Text(text) => Variant::from(text.clone()),
        Value::Truth(truth) => Variant::from(*truth),
        Value::Number(number) => Variant::from(*number),
        Value::Texts(texts) => Variant::from(texts.clone()),
        Value::Filter(allowed, texts) => Variant::from((*allowed, texts.clone())),
        Value::Command(words) => {
            let program = words.first().cloned().unwrap_or_default();
            Variant::from(vec![(program, words.clone(), false)])
        }
        Value::Bind(from, to) => Variant::from(vec![(from.clone(), to.clone(), false, 0_u64)]),
    }
}
