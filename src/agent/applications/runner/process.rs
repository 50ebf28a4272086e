//! Applications as processes, for a box without systemd: each in a PID namespace of its own, so that its end is the end of all that it has started.

use std::{
    collections::HashMap,
    fs, io,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    application::{ApplicationName, life::Reason, unit},
    pair::guard::Target,
};
use os::{disk, process::started_at};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use super::{Job, data};

/// Others can go through the folders above it.
pub const DATA_MODE: u32 = 0o700;
/// Of a log, in bytes; then it begins anew, and the one before is kept.
const LONGEST_LOG: u64 = 1024 * 1024;

#[derive(Clone, Debug)]
pub struct Processes {
    runtime_dir: PathBuf,
    state_dir: PathBuf,
    children: Arc<Mutex<HashMap<ApplicationName, Child>>>,
}

/// Who runs, as the next agent must know it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Known {
    pid: i32,
    started: u64,
}

impl Processes {
    pub fn new(runtime_dir: PathBuf, state_dir: PathBuf) -> Self {
        Self { runtime_dir: runtime_dir.join("applications"), state_dir, children: Arc::default() }
    }

    fn path(&self, name: &ApplicationName, kind: &str) -> PathBuf {
        self.runtime_dir.join(format!("{name}.{kind}"))
    }

    pub fn data(&self, name: &ApplicationName) -> PathBuf {
        self.state_dir.join("application-data").join(name.as_str())
    }

    fn children(&self) -> MutexGuard<'_, HashMap<ApplicationName, Child>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Errors
    /// Why it is not started.
    pub fn start(&self, job: &Job) -> io::Result<()> {
        let name = &job.manifest.name;
        disk::make_shared_dir(&self.runtime_dir)?;
        // an application reaches its own data through them, and can list neither; what else is there is root's alone
        for folder in [self.state_dir.clone(), self.state_dir.join("application-data")] {
            fs::create_dir_all(&folder)?;
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o711))?;
        }
        let data = self.data(name);
        data::make(&data, name, DATA_MODE)?;
        let log = self.log(name)?;
        // nobody but root can go through the folders above its files; systemd shows them in a mount of their own
        let seen_at = self.runtime_dir.join(name.as_str());
        copy(&job.files, &seen_at)?;
        let words = unit::command(&job.manifest, &seen_at.display().to_string());
        let identity = data::user(name).to_string();
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--"]);
        command.args(["setpriv", "--reuid", &identity, "--regid", &identity, "--clear-groups", "--no-new-privs"]);
        // what `--kill-child` has set is lost with the change of the user
        command.args(["--pdeathsig", "KILL", "--bounding-set", "-all", "--inh-caps", "-all", "--"]).args(words);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("STATE_DIRECTORY", &data);
        command.envs(unit::environment(&job.manifest, job.epoch));
        command.current_dir(&seen_at).process_group(0);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        let started = started_at(pid).ok_or(io::ErrorKind::NotFound)?;
        disk::write_json(&self.path(name, "json"), &Known { pid, started })?;
        self.children().insert(name.clone(), child);
        Ok(())
    }

    fn log(&self, name: &ApplicationName) -> io::Result<fs::File> {
        let path = self.path(name, "log");
        if fs::metadata(&path).is_ok_and(|it| it.len() > LONGEST_LOG) {
            fs::rename(&path, self.path(name, "log.1"))?;
        }
        fs::OpenOptions::new().create(true).append(true).open(path)
    }

    fn known(&self, name: &ApplicationName) -> Option<Known> {
        let known: Known = disk::read_json(&self.path(name, "json")).ok().flatten()?;
        (started_at(known.pid) == Some(known.started)).then_some(known)
    }

    pub fn target(&self, name: &ApplicationName) -> Option<Target> {
        self.known(name).map(|Known { pid, started }| Target::Process { pid, started })
    }

    pub fn gone(&self, name: &ApplicationName) -> Option<Reason> {
        use std::os::unix::process::ExitStatusExt;
        if let Some(child) = self.children().get_mut(name) {
            return match child.try_wait() {
                Ok(None) => None,
                // a shell's way to say it, which `unshare` has too
                Ok(Some(status)) => Some(match (status.code(), status.signal()) {
                    (Some(code), _) if code > 128 => Reason::Killed { signal: code - 128 },
                    (Some(code), _) => Reason::Exited { code },
                    (None, Some(signal)) => Reason::Killed { signal },
                    (None, None) => Reason::Ended,
                }),
                Err(_) => Some(Reason::Ended),
            };
        }
        self.known(name).is_none().then_some(Reason::Ended)
    }

    pub async fn stop(&self, name: &ApplicationName, within: Duration) {
        let until = Instant::now() + within;
        if let Some(known) = self.known(name) {
            // what runs is the only child of the one that is known
            let inner = inner(known.pid);
            // the first process of a namespace gets no signal that it does not ask for, but the last
            let until = if inner.is_some_and(asks_for_term) { until } else { Instant::now() };
            if let Some(pid) = inner.and_then(Pid::from_raw) {
                // one that has ended meanwhile is no matter
                let _ = kill_process(pid, Signal::TERM);
            }
            while Instant::now() < until && self.gone(name).is_none() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            for pid in inner.into_iter().chain([known.pid]).filter_map(Pid::from_raw) {
                // it may have ended meanwhile, and its number is not another's as long as nobody has waited for it
                if self.gone(name).is_none() {
                    let _ = kill_process(pid, Signal::KILL);
                }
            }
            while self.gone(name).is_none() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        self.children().remove(name);
        drop(disk::remove(&self.path(name, "json")));
    }

    pub fn logs(&self, name: &ApplicationName, lines: usize) -> Vec<String> {
        let read = |kind: &str| fs::read(self.path(name, kind)).unwrap_or_default();
        let text = [read("log.1"), read("log")].concat();
        let text = String::from_utf8_lossy(&text);
        let last: Vec<&str> = text.lines().rev().take(lines).collect();
        last.into_iter().rev().map(str::to_owned).collect()
    }
}

/// As they are now, and nothing else.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    match fs::remove_dir_all(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    copy_folder(from, to)
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    disk::make_shared_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// `SigCgt` of `/proc/<pid>/status` (proc(5)).
fn asks_for_term(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    caught >> (Signal::TERM.as_raw() - 1) & 1 == 1
}

/// The only child (field 4 of the others' `stat`; `children` is not in every kernel).
fn inner(pid: i32) -> Option<i32> {
    let numbers =
        fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.into_iter().find(|number| {
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse::<i32>().ok());
        parent == Some(pid)
    })
}
