//! What must exist before the crate compiles: the table of assets and the functions for texts. Both are the server's only.

use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "build/assets.rs"]
mod assets;
#[path = "build/notices.rs"]
mod notices;
#[path = "build/text.rs"]
mod text;

const ENGLISH: &str = "locales/en.json";
const CHINESE: &str = "locales/zh-CN.json";

fn main() {
    for path in ["build.rs", "build", "Cargo.lock", "Cargo.toml", ENGLISH, CHINESE] {
        println!("cargo::rerun-if-changed={path}");
    }
    if env::var_os("CARGO_FEATURE_SSR").is_none() {
        return;
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let notices = notices::write(&out).map_err(|problem| vec![problem]);
    for problem in [write_assets(&out), write_texts(&out), notices].into_iter().filter_map(Result::err).flatten() {
        println!("cargo::error={problem}");
    }
}

fn write_texts(out: &Path) -> Result<(), Vec<String>> {
    let read = |file: &str| fs::read_to_string(file).map_err(|cause| vec![format!("{file}: {cause}")]);
    let (english, chinese) = (read(ENGLISH)?, read(CHINESE)?);
    let english = text::Source { file: ENGLISH, json: &english };
    let chinese = text::Source { file: CHINESE, json: &chinese };
    let functions = text::generate(&english, &chinese)?;
    fs::write(out.join("text.rs"), functions).map_err(|cause| vec![format!("text.rs: {cause}")])
}

fn write_assets(out: &Path) -> Result<(), Vec<String>> {
    let problem = |text: String| vec![text];
    // A build script is not told its target folder. OUT_DIR is TARGET[/TRIPLE]/PROFILE/build/PACKAGE/out; where the assets were
    // made tells which of its ancestors it is, and without them it does not matter.
    let made = out.ancestors().find(|folder| folder.join("assets/manifest.json").exists());
    let target = made.or_else(|| out.ancestors().nth(4));
    let folder = target.ok_or_else(|| problem("no target folder above OUT_DIR".to_owned()))?.join("assets");
    // Made here when it is missing: cargo takes a path that does not exist for changed, and would compile each time.
    fs::create_dir_all(&folder).map_err(|cause| problem(format!("{}: {cause}", folder.display())))?;
    let manifest = fs::read_to_string(folder.join("manifest.json")).ok();
    println!("cargo::rerun-if-changed={}", folder.display());
    if manifest.is_none() {
        println!("cargo::warning=no assets: pages will have no style and no script; `make assets` makes them");
    }
    let table = assets::table(&folder, manifest.as_deref()).map_err(problem)?;
    fs::write(out.join("assets.rs"), table).map_err(|cause| problem(format!("assets.rs: {cause}")))
}
