//! The two files of `/etc/gatehouse` that a box is delivered with.

use crate::{
    error::{Context, Result},
    inside::WEB_UID,
};
use std::{fs, path::Path};

/// A port of the box: its name, and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Port {
    pub name: &'static str,
    label: &'static str,
    role: &'static str,
    last: u8,
}

pub(crate) const PORTS: [Port; 3] = [
    Port { name: "lan1", label: "LAN1", role: "uplink", last: 1 },
    Port { name: "lan2", label: "LAN2", role: "uplink", last: 2 },
    Port { name: "lan3", label: "LAN3", role: "service", last: 3 },
];

/// The direct wire between two boxes.
pub(crate) const HEARTBEAT: Port = Port { name: "lan4", label: "LAN4", role: "heartbeat", last: 4 };

const SIM_SLOT: &str = "[[port]]\nname = \"sim\"\nlabel = \"SIM\"\nrole = \"sim\"\ndevice = { modem = \"any\" }\n\n";

impl Port {
    /// The same over every restart of the box.
    pub fn mac(self, number: u8) -> String {
        format!("02:00:00:00:{number:02x}:{:02x}", self.last)
    }
}

/// What a factory knows of a box.
#[derive(Debug, Clone)]
pub(crate) struct Plate {
    /// Gives the serial, the MACs and the address.
    pub number: u8,
    pub model: String,
    /// Whether it has a slot for a SIM, with a modem behind it.
    pub sim_slot: bool,
    /// Whether it has a port for the direct wire to its peer.
    pub heartbeat: bool,
    /// Further lines of box.toml.
    pub more: String,
}

/// Writes both. What a test wrote there before is overwritten, as by a factory's image.
pub(crate) fn write(folder: &Path, plate: &Plate) -> Result<()> {
    let ports = PORTS.into_iter().chain(plate.heartbeat.then_some(HEARTBEAT));
    write_box(folder, plate, &ports.collect::<Vec<_>>())?;
    put(&folder.join("gatehouse.toml"), &format!("web_uid = {WEB_UID}\n"))
}

/// The one that a package does not bring.
pub(crate) fn write_box(folder: &Path, plate: &Plate, ports: &[Port]) -> Result<()> {
    put(&folder.join("box.toml"), &box_toml(plate, ports))
}

fn put(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).could_not(|| format!("write {}", path.display()))
}

fn box_toml(plate: &Plate, ports: &[Port]) -> String {
    let Plate { number, model, sim_slot, heartbeat: _, more } = plate;
    let number = *number;
    let ports = ports.iter().map(|port| {
        let Port { name, label, role, .. } = port;
        let mac = port.mac(number);
        format!(
            "[[port]]\nname = \"{name}\"\nlabel = \"{label}\"\nrole = \"{role}\"\ndevice = {{ mac = \"{mac}\" }}\n\n"
        )
    });
    let mut ports = ports.collect::<String>();
    if *sim_slot {
        ports += SIM_SLOT;
    }
    let (serial, last) = (2218 + u16::from(number), 14 + number);
    format!(
        r#"model = "{model}"
serial = "7F3K-{serial}"

{ports}[factory]
uplink_order = ["lan1", "lan2"]

[factory.ports.lan1]
ipv4 = {{ method = "static", addresses = ["10.20.0.{last}/24"], gateway = "10.20.0.1" }}
dns = ["10.20.0.1"]
manage = true

[factory.ports.lan2]
ipv4 = {{ method = "off" }}
{more}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_box_has_the_documented_names_and_addresses() {
        let mut plate =
            Plate { number: 1, model: "B-012".into(), sim_slot: false, heartbeat: false, more: String::new() };
        let text = box_toml(&plate, &PORTS);
        for part in ["\"7F3K-2219\"", "02:00:00:00:01:03", "10.20.0.15/24", "label = \"LAN2\"\nrole = \"uplink\""] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains("sim"));
        plate.sim_slot = true;
        let with_slot = box_toml(&plate, &PORTS);
        assert_eq!(with_slot.matches(SIM_SLOT).count(), 1);
        assert_eq!(with_slot.replacen(SIM_SLOT, "", 1), text);
        assert!(with_slot.find(SIM_SLOT) < with_slot.find("[factory]"), "{with_slot}");
    }
}
