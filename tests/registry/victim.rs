//! Writes to a store and kills itself, with SIGKILL, at its n-th touch of the disk. `kill.rs` looks at what is left.
//!
//! `registry-victim FILE N`: prints `done K` after each transaction that was acknowledged, and `end` if it came that far.

use std::{
    fs::OpenOptions,
    io::Write,
    sync::atomic::{AtomicU64, Ordering},
};

use redb::{StorageBackend, backends::FileBackend};
use registry::{
    clock::Clock,
    store::{Embedded, Op, Outcome, Store, Txn, embedded::Keep},
};

const TRANSACTIONS: u64 = 12;

/// A file that ends the process at a given touch: every second time before it is done, else half-done or just after.
#[derive(Debug)]
struct Deadly {
    file: FileBackend,
    left: AtomicU64,
}

impl Deadly {
    fn touch(&self) -> bool {
        self.left.fetch_sub(1, Ordering::SeqCst) == 1
    }
}

fn die() -> ! {
    let own = rustix::process::getpid();
    rustix::process::kill_process(own, rustix::process::Signal::KILL).expect("may kill itself");
    unreachable!("SIGKILL comes at once")
}

impl StorageBackend for Deadly {
    fn len(&self) -> Result<u64, std::io::Error> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
        if self.touch() {
            die();
        }
        self.file.set_len(len)
    }

    fn sync_data(&self) -> Result<(), std::io::Error> {
        if self.touch() {
            die();
        }
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        if self.touch() {
            // torn: the first half is there
            self.file.write(offset, &data[..data.len() / 2])?;
            die();
        }
        self.file.write(offset, data)
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("a file");
    let left = arguments.next().and_then(|n| n.parse().ok()).expect("a number");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async move {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).expect("opens");
        let file = FileBackend::new(file).expect("not in use");
        let db = redb::Builder::new().create_with_backend(Deadly { file, left: AtomicU64::new(left) }).expect("opens");
        let store = Embedded::of(db, Clock::real(), Keep { events: 5, requests: 100 }).expect("reads");
        for n in 1..=TRANSACTIONS {
            let value = n.to_string().into_bytes();
            let put = |key: &str| (key.to_owned(), Op::Put { value: value.clone(), lease: None });
            let ops = vec![put("left"), put("right"), put(&format!("n/{n:03}"))];
            let outcome = store.txn(Txn { request: format!("r{n}"), guards: vec![], ops }).await.expect("valid");
            assert!(matches!(outcome, Outcome::Committed(_)), "{outcome:?}");
            let mut out = std::io::stdout().lock();
            writeln!(out, "done {n}").and_then(|()| out.flush()).expect("says so");
        }
        writeln!(std::io::stdout(), "end").expect("says so");
    });
}
