//! The fuzz targets on their seeds and on thousands of changes of them, the same ones each time: what `make fuzz` found stays mended, and
//! no nightly compiler is needed.

use std::{collections::BTreeSet, fs, path::PathBuf};

use domain::{
    network::{
        journal::Journal,
        transaction::{Awaiting, Checks, Phase, Why},
    },
    time::BootMillis,
};

use crate::support::moving;

#[path = "../../fuzz/entries.rs"]
mod entries;

const CHANGES: u64 = 3_000;

/// Random numbers of a seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 1).expect("64 bits") % end.max(1)
    }

    /// A few bytes flipped, cut out, doubled, or taken from another seed.
    fn change(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(4) {
            let (at, length) = (self.below(bytes.len()), self.below(24));
            let end = (at + length).min(bytes.len());
            match self.below(6) {
                0 if !bytes.is_empty() => bytes[at] = u8::try_from(self.below(256)).expect("a byte"),
                1 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                2 => bytes.truncate(at),
                3 => drop(bytes.drain(at..end)),
                4 => {
                    let part = bytes[at..end].to_vec();
                    bytes.splice(at..at, part);
                }
                _ => {
                    let from = self.below(other.len());
                    let part = other[from..(from + length).min(other.len())].to_vec();
                    bytes.splice(at..at, part);
                }
            }
        }
    }
}

fn folder(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target)
}

fn exercise(target: &str, entry: fn(&[u8])) {
    let mut files =
        fs::read_dir(folder(target)).expect("seeds").map(|file| file.expect("file").path()).collect::<Vec<_>>();
    files.sort();
    let seeds = files.iter().map(|file| fs::read(file).expect("seed")).collect::<Vec<_>>();
    assert!(!seeds.is_empty(), "{target}");
    for seed in &seeds {
        entry(seed);
    }
    let mut dice = Dice(7);
    for _ in 0..CHANGES {
        let mut bytes = seeds[dice.below(seeds.len())].clone();
        let other = seeds[dice.below(seeds.len())].clone();
        dice.change(&mut bytes, &other);
        entry(&bytes);
    }
}

#[test]
fn whatever_comes_by_dhcp_is_read_or_refused() {
    exercise("dhcp", entries::dhcp);
}

#[test]
fn whatever_a_spec_file_says_is_planned_or_refused() {
    exercise("spec", entries::spec);
}

#[test]
fn whatever_a_journal_says_ends_or_is_set_aside() {
    exercise("journal", entries::journal);
}

/// A seed that no longer reads as a journal would exercise nothing. With `GATEHOUSE_WRITE_SEEDS` they are written anew.
#[test]
fn the_seeds_of_the_journal_are_journals() {
    let awaiting = Awaiting {
        since: BootMillis(1_000),
        deadline: BootMillis(91_000),
        checks: Checks::default(),
        connections: BTreeSet::new(),
        handoff_used: false,
    };
    let phases = [
        ("armed", Phase::Armed),
        ("awaiting", Phase::Awaiting(awaiting)),
        ("rolling-back", Phase::RollingBack(Why::NotConfirmed)),
    ];
    for (name, phase) in phases {
        let journal = Journal { boot_id: "boot".to_owned(), transaction: moving(7), phase };
        let file = folder("journal").join(name);
        if std::env::var_os("GATEHOUSE_WRITE_SEEDS").is_some() {
            fs::write(&file, serde_json::to_vec(&journal).expect("json")).expect("write");
        }
        let bytes = fs::read(&file).expect("seed");
        serde_json::from_slice::<Journal>(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
