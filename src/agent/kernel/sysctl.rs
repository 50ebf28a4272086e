//! Per-port kernel settings that the network engine counts on (kernel document `networking/ip-sysctl`).

use std::{fs, path::Path};

/// Name, value, and why.
const SETTINGS: [(&str, &str); 5] = [
    // deleting a primary address would delete the secondary ones with it
    ("promote_secondaries", "1"),
    // losing carrier must move the traffic to another uplink
    ("ignore_routes_with_linkdown", "1"),
    // answer ARP only for addresses of the port itself: the service address must not be found from an uplink
    ("arp_ignore", "1"),
    // use the port's own address in ARP requests
    ("arp_announce", "2"),
    // loose: replies may leave by another port than the best route's, because source rules decide
    ("rp_filter", "2"),
];

/// Applies the settings to one interface; those that this kernel lacks are skipped.
pub fn prepare(interface: &str) {
    // a name with a slash would leave the folder; the kernel allows none
    if interface.contains('/') {
        return;
    }
    let folder = Path::new("/proc/sys/net/ipv4/conf").join(interface);
    for (name, value) in SETTINGS {
        let path = folder.join(name);
        let current = fs::read_to_string(&path).unwrap_or_default();
        if current.trim() != value
            && let Err(error) = fs::write(&path, value)
        {
            tracing::warn!(setting = %path.display(), %error, "not set");
        }
    }
}
