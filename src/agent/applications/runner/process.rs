//! Applications as processes, for a box without systemd: each in a PID namespace of its own, so that its end is the end of all that it has started.

use std::{
    collections::HashMap,
    fs, io,
    os::unix::{fs::chown, process::CommandExt},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    application::{ApplicationName, life::Reason, unit},
    pair::guard::Target,
};
use os::disk;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use super::Job;

/// Of a log, in bytes; then it begins anew, and the one before is kept.
const LONGEST_LOG: u64 = 1024 * 1024;
/// Users of applications, as systemd's dynamic ones (61184 to 65519): each its own.
const FIRST_USER: u32 = 61_184;
const USERS: u64 = 4_096;

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
        disk::make_private_dir(&self.runtime_dir)?;
        disk::make_private_dir(&self.state_dir.join("application-data"))?;
        let user =
            FIRST_USER + u32::try_from(domain::pair::link::digest(name.as_str().as_bytes()) % USERS).unwrap_or(0);
        let data = self.data(name);
        fs::create_dir_all(&data)?;
        chown(&data, Some(user), Some(user))?;
        let log = self.log(name)?;
        // the folder of its files is where it is started: nobody but root can go through those above
        let words = unit::command(&job.manifest, ".");
        let identity = user.to_string();
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--"]);
        command.args(["setpriv", "--reuid", &identity, "--regid", &identity, "--clear-groups", "--no-new-privs"]);
        command.args(["--bounding-set", "-all", "--inh-caps", "-all", "--"]).args(words);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("STATE_DIRECTORY", &data);
        command.envs(unit::environment(&job.manifest, job.epoch));
        command.current_dir(&job.files).process_group(0);
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

/// Field 22 of `/proc/<pid>/stat` (proc(5)); none of one that has ended, and is only not waited for.
fn started_at(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    (state != "Z" && state != "X").then_some(())?;
    fields.nth(18)?.parse().ok()
}

fn inner(pid: i32) -> Option<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}
