//! What a box sees of this machine's files: the programs and libraries, read-only, and folders of its own everywhere
//! that something could be written. Made from tmpfs and bind mounts only, because overlayfs is missing in many containers.
//! All of it is private to the box's mount namespace and ends with it.

use super::{BIN, BootSpec, WEB_UID};
use crate::error::{Context, Result};
use rustix::mount::{
    MountFlags, MountPropagationFlags, mount, mount_bind, mount_bind_recursive, mount_change, mount_move, mount_remount,
};
use std::{
    fs::{self, File, Permissions},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{PermissionsExt, chown, symlink},
    },
    path::{Path, PathBuf},
};

/// File systems of the kernel's, not of files. The box gets its own, except for terminals.
const NOT_FILES: [&str; 4] = ["proc", "sysfs", "devpts", "mqueue"];

/// Prepares everything; afterwards the box's own folders are at their places.
pub fn prepare(spec: &BootSpec) -> Result<()> {
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)
        .could_not(|| "make the mounts private".into())?;
    // Held open, since what is mounted below may hide the paths.
    let (own, gatehouse) = (open_folders(spec)?, open(&spec.gatehouse)?);
    machine_read_only()?;
    for folder in ["/run", "/tmp", "/var/lib", "/var/log"] {
        tmpfs(folder)?;
    }
    if Path::new("/dev/shm").is_dir() {
        tmpfs("/dev/shm")?;
    }
    fs::set_permissions("/tmp", Permissions::from_mode(0o1777)).could_not(|| "open /tmp to all".into())?;
    kernel_files()?;
    etc(spec)?;
    for (file, target) in own {
        make_folder(target)?;
        bind_held(&file, target)?;
    }
    for folder in ["/run/gatehouse", "/var/lib/misc", "/run/lock", BIN] {
        make_folder(folder)?;
    }
    let program = format!("{BIN}/gatehouse");
    File::create(&program).could_not(|| format!("make {program}"))?;
    bind_held(&gatehouse, &program)
}

fn open_folders(spec: &BootSpec) -> Result<[(File, &'static str); 4]> {
    let folders = &spec.folders;
    chown(&folders.web, Some(WEB_UID), Some(WEB_UID)).could_not(|| "give the web role its folder".into())?;
    Ok([
        (open(&folders.config)?, "/etc/gatehouse"),
        (open(&folders.agent)?, "/var/lib/gatehouse"),
        (open(&folders.web)?, "/var/lib/gatehouse-web"),
        (open(&folders.log)?, "/var/log/gatehouse"),
    ])
}

/// The machine's files can be read and not written. Special flags of the mounts stay.
fn machine_read_only() -> Result<()> {
    let table = fs::read_to_string("/proc/self/mountinfo").could_not(|| "read the mount table".into())?;
    for line in table.lines() {
        let mut fields = line.split(' ');
        let (Some(target), Some(options)) = (fields.nth(4), fields.next()) else { continue };
        let kind = line.split_once(" - ").and_then(|(_, rest)| rest.split(' ').next()).unwrap_or_default();
        if NOT_FILES.contains(&kind) {
            continue;
        }
        let mut flags = MountFlags::BIND | MountFlags::RDONLY;
        for (option, flag) in
            [("nosuid", MountFlags::NOSUID), ("nodev", MountFlags::NODEV), ("noexec", MountFlags::NOEXEC)]
        {
            if options.split(',').any(|o| o == option) {
                flags |= flag;
            }
        }
        let done = mount_remount(target.replace("\\040", " "), flags, "");
        if target == "/" {
            done.could_not(|| "make the machine's files read-only for the box".into())?;
        } // others may be hidden by a later mount, or not be the machine's to change
    }
    Ok(())
}

/// `/proc` of the box's processes, with only the network's sysctls writable; `/sys` of its interfaces; and a boot id
/// that changes with every start, as a real box's does.
fn kernel_files() -> Result<()> {
    let safe = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", "/proc", "proc", safe, None).could_not(|| "mount /proc".into())?;
    mount("sysfs", "/sys", "sysfs", safe | MountFlags::RDONLY, None).could_not(|| "mount /sys".into())?;
    let boot_id = fs::read("/proc/sys/kernel/random/uuid").could_not(|| "draw a boot id".into())?;
    fs::write("/run/boot-id", boot_id).could_not(|| "write the boot id".into())?;
    for itself in ["/proc/sys", "/proc/sys/net"] {
        bind(itself, itself)?;
    }
    mount_remount("/proc/sys", MountFlags::BIND | MountFlags::RDONLY | safe, "")
        .could_not(|| "make /proc/sys read-only".into())?;
    bind("/run/boot-id", "/proc/sys/kernel/random/boot_id")?;
    if Path::new("/proc/sysrq-trigger").exists() {
        bind("/dev/null", "/proc/sysrq-trigger")?;
    }
    Ok(())
}

/// The machine's `/etc` by name: its folders read-only, copies of its files, and the four things of the box's own. A
/// box can replace any of the files, as a real one would, and the machine's stay.
fn etc(spec: &BootSpec) -> Result<()> {
    let new = "/run/etc";
    make_folder(new)?;
    tmpfs(new)?;
    let what = || "copy /etc for the box".to_owned();
    for entry in fs::read_dir("/etc").could_not(what)? {
        let entry = entry.could_not(what)?;
        let (from, to) = (entry.path(), Path::new(new).join(entry.file_name()));
        let kind = entry.file_type().could_not(what)?;
        if ["gatehouse", "hostname", "hosts", "resolv.conf"].iter().any(|own| entry.file_name() == *own) {
            continue;
        }
        if kind.is_symlink() {
            symlink(fs::read_link(&from).could_not(what)?, to).could_not(what)?;
        } else if kind.is_dir() {
            make_folder(&to)?;
            mount_bind_recursive(&from, &to).could_not(what)?; // read-only, as the mount it comes from
        } else if kind.is_file() {
            copy(&from, &to).could_not(what)?;
        }
    }
    let name = &spec.host_name;
    let own = [
        ("hostname", format!("{name}\n")),
        ("hosts", format!("127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost\n")),
    ];
    for (file, text) in own {
        fs::write(Path::new(new).join(file), text).could_not(what)?;
    }
    symlink("/run/gatehouse/resolv.conf", Path::new(new).join("resolv.conf")).could_not(what)?;
    mount_move(new, "/etc").could_not(|| "give the box its /etc".into())
}

/// With mode and owner, so that what is secret stays so.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    fs::copy(from, to)?;
    let meta = fs::metadata(from)?;
    chown(to, Some(meta.uid()), Some(meta.gid()))
}

fn open(path: &PathBuf) -> Result<File> {
    File::open(path).could_not(|| format!("open {}", path.display()))
}

fn make_folder(path: impl AsRef<Path>) -> Result<()> {
    fs::create_dir_all(&path).could_not(|| format!("make the folder {}", path.as_ref().display()))
}

fn tmpfs(target: &str) -> Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount("tmpfs", target, "tmpfs", flags, Some(c"mode=755")).could_not(|| format!("mount a tmpfs at {target}"))
}

fn bind(source: &str, target: &str) -> Result<()> {
    mount_bind(source, target).could_not(|| format!("bind {source} to {target}"))
}

/// A bind mount of what is held open, writable even though the machine's files are not.
fn bind_held(file: &File, target: &str) -> Result<()> {
    let source = format!("/proc/self/fd/{}", file.as_raw_fd());
    bind(&source, target)?;
    mount_remount(target, MountFlags::BIND | MountFlags::NOSUID | MountFlags::NODEV, "")
        .could_not(|| format!("make {target} writable"))
}
