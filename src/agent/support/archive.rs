//! A `.tar.gz` (POSIX ustar) of files that are in memory. A crate for it would also read archives, follow links and set owners; this writes
//! plain files.

use std::io::{self, Write as _};

use flate2::{Compression, write::GzEncoder};

use domain::support::{LONGEST_NAME, MOST, MOST_OF_A_FILE, is_entry_name};

const BLOCK: usize = 512;

/// One file of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Entry {
    pub fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.to_owned(), bytes: bytes.into() }
    }
}

/// Packs them in one folder. What is too much, or called what no file may be called, is left out and named in the list that comes last.
///
/// # Errors
/// When the folder's own name cannot be used.
pub fn pack(folder: &str, entries: Vec<Entry>, mtime: u64) -> io::Result<Vec<u8>> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    let mut list = String::new();
    let mut room = MOST;
    for Entry { name, mut bytes } in entries {
        let whole = bytes.len();
        bytes.truncate(MOST_OF_A_FILE);
        let fits = bytes.len() <= room && folder.len() + 1 + name.len() <= LONGEST_NAME;
        let note = match (is_entry_name(&name) && fits, whole == bytes.len()) {
            (false, _) => "left out",
            (true, true) => "whole",
            (true, false) => "its end is left out",
        };
        list.extend([format!("{name:?} {whole} bytes, {note}\n")]);
        if note != "left out" {
            room -= bytes.len();
            write(&mut out, &format!("{folder}/{name}"), &bytes, mtime)?;
        }
    }
    write(&mut out, &format!("{folder}/files.txt"), list.as_bytes(), mtime)?;
    out.write_all(&[0; 2 * BLOCK])?;
    out.finish()
}

fn write(out: &mut impl io::Write, name: &str, bytes: &[u8], mtime: u64) -> io::Result<()> {
    out.write_all(&header(name, bytes.len(), mtime)?)?;
    out.write_all(bytes)?;
    out.write_all(&[0; BLOCK][..(BLOCK - bytes.len() % BLOCK) % BLOCK])
}

fn header(name: &str, size: usize, mtime: u64) -> io::Result<[u8; BLOCK]> {
    let mut header = [0; BLOCK];
    if name.len() > LONGEST_NAME {
        return Err(io::Error::new(io::ErrorKind::InvalidFilename, name.to_owned()));
    }
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{:011o}\0", mtime & 0o77_777_777_777).as_bytes());
    // the sum is made with blanks in its own place
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum = header.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(header)
}

#[cfg(test)]
mod tests {
    use std::{
        io::Read as _,
        process::{Command, Stdio},
    };

    use super::*;

    /// What another program makes of it.
    fn tar(archive: &[u8], arguments: &[&str]) -> String {
        let mut child =
            Command::new("tar").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("tar");
        child.stdin.take().expect("pipe").write_all(archive).expect("write");
        let mut out = String::new();
        child.stdout.take().expect("pipe").read_to_string(&mut out).expect("read");
        assert!(child.wait().expect("tar").success(), "{out}");
        out
    }

    #[test]
    fn tar_reads_what_is_packed() {
        let entries =
            vec![Entry::new("a.txt", "one\n"), Entry::new("proc/b", vec![b'x'; 512]), Entry::new("empty", "")];
        let packed = pack("gatehouse-box", entries, 1_795_608_000).expect("archive");
        let listed = tar(&packed, &["-tz"]);
        let names = ["a.txt", "proc/b", "empty", "files.txt"].map(|name| format!("gatehouse-box/{name}"));
        assert_eq!(listed.lines().collect::<Vec<_>>(), names);
        assert_eq!(tar(&packed, &["-xzO", "gatehouse-box/a.txt"]), "one\n");
        assert_eq!(tar(&packed, &["-xzO", "gatehouse-box/proc/b"]), "x".repeat(512));
    }

    #[test]
    fn hostile_names_and_too_much_are_left_out_and_told() {
        let long = "n".repeat(200);
        let hostile = ["../../etc/passwd", "/etc/passwd", "a/../b", "a\nb", "-rf", ".ssh", "a\\b", "A b", "", &long];
        let mut entries = hostile.map(|name| Entry::new(name, "x")).to_vec();
        entries.push(Entry::new("big", vec![b'y'; MOST_OF_A_FILE + 1]));
        entries.extend((0..20).map(|i| Entry::new(&format!("fill{i}"), vec![0; MOST_OF_A_FILE])));
        let packed = pack("g", entries, 0).expect("archive");
        assert!(packed.len() < MOST, "bounded");
        let listed = tar(&packed, &["-tz"]);
        assert_eq!(listed.lines().count(), 17, "{listed}");
        let told = tar(&packed, &["-xzO", "g/files.txt"]);
        assert_eq!(told.lines().filter(|line| line.ends_with(", left out")).count(), hostile.len() + 5, "{told}");
        assert!(told.contains("\"a\\nb\" 1 bytes, left out"), "a name is one line: {told}");
        assert_eq!(tar(&packed, &["-xzO", "g/big"]).len(), MOST_OF_A_FILE);
    }
}
