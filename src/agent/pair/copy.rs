//! Data of an application, from the active box to the other one: rsync on both ends, over the connection between the agents.
//!
//! ```text
//! data ◄─ rsync ─► agent ◄── TLS between the boxes ──► agent ◄─ rsync --server ─► data
//! ```
//! rsync runs as the application's own user and without rights, in the folder of its data: whatever the other end sends, it reaches nothing that the
//! application would not. Files take their places when all have come (`--delay-updates`); a copy that breaks off leaves the one before.

use std::{
    fs, io,
    os::{fd::OwnedFd, unix::fs::MetadataExt},
    path::Path,
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use domain::{
    application::{ApplicationName, copies::Copied},
    pair::peer::{Answer, Ask, is_flags},
};
use os::clock;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixStream, unix::OwnedReadHalf, unix::OwnedWriteHalf},
    process::{Child, ChildStderr, Command},
    sync::{Mutex, watch},
    time::timeout,
};

use super::peer::{self, Ends, wire};
use crate::applications::Applications;

/// What both ends must agree on, beside the letters that the sending one works out.
const TERMS: [&str; 3] = ["--timeout=30", "--delete-delay", "--delay-updates"];
/// rsync starts this to reach the other end: it says with which words, and then the connection is the file number 3 of this process. It ends when the other
/// end does, as a remote shell would.
const SHELL: &str = r#"sh -c 'printf "%s\n" "$*" >&3; exec 4<&0; cat <&4 >&3 & exec cat <&3'"#;
/// The folder of the data, which rsync goes to by its full name. Of folders above it the application's user may see none; a file that is open
/// already needs none.
const FOLDER: &str = "/proc/self/fd/5/";
/// Opens it while root can, and moves the connection from the standard input, where it can be put without unsafe code.
const SENDER: &str = r#"exec 5<. 3<&0 </dev/null; exec "$@""#;
const RECEIVER: &str = r#"exec 5<.; exec "$@""#;
/// The words, in bytes.
const LONGEST_LINE: u64 = 1024;
const PIECE: usize = 64 * 1024;
/// Longer than rsync itself waits for its other end.
const SILENCE: Duration = Duration::from_secs(40);
/// After the data, for what is left to be said.
const LAST_WORD: Duration = Duration::from_secs(10);

/// Whether data may come in. It may while this box is standby; an application starts when none comes any more.
#[derive(Clone, Debug)]
pub struct Door {
    open: Arc<watch::Sender<bool>>,
    busy: Arc<Mutex<()>>,
}

impl Door {
    pub fn new() -> Self {
        Self { open: Arc::new(watch::Sender::new(false)), busy: Arc::default() }
    }

    pub fn set(&self, open: bool) {
        self.open.send_if_modified(|before| std::mem::replace(before, open) != open);
    }

    /// Returns when nothing comes in.
    pub async fn close(&self) {
        self.set(false);
        drop(self.busy.lock().await);
    }
}

/// A copy that the peer may send.
#[derive(Debug)]
pub struct Incoming {
    pub name: ApplicationName,
    pub epoch: u64,
    pub flags: String,
    pub door: Door,
    pub apps: Applications,
}

/// What is to be sent.
#[derive(Debug)]
pub struct Outgoing {
    pub name: ApplicationName,
    pub epoch: u64,
    /// Below its data folder; none: all of it.
    pub folders: Vec<String>,
    pub apps: Applications,
    /// One is sent at a time: the last one before a switchover comes after the one that is under way.
    pub turn: Arc<Mutex<()>>,
}

impl Outgoing {
    /// Returns when the other end has said that it has all of it.
    ///
    /// # Errors
    /// Why it has not, for people; it has what it had.
    pub async fn send(self, ends: &Ends) -> Result<(), String> {
        let turn = self.turn.clone();
        let _turn = turn.lock().await;
        let at = clock::wall();
        self.sent(ends).await?;
        self.apps.copied(self.name, Copied { at, epoch: self.epoch }).await;
        Ok(())
    }

    async fn sent(&self, ends: &Ends) -> Result<(), String> {
        let broken = |error: io::Error| error.to_string();
        let folder = self.apps.data(&self.name).map_err(broken)?;
        let mut words = vec!["-rltp"];
        let mut paths: Vec<String> = self.folders.iter().map(|folder| format!("{FOLDER}./{folder}")).collect();
        if paths.is_empty() {
            paths.push(FOLDER.to_owned());
        } else {
            words.extend(["--relative", "--ignore-missing-args"]);
        }
        words.extend(TERMS);
        words.extend(["--rsh", SHELL]);
        words.extend(paths.iter().map(String::as_str));
        words.push("peer:./");
        let mut rsync = Rsync::start(&folder, &words, SENDER).map_err(broken)?;
        let mut said = String::new();
        let line = (&mut rsync.from).take(LONGEST_LINE).read_line(&mut said).await;
        let flags = said.split(' ').nth(2).filter(|flags| is_flags(flags));
        let Some(flags) = flags.filter(|_| line.is_ok()) else {
            return Err(format!("rsync begins with {said:?}: {}", rsync.end().await));
        };
        let ask = Ask::Copy { name: self.name.clone(), epoch: self.epoch, flags: flags.to_owned() };
        let (mut stream, answer) = peer::open(ends, &ask).await.ok_or("the peer does not answer")?;
        if answer != Answer::Go {
            return Err(format!("the peer does not take it: {answer:?}"));
        }
        let whole = rsync.converse(&mut stream).await;
        let told = wire::write(&mut stream, &Ask::Copied { whole: whole.is_ok() }).await;
        whole?;
        told.map_err(broken)?;
        match timeout(LAST_WORD, wire::read::<Answer>(&mut stream)).await {
            Ok(Ok(Some(Answer::Done))) => Ok(()),
            said => Err(format!("the peer has not got it: {said:?}")),
        }
    }
}

impl Incoming {
    /// Until it is whole, or the door is closed.
    ///
    /// # Errors
    /// When the connection cannot be used any more.
    pub async fn receive(self, stream: &mut impl wire::Wired) -> io::Result<()> {
        let busy = self.door.busy.clone();
        let _busy = busy.lock().await;
        let mut open = self.door.open.subscribe();
        let at = clock::wall();
        let mut words = vec!["--server", &self.flags];
        words.extend(TERMS);
        words.extend([".", FOLDER]);
        let started = self.apps.data(&self.name).and_then(|folder| Rsync::start(&folder, &words, RECEIVER));
        let mut rsync = match started {
            Ok(rsync) => rsync,
            Err(error) => {
                tracing::warn!(name = %self.name, %error, "data of an application cannot come");
                return wire::write(stream, &Answer::Unknown).await;
            }
        };
        wire::write(stream, &Answer::Go).await?;
        let closed = async { drop(open.wait_for(|open| !open).await) };
        let came = async {
            let whole = rsync.converse(stream).await;
            let theirs = timeout(LAST_WORD, wire::read::<Ask>(stream)).await??;
            io::Result::Ok(match whole {
                Ok(()) => theirs == Some(Ask::Copied { whole: true }),
                Err(why) => {
                    tracing::warn!(name = %self.name, why, "data of an application did not come whole");
                    false
                }
            })
        };
        // whoever closes the door waits for this
        let whole = tokio::select! {
            whole = came => whole?,
            () = closed => {
                rsync.end().await;
                return Err(io::ErrorKind::Interrupted.into());
            }
        };
        if whole {
            self.apps.copied(self.name, Copied { at, epoch: self.epoch }).await;
        }
        let answer = if whole { Answer::Done } else { Answer::Unknown };
        timeout(LAST_WORD, wire::write(stream, &answer)).await?
    }
}

/// One end, in a process group of its own.
struct Rsync {
    child: Child,
    errors: Option<ChildStderr>,
    from: BufReader<OwnedReadHalf>,
    to: OwnedWriteHalf,
}

impl Rsync {
    fn start(folder: &Path, words: &[&str], script: &str) -> io::Result<Self> {
        let owner = fs::metadata(folder)?.uid();
        if owner == 0 {
            // only an image's is; those are refused
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let (own, theirs) = std::os::unix::net::UnixStream::pair()?;
        own.set_nonblocking(true)?;
        let (from, to) = UnixStream::from_std(own)?.into_split();
        let owner = owner.to_string();
        let confined = ["--reuid", &owner, "--regid", &owner, "--clear-groups", "--no-new-privs", "--inh-caps", "-all"];
        let mut command = Command::new("sh");
        command.args(["-c", script, "copy", "setpriv"]).args(confined).args(["--pdeathsig", "KILL", "--", "rsync"]);
        command.stdout(if script == SENDER { Stdio::null() } else { Stdio::from(OwnedFd::from(theirs.try_clone()?)) });
        command.args(words).stdin(OwnedFd::from(theirs)).stderr(Stdio::piped());
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir(folder)
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let errors = child.stderr.take();
        Ok(Self { child, errors, from: BufReader::new(from), to })
    }

    /// Carries its words to the other end and back until both have said all.
    async fn converse(&mut self, stream: &mut impl wire::Wired) -> Result<(), String> {
        let group = group(&self.child);
        let (mut theirs, mut ours) = tokio::io::split(stream);
        let up = async {
            let mut piece = vec![0; PIECE];
            loop {
                let length = self.from.read(&mut piece).await.unwrap_or(0);
                ours.write_u32(u32::try_from(length).unwrap_or(0)).await?;
                ours.write_all(&piece[..length]).await?;
                ours.flush().await?;
                if length == 0 {
                    return io::Result::Ok(());
                }
            }
        };
        let down = async {
            let mut piece = vec![0; PIECE];
            loop {
                let length = timeout(SILENCE, theirs.read_u32()).await??;
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let Some(piece) = piece.get_mut(..length) else { return Err(io::ErrorKind::InvalidData.into()) };
                if length == 0 {
                    return self.to.shutdown().await;
                }
                timeout(SILENCE, theirs.read_exact(piece)).await??;
                // one that has ended does not want the rest
                let _ = self.to.write_all(piece).await;
            }
        };
        let ended = async {
            let status = self.child.wait().await;
            end(group);
            status
        };
        let errors = heard(self.errors.take());
        let carried = async {
            let carried = tokio::try_join!(up, down);
            if carried.is_err() {
                end(group);
            }
            carried
        };
        let (carried, ended, said) = tokio::join!(carried, ended, errors);
        match (carried, ended) {
            (Ok(_), Ok(status)) if status.success() => Ok(()),
            (Err(error), _) | (_, Err(error)) => Err(format!("{error}: {said}")),
            (_, Ok(status)) => Err(format!("rsync: {status}: {said}")),
        }
    }

    /// What it has said last.
    async fn end(&mut self) -> String {
        end(group(&self.child));
        drop(self.child.wait().await);
        heard(self.errors.take()).await
    }
}

/// Also one whose connection was given up: what it has started would go on, and nobody would wait for it.
impl Drop for Rsync {
    fn drop(&mut self) {
        end(group(&self.child));
    }
}

fn group(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()?).ok()?)
}

/// With whatever it has started.
fn end(group: Option<Pid>) {
    if let Some(group) = group {
        // it has ended, or has nobody left
        let _ = kill_process_group(group, Signal::KILL);
    }
}

async fn heard(errors: Option<impl AsyncRead + Unpin>) -> String {
    let mut said = Vec::new();
    if let Some(mut errors) = errors {
        // the rest is read, too: a full pipe would stop it
        drop((&mut errors).take(2048).read_to_end(&mut said).await);
        drop(tokio::io::copy(&mut errors, &mut tokio::io::sink()).await);
    }
    String::from_utf8_lossy(&said).trim().to_owned()
}
