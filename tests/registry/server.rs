//! A registry as a process: `registry-server CONFIG STATE`. `over_tls/process.rs` tells it to end.

use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (config, state) = (arguments.next().expect("a file"), arguments.next().expect("a folder"));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    match runtime.block_on(registry::serve::run(Path::new(&config), Path::new(&state))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}: {:?}", std::error::Error::source(&error));
            ExitCode::FAILURE
        }
    }
}
