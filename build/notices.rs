//! Makes what the program says of the work of others in it: the licences' texts, and a list of its parts (SBOM, `CycloneDX` 1.5).
//!
//! Both are of what `Cargo.lock` names and nothing else, so the same sources make the same bytes. Of crates that offer a choice the MIT
//! licence is taken; a text that many crates have is written once.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::Path,
    process::Command,
};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

const ROOT: &str = "gatehouse";
const OURS: [&str; 6] = [ROOT, "agent", "domain", "os", "pki", "registry"];
const BROWSER: &str = "wasm32-unknown-unknown";

/// One crate of the program, or of what the browser downloads.
#[derive(Debug, Default)]
struct Part {
    licence: String,
    folder: String,
    needs: BTreeSet<Id>,
    /// `box`, `browser`.
    places: BTreeSet<&'static str>,
    /// Compiled in, and not only run by the compiler.
    linked: bool,
}

/// Name and version.
type Id = (String, String);
type Parts = BTreeMap<Id, Part>;

/// Writes `notices.txt.gz` and `sbom.json.gz`.
///
/// # Errors
/// When cargo cannot say what the program is made of.
pub fn write(out: &Path) -> Result<(), String> {
    let target = env::var("TARGET").map_err(|cause| format!("TARGET: {cause}"))?;
    let mut parts = Parts::new();
    let hydrate: [&str; 3] = ["--no-default-features", "--features", "hydrate"];
    let mut folders = BTreeMap::new();
    for (place, target, features) in [("box", target.as_str(), &[][..]), ("browser", BROWSER, &hydrate[..])] {
        let platform = ["--format-version", "1", "--filter-platform", target];
        let metadata = cargo("metadata", &[&platform[..], features].concat())?;
        folders
            .extend(folders_of(&serde_json::from_str(&metadata).map_err(|cause| format!("cargo metadata: {cause}"))?));
        for (edges, linked) in [("normal", false), ("normal,no-proc-macro", true)] {
            let shape = ["-p", ROOT, "--prefix", "depth", "-f", "{p}\t{l}", "-e", edges, "--target", target];
            collect(&mut parts, place, linked, &cargo("tree", &[&shape[..], features].concat())?);
        }
    }
    for (id, part) in &mut parts {
        part.folder =
            folders.get(id).cloned().ok_or_else(|| format!("cargo does not say where {} {} is", id.0, id.1))?;
    }
    let save = |name: &str, text: &str| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        let bytes = packed.write_all(text.as_bytes()).and_then(|()| packed.finish());
        bytes.and_then(|bytes| fs::write(out.join(name), bytes)).map_err(|cause| format!("{name}: {cause}"))
    };
    save("notices.txt.gz", &notices(&parts))?;
    save("sbom.json.gz", &sbom(&parts).to_string())
}

/// Without the network if that will do: whoever builds has the crates.
fn cargo(what: &str, arguments: &[&str]) -> Result<String, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let ask = |offline: &[&str]| {
        let output = Command::new(&cargo).args([what, "--locked"]).args(arguments).args(offline).output();
        let output = output.map_err(|cause| format!("cargo {what}: {cause}"))?;
        if output.status.success() {
            return String::from_utf8(output.stdout).map_err(|cause| format!("cargo {what}: {cause}"));
        }
        let said = String::from_utf8_lossy(&output.stderr).lines().collect::<Vec<_>>().join("; ");
        Err(format!("cargo {what}: {said}"))
    };
    ask(&["--offline"]).or_else(|_| ask(&[])).map_err(|error| format!("{error}; `cargo fetch --locked` may help"))
}

fn folders_of(metadata: &Value) -> BTreeMap<Id, String> {
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let folder = |p: &Value| Path::new(&text(&p["manifest_path"])).parent().map(|f| f.display().to_string());
    packages.iter().filter_map(|p| Some(((text(&p["name"]), text(&p["version"])), folder(p)?))).collect()
}

/// Reads `1tokio v1.2.3 (*)<tab>MIT`: each line's depth, and with it who needs it.
fn collect(parts: &mut Parts, place: &'static str, linked: bool, tree: &str) {
    let mut path: Vec<Id> = Vec::new();
    for line in tree.lines() {
        let (package, licence) = line.split_once('\t').unwrap_or((line, ""));
        let name_at = package.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        let Ok(depth) = package[..name_at].parse::<usize>() else { continue };
        let mut words = package[name_at..].split(' ');
        let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
        let id = (name.to_owned(), version.trim_start_matches('v').to_owned());
        path.truncate(depth);
        if let Some(needs) = path.last().and_then(|parent| parts.get_mut(parent)) {
            needs.needs.insert(id.clone());
        }
        let part = parts.entry(id.clone()).or_default();
        // how it was written before SPDX
        let licence = licence.trim_end_matches(" (*)").replace('/', " OR ");
        if !licence.is_empty() {
            part.licence = licence;
        }
        part.places.insert(place);
        part.linked |= linked;
        path.push(id);
    }
}

/// Ours are not of others.
fn of_others(parts: &Parts) -> impl Iterator<Item = (&Id, &Part)> {
    parts.iter().filter(|((name, _), _)| !OURS.contains(&name.as_str()))
}

fn notices(parts: &Parts) -> String {
    let mut all = "Gatehouse contains the work of others, under these licences. The Rust standard library, which is in it too, is under \
                   MIT OR Apache-2.0, (c) The Rust Project contributors.\n\n"
        .to_owned();
    let mut texts: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    let mut without = Vec::new();
    for ((name, version), part) in of_others(parts) {
        let name = format!("{name} {version}");
        // writing to a string does not fail
        let _ = writeln!(all, "{name}: {}", part.licence);
        let found = licences(part);
        if found.is_empty() {
            without.push(name.clone());
        }
        for text in found {
            let key = text.split_whitespace().collect::<Vec<_>>().join(" ");
            texts.entry(key).or_insert((text, Vec::new())).1.push(name.clone());
        }
    }
    if !without.is_empty() {
        let _ = writeln!(
            all,
            "\nThese come without a text of their licence, which is named above: {}.",
            without.join(", ")
        );
    }
    for (text, names) in texts.into_values() {
        let _ = write!(all, "\n{}\n{}\n\n{}\n", "-".repeat(72), names.join(", "), text.trim());
    }
    all
}

fn licences(part: &Part) -> Vec<String> {
    let mut files = fs::read_dir(&part.folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| {
            let name = name.to_ascii_uppercase();
            ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"].iter().any(|start| name.starts_with(start))
        })
        .collect::<Vec<_>>();
    files.sort();
    let named = |word: &'static str| move |file: &String| file.to_ascii_uppercase().contains(word);
    let choice = part.licence.split(" OR ").any(|one| one.trim_matches(['(', ')', ' ']) == "MIT");
    if choice && files.iter().any(named("MIT")) {
        files.retain(|file| named("MIT")(file) || named("NOTICE")(file));
    }
    files.iter().filter_map(|file| fs::read_to_string(Path::new(&part.folder).join(file)).ok()).collect()
}

fn sbom(parts: &Parts) -> Value {
    let sums = checksums();
    let purl = |(name, version): &Id| format!("pkg:cargo/{name}@{version}");
    let component = |id: &Id, part: &Part| {
        let places = part.places.iter().map(|place| json!({ "name": "gatehouse:place", "value": place }));
        let mut component = json!({
            "type": if id.0 == ROOT { "application" } else { "library" },
            "bom-ref": purl(id),
            "name": id.0,
            "version": id.1,
            "purl": purl(id),
            "scope": if part.linked { "required" } else { "excluded" },
            "licenses": [{ "expression": part.licence }],
            "properties": places.collect::<Vec<_>>(),
        });
        if let Some(sum) = sums.get(id) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
        }
        component
    };
    let dependency = |(id, part): (&Id, &Part)| json!({ "ref": purl(id), "dependsOn": part.needs.iter().map(purl).collect::<Vec<_>>() });
    let (root, others): (Vec<_>, Vec<_>) = parts.iter().partition(|(id, _)| id.0 == ROOT);
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": root.first().map(|(id, part)| component(id, part)) },
        "components": others.into_iter().map(|(id, part)| component(id, part)).collect::<Vec<_>>(),
        "dependencies": parts.iter().map(dependency).collect::<Vec<_>>(),
    })
}

/// Of the crates' archives, as the lock file has them.
fn checksums() -> BTreeMap<Id, String> {
    let lock = fs::read_to_string("Cargo.lock").unwrap_or_default();
    let key = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))?;
        Some(line.trim_matches('"').to_owned())
    };
    let blocks = lock.split("[[package]]");
    blocks.filter_map(|b| Some(((key(b, "name")?, key(b, "version")?), key(b, "checksum")?))).collect()
}
