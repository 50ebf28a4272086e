//! Documents say what is: `docs/security-tests.md` names tests that exist, and `docs/errors.md` names each code of a refusal, once and in order, and none that does not exist.
//!
//! The program's codes are those of `tests/contracts/fault-codes.snap`, which the domain's tests keep equal to `Fault::code`.

use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn the_manual_has_every_code_of_a_refusal() {
    let contract = read("tests/contracts/fault-codes.snap");
    let program = contract.lines().filter_map(|line| code(line.split(' ').next()?)).collect::<Vec<_>>();
    let manual = read("docs/errors.md");
    let rows =
        manual.lines().filter_map(|line| line.strip_prefix("| ")).map(|row| row.split(" | ").collect::<Vec<_>>());
    let mut told = Vec::new();
    for row in rows.filter(|row| code(row[0]).is_some()) {
        assert_eq!(row.len(), 3, "code, meaning and advice: {row:?}");
        told.push(row[0].to_owned());
    }
    assert!(!program.is_empty(), "the contract has codes");
    assert_eq!(told, program);
}

/// `GH-` and three digits.
fn code(text: &str) -> Option<String> {
    let digits = text.strip_prefix("GH-")?;
    (digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| text.to_owned())
}

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}

#[test]
fn every_test_that_the_security_document_names_exists() {
    let sources = ["src", "tests", "end2end/boxes"].into_iter().flat_map(|folder| files(folder, "rs"));
    let sources = sources.map(|file| fs::read_to_string(file).expect("source")).collect::<String>();
    let document = read("docs/security-tests.md");
    let rows = document.lines().filter(|line| line.starts_with("| "));
    let named = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect::<Vec<_>>();
    assert!(named.len() > 60, "{named:?}");
    for name in named {
        let there = match name.split_once(".spec.ts: ") {
            Some((file, title)) => {
                read(&format!("end2end/tests/{file}.spec.ts")).contains(&format!("test(\"{title}\""))
            }
            None => sources.contains(&format!("fn {name}(")),
        };
        assert!(there, "there is no test {name}");
    }
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("folder").flatten() {
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
