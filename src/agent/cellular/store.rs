//! What the cellular task keeps on the disk, each for root only: settings that may be seen, the password of the APN, the PINs by SIM, what
//! must outlive the agent so that no PIN is tried twice, and the data counted.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;

use crate::config;
use domain::{
    cellular::{
        machine::Saved,
        pin::{KeptPin, Memory},
        spec::CellularSpec,
        usage::Usage,
    },
    secret::Secret,
};
use os::disk;

#[derive(Clone, Debug)]
pub(super) struct Store {
    settings: PathBuf,
    password: PathBuf,
    pins: PathBuf,
    memory: PathBuf,
    usage: PathBuf,
}

impl Store {
    pub(super) fn new(state_dir: &Path) -> Self {
        Self {
            settings: state_dir.join("cellular.toml"),
            password: state_dir.join("cellular-password"),
            pins: state_dir.join("cellular-pins.json"),
            memory: state_dir.join("cellular-memory.json"),
            usage: state_dir.join("cellular-usage.json"),
        }
    }

    /// What is saved, and why the settings are not among it, where their file is damaged: it is set aside then, for a person to look at.
    /// `boot_id`: `None` where nobody knows which boot this is.
    pub(super) fn load(&self, boot_id: Option<&str>) -> (Saved, Option<String>) {
        let (spec, problem) = self.settings();
        let pins = json::<Vec<KeptPin>>(&self.pins).ok().flatten().unwrap_or_default();
        let memory = match (json::<Memory>(&self.memory), boot_id) {
            (Ok(memory), Some(boot_id)) => memory.unwrap_or_default().in_boot(boot_id),
            // nobody knows whether they were tried: a person is asked
            (memory, _) => {
                let tried = pins.iter().map(|kept| kept.iccid.clone()).collect();
                let known = memory.ok().flatten().unwrap_or_default().known;
                Memory { boot_id: boot_id.unwrap_or_default().to_owned(), tried, known }
            }
        };
        (Saved { spec, password: self.password(), pins, memory }, problem)
    }

    fn settings(&self) -> (CellularSpec, Option<String>) {
        let problem = match disk::read(&self.settings) {
            Ok(None) => return (CellularSpec::default(), None),
            Ok(Some(text)) => match config::toml::<CellularSpec>(&text) {
                Ok(spec) => return (spec, None),
                Err(problem) => problem.to_string(),
            },
            Err(error) => error.to_string(),
        };
        aside(&self.settings);
        tracing::error!(problem, "cellular.toml cannot be used");
        (CellularSpec::default(), Some(problem))
    }

    fn password(&self) -> Option<Secret> {
        match disk::read(&self.password) {
            Ok(text) => text.map(Secret::new),
            Err(error) => {
                tracing::warn!(%error, "the password of the APN cannot be read");
                None
            }
        }
    }

    /// # Errors
    /// The files have their old content then, but that the password may be the new one.
    pub(super) fn save(&self, spec: &CellularSpec, password: Option<&Secret>) -> io::Result<()> {
        // the password first: without the rest it is of no use to anybody
        match password {
            Some(password) => disk::write(&self.password, password.expose().as_bytes(), 0o600)?,
            None => disk::remove(&self.password)?,
        }
        let text = toml::to_string(spec).map_err(io::Error::other)?;
        disk::write(&self.settings, text.as_bytes(), 0o600)
    }

    pub(super) fn save_pins(&self, pins: &[KeptPin]) -> io::Result<()> {
        if pins.is_empty() { disk::remove(&self.pins) } else { disk::write_json(&self.pins, &pins) }
    }

    pub(super) fn save_memory(&self, memory: &Memory) -> io::Result<()> {
        disk::write_json(&self.memory, memory)
    }

    /// Empty where nothing was counted, or what was cannot be read.
    pub(super) fn usage(&self) -> Usage {
        json(&self.usage).ok().flatten().unwrap_or_default()
    }

    pub(super) fn save_usage(&self, usage: &Usage) -> io::Result<()> {
        disk::write_json(&self.usage, usage)
    }
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ()> {
    disk::read_json(path).map_err(|error| {
        // serde repeats what it reads, and that may be a PIN
        tracing::error!(file = %path.display(), kind = ?error.kind(), "a file of the cellular task cannot be used");
        aside(path);
    })
}

fn aside(path: &Path) {
    let mut to = path.as_os_str().to_owned();
    to.push(".bad");
    if let Err(error) = std::fs::rename(path, PathBuf::from(to)) {
        tracing::warn!(%error, file = %path.display(), "a damaged file cannot be set aside");
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn kept() -> KeptPin {
        let pin = Secret::new("1234").try_into().expect("a PIN");
        KeptPin { iccid: "89860012345678901234".parse().expect("an ICCID"), pin }
    }

    fn spec() -> CellularSpec {
        CellularSpec { on: true, apn: Some("cmnet".parse().expect("an APN")), ..CellularSpec::default() }
    }

    #[test]
    fn what_is_saved_is_read_back_and_is_roots_only() {
        let dir = tempfile::tempdir().expect("folder");
        let store = Store::new(dir.path());
        let (nothing, problem) = store.load(Some("boot"));
        assert_eq!((nothing.spec, nothing.pins, problem), (CellularSpec::default(), vec![], None));
        store.save(&spec(), Some(&Secret::new("open sesame"))).expect("saved");
        store.save_pins(&[kept()]).expect("saved");
        let memory = Memory { boot_id: "boot".into(), tried: [kept().iccid].into(), known: Some(kept().iccid) };
        store.save_memory(&memory).expect("saved");
        store.save_usage(&Usage::default()).expect("saved");
        let (saved, problem) = store.load(Some("boot"));
        assert_eq!((saved.spec, saved.pins, saved.memory, problem), (spec(), vec![kept()], memory.clone(), None));
        assert_eq!(saved.password.expect("kept").expose(), "open sesame");
        for entry in fs::read_dir(dir.path()).expect("folder").flatten() {
            let mode = entry.metadata().expect("file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        }
        assert!(!fs::read_to_string(dir.path().join("cellular.toml")).expect("file").contains("sesame"));
        let (other_boot, _) = store.load(Some("another"));
        assert_eq!(other_boot.memory, Memory { boot_id: "another".into(), tried: BTreeSet::new(), ..memory });
        store.save_pins(&[]).expect("saved");
        store.save(&spec(), None).expect("saved");
        assert!(!dir.path().join("cellular-pins.json").exists() && !dir.path().join("cellular-password").exists());
    }

    #[test]
    fn where_nobody_knows_what_was_tried_a_person_is_asked() {
        let dir = tempfile::tempdir().expect("folder");
        let store = Store::new(dir.path());
        store.save_pins(&[kept()]).expect("saved");
        assert!(store.load(None).0.memory.tried.contains(&kept().iccid), "no boot id");
        fs::write(dir.path().join("cellular-memory.json"), "{\"tried\": 1").expect("write");
        assert!(store.load(Some("boot")).0.memory.tried.contains(&kept().iccid), "a damaged memory");
        assert!(dir.path().join("cellular-memory.json.bad").exists());
        assert!(store.load(Some("boot")).0.memory.tried.is_empty(), "none");
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_told() {
        let dir = tempfile::tempdir().expect("folder");
        let store = Store::new(dir.path());
        for damaged in ["on = 1", "apn = \"a b\"", "x = 1", "[", "\u{0}"] {
            fs::write(dir.path().join("cellular.toml"), damaged).expect("write");
            let (saved, problem) = store.load(Some("boot"));
            assert_eq!(saved.spec, CellularSpec::default());
            assert!(problem.is_some() && dir.path().join("cellular.toml.bad").exists(), "{damaged}");
        }
    }
}
