//! Anonymous network namespaces. They have no name anywhere (nothing in `/run/netns`), only file descriptors: when the
//! process that holds one ends, however it ends, the namespace and every interface in it are gone.

use crate::error::{Context, Error, Result};
use rustix::{
    process::{Signal, getppid, set_parent_process_death_signal},
    thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe},
};
use std::{
    fs::File,
    io::{self, Write},
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Command, Stdio},
    sync::Arc,
    thread,
};

/// A network namespace, held open. Clones are the same namespace.
#[derive(Debug, Clone)]
pub struct Ns(Arc<OwnedFd>);

impl Ns {
    /// A new, empty one whose loopback interface is up.
    pub fn new() -> Result<Self> {
        let ns = on_a_thread(|| {
            unshare_network().could_not(|| "make a network namespace (this needs root)".into())?;
            Self::current()
        })?;
        ns.ip("link set lo up")?;
        Ok(ns)
    }

    /// The one that the calling thread lives in.
    pub fn current() -> Result<Self> {
        let link = "/proc/thread-self/ns/net";
        Ok(Self(Arc::new(File::open(link).could_not(|| format!("open {link}"))?.into())))
    }

    /// The one that another process lives in.
    pub(crate) fn of(pid: i32) -> Result<Self> {
        let link = format!("/proc/{pid}/ns/net");
        Ok(Self(Arc::new(File::open(&link).could_not(|| format!("open {link}"))?.into())))
    }

    /// Moves the calling thread into it, for good. Threads and children made by this thread later are in it, too.
    pub fn enter(&self) -> Result<()> {
        enter(&self.0).could_not(|| "enter a network namespace".into())
    }

    /// The closure's result, computed by a thread inside: sockets that it makes belong to this namespace.
    pub fn run<T: Send>(&self, inside: impl FnOnce() -> T + Send) -> Result<T> {
        on_a_thread(|| self.enter().map(|()| inside()))
    }

    /// For `tokio::runtime::Builder::on_thread_start`, so that every thread of a runtime is inside. `block_on` polls on
    /// the calling thread: give a `current_thread` runtime to [`Ns::run`] as well, or `enter` first.
    pub fn on_thread_start(&self) -> impl Fn() + Send + Sync + Clone + 'static {
        let ns = self.clone();
        move || ns.enter().expect("a namespace that is held open can be entered by root")
    }

    /// A command that runs inside, and is killed when the thread that spawned it ends; for a server, which may change its
    /// user and then is no longer, see [`Ns::daemon`].
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.put_inside(&mut command, true);
        command
    }

    /// The same, to be killed just before the n-th system call by which it leaves a trace: see [`crate::kill_at`]. Prints a
    /// [`crate::Traced`] when it has ended.
    pub fn doomed_command(&self, point: u64, argv: &[&str]) -> Result<Command> {
        let mut command = crate::helper::command("kill-at")?;
        command.arg(point.to_string()).arg("--").args(argv);
        self.put_inside(&mut command, true);
        Ok(command)
    }

    /// `ip` with these arguments, inside: `ns.ip("addr add 10.5.0.1/24 dev eth0")`.
    pub fn ip(&self, arguments: &str) -> Result<()> {
        self.ip_batch(&[arguments.to_owned()])
    }

    /// Several `ip` commands by one process, in order; the first that fails ends it.
    pub fn ip_batch(&self, lines: &[String]) -> Result<()> {
        let run = || -> io::Result<std::process::Output> {
            let mut ip = self.command("ip");
            ip.args(["-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
            let mut child = ip.spawn()?;
            if let Some(mut stdin) = child.stdin.take() {
                // A broken pipe means that `ip` has ended: what it printed says why.
                drop(stdin.write_all((lines.join("\n") + "\n").as_bytes()));
            }
            child.wait_with_output()
        };
        let command = || format!("ip {}", lines.join("; ip "));
        let output = run().could_not(|| format!("run {}", command()))?;
        if output.status.success() {
            return Ok(());
        }
        let printed = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
        Err(Error::Command { command: command(), printed })
    }

    /// A wire between two namespaces, up at both ends.
    pub fn veth(&self, here: &str, other: &Ns, there: &str) -> Result<()> {
        self.ip_batch(&[
            format!("link add {here} type veth peer name {there} netns {}", other.path()),
            format!("link set {here} up"),
        ])?;
        other.ip(&format!("link set {there} up"))
    }

    /// A switch that interfaces can be put on with `ip link set … master NAME`. Its MAC is fixed: otherwise it would
    /// follow its ports, and neighbours would keep a stale one.
    pub fn bridge(&self, name: &str, mac: &str) -> Result<()> {
        self.ip_batch(&[
            format!("link add {name} address {mac} type bridge mcast_snooping 0"),
            format!("link set {name} up"),
        ])
    }

    /// A sysctl of this namespace, below `/proc/sys/net/`.
    pub fn sysctl(&self, name: &str, value: &str) -> Result<()> {
        let path = format!("/proc/sys/net/{name}");
        self.run(|| std::fs::write(&path, value))?.could_not(|| format!("write {value} to {path}"))
    }

    /// A path for `ip … netns PATH`; good as long as this process holds the namespace.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.0.as_raw_fd())
    }

    /// Makes the command start inside; with `dies_with_us`, it is killed when the thread that spawns it ends.
    #[expect(unsafe_code, reason = "a child enters its namespace between fork and exec, which only pre_exec can do")]
    pub(crate) fn put_inside(&self, command: &mut Command, dies_with_us: bool) {
        let ns = self.0.clone();
        let parent = rustix::process::getpid();
        // SAFETY: between fork and exec the closure makes three system calls; it doesn't allocate, lock or panic.
        unsafe {
            command.pre_exec(move || {
                enter(&ns)?;
                if dies_with_us {
                    set_parent_process_death_signal(Some(Signal::KILL))?;
                    if getppid() != Some(parent) {
                        return Err(io::ErrorKind::Interrupted.into()); // it died before the line above
                    }
                }
                Ok(())
            });
        }
    }
}

fn enter(ns: &OwnedFd) -> io::Result<()> {
    Ok(move_into_link_name_space(ns.as_fd(), Some(LinkNameSpaceType::Network))?)
}

#[expect(unsafe_code, reason = "unshare")]
fn unshare_network() -> rustix::io::Result<()> {
    // SAFETY: NEWNET doesn't touch the file descriptor table, which is what makes `unshare` unsafe.
    unsafe { unshare_unsafe(UnshareFlags::NEWNET) }
}

fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
