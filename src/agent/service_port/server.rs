//! The DHCP server as a child: dnsmasq, on one interface, for as long as this process lives.
//!
//! Three things keep it from outliving the agent. It is killed when its [`Server`] is dropped. The kernel kills it when the thread
//! that started it ends (`PR_SET_PDEATHSIG`): that belongs to a thread, and tokio's come and go, so a thread of its own starts it
//! and waits for it. And whatever a crash may leave in spite of that is found before the next one starts.
//!
//! The kernel forgets the death signal when a program changes its user, as dnsmasq does that is started by root. So it is started
//! as nobody, with the two rights that it needs: `CAP_NET_BIND_SERVICE` for port 67, `CAP_NET_ADMIN` to tell the kernel a laptop's
//! hardware address before the laptop has an IP address. It never pings (`--no-ping`), and needs no `CAP_NET_RAW`.

use std::{
    fs::OpenOptions,
    io::{self, BufRead, BufReader},
    net::{Ipv4Addr, SocketAddrV4},
    os::{
        fd::OwnedFd,
        unix::{
            fs::{OpenOptionsExt, fchown},
            process::CommandExt,
        },
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{Gid, Uid},
    process::{Pid, PidfdFlags, Signal, getppid, pidfd_open, pidfd_send_signal, set_parent_process_death_signal},
    thread::{
        CapabilitySet, CapabilitySets, configure_capability_in_ambient_set, set_capabilities, set_keep_capabilities,
        set_thread_groups, set_thread_res_gid, set_thread_res_uid,
    },
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::oneshot;

use domain::service_port::{Failure, LEASE_TIME, RANGE};

use super::leftover;

const PROGRAM: &str = "dnsmasq";
/// Debian's nobody and nogroup.
const NOBODY: u32 = 65_534;
/// DHCP servers, RFC 2131.
const SERVER_PORT: u16 = 67;
const RIGHTS: [CapabilitySet; 2] = [CapabilitySet::NET_BIND_SERVICE, CapabilitySet::NET_ADMIN];
/// For a leftover that was killed to be gone. Shorter: a busy box counts it as a failure. Longer: a failure is told late.
const GONE_WITHIN: Duration = Duration::from_secs(1);

/// Dropped, it is killed: it has nothing to say goodbye to, and writes each lease down at once.
#[derive(Debug)]
pub struct Server {
    process: OwnedFd,
    ended: oneshot::Receiver<Failure>,
}

impl Server {
    /// `folder`: where the leases are kept, so that a laptop has the same address after the agent's restart.
    pub async fn start(interface: String, folder: PathBuf) -> Result<Self, Failure> {
        let (started, starting) = oneshot::channel();
        let (ends, ended) = oneshot::channel();
        let life = move || match launch(&interface, &folder) {
            Ok((child, process)) => {
                if let Err(Ok(unwanted)) = started.send(Ok(process)) {
                    let _ = pidfd_send_signal(&unwanted, Signal::KILL);
                }
                drop(ends.send(Failure::Ended { reason: wait(child) }));
            }
            Err(failure) => drop(started.send(Err(failure))),
        };
        let cannot = |reason: String| Failure::CannotStart { reason };
        thread::Builder::new().name(PROGRAM.into()).spawn(life).map_err(|e| cannot(e.to_string()))?;
        match starting.await {
            Ok(Ok(process)) => Ok(Self { process, ended }),
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(cannot("its thread ended".into())),
        }
    }

    /// Why it ended by itself. Never, as long as it runs.
    pub async fn ended(&mut self) -> Failure {
        let gone = || Failure::Ended { reason: "its thread ended".into() };
        (&mut self.ended).await.unwrap_or_else(|_| gone())
    }

    /// Returns when it is gone.
    pub async fn stop(mut self) {
        self.kill();
        self.ended().await;
    }

    fn kill(&self) {
        // one that has ended already is what is wanted
        let _ = pidfd_send_signal(&self.process, Signal::KILL);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn launch(interface: &str, folder: &Path) -> Result<(Child, OwnedFd), Failure> {
    let cannot = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Failure::NotInstalled,
        _ => Failure::CannotStart { reason: error.to_string() },
    };
    let leases = folder.join("service-port.leases");
    let leases_argument = format!("--dhcp-leasefile={}", leases.display());
    lease_file(&leases).map_err(|e| Failure::CannotStart { reason: format!("{}: {e}", leases.display()) })?;
    leftover::end(PROGRAM, &leases_argument);
    port_is_free(interface).map_err(|e| Failure::CannotStart { reason: format!("port 67 on {interface}: {e}") })?;
    let mut child = command(interface, &leases_argument).spawn().map_err(cannot)?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData);
    // not waited for yet, so the number is still its own
    match pid.map_err(io::Error::from).and_then(|pid| Ok(pidfd_open(pid, PidfdFlags::empty())?)) {
        Ok(process) => Ok((child, process)),
        Err(error) => {
            drop(child.kill());
            drop(child.wait());
            Err(Failure::CannotStart { reason: error.to_string() })
        }
    }
}

/// No router and no DNS server (options 3 and 6 empty): the laptop keeps its own way to the internet and its own names.
fn command(interface: &str, leases: &str) -> Command {
    let (first, last) = RANGE;
    let mut command = Command::new(PROGRAM);
    command
        .args(["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file", "--log-facility=-", "--port=0"])
        .args(["--bind-interfaces".to_owned(), format!("--interface={interface}")])
        .arg(format!("--dhcp-range={first},{last},255.255.255.0,{LEASE_TIME}"))
        .args(["--dhcp-option=3", "--dhcp-option=6", "--dhcp-authoritative", "--no-ping", "--quiet-dhcp", leases])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    unprivileged(&mut command);
    command
}

#[expect(unsafe_code, reason = "rights and the death signal belong to the child, between fork and exec")]
fn unprivileged(command: &mut Command) {
    let agent = rustix::process::getpid();
    // SAFETY: system calls only; nothing is allocated or locked between fork and exec.
    unsafe {
        command.pre_exec(move || {
            let (uid, gid) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
            let rights = RIGHTS[0] | RIGHTS[1];
            set_keep_capabilities(true)?;
            set_thread_groups(&[])?;
            set_thread_res_gid(gid, gid, gid)?;
            set_thread_res_uid(uid, uid, uid)?;
            set_capabilities(None, CapabilitySets { effective: rights, permitted: rights, inheritable: rights })?;
            for right in RIGHTS {
                configure_capability_in_ambient_set(right, true)?;
            }
            // a change of user takes it away, so it comes last
            set_parent_process_death_signal(Some(Signal::KILL))?;
            if getppid() != Some(agent) {
                return Err(io::ErrorKind::Interrupted.into()); // the agent died before the line above
            }
            Ok(())
        });
    }
}

/// The folder is root's: the file has to be there, and nobody's, before its owner-to-be starts.
fn lease_file(path: &Path) -> io::Result<()> {
    let flags = libc::O_NOFOLLOW | libc::O_CLOEXEC;
    // to read: one that is nobody's already, this process may have no right to write to
    let there = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = match there {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            OpenOptions::new().write(true).create_new(true).mode(0o644).custom_flags(flags).open(path)?
        }
        other => other?,
    };
    fchown(&file, Some(NOBODY), Some(NOBODY))
}

/// dnsmasq shares its port with whoever else has it, and there would be two servers.
fn port_is_free(interface: &str) -> io::Result<()> {
    let deadline = Instant::now() + GONE_WITHIN;
    loop {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        socket.bind_device(Some(interface.as_bytes()))?;
        match socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, SERVER_PORT).into()) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

/// Logs what it prints, and tells why it ended.
fn wait(mut child: Child) -> String {
    let mut last = String::new();
    if let Some(printed) = child.stderr.take() {
        for line in BufReader::new(printed).lines().map_while(Result::ok) {
            tracing::debug!(dnsmasq = line);
            last = line;
        }
    }
    match child.wait() {
        Ok(status) if last.is_empty() => status.to_string(),
        Ok(status) => format!("{status}: {last}"),
        Err(error) => error.to_string(),
    }
}
