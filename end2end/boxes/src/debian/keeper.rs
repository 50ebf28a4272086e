//! The process between the runner and systemd-nspawn: mounts the disk where only it sees it, gives the container a cgroup of its own,
//! waits for the end of its input, and then kills the container's first process.

use super::{Debian, PACKAGES};
use crate::{
    error::{Context, Error, Result},
    inside::keeper::die_with_parent,
};
use rustix::{
    mount::{MountFlags, MountPropagationFlags, mount, mount_change},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
    thread::{UnshareFlags, unshare_unsafe},
};
use std::{
    ffi::CString,
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

/// How nspawn ends when the container asked to be started anew (`--keep-unit`).
const RESTARTS: i32 = 133;
/// How the keeper ends then.
pub const RESTARTED: u8 = 33;

/// Boots the box, says its first process's PID on standard output, and ends when the box does; with `argv`, runs that instead.
pub fn run(spec: &str, argv: &[String]) -> Result<u8> {
    let debian: Debian = serde_json::from_str(spec)?;
    let root = mount_disk(&debian)?;
    let cgroups = Cgroups::enter().could_not(|| "make a cgroup for the box".into())?;
    let status = if argv.is_empty() { boot(&debian, &root) } else { once(&debian, &root, argv) };
    cgroups.leave();
    let status = status?;
    Ok(match status.code() {
        Some(RESTARTS) => RESTARTED,
        Some(code) => u8::try_from(code).unwrap_or(u8::MAX),
        None => u8::MAX,
    })
}

fn mount_disk(debian: &Debian) -> Result<PathBuf> {
    unshare_mounts().could_not(|| "make a mount namespace".into())?;
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)
        .could_not(|| "make the mounts private".into())?;
    let inside = |name: &str| debian.disk.join(name);
    let (upper, work, root) = (inside("upper"), inside("work"), inside("root"));
    let options = [b"lowerdir=", debian.image.as_os_str().as_bytes(), b",upperdir=", upper.as_os_str().as_bytes()];
    let options = [options.concat(), [b",workdir=".as_slice(), work.as_os_str().as_bytes()].concat()].concat();
    let options = CString::new(options).map_err(io::Error::from).could_not(|| "name the disk's folders".into())?;
    mount("overlay", &root, "overlay", MountFlags::empty(), Some(options.as_c_str()))
        .could_not(|| "mount the box's disk (an overlay, whose folders may not be on another one)".into())?;
    // what nspawn notes of its containers stays in here
    mount("tmpfs", "/run", "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, Some(c"mode=755"))
        .could_not(|| "give nspawn a /run".into())?;
    Ok(root)
}

#[expect(unsafe_code, reason = "unshare")]
fn unshare_mounts() -> rustix::io::Result<()> {
    // SAFETY: NEWNS doesn't touch the file descriptor table, which is what makes `unshare` unsafe.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS) }
}

fn nspawn(debian: &Debian, root: &Path) -> Command {
    let mut command = Command::new("systemd-nspawn");
    command
        .args(["--quiet", "--register=no", "--keep-unit", "--resolv-conf=off", "--timezone=off", "--link-journal=no"])
        .arg(format!("--machine={}", debian.name))
        .arg(format!("--directory={}", root.display()))
        // the box's network, which this process is in; nspawn takes one that it has not made for the machine's, and gives less right to it
        .arg(format!("--network-namespace-path=/proc/{}/ns/net", std::process::id()))
        .arg("--capability=CAP_NET_ADMIN")
        .env("SYSTEMD_NSPAWN_API_VFS_WRITABLE", "network")
        .stdin(Stdio::null());
    if let Some(packages) = &debian.packages {
        command.arg(format!("--bind-ro={}:{PACKAGES}", packages.display()));
    }
    die_with_parent(&mut command);
    command
}

fn once(debian: &Debian, root: &Path, argv: &[String]) -> Result<ExitStatus> {
    let mut command = nspawn(debian, root);
    command.args(["--as-pid2", "--pipe", "--"]).args(argv);
    command.status().could_not(|| "run systemd-nspawn".into())
}

fn boot(debian: &Debian, root: &Path) -> Result<ExitStatus> {
    let console = debian.disk.join("console");
    let log = File::create(&console).could_not(|| format!("make {}", console.display()))?;
    let mut command = nspawn(debian, root);
    command.args(["--console=pipe", "--boot"]);
    command.stdout(log.try_clone().could_not(|| "share the console".into())?).stderr(log);
    let mut nspawn = command.spawn().could_not(|| "run systemd-nspawn".into())?;
    let Some(init) = first_process(&mut nspawn) else {
        let printed = fs::read_to_string(&console).unwrap_or_default();
        return Err(Error::NotStarted(format!("systemd-nspawn: {}", printed.trim())));
    };
    let pid = Pid::from_raw(init).ok_or(rustix::io::Errno::SRCH).could_not(|| "name the first process".into())?;
    let process = pidfd_open(pid, PidfdFlags::empty()).could_not(|| "hold the first process".into())?;
    let told = writeln!(io::stdout(), "{init}").and_then(|()| io::stdout().flush());
    told.could_not(|| "tell the first process's PID".into())?;
    thread::spawn(move || {
        drop(io::stdin().read_to_end(&mut Vec::new()));
        // nspawn itself would leave the container running without it; it ends when the container has
        let _ = pidfd_send_signal(&process, Signal::KILL);
    });
    nspawn.wait().could_not(|| "wait for systemd-nspawn".into())
}

/// The child of nspawn that is the first process of a PID namespace. `None` if nspawn has ended before.
fn first_process(nspawn: &mut Child) -> Option<i32> {
    let is_first = |pid: &i32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
        let named = status.lines().next().is_some_and(|line| line.trim_end().ends_with("systemd"));
        named && numbers.is_some_and(|numbers| numbers.split_whitespace().skip(1).last() == Some("1"))
    };
    loop {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", nspawn.id())).unwrap_or_default();
        if let Some(pid) = children.split_whitespace().filter_map(|pid| pid.parse().ok()).find(is_first) {
            return Some(pid);
        }
        if !matches!(nspawn.try_wait(), Ok(None)) {
            return None;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// The container's systemd takes the cgroup that it is started in for its own, so that no two may share one. All hierarchies that
/// this machine has: systemd's own of version 1, and the one of version 2.
struct Cgroups(Vec<PathBuf>);

impl Cgroups {
    fn enter() -> io::Result<Self> {
        let mounted = Path::new("/sys/fs/cgroup");
        let unified = mounted.join("unified");
        let unified = if unified.is_dir() { unified } else { mounted.to_owned() };
        let mut made = Vec::new();
        for line in fs::read_to_string("/proc/self/cgroup")?.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(kind), Some(path)) = (parts.next(), parts.next()) else { continue };
            let hierarchy = match kind {
                "" => unified.clone(),
                "name=systemd" => mounted.join("systemd"),
                _ => continue,
            };
            let own =
                hierarchy.join(path.trim_start_matches('/')).join(format!("gatehouse-box-{}", std::process::id()));
            fs::create_dir(&own)?;
            fs::write(own.join("cgroup.procs"), "0")?;
            made.push(own);
        }
        Ok(Self(made))
    }

    /// What the container has left in it is empty by now.
    fn leave(&self) {
        for own in &self.0 {
            if let Some(above) = own.parent() {
                drop(fs::write(above.join("cgroup.procs"), "0"));
            }
            remove(own);
        }
    }
}

fn remove(cgroup: &Path) {
    for entry in fs::read_dir(cgroup).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path());
        }
    }
    drop(fs::remove_dir(cgroup));
}
