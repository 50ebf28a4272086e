//! Applies seeds: one task, which looks for a file, checks all of it, keeps a copy, fills in part after part, and writes down what came of
//! it. Killed anywhere, it goes on from the copy; each part is such that doing it twice is doing it once.

pub mod file;
pub mod find;
mod store;

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::sync::watch;

use self::file::SeedFile;
use crate::{
    audit::Audit,
    auth::Auth,
    network::Network,
    settings::{Fill, Settings},
};
use domain::{
    audit::Who,
    box_file::BoxFile,
    fault::Fault,
    seed::{Applied, Box as Here, Came, Part, Refused, Report, Seed, SeedStatus, Verdict, WhyNot, judge, steps},
};
use os::clock;
use store::{Pending, Store};

/// Between two looks for a stick. Shorter: a box that nobody seeds is kept awake. Longer: who plugs one in waits.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// After looks that left something to be tried again: each pause twice the last one, up to this.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Where what a seed says goes to.
pub trait Target: Send + Sync {
    /// Whether the box has a password.
    fn set_up(&self) -> bool;
    /// Brings one part into force, unless somebody has set something else. The same again is no second act.
    fn fill(&self, part: Part, seed: &Seed) -> impl Future<Output = Result<bool, Fault>> + Send;
    /// Writes down what came of a whole seed.
    fn record(&self, applied: &Applied) -> impl Future<Output = ()> + Send;
}

/// This box: the tasks that own what a seed fills in.
#[derive(Clone, Debug)]
pub struct ThisBox {
    pub network: Network,
    pub auth: Auth,
    pub settings: Settings,
    pub audit: Audit,
    store: Store,
}

impl Target for ThisBox {
    fn set_up(&self) -> bool {
        self.auth.ready()
    }

    async fn fill(&self, part: Part, seed: &Seed) -> Result<bool, Fault> {
        let settings = async |value| self.settings.fill(value).await;
        match part {
            Part::Language => match seed.language {
                Some(language) => settings(Fill::Language(language)).await,
                None => Ok(true),
            },
            Part::HostName => match &seed.host_name {
                Some(name) => settings(Fill::HostName(name.clone())).await,
                None => Ok(true),
            },
            Part::Time => match &seed.time {
                Some(time) => settings(Fill::Time(time.zone.clone(), time.servers.clone())).await,
                None => Ok(true),
            },
            Part::Proxy => match seed.proxy().map_err(|issues| Fault::Invalid { issues })? {
                Some(wanted) => settings(Fill::Proxy(wanted.spec, wanted.password)).await,
                None => Ok(true),
            },
            Part::Registry => match &seed.registry {
                Some(registry) => {
                    let kept = self.store.registry().map_err(not_saved)?;
                    let free = kept.is_none_or(|kept| kept == *registry);
                    if free {
                        self.store.save_registry(registry).map_err(not_saved)?;
                    }
                    Ok(free)
                }
                None => Ok(true),
            },
            Part::Network => match &seed.network {
                Some(network) => self.network.fill(network.clone()).await,
                None => Ok(true),
            },
            Part::Password => match &seed.password_hash {
                Some(hash) => self.auth.fill(hash.clone()).await,
                None => Ok(true),
            },
        }
    }

    async fn record(&self, applied: &Applied) {
        for report in &applied.reports {
            self.audit.happened(Who::Seed, "seed", Ok(()), Some(&detail(report, &applied.from))).await;
        }
    }
}

fn detail(report: &Report, from: &str) -> String {
    let came = match report.came {
        Came::Applied => "applied",
        Came::Kept => "kept",
        Came::Failed { .. } => "failed",
    };
    format!("{:?}: {came}; {from}", report.part)
}

fn not_saved(error: io::Error) -> Fault {
    Fault::NotSaved { error: error.to_string() }
}

/// Starts the task. What came of seeds is in the channel.
pub fn start(
    state_dir: &Path,
    paths: Vec<String>,
    board: BoxFile,
    (network, auth, settings, audit): (Network, Auth, Settings, Audit),
) -> watch::Receiver<SeedStatus> {
    let store = Store::new(state_dir);
    let target = ThisBox { network, auth, settings, audit, store: store.clone() };
    let (status, receiver) = watch::channel(store.status());
    let mut seeder = Seeder { store, board, target, status, seen: BTreeMap::new() };
    tokio::spawn(async move {
        let mut pause = LOOK_EVERY;
        loop {
            // what cannot be done now may be possible later, but not every moment
            pause = if seeder.look(&paths).await { LOOK_EVERY } else { (pause * 2).min(LONGEST_PAUSE) };
            tokio::time::sleep(pause).await;
        }
    });
    receiver
}

/// What tells a file that was looked at from one that changed since.
type Mark = (u64, u64, u64, i64, i64);

struct Seeder<T> {
    store: Store,
    board: BoxFile,
    target: T,
    status: watch::Sender<SeedStatus>,
    /// Files that need no second look.
    seen: BTreeMap<PathBuf, Mark>,
}

impl<T: Target> Seeder<T> {
    /// One look: what was begun first, then what is there. `false` if something is left to be tried again.
    async fn look(&mut self, paths: &[String]) -> bool {
        match self.resume().await {
            Ok(true) => {}
            Ok(false) => return false,
            Err(error) => {
                tracing::error!(%error, "a seed that was begun cannot be finished");
                return false;
            }
        }
        let mut done = true;
        let found = find::find(paths);
        self.seen.retain(|path, _| found.contains(path));
        for path in found {
            let Ok(mark) = fs::symlink_metadata(&path).map(|m| (m.dev(), m.ino(), m.size(), m.mtime(), m.mtime_nsec()))
            else {
                continue;
            };
            if self.seen.get(&path) == Some(&mark) {
                continue;
            }
            match self.consider(&path).await {
                Ok(complete) => {
                    done &= complete;
                    self.seen.insert(path, mark);
                }
                // not marked as seen: it is tried again
                Err(error) => {
                    done = false;
                    tracing::error!(%error, ?path, "the seed cannot be applied");
                }
            }
        }
        done
    }

    /// `false` if a part is left to be tried again.
    async fn resume(&mut self) -> io::Result<bool> {
        let pending = match self.store.pending() {
            // a disk that lost it: the stick still has it
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) => {
                tracing::error!(%error, "the copy of a seed that was begun is damaged and put away");
                self.store.end()?;
                None
            }
            read => read?,
        };
        let Some(Pending { from, text }) = pending else { return Ok(true) };
        match file::parse(text, Some(&self.board)) {
            Ok(seed) => self.apply(&seed, from).await,
            // written whole and checked before: only another version of this program can think otherwise
            Err(problems) => {
                self.refuse(from, WhyNot::Unusable { problems })?;
                self.store.end()?;
                Ok(true)
            }
        }
    }

    async fn consider(&mut self, path: &Path) -> io::Result<bool> {
        let from = printable(path);
        let seed = match file::read(path).map_err(|p| vec![p]).and_then(|text| file::parse(text, Some(&self.board))) {
            Ok(seed) => seed,
            Err(problems) => return self.refuse(from, WhyNot::Unusable { problems }).map(|()| true),
        };
        let applied = self.status.borrow().applied.as_ref().map(|applied| applied.digest.clone());
        let here = Here { serial: &self.board.serial, set_up: self.target.set_up(), applied: applied.as_deref() };
        match judge(&seed.seed, &seed.digest, here) {
            Verdict::Already => Ok(true),
            Verdict::OtherBox { serial } => self.refuse(from, WhyNot::OtherBox { serial }).map(|()| true),
            Verdict::NeedsSerial => self.refuse(from, WhyNot::NeedsSerial).map(|()| true),
            Verdict::Apply => {
                self.store.begin(&Pending { from: from.clone(), text: seed.text.clone() })?;
                self.apply(&seed, from).await
            }
        }
    }

    /// `false` if a part is left to be tried again.
    async fn apply(&mut self, file: &SeedFile, from: String) -> io::Result<bool> {
        // what was filled in is a person's from then on: only what failed is tried again
        let before = self.status.borrow().applied.as_ref().filter(|applied| applied.digest == file.digest).cloned();
        let before = before.map(|applied| applied.reports).unwrap_or_default();
        let mut reports = Vec::new();
        for part in steps(&file.seed) {
            let settled = |report: &&Report| report.part == part && !matches!(report.came, Came::Failed { .. });
            if let Some(report) = before.iter().find(settled) {
                reports.push(report.clone());
                continue;
            }
            let came = match self.target.fill(part, &file.seed).await {
                Ok(true) => Came::Applied,
                Ok(false) => Came::Kept,
                Err(fault) => Came::Failed { error: fault.to_string() },
            };
            tracing::info!(?part, ?came, "seed");
            reports.push(Report { part, came });
        }
        let applied = Applied { from, digest: file.digest.clone(), at: clock::wall(), reports };
        let complete = applied.is_complete();
        if complete {
            self.target.record(&applied).await;
            let status = SeedStatus { applied: Some(applied), refused: None };
            self.store.save_status(&status)?;
            self.store.end()?;
            self.status.send_replace(status);
        } else {
            // the copy stays, and the next look goes on
            self.status.send_modify(|status| status.applied = Some(applied));
        }
        Ok(complete)
    }

    fn refuse(&mut self, from: String, why: WhyNot) -> io::Result<()> {
        let before = self.status.borrow().clone();
        if before.refused.as_ref().is_some_and(|refused| refused.from == from && refused.why == why) {
            return Ok(());
        }
        tracing::warn!(from, ?why, "a seed is not taken");
        let status = SeedStatus { refused: Some(Refused { from, at: clock::wall(), why }), ..before };
        self.store.save_status(&status)?;
        self.status.send_replace(status);
        Ok(())
    }
}

/// A stick's label is whatever somebody wrote on it.
fn printable(path: &Path) -> String {
    path.to_string_lossy().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(256).collect()
}

#[cfg(test)]
mod tests;
