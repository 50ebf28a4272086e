//! What the program says of itself: which build it is, and whose work is in it. `build/notices.rs` makes the two documents.

use std::io::{self, Read as _};

use flate2::read::GzDecoder;
use serde::Serialize;

/// Set by who packages it, such as `1.4.0-2 (a1b2c3d)`.
pub const BUILD: &str = match option_env!("GATEHOUSE_BUILD") {
    Some(build) => build,
    None => "development",
};
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A text that the program carries, compressed.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    pub name: &'static str,
    pub mime: &'static str,
    pub gz: &'static [u8],
}

/// The licences of others' work.
pub static LICENCES: Document = Document {
    name: "gatehouse-licences.txt",
    mime: "text/plain; charset=utf-8",
    gz: include_bytes!(concat!(env!("OUT_DIR"), "/notices.txt.gz")),
};
/// `CycloneDX` 1.5.
pub static SBOM: Document = Document {
    name: "gatehouse-sbom.cdx.json",
    mime: "application/vnd.cyclonedx+json",
    gz: include_bytes!(concat!(env!("OUT_DIR"), "/sbom.json.gz")),
};

impl Document {
    /// # Errors
    /// Never, unless the program's own bytes are damaged.
    pub fn text(&self) -> io::Result<String> {
        let mut text = String::new();
        GzDecoder::new(self.gz).read_to_string(&mut text)?;
        Ok(text)
    }
}

/// `gatehouse version --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    pub version: &'static str,
    pub build: &'static str,
    pub machine: &'static str,
    /// Of the box, where a box file says so.
    pub model: Option<String>,
    pub serial: Option<String>,
}

impl Version {
    pub fn new(model: Option<String>, serial: Option<String>) -> Self {
        Self { version: VERSION, build: BUILD, machine: std::env::consts::ARCH, model, serial }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// `name version` of each crate, as cargo itself lists them.
    fn tree(arguments: &[&str]) -> Vec<(String, String)> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command.args([
            "tree",
            "--offline",
            "--locked",
            "-p",
            "gatehouse",
            "-e",
            "normal",
            "--prefix",
            "none",
            "-f",
            "{p}",
        ]);
        let output = command.args(arguments).output().expect("cargo tree");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("text");
        let mut all = text
            .lines()
            .filter_map(|line| {
                let mut words = line.split(' ');
                Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
            })
            .collect::<Vec<_>>();
        all.sort();
        all.dedup();
        all
    }

    #[test]
    fn every_crate_that_is_shipped_is_in_the_list_of_parts_and_in_the_licences() {
        let sbom: serde_json::Value = serde_json::from_str(&SBOM.text().expect("list")).expect("JSON");
        assert_eq!((&sbom["bomFormat"], &sbom["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
        let licences = LICENCES.text().expect("text");
        let components = sbom["components"].as_array().expect("components");
        let browser = ["--target", "wasm32-unknown-unknown", "--no-default-features", "--features", "hydrate"];
        for (place, arguments) in [("box", &[][..]), ("browser", &browser[..])] {
            let crates = tree(arguments);
            assert!(crates.len() > 30, "{crates:?}");
            for (name, version) in crates.iter().filter(|(name, _)| name != "gatehouse") {
                let found = components.iter().find(|c| c["name"] == **name && c["version"] == **version);
                let found = found.unwrap_or_else(|| panic!("{name} {version} is not in the list of parts"));
                let places = found["properties"].as_array().expect("properties");
                assert!(places.iter().any(|p| p["value"] == place), "{name} is {place}'s: {found}");
                let own = ["domain", "os", "agent", "pki", "registry"].contains(&name.as_str());
                assert_eq!(licences.contains(&format!("\n{name} {version}: ")), !own, "{name} {version}");
                assert!(own || found["hashes"][0]["content"].as_str().is_some_and(|sum| sum.len() == 64), "{found}");
            }
        }
        for (part, why) in [("Permission is hereby granted", "MIT"), ("tokio ", "a crate"), ("Copyright", "a holder")] {
            assert!(licences.contains(part), "{why}");
        }
    }

    #[test]
    fn both_are_small_enough_to_ship() {
        assert!(LICENCES.gz.len() + SBOM.gz.len() < 160 * 1024, "{} + {}", LICENCES.gz.len(), SBOM.gz.len());
    }
}
