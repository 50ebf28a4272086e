//! Where a seed may be: paths in which `*` stands for one name.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Names of one folder that are looked at. A stick's own content is never listed, so only a mad `/media` has more.
const MOST: usize = 64;

/// The files that match, in the order of the pattern and of the alphabet. What they are is for who opens them.
pub fn find(patterns: &[String]) -> Vec<PathBuf> {
    patterns.iter().flat_map(|pattern| matching(pattern)).collect()
}

fn matching(pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("/")];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        found = match part {
            "*" => found.iter().flat_map(|folder| folders(folder)).take(MOST).collect(),
            // a pattern is root's, but nothing is gained by leaving the folder it names
            ".." | "." => return Vec::new(),
            name => found.iter().map(|folder| folder.join(name)).collect(),
        };
    }
    found.retain(|file| fs::symlink_metadata(file).is_ok());
    found
}

/// Real ones, no links to others.
fn folders(of: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(of).into_iter().flatten().flatten();
    let mut found = all
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .take(MOST)
        .collect::<Vec<_>>();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_folder_and_no_link() {
        let dir = tempfile::tempdir().expect("tempdir");
        let root = dir.path().to_str().expect("text");
        for name in ["b", "a", "empty"] {
            fs::create_dir(dir.path().join(name)).expect("folder");
        }
        for name in ["a/seed.toml", "b/seed.toml", "seed.toml"] {
            fs::write(dir.path().join(name), "").expect("file");
        }
        std::os::unix::fs::symlink(dir.path().join("a"), dir.path().join("link")).expect("link");
        let names = |patterns: &[&str]| {
            let patterns = patterns.iter().map(|p| format!("{root}/{p}")).collect::<Vec<_>>();
            let found = find(&patterns).into_iter();
            found.map(|f| f.strip_prefix(root).expect("below").display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(&["*/seed.toml"]), ["a/seed.toml", "b/seed.toml"]);
        assert_eq!(names(&["seed.toml", "b/seed.toml", "none/seed.toml"]), ["seed.toml", "b/seed.toml"]);
        assert_eq!(names(&["a/../b/seed.toml"]), [""; 0]);
    }
}
