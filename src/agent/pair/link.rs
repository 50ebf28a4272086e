//! The way to the guard: a line of JSON a message. It says something at least every 200 ms; one that does not hangs, and is ended, because what it
//! has opened it could not close in time.

use std::{path::PathBuf, time::Duration};

use domain::pair::guard::{FromGuard, SILENCE, ToGuard};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::{sleep, timeout},
};

/// Between two attempts to reach it.
const RETRY: Duration = Duration::from_millis(100);
const MAILBOX: usize = 64;
/// In a silence, before it is called one.
const LOOKS: u64 = 4;

#[derive(Debug)]
pub enum FromLink {
    /// It wants to be configured.
    Connected,
    Told(FromGuard),
    /// It has ended, or was ended. Its keepalived ends with it.
    Gone,
}

/// Keeps in touch from now on.
pub fn keep(socket: PathBuf) -> (mpsc::Sender<ToGuard>, mpsc::Receiver<FromLink>) {
    let (to, told) = mpsc::channel(MAILBOX);
    let (tell, from) = mpsc::channel(MAILBOX);
    tokio::spawn(keep_in_touch(socket, told, tell));
    (to, from)
}

async fn keep_in_touch(socket: PathBuf, mut told: mpsc::Receiver<ToGuard>, tell: mpsc::Sender<FromLink>) {
    loop {
        if let Ok(stream) = UnixStream::connect(&socket).await {
            // what was meant for another connection is told anew on this one
            while told.try_recv().is_ok() {}
            if tell.send(FromLink::Connected).await.is_err() {
                return;
            }
            let process = stream.peer_cred().ok().and_then(|peer| peer.pid()).and_then(Pid::from_raw);
            let process = process.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
            let (read, write) = stream.into_split();
            if talk(read, write, &mut told, &tell).await == Talk::Silent {
                tracing::error!("the guard says nothing: it is killed, and everything that it holds open is closed");
                if let Some(Err(error)) = process.map(|process| pidfd_send_signal(&process, Signal::KILL)) {
                    tracing::error!(%error, "the guard cannot be killed");
                }
            }
            if tell.send(FromLink::Gone).await.is_err() {
                return;
            }
        }
        if tell.is_closed() {
            return;
        }
        sleep(RETRY).await;
    }
}

#[derive(PartialEq)]
enum Talk {
    Ended,
    Silent,
}

async fn talk(
    read: OwnedReadHalf,
    mut write: OwnedWriteHalf,
    told: &mut mpsc::Receiver<ToGuard>,
    tell: &mpsc::Sender<FromLink>,
) -> Talk {
    let mut lines = BufReader::new(read).lines();
    // configured for no pair it has nothing to say
    let mut says = false;
    let mut silent = 0;
    loop {
        tokio::select! {
            biased;
            line = lines.next_line() => {
                let Ok(Some(line)) = line else { return Talk::Ended };
                silent = 0;
                match serde_json::from_str(&line) {
                    Ok(message) => {
                        says = true;
                        if tell.send(FromLink::Told(message)).await.is_err() {
                            return Talk::Ended;
                        }
                    }
                    Err(error) => tracing::error!(%error, "what the guard says cannot be understood"),
                }
            }
            message = told.recv() => {
                let Some(message) = message else { return Talk::Ended };
                if let ToGuard::Configure { config: None } = message {
                    says = false;
                }
                let Ok(mut line) = serde_json::to_vec(&message) else { continue };
                line.push(b'\n');
                // one that hangs does not read either
                match timeout(Duration::from_millis(SILENCE), write.write_all(&line)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return Talk::Ended,
                    Err(_) => return Talk::Silent,
                }
            }
            // several short looks: this process may be the one that stood still, and finds what has come meanwhile
            () = sleep(Duration::from_millis(SILENCE / LOOKS)), if says => {
                silent += 1;
                if silent >= LOOKS {
                    return Talk::Silent;
                }
            }
        }
    }
}
