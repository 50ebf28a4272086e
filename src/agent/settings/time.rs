//! The clock's effects: its zone, its servers, and its setting by hand.
//!
//! This process never sets the clock itself: systemd-timedated does, which a booted box has and a box in namespaces has not. So nothing that
//! is tried on a machine can change that machine's clock.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use zbus::OwnedObjectPath;

use crate::bus::{Bus, BusError, Peer};
use domain::{
    fault::Fault,
    settings::{clock::Keeper, files, time_server::TimeServer, zone::ZoneName},
    time::UnixSeconds,
};
use os::disk;

const TIMEDATED: Peer<'_> = Peer {
    service: "org.freedesktop.timedate1",
    path: "/org/freedesktop/timedate1",
    interface: "org.freedesktop.timedate1",
};
const SYSTEMD: Peer<'_> = Peer {
    service: "org.freedesktop.systemd1",
    path: "/org/freedesktop/systemd1",
    interface: "org.freedesktop.systemd1.Manager",
};
const ZONES: &str = "/usr/share/zoneinfo";
const LOCALTIME: &str = "/etc/localtime";
/// The drop-ins are in folders that are empty after a restart: this process writes them anew.
const TIMESYNCD: &str = "/run/systemd/timesyncd.conf.d/gatehouse.conf";
/// A folder of sources that Debian's chrony.conf names.
const CHRONY: &str = "/run/chrony-dhcp/gatehouse.sources";

/// Sets the clock. While a service keeps it by time servers, systemd lets nobody else: that one is switched off for the moment.
///
/// # Errors
/// [`Fault::ClockNotSet`], with systemd's words where there is a systemd.
pub async fn set_clock(bus: &Bus, time: UnixSeconds) -> Result<(), Fault> {
    let micros = i64::try_from(time.0).ok().and_then(|s| s.checked_mul(1_000_000));
    let micros = micros.ok_or(Fault::Malformed { detail: "no such time".into() })?;
    let kept = bus.property::<bool>(TIMEDATED, "NTP").await.map_err(|e| not_set(&e))?;
    let keep = async |on: bool| bus.call::<_, ()>(TIMEDATED, "SetNTP", &(on, false)).await;
    if kept {
        keep(false).await.map_err(|e| not_set(&e))?;
    }
    let set = bus.call::<_, ()>(TIMEDATED, "SetTime", &(micros, false, false)).await;
    if kept && let Err(error) = keep(true).await {
        tracing::error!(error = &error as &dyn std::error::Error, "the clock is no longer set by time servers");
    }
    set.map_err(|e| not_set(&e))
}

fn not_set(error: &BusError) -> Fault {
    tracing::warn!(error = error as &dyn std::error::Error, "the clock is not set");
    Fault::ClockNotSet { reason: (!error.is_absence()).then(|| error.to_string()) }
}

/// Whether the zone database has it.
pub fn is_zone(zone: &ZoneName) -> bool {
    fs::read(Path::new(ZONES).join(zone.as_str())).is_ok_and(|bytes| bytes.starts_with(b"TZif"))
}

/// # Errors
/// When neither systemd nor this process can set it.
pub async fn set_zone(bus: &Bus, zone: &ZoneName) -> io::Result<()> {
    match bus.call::<_, ()>(TIMEDATED, "SetTimezone", &(zone.as_str(), false)).await {
        Ok(()) => Ok(()),
        Err(error) if error.is_absence() => link_zone(zone),
        Err(error) => Err(io::Error::other(error.to_string())),
    }
}

fn link_zone(zone: &ZoneName) -> io::Result<()> {
    let beside = Path::new("/etc/localtime.new");
    match fs::remove_file(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    symlink(Path::new(ZONES).join(zone.as_str()), beside)?;
    fs::rename(beside, LOCALTIME)
}

/// The zone in force and the seconds that it is ahead of UTC at `time`.
pub fn zone(time: UnixSeconds) -> (String, i32) {
    let target = fs::canonicalize(LOCALTIME).unwrap_or_default();
    let named = fs::read_link(LOCALTIME).map_or_else(|_| target.clone(), |link| Path::new("/etc").join(link));
    let name = [named, target].iter().find_map(|path| Some(path.strip_prefix(ZONES).ok()?.display().to_string()));
    let offset = fs::read(LOCALTIME).ok().and_then(|bytes| {
        let zone = tz::TimeZone::from_tz_data(&bytes).ok()?;
        Some(zone.find_local_time_type(i64::try_from(time.0).ok()?).ok()?.ut_offset())
    });
    (name.unwrap_or_else(|| "UTC".to_owned()), offset.unwrap_or(0))
}

/// Gives the servers to the service that sets the clock, and says which one that is. None of ours: it has those of its own files.
pub async fn keep_by(bus: &Bus, servers: &[TimeServer]) -> Option<Keeper> {
    let keeper = keeper(bus).await?;
    let (unit, path, text) = match keeper {
        Keeper::Timesyncd => ("systemd-timesyncd.service", TIMESYNCD, files::timesyncd(servers)),
        Keeper::Chrony => ("chrony.service", CHRONY, files::chrony(servers)),
    };
    let wanted = (!servers.is_empty()).then_some(text);
    let changed = tokio::task::spawn_blocking(move || replace(path.into(), wanted)).await;
    match changed.unwrap_or_else(|error| Err(io::Error::other(error))) {
        Ok(false) => {}
        Ok(true) => {
            // one that does not run is not started: whether it does is not our decision
            let restarted = bus.call::<_, OwnedObjectPath>(SYSTEMD, "TryRestartUnit", &(unit, "replace")).await;
            if let Err(error) = restarted {
                tracing::warn!(unit, error = &error as &dyn std::error::Error, "time servers");
            }
        }
        Err(error) => tracing::warn!(path, %error, "time servers"),
    }
    Some(keeper)
}

/// The one that is switched on.
async fn keeper(bus: &Bus) -> Option<Keeper> {
    for (keeper, unit) in [(Keeper::Chrony, "chrony.service"), (Keeper::Timesyncd, "systemd-timesyncd.service")] {
        if let Ok(state) = bus.call::<_, String>(SYSTEMD, "GetUnitFileState", &unit).await
            && state.starts_with("enabled")
        {
            return Some(keeper);
        }
    }
    None
}

/// Whether anything changed.
fn replace(path: PathBuf, wanted: Option<String>) -> io::Result<bool> {
    let old = disk::read(&path)?;
    if old == wanted {
        return Ok(false);
    }
    match wanted {
        Some(text) => {
            if let Some(folder) = path.parent() {
                disk::make_shared_dir(folder)?;
            }
            disk::write(&path, text.as_bytes(), 0o644)?;
        }
        None => disk::remove(&path)?,
    }
    Ok(true)
}
