//! Runs wasm-bindgen on the module that cargo built: `bindgen INPUT.wasm OUTPUT-FOLDER NAME`.
//!
//! The command of the same purpose must have exactly the version of Cargo.lock's `wasm-bindgen` and takes minutes to
//! install; this crate is in the same lock file, so the two cannot drift apart.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [input, output, name] = arguments.as_slice() else {
        eprintln!("usage: bindgen INPUT.wasm OUTPUT-FOLDER NAME");
        return ExitCode::from(2);
    };
    match generate(&PathBuf::from(input), &PathBuf::from(output), &name.to_string_lossy()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("bindgen: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// How the compiler says in the section `target_features` that the module may use reference types: `+`, length, name.
/// The standard library comes compiled with them, but wasm-bindgen uses them only where the section says so, and browsers
/// have them from Chromium 96 and Safari 15.
const REFERENCE_TYPES: &[u8] = b"+\x0freference-types";

fn generate(input: &Path, output: &Path, name: &str) -> Result<(), String> {
    let mut module = fs::read(input).map_err(|cause| format!("{}: {cause}", input.display()))?;
    let at = module.windows(REFERENCE_TYPES.len()).rposition(|bytes| bytes == REFERENCE_TYPES);
    if let Some(at) = at {
        module[at] = b'-';
    }
    let mut bindgen = Bindgen::new();
    bindgen.input_bytes(name, module).out_name(name).typescript(false).omit_default_module_path(true);
    bindgen.web(true).map_err(|cause| format!("{cause:#}"))?;
    bindgen.generate(output).map_err(|cause| format!("{cause:#}"))?;
    // The page's asset table has one script; a crate that brings scripts of its own would fail in the browser only.
    let snippets = output.join("snippets");
    if snippets.exists() {
        return Err(format!("{} was made: a dependency brings JavaScript of its own", snippets.display()));
    }
    let script = output.join(format!("{name}.js"));
    let script = fs::read_to_string(&script).map_err(|cause| format!("{}: {cause}", script.display()))?;
    if script.contains("__wbindgen_externref_xform__") {
        return Err("the islands were compiled with reference types: RUSTFLAGS hides .cargo/config.toml".to_owned());
    }
    Ok(())
}
