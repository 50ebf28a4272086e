//! Makes the table of the files that the browser downloads, so that the binary carries them and nothing can be missing.
//!
//! `packaging/assets/build.sh` writes them to `assets` in cargo's target folder, with hashed names and a manifest.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

/// A constant for the name of each file that pages refer to.
const NAMES: [(&str, &str); 6] = [
    ("APP_JS", "app.js"),
    ("APP_WASM", "app_bg.wasm"),
    ("BOOT", "boot.js"),
    ("CAMERA", "camera.js"),
    ("CSS", "main.css"),
    ("ICON", "icon.svg"),
];

/// The source of the table for the manifest in `folder`, or of an empty one.
///
/// # Errors
/// A manifest that is there but not as it should be.
pub fn table(folder: &Path, manifest: Option<&str>) -> Result<String, String> {
    let files = match manifest {
        None => Vec::new(),
        Some(text) => entries(text)?,
    };
    let mut out = String::from("pub static ASSETS: &[Asset] = &[\n");
    for file in &files {
        let path = folder.join(&file.name);
        let path = path.to_str().ok_or("the target folder's name is not UTF-8")?;
        let (raw, br, gz) = (path, format!("{path}.br"), format!("{path}.gz"));
        writeln!(
            out,
            "    Asset {{ name: {:?}, mime: {:?}, raw: include_bytes!({raw:?}), br: include_bytes!({br:?}), gz: \
             include_bytes!({gz:?}) }},",
            file.name, file.mime
        )
        .expect("writing to a string does not fail");
    }
    out += "];\n";
    for (constant, logical) in NAMES {
        let found = files.iter().find(|file| file.logical == logical);
        if found.is_none() && manifest.is_some() {
            return Err(format!("the manifest has no {logical}"));
        }
        let name = found.map_or("", |file| file.name.as_str());
        writeln!(out, "/// Name of `{logical}` with its hash.\npub const {constant}: &str = {name:?};")
            .expect("writing to a string does not fail");
    }
    Ok(out)
}

struct Entry {
    logical: String,
    name: String,
    mime: String,
}

fn entries(manifest: &str) -> Result<Vec<Entry>, String> {
    let manifest: Value = serde_json::from_str(manifest).map_err(|cause| format!("the manifest: {cause}"))?;
    let files = manifest["files"].as_object().ok_or("the manifest has no files")?;
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("the manifest has a file without name or type");
    let mut entries = Vec::new();
    for (logical, file) in files {
        entries.push(Entry { logical: logical.clone(), name: text(&file["name"])?, mime: text(&file["mime"])? });
    }
    Ok(entries)
}
