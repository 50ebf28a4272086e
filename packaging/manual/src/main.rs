//! `manual ROOT`: writes the man pages and the completions of bash, zsh and fish below ROOT, at their places in a Debian package.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap_complete::{Shell, generate};

const NAME: &str = "gatehouse";
/// Where each shell looks for the completion of a command.
const COMPLETIONS: [(Shell, &str); 3] = [
    (Shell::Bash, "usr/share/bash-completion/completions/gatehouse"),
    (Shell::Zsh, "usr/share/zsh/vendor-completions/_gatehouse"),
    (Shell::Fish, "usr/share/fish/vendor_completions.d/gatehouse.fish"),
];

fn main() -> ExitCode {
    let Some(root) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: manual ROOT");
        return ExitCode::from(2);
    };
    match write(&root) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("manual: {}: {error}", root.display());
            ExitCode::FAILURE
        }
    }
}

fn write(root: &Path) -> io::Result<()> {
    let man = root.join("usr/share/man/man1");
    fs::create_dir_all(&man)?;
    // a page for each command and subcommand: gatehouse-network-apply(1)
    clap_mangen::generate_to(gatehouse::cli::command(), &man)?;
    for (shell, place) in COMPLETIONS {
        let path = root.join(place);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        generate(shell, &mut gatehouse::cli::command(), NAME, &mut fs::File::create(path)?);
    }
    Ok(())
}
