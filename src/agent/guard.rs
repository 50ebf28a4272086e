//! The way to the guard: tells it by when the open change is over.

use std::{io::ErrorKind, path::PathBuf, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    sync::watch,
    time::{sleep, timeout},
};

use domain::guard::Promise;

/// For the guard to answer. Shorter: a busy box changes its network unguarded. Longer: without a guard every change waits so long.
const ANSWER_LIMIT: Duration = Duration::from_millis(250);
/// Between two attempts to reach it.
const RETRY: Duration = Duration::from_millis(250);

/// Clones tell the same guard.
#[derive(Clone, Debug)]
pub struct Guard {
    promise: watch::Sender<Promise>,
    /// What the guard has answered last on the connection that is open now.
    known: watch::Receiver<Option<Promise>>,
}

impl Guard {
    /// Keeps in touch with the guard at `socket` from now on.
    pub fn new(socket: PathBuf) -> Self {
        let (promise, promises) = watch::channel(Promise::default());
        let (answered, known) = watch::channel(None);
        tokio::spawn(keep_in_touch(socket, promises, answered));
        Self { promise, known }
    }

    /// Returns when the guard knows, and whether it does: a box whose guard is away must still be able to change its network.
    pub async fn tell(&self, promise: Promise) -> bool {
        let new = self.promise.send_if_modified(|told| std::mem::replace(told, promise) != promise);
        let mut known = self.known.clone();
        // no guard was there before: whoever waits for one to come waits at each step
        if !new || known.borrow().is_none() {
            return *known.borrow() == Some(promise);
        }
        timeout(ANSWER_LIMIT, known.wait_for(|k| *k == Some(promise))).await.is_ok_and(|k| k.is_ok())
    }
}

async fn keep_in_touch(
    socket: PathBuf,
    mut promises: watch::Receiver<Promise>,
    answered: watch::Sender<Option<Promise>>,
) {
    loop {
        if let Ok(stream) = UnixStream::connect(&socket).await
            && let Err(error) = talk(stream, &mut promises, &answered).await
        {
            tracing::warn!(%error, "the guard is away: nobody ends this process should it hang in a change");
        }
        answered.send_replace(None);
        if promises.has_changed().is_err() {
            return;
        }
        sleep(RETRY).await;
    }
}

/// Tells each promise until the guard or the last [`Guard`] is gone.
async fn talk(
    mut stream: UnixStream,
    promises: &mut watch::Receiver<Promise>,
    answered: &watch::Sender<Option<Promise>>,
) -> std::io::Result<()> {
    let mut nothing = [0];
    loop {
        let promise = *promises.borrow_and_update();
        stream.write_all(&promise.to_bytes()).await?;
        let mut answer = [0; Promise::LENGTH];
        stream.read_exact(&mut answer).await?;
        answered.send_replace(Some(Promise::from_bytes(answer)));
        tokio::select! {
            changed = promises.changed() => if changed.is_err() { return Ok(()) },
            // it says nothing unasked: whatever comes means that it is gone
            gone = stream.read(&mut nothing) => return Err(gone.err().unwrap_or_else(|| ErrorKind::UnexpectedEof.into())),
        }
    }
}
