//! What the tool writes, of the program's own command line.

use std::{fs, path::Path, process::Command};

#[test]
fn each_command_has_a_page_and_each_shell_its_completion() {
    let root = std::env::temp_dir().join(format!("gatehouse-manual-{}", std::process::id()));
    let status = Command::new(env!("CARGO_BIN_EXE_manual")).arg(&root).status().expect("run");
    assert!(status.success());
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut commands = vec![("gatehouse".to_owned(), gatehouse::cli::command())];
    while let Some((name, command)) = commands.pop() {
        let page = read(&format!("usr/share/man/man1/{name}.1"));
        assert!(page.contains(".SH SYNOPSIS"), "{name}");
        commands.extend(command.get_subcommands().map(|sub| (format!("{name}-{}", sub.get_name()), sub.clone())));
    }
    for path in [
        "usr/share/bash-completion/completions/gatehouse",
        "usr/share/zsh/vendor-completions/_gatehouse",
        "usr/share/fish/vendor_completions.d/gatehouse.fish",
    ] {
        assert!(read(path).contains("host-name"), "{path}");
    }
    assert!(Path::new(&root).is_dir());
    fs::remove_dir_all(root).expect("remove");
}
