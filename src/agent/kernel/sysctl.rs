//! Per-port kernel settings that the network engine counts on (kernel document `networking/ip-sysctl`).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Version, name, value, and why.
const SETTINGS: [(&str, &str, &str); 7] = [
    // deleting a primary address would delete the secondary ones with it
    ("ipv4", "promote_secondaries", "1"),
    // losing carrier must move the traffic to another uplink
    ("ipv4", "ignore_routes_with_linkdown", "1"),
    ("ipv6", "ignore_routes_with_linkdown", "1"),
    // answer ARP only for addresses of the port itself: the service address must not be found from an uplink
    ("ipv4", "arp_ignore", "1"),
    // use the port's own address in ARP requests
    ("ipv4", "arp_announce", "2"),
    // loose: replies may leave by another port than the best route's, because source rules decide
    ("ipv4", "rp_filter", "2"),
    // IPv6 addresses outlive a link that is taken down and up, as IPv4's do
    ("ipv6", "keep_addr_on_down", "1"),
];

/// Applies the settings to one interface; those that this kernel lacks are skipped.
pub fn prepare(interface: &str) {
    for (version, name, value) in SETTINGS {
        let Some(path) = path(version, interface, name) else { return };
        let current = fs::read_to_string(&path).unwrap_or_default();
        if current.trim() != value
            && let Err(error) = fs::write(&path, value)
        {
            tracing::warn!(setting = %path.display(), %error, "not set");
        }
    }
}

/// The kernel makes addresses of what routers advertise, and default routes with this metric, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listens {
    pub metric: Option<u32>,
}

/// `None` where it does not listen, and where it has no IPv6.
pub fn autoconf(interface: &str) -> Option<Listens> {
    let number = |name| fs::read_to_string(path("ipv6", interface, name)?).ok()?.trim().parse::<u32>().ok();
    let listens = number("accept_ra")? > 0;
    let routes = || number("accept_ra_defrtr").is_none_or(|on| on > 0);
    listens.then(|| Listens { metric: routes().then(|| number("ra_defrtr_metric").unwrap_or_default()) })
}

/// Sets it. `accept_ra` comes last, so that no advertisement is judged by half of the settings.
///
/// # Errors
/// When a setting cannot be written, as in a kernel without IPv6.
pub fn set_autoconf(interface: &str, wanted: Option<Listens>) -> io::Result<()> {
    let set = |name: &str, value: u32| match path("ipv6", interface, name) {
        Some(path) => fs::write(&path, value.to_string()),
        None => Err(io::ErrorKind::InvalidInput.into()),
    };
    match wanted {
        // 2: also on a box that forwards
        Some(Listens { metric }) => {
            set("autoconf", 1)?;
            set("accept_ra_defrtr", u32::from(metric.is_some()))?;
            metric.map_or(Ok(()), |metric| set("ra_defrtr_metric", metric))?;
            set("accept_ra", 2)
        }
        // a port without IPv6 has no such setting, and listens to nobody
        None => match set("accept_ra", 0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        },
    }
}

/// Whether this kernel speaks IPv6 at all.
pub fn has_ipv6() -> bool {
    Path::new("/proc/sys/net/ipv6/conf/all").exists()
}

fn path(version: &str, interface: &str, name: &str) -> Option<PathBuf> {
    // a name with a slash would leave the folder; the kernel allows none
    let folder = Path::new("/proc/sys/net").join(version).join("conf");
    (!interface.contains('/')).then(|| folder.join(interface).join(name))
}
