//! DHCP on a port: the packets and the timers of what [`domain::dhcp`] decides. One task for each port that has a lease or
//! wants one; it reports to the network task, which alone writes to the kernel.

mod client;
mod discover;
pub mod frame;
mod link;
pub mod wire;

pub use client::{Client, Report, Setup, What};
pub use discover::offers;
pub use link::Link;

use domain::{box_file::service_net, dhcp::Settings};

/// What servers are told of this box, on the port with this hardware address.
pub fn settings(mac: domain::box_file::Mac) -> Settings {
    Settings { mac, host_name: host_name(), forbidden: vec![service_net()] }
}

/// The box's own name, if it has one that is a label (RFC 1123, section 2.1).
fn host_name() -> Option<String> {
    let uname = rustix::system::uname();
    let name = uname.nodename().to_str().ok()?.split('.').next()?;
    let label = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let good =
        (1..=63).contains(&name.len()) && name.chars().all(label) && !name.starts_with('-') && !name.ends_with('-');
    (good && name != "localhost").then(|| name.to_owned())
}
