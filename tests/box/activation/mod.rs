//! A box is made a member by a real registry: killed, cut off, stopped, and told wrong things on the way.

mod away;
mod hostile;
mod kill_points;
mod member;
mod registry;
mod relay;
mod time;

use std::{fs, time::Instant};

use boxes::{Ended, Registry, Site};
use serde_json::Value;

use crate::lab::{Lab, PATIENCE, eventually};

/// A box as delivered, and a registry that it reaches by name.
struct Fleet {
    lab: Lab,
    registry: Registry,
    /// The site's DHCP and DNS.
    _dhcp: Box<dyn std::any::Any + Sync>,
}

impl Fleet {
    fn new() -> Self {
        let lab = Lab::new();
        let site: &Site = lab.device.site();
        let dhcp = Box::new(site.dhcp().expect("DHCP and DNS"));
        let folder = lab.folder().join("registry");
        let registry = Registry::start(site, env!("CARGO_BIN_EXE_gatehouse").as_ref(), &folder).expect("registry");
        Self { lab, registry, _dhcp: dhcp }
    }

    fn status(&self) -> Value {
        let shown = self.lab.cli(&["activate", "--status", "--json"]);
        serde_json::from_str(&shown.stdout).unwrap_or_default()
    }

    fn stage(&self) -> String {
        self.status()["stage"].as_str().unwrap_or_default().to_owned()
    }

    /// All is answered, and it begins; does not wait for the end.
    fn begin(&self, code: &str, more: &[&str]) {
        let begun = self.ask_to_begin(code, more);
        // 7: under way
        assert!(matches!(begun.code, 0 | 7), "{begun:?}");
    }

    fn ask_to_begin(&self, code: &str, more: &[&str]) -> Ended {
        let file = self.lab.file("code", code);
        let argv = ["activate", "--code-file", &file, "--name", "box-a1", "--yes", "--wait", "0"];
        self.lab.cli(&[&argv, more].concat())
    }

    fn active(&self) {
        eventually("a member", || (self.stage() == "active").then_some(()));
    }

    /// What the agent has saved, as soon as it is saved.
    fn saved(&self) -> Value {
        let file = self.lab.device.folders().agent.join("activation.json");
        fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    /// Serials of the registry's hosts, each once for each that it has.
    fn hosts(&self) -> Vec<String> {
        let listed = self.registry.by_account(&["cluster", "hosts"]).expect("hosts");
        let hosts = listed.as_array().expect("a list").iter();
        hosts.map(|host| host["serial"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// Looks without a pause: what is looked for lasts a millisecond.
fn at_once<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
    }
}
