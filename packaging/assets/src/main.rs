//! Runs wasm-bindgen on the module that cargo built: `bindgen INPUT.wasm OUTPUT-FOLDER NAME`.
//!
//! The command of the same purpose must have exactly the version of Cargo.lock's `wasm-bindgen` and takes minutes to
//! install; this crate is in the same lock file, so the two cannot drift apart.

use std::{env, path::PathBuf, process::ExitCode};

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

fn generate(input: &PathBuf, output: &PathBuf, name: &str) -> Result<(), String> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name(name).typescript(false).omit_default_module_path(true);
    bindgen.web(true).map_err(|cause| format!("{cause:#}"))?;
    bindgen.generate(output).map_err(|cause| format!("{cause:#}"))?;
    // The page's asset table has one script; a crate that brings scripts of its own would fail in the browser only.
    let snippets = output.join("snippets");
    if snippets.exists() {
        return Err(format!("{} was made: a dependency brings JavaScript of its own", snippets.display()));
    }
    Ok(())
}
