//! The configuration of keepalived, which has the virtual IP and sends gratuitous ARP. It decides nothing: its gate does.
//!
//! The gate is a file that it watches (`track_file` with weight 0, keepalived.conf(5)): anything but 0 in it is FAULT, without an address. Only
//! the guard writes a 0.

use super::{link::Way, settings::VirtualIp};

/// What one box's keepalived is told.
#[derive(Clone, Debug)]
pub struct Keepalived<'a> {
    pub virtual_ip: &'a VirtualIp,
    /// The kernel's name of its port.
    pub interface: &'a str,
    /// The way over the same port.
    pub way: &'a Way,
    pub virtual_router: u8,
    /// The one with the lower serial number; only so that the two are never equal.
    pub first: bool,
    /// The guard's folder.
    pub folder: &'a str,
}

/// File names in the guard's folder.
pub const GATE: &str = "gate";
pub const FIFO: &str = "keepalived.fifo";
pub const CONFIG: &str = "keepalived.conf";

impl Keepalived<'_> {
    /// keepalived.conf(5). Nothing in it is typed by a person but the address, which is one.
    pub fn config(&self) -> String {
        let Self { virtual_ip, interface, way, virtual_router, first, folder } = self;
        let priority = if *first { 101 } else { 100 };
        let (own, peer, address) = (way.own.addr(), way.peer, virtual_ip.address);
        // 0.1 s: three missed adverts are noticed in some 0.4 s, and so is the gate that opens
        format!(
            "\
global_defs {{
    router_id gatehouse
    vrrp_version 3
    vrrp_notify_fifo {folder}/{FIFO}
    vrrp_garp_master_delay 1
    vrrp_garp_master_repeat 3
    vrrp_garp_master_refresh 10
    script_user root
    enable_script_security
}}
track_file gate {{
    file \"{folder}/{GATE}\"
    weight 0
}}
vrrp_instance pair {{
    interface {interface}
    state BACKUP
    nopreempt
    virtual_router_id {virtual_router}
    priority {priority}
    advert_int 0.1
    unicast_src_ip {own}
    unicast_peer {{
        {peer}
    }}
    virtual_ipaddress {{
        {address} dev {interface}
    }}
    track_file {{
        gate weight 0
    }}
}}
"
        )
    }
}

/// What it says about itself in the fifo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Master,
    Backup,
    Fault,
    Stop,
}

impl Said {
    /// `INSTANCE "pair" MASTER 101`
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        (words.next() == Some("INSTANCE")).then_some(())?;
        match words.nth(1)? {
            "MASTER" => Some(Self::Master),
            "BACKUP" => Some(Self::Backup),
            "FAULT" => Some(Self::Fault),
            "STOP" => Some(Self::Stop),
            _ => None,
        }
    }
}
