//! Rules of ARCHITECTURE.md that no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};

const LONGEST_FILE: usize = 600;

/// What the rules must not know: how things are done, and what time it is. It comes in as an argument.
const NOT_IN_DOMAIN: [&str; 12] = [
    "tokio",
    "leptos",
    "axum",
    "rtnetlink",
    "rustix",
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::process",
    "std::env",
    "Instant::now",
    "SystemTime::now",
];

#[test]
fn domain_is_pure() {
    let mut found = Vec::new();
    for file in files("src/domain", "rs") {
        for (number, line) in code_lines(&read(&file)) {
            for word in NOT_IN_DOMAIN.iter().filter(|word| mentions(line, word)) {
                found.push(format!("{}:{number}: {word}", file.display()));
            }
        }
    }
    none(&found, "src/domain holds rules only; pass in what they need");
}

#[test]
fn files_are_short_enough_to_read() {
    let long = |file: &PathBuf| (read(file).lines().count() > LONGEST_FILE).then(|| file.display().to_string());
    none(&files("src", "rs").iter().filter_map(long).collect::<Vec<_>>(), "split it by concept");
}

/// The policy of the pages forbids them, so they would be ignored.
#[test]
fn pages_have_no_style_attributes() {
    let mut found = Vec::new();
    let pages = files("src", "rs").into_iter().filter(|file| !file.iter().any(|part| part == "tests"));
    for file in pages {
        for (number, line) in code_lines(&read(&file)) {
            if mentions(line, "style=") || mentions(line, "style:") {
                found.push(format!("{}:{number}", file.display()));
            }
        }
    }
    none(&found, "write a class, in style/");
}

/// A lock file that names a host fetches from there, whatever mirror the person who builds has set up.
#[test]
fn lock_files_of_npm_name_no_host() {
    let mut found = Vec::new();
    for folder in ["packaging/assets", "end2end"] {
        let file = root().join(folder).join("package-lock.json");
        if file.exists() && read(&file).contains("\"resolved\"") {
            found.push(folder);
        }
    }
    none(&found, "set omit-lockfile-registry-resolved=true in .npmrc and lock again");
}

#[test]
fn recognises_what_it_forbids() {
    assert!(mentions("use tokio::time;", "tokio"));
    assert!(!mentions("let tokiometer = 1;", "tokio"));
    assert!(mentions("let now = std::time::Instant::now();", "Instant::now"));
    assert_eq!(code_lines("// tokio\nuse x; // tokio").map(|(_, line)| line).collect::<Vec<_>>(), ["use x; "]);
}

#[track_caller]
fn none<T: AsRef<str>>(found: &[T], advice: &str) {
    let found: Vec<_> = found.iter().map(AsRef::as_ref).collect();
    assert!(found.is_empty(), "{advice}:\n{}", found.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|cause| panic!("{}: {cause}", file.display()))
}

/// All files below a folder that end so; none where the folder does not exist.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut folders = vec![root().join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found
}

/// Lines with their numbers, without comments.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default()))
        .filter(|(_, line)| !line.trim().is_empty())
}

/// Whether the line has the word, and not as part of a longer one.
fn mentions(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    // `std::net::Tcp` and `style=` stand for what follows them too; a crate's name is whole.
    let open = !word.chars().all(char::is_lowercase);
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(part) && (open || !line[at + word.len()..].starts_with(part)))
}
