//! Wiring only: see `cli`.

fn main() -> std::process::ExitCode {
    gatehouse::cli::main()
}
