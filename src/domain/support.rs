//! The support bundle: what it is called, and which names the files in it may have.

use std::fmt::Write as _;

use crate::{civil::Civil, time::UnixSeconds};

/// Bytes of one file; of a longer one its end is left out.
pub const MOST_OF_A_FILE: usize = 512 * 1024;
/// Bytes of all of them before they are packed. Further ones are left out, and the list says so.
pub const MOST: usize = 8 * 1024 * 1024;
/// Of a name in the archive, as its header has room for it.
pub const LONGEST_NAME: usize = 100;
/// Of each part of the archive's own name.
const LONGEST_PART: usize = 40;

/// Header of the agent's answer with the archive's name.
pub const NAME_HEADER: &str = "gatehouse-file";

/// `gatehouse-box-a1-7F3K-2219-20261125-143000.tar.gz`, whatever the box is called: it becomes a header, a file on somebody's laptop, and a
/// word in somebody's shell.
pub fn archive_name(host: &str, serial: &str, now: UnixSeconds) -> String {
    let civil = Civil::of(now, 0).to_string();
    let digits = civil.chars().filter(char::is_ascii_digit).collect::<String>();
    let mut name = "gatehouse".to_owned();
    for part in [host, serial, &digits].map(tame) {
        // writing to a String cannot fail
        let _ = write!(name, "-{part}");
    }
    name + ".tar.gz"
}

fn tame(part: &str) -> String {
    let tame = part.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(LONGEST_PART);
    let tame = tame.collect::<String>();
    let tame = tame.trim_matches('-');
    if tame.is_empty() { "box".to_owned() } else { tame.to_owned() }
}

/// Whether it is such a name, for those who are told one.
pub fn is_archive_name(name: &str) -> bool {
    let inside = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let stem = name.strip_suffix(".tar.gz").and_then(|stem| stem.strip_prefix("gatehouse-"));
    stem.is_some_and(|stem| !stem.is_empty() && stem.len() <= 4 * LONGEST_PART && stem.bytes().all(inside))
}

/// Whether a file in the archive may be called so: relative, going nowhere else, in letters that every system has.
pub fn is_entry_name(name: &str) -> bool {
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    let part = |part: &str| !part.is_empty() && !part.starts_with(['.', '-']) && part.bytes().all(inside);
    name.len() <= LONGEST_NAME && name.split('/').all(part)
}
