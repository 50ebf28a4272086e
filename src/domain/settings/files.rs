//! The files of other programs that follow from the settings. Each is rendered whole from values that have been checked, so that nothing
//! that was typed can begin a line of its own.

use std::fmt::Write as _;

use super::time_server::TimeServer;

const HEAD: &str = "# Written by Gatehouse; changes here are lost. See `gatehouse settings show`.\n";

/// A part of timesyncd.conf(5).
pub fn timesyncd(servers: &[TimeServer]) -> String {
    format!("{HEAD}[Time]\nNTP={}\n", servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
}

/// A file of sources for chrony.conf(5).
pub fn chrony(servers: &[TimeServer]) -> String {
    servers.iter().fold(HEAD.to_owned(), |mut text, server| {
        // writing to a String cannot fail
        let _ = writeln!(text, "server {server} iburst");
        text
    })
}

/// `/etc/hosts` with the box's own name in place of the one that Debian's line for it has; all other lines stay.
pub fn hosts(old: &str, name: &str) -> String {
    let mut text = String::new();
    let mut told = false;
    for line in old.lines() {
        if line.split_whitespace().next() == Some("127.0.1.1") {
            if !told {
                let _ = writeln!(text, "127.0.1.1 {name}");
            }
            told = true;
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    if !told {
        let _ = writeln!(text, "127.0.1.1 {name}");
    }
    text
}
