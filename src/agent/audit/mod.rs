//! Owns the audit log: one task, two books (see [`domain::audit`]).
//!
//! An entry is on the disk before whoever asked gets the answer. A log that cannot be written does not keep the box from being mended: the
//! call is done all the same, and the log's state says that it could not be written.

mod book;
#[cfg(test)]
mod tests;
pub mod undone;

use std::{io, path::Path};

use tokio::sync::{mpsc, oneshot, watch};

use domain::{
    audit::{AuditState, Book as Which, Chain, Deed, Entries, Entry, Query, Who, fold::Fold},
    fault::Fault,
};
use os::{clock, disk, operation};

use book::{Book, Break};

/// More waits for room.
const MAILBOX: usize = 64;

#[derive(Debug)]
enum Command {
    Record {
        deed: Box<Deed>,
        written: oneshot::Sender<()>,
    },
    Read {
        query: Query,
        answer: oneshot::Sender<Result<Entries, Fault>>,
    },
    /// Writes what is held back.
    Flush {
        written: oneshot::Sender<()>,
    },
}

/// The way to the task.
#[derive(Clone, Debug)]
pub struct Audit {
    mailbox: mpsc::Sender<Command>,
    state: watch::Receiver<AuditState>,
}

impl Audit {
    /// Comes back when it is written, or cannot be.
    pub async fn record(&self, deed: Deed) {
        let (written, done) = oneshot::channel();
        if self.mailbox.send(Command::Record { deed: Box::new(deed), written }).await.is_ok() {
            // only a task that ended does not answer, and then the agent ends
            drop(done.await);
        }
    }

    /// For what nobody calls for: the box itself, a seed file.
    pub async fn happened(&self, who: Who, what: &str, result: Result<(), &Fault>, detail: Option<&str>) {
        let deed = Deed::done(who, what, clock::wall(), operation::id()).of(result).with(detail);
        self.record(deed).await;
    }

    pub async fn read(&self, query: Query) -> Result<Entries, Fault> {
        let (answer, result) = oneshot::channel();
        let asked = self.mailbox.try_send(Command::Read { query, answer });
        asked.map_err(|_| Fault::SlowDown { seconds: 1 })?;
        result.await.unwrap_or_else(|_| Err(Fault::Internal { detail: "the audit task ended".into() }))
    }

    pub async fn flush(&self) {
        let (written, done) = oneshot::channel();
        if self.mailbox.send(Command::Flush { written }).await.is_ok() {
            drop(done.await);
        }
    }

    pub fn watch(&self) -> watch::Receiver<AuditState> {
        self.state.clone()
    }

    pub fn state(&self) -> AuditState {
        self.state.borrow().clone()
    }

    /// Ends when the task does, which it never should.
    pub async fn ended(&self) {
        self.mailbox.closed().await;
    }
}

#[derive(Debug)]
struct Task {
    books: [Book; 2],
    /// The newest number.
    last: u64,
    fold: Fold,
    failing: Option<String>,
    state: watch::Sender<AuditState>,
}

/// Opens the books, checks their chains and starts the task. A log that cannot be used does not keep the agent from its work: its state
/// says so.
pub fn start(state_dir: &Path) -> Audit {
    let folder = state_dir.join("audit");
    if let Err(error) = disk::make_private_dir(&folder) {
        tracing::error!(%error, "the audit log has no folder");
    }
    let ((deeds, a), (strangers, b)) = (Book::open(&folder, Which::Deeds), Book::open(&folder, Which::Strangers));
    let (state, watch) = watch::channel(AuditState::default());
    let mut task = Task { books: [deeds, strangers], last: a.max(b), fold: Fold::default(), failing: None, state };
    if let Err(error) = task.entries() {
        task.failing = Some(error.to_string());
        task.publish(Chain::Unbroken);
    }
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    tokio::spawn(task.run(commands));
    Audit { mailbox, state: watch }
}

impl Task {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.perform(command),
                    None => return self.end_window(),
                },
                () = clock::until(self.fold.due()) => self.end_window(),
            }
        }
    }

    fn perform(&mut self, command: Command) {
        match command {
            Command::Record { deed, written } => {
                let now = clock::now();
                if self.fold.due().is_some_and(|due| due <= now) {
                    self.end_window();
                }
                if let Some(deed) = self.fold.take(*deed, now) {
                    self.write(deed);
                }
                written.send(()).ok();
            }
            Command::Read { query, answer } => {
                self.end_window();
                let all = self.entries().map_err(|error| Fault::Internal { detail: error.to_string() });
                drop(answer.send(all.map(|all| Entries::page(all, &query, self.state.borrow().clone()))));
            }
            Command::Flush { written } => {
                self.end_window();
                written.send(()).ok();
            }
        }
    }

    fn end_window(&mut self) {
        for deed in self.fold.end() {
            self.write(deed);
        }
    }

    fn write(&mut self, deed: Deed) {
        let which = deed.book();
        let Some(book) = self.books.iter_mut().find(|book| book.which == which) else { return };
        let failing = match book.write(self.last + 1, deed) {
            Ok(()) => {
                self.last += 1;
                None
            }
            Err(error) => {
                tracing::error!(%error, "the audit log cannot be written");
                Some(error.to_string())
            }
        };
        self.failing = failing;
        // by itself: a borrow that lives on would wait for itself
        let chain = self.state.borrow().chain;
        self.publish(chain);
    }

    /// All that is kept. A break that is new is written down.
    fn entries(&mut self) -> io::Result<Vec<Entry>> {
        let (mut all, mut chain, mut news) = (Vec::new(), Chain::Unbroken, false);
        let found = self.last + 1;
        for book in &mut self.books {
            let read = book.read()?;
            let broken = match (book.broken(&read), read.breaks) {
                (None, Some(new)) => {
                    book.note(new.after, found);
                    news = true;
                    Some(new)
                }
                (known, _) => known.map(|broken| Break { after: broken.after }),
            };
            if let (Some(Break { after }), Chain::Unbroken) = (broken, chain) {
                chain = Chain::Broken { book: book.which, after };
            }
            all.extend(read.entries);
        }
        self.publish(chain);
        if news {
            tracing::error!(?chain, "the audit log was changed or damaged");
            let deed = Deed::done(Who::Machine, "audit/broken", clock::wall(), operation::id());
            // in each book that it concerns, so that its last line is a good one again
            for book in self.books.iter_mut().filter(|book| book.found() == Some(found)) {
                match book.write(self.last + 1, deed.clone()) {
                    Ok(()) => {
                        self.last += 1;
                        all.push(Entry { n: self.last, deed: deed.clone() });
                    }
                    Err(error) => self.failing = Some(error.to_string()),
                }
            }
            self.publish(chain);
        }
        Ok(all)
    }

    fn publish(&self, chain: Chain) {
        let now = AuditState { chain, failing: self.failing.clone() };
        self.state.send_if_modified(|before| {
            let changed = *before != now;
            *before = now;
            changed
        });
    }
}
