//! A file of lines that keeps the newest ones: two halves, of which the older one goes when the newer one is full. Not synced: what it
//! holds is good to have and not needed.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

/// Bytes of a half.
pub const HALF: u64 = 128 * 1024;
/// Bytes of a line; a longer one is not kept.
const LONGEST: usize = 4 * 1024;

#[derive(Clone, Debug)]
pub struct Ring {
    now: PathBuf,
    before: PathBuf,
}

impl Ring {
    /// In the file of that name and in one beside it.
    pub fn new(file: PathBuf) -> Self {
        Self { before: file.with_extension("before"), now: file }
    }

    /// # Errors
    /// Those of the files.
    pub fn push(&self, line: &str) -> io::Result<()> {
        if line.len() > LONGEST || line.contains('\n') {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if fs::metadata(&self.now).is_ok_and(|found| found.len() + line.len() as u64 >= HALF) {
            fs::rename(&self.now, &self.before)?;
        }
        let mut file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(super::disk::NOFOLLOW)
            .open(&self.now)?;
        file.write_all(format!("{line}\n").as_bytes())
    }

    /// The oldest first; what cannot be read is left out.
    pub fn lines(&self) -> Vec<String> {
        let read = |path| super::disk::read(path).ok().flatten().unwrap_or_default();
        let (before, now) = (read(&self.before), read(&self.now));
        before.lines().chain(now.lines()).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_newest_lines_within_its_bounds() {
        let dir = tempfile::tempdir().expect("tempdir");
        let ring = Ring::new(dir.path().join("agent.jsonl"));
        for n in 0..20_000 {
            ring.push(&format!("line {n} {}", "x".repeat(20))).expect("push");
        }
        let lines = ring.lines();
        assert!(lines.last().is_some_and(|line| line.starts_with("line 19999 ")));
        let first: usize = lines[0].split(' ').nth(1).and_then(|n| n.parse().ok()).expect("number");
        assert_eq!(lines.len(), 20_000 - first, "none is missing between");
        let size = |file: &str| fs::metadata(dir.path().join(file)).expect("file").len();
        assert!(size("agent.jsonl") <= HALF && size("agent.before") <= HALF);
        assert!(ring.push("two\nlines").is_err() && ring.push(&"x".repeat(LONGEST + 1)).is_err());
        assert_eq!(ring.lines().len(), lines.len());
    }
}
