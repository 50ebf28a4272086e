//! The support bundle: what a person in support needs to see of a box, and nothing that would let them in.
//!
//! Nothing is filtered: each file in it is made of chosen values, which have no secret by their types. No file of the state folder goes in.

pub mod archive;
mod system;

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use self::archive::Entry;
use domain::{api::Overview, box_file::BoxFile, network::status::NetworkStatus};

pub use archive::pack;

const README: &str = "\
A support bundle of Gatehouse. It has no passwords, keys, hashes, sessions or activation codes.

version.json   what is installed, on which box
box.toml       what the box is, as its builder wrote it
network.toml   the network that is saved
status.json    everything that the overview and the system pages show
audit.jsonl    who did what, the newest first
alarms.json    what is wrong, and what was
activation.json how far the activation is, without its code
cellular.json  modem, SIM and connection, without who the subscriber is
cluster.json   the box's cluster, as the registry told last
events-*.jsonl what agent, web and guard said since the box was started
kernel.txt     ports, addresses and routes as the kernel has them
state.txt      names, sizes and times of the files in the agent's folder; not their content
system/        what the kernel says of the machine
files.txt      what is in here, and what was left out
";

/// What the bundle is made of.
#[derive(Clone, Debug)]
pub struct Sources<'a> {
    pub board: &'a BoxFile,
    pub overview: &'a Overview,
    pub state_dir: &'a Path,
}

/// Blocks: it reads files.
pub fn collect(of: &Sources) -> Vec<Entry> {
    let mut entries = vec![
        Entry::new("readme.txt", README),
        Entry::new("version.json", version(of)),
        Entry::new("box.toml", toml::to_string(of.board).unwrap_or_else(|error| error.to_string())),
        Entry::new(
            "network.toml",
            toml::to_string(&of.overview.network.spec).unwrap_or_else(|error| error.to_string()),
        ),
        Entry::new("status.json", serde_json::to_vec_pretty(of.overview).unwrap_or_default()),
        Entry::new("kernel.txt", kernel(&of.overview.network)),
        Entry::new("state.txt", listing(of.state_dir)),
    ];
    entries.extend(system::entries());
    entries
}

fn version(of: &Sources) -> Vec<u8> {
    let uname = rustix::system::uname();
    let value = serde_json::json!({
        "version": of.overview.version,
        "model": of.board.model,
        "serial": of.board.serial,
        "host_name": of.overview.host_name,
        "kernel": uname.release().to_string_lossy(),
        "machine": uname.machine().to_string_lossy(),
        "now": of.overview.now,
    });
    serde_json::to_vec_pretty(&value).unwrap_or_default()
}

/// As `ip` would say it, from what our own observer read.
fn kernel(network: &NetworkStatus) -> String {
    let mut text = String::new();
    for port in &network.ports {
        let link = port.link.as_ref();
        let interface = link.map_or("absent", |link| link.interface.as_str());
        text.extend([format!("{} {interface:?} {link:?}\n", port.name)]);
        text.extend(port.addresses.iter().map(|address| format!("    {address:?}\n")));
        text.extend(port.routes.iter().map(|route| format!("    {route:?}\n")));
    }
    text
}

/// Whatever a file is called, it is one line.
fn listing(folder: &Path) -> String {
    let mut lines = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .take(256)
        .filter_map(|entry| {
            let meta = entry.metadata().ok()?;
            let (mode, uid, size, at) = (meta.mode(), meta.uid(), meta.len(), meta.mtime());
            Some(format!("{mode:06o} {uid} {size:>9} {at} {:?}\n", entry.file_name().to_string_lossy()))
        })
        .collect::<Vec<_>>();
    lines.sort();
    lines.concat()
}
