//! What ModemManager finds below `/sys` and `/dev`: one USB modem of Huawei's, with two serial ports and a network interface. It
//! reads vendor, product, drivers and interfaces there to choose its plugin.

use crate::error::{Context, Result};
use rustix::mount::{MountFlags, mount, mount_bind, mount_bind_recursive, mount_move};
use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::Path,
};

/// The ports, as the kernel would tell of them: subsystem and name.
pub(super) const PORTS: [(&str, &str); 3] = [("tty", TTYS[0]), ("tty", TTYS[1]), ("net", "wwan0")];
const TTYS: [&str; 2] = ["ttyUSB0", "ttyUSB1"];

const DEVICE: &str = "devices/platform/stand/usb1/1-1";
/// Of the host's, which every program expects.
const NODES: [&str; 6] = ["null", "zero", "random", "urandom", "tty", "ptmx"];

/// An interface of the USB device: class, subclass, protocol (in hexadecimal), driver.
struct Interface(&'static str, &'static str, &'static str, &'static str);

const INTERFACES: [Interface; 3] = [
    Interface("ff", "02", "02", "option"),
    Interface("ff", "02", "01", "option"),
    Interface("02", "06", "00", "cdc_ether"),
];

/// Puts both in place, for this mount namespace. `terminals` are what the serial ports lead to.
pub(super) fn prepare(terminals: &[String; 2]) -> Result<()> {
    let what = || "make the modem's /sys".to_owned();
    tmpfs("/sys")?;
    sysfs(Path::new("/sys")).could_not(what)?;
    devices(terminals)
}

fn tmpfs(target: &str) -> Result<()> {
    mount("tmpfs", target, "tmpfs", MountFlags::NOSUID, Some(c"mode=755"))
        .could_not(|| format!("mount a tmpfs at {target}"))
}

/// Everything is a folder with a few short files, and links that say what belongs to what.
fn sysfs(root: &Path) -> std::io::Result<()> {
    let device = root.join(DEVICE);
    let usb = root.join("bus/usb");
    fs::create_dir_all(usb.join("drivers/usb"))?;
    fs::create_dir_all(&device)?;
    let about = [("idVendor", "12d1"), ("idProduct", "15c1"), ("bcdDevice", "0102")];
    write(&device, &about)?;
    write(&device, &[("manufacturer", "Huawei"), ("product", "ME909s-821")])?;
    belongs(&device, &usb, &usb.join("drivers/usb"))?;
    for (number, (Interface(class, subclass, protocol, driver), (subsystem, name))) in
        INTERFACES.iter().zip(PORTS).enumerate()
    {
        let interface = device.join(format!("1-1:1.{number}"));
        let driver = usb.join("drivers").join(driver);
        fs::create_dir_all(&interface)?;
        fs::create_dir_all(&driver)?;
        let number = format!("{number:02x}");
        write(&interface, &[("bInterfaceClass", class), ("bInterfaceSubClass", subclass)])?;
        write(&interface, &[("bInterfaceProtocol", protocol), ("bInterfaceNumber", &number)])?;
        belongs(&interface, &usb, &driver)?;
        let parent = if subsystem == "tty" { serial(root, &interface, name)? } else { interface };
        let (port, class) = (parent.join(subsystem).join(name), root.join("class").join(subsystem));
        fs::create_dir_all(&port)?;
        fs::create_dir_all(&class)?;
        symlink(&class, port.join("subsystem"))?;
        symlink(&parent, port.join("device"))?;
        symlink(&port, class.join(name))?;
    }
    Ok(())
}

/// The device between a USB interface and its terminal.
fn serial(root: &Path, interface: &Path, name: &str) -> std::io::Result<std::path::PathBuf> {
    let (device, bus) = (interface.join(name), root.join("bus/usb-serial"));
    let driver = bus.join("drivers/option1");
    fs::create_dir_all(&device)?;
    fs::create_dir_all(&driver)?;
    belongs(&device, &bus, &driver)?;
    Ok(device)
}

fn belongs(device: &Path, subsystem: &Path, driver: &Path) -> std::io::Result<()> {
    symlink(subsystem, device.join("subsystem"))?;
    symlink(driver, device.join("driver"))
}

fn write(folder: &Path, files: &[(&str, &str)]) -> std::io::Result<()> {
    files.iter().try_for_each(|(name, text)| fs::write(folder.join(name), format!("{text}\n")))
}

/// The few nodes of the machine's that programs need, bound, because a box can make none; and the serial ports.
fn devices(terminals: &[String; 2]) -> Result<()> {
    const NEW: &str = "/run/modem-dev";
    let what = || "make the modem's /dev".to_owned();
    let new = Path::new(NEW);
    fs::create_dir_all(new).could_not(what)?;
    tmpfs(NEW)?;
    for node in NODES {
        let target = new.join(node);
        File::create(&target).could_not(what)?;
        mount_bind(Path::new("/dev").join(node), &target).could_not(what)?;
    }
    fs::create_dir(new.join("pts")).could_not(what)?;
    mount_bind_recursive("/dev/pts", new.join("pts")).could_not(what)?;
    for (name, terminal) in TTYS.iter().zip(terminals) {
        symlink(terminal, new.join(name)).could_not(what)?;
    }
    mount_move(new, "/dev").could_not(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_port_leads_up_to_the_vendor() {
        let root = tempfile::tempdir().unwrap();
        sysfs(root.path()).unwrap();
        for (subsystem, name) in PORTS {
            let port = fs::canonicalize(root.path().join("class").join(subsystem).join(name)).unwrap();
            let vendor = port.ancestors().find_map(|folder| fs::read_to_string(folder.join("idVendor")).ok());
            assert_eq!(vendor.as_deref(), Some("12d1\n"), "{name}");
            assert!(port.join("device/driver").is_dir() && port.join("subsystem").is_dir(), "{name}");
        }
    }
}
