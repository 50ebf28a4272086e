//! What agent and web hold together.

use boxes::Role;

use crate::{
    device::{Device, SERVICE},
    mega,
    table::Table,
};

pub fn measure(table: &mut Table) {
    let device = Device::new();
    let both = || {
        let [agent, web] = [Role::Agent, Role::Web].map(|role| device.pss(role));
        (agent + web, format!("{:.1} + {:.1}", mega(agent), mega(web)))
    };
    let (idle, parts) = both();
    table.row(
        "memory (PSS), idle",
        "≤ 10 MB",
        format!("{:.1} MB", mega(idle)),
        format!("{parts}; Cockpit + NM: 24 MB"),
    );
    table.row("  the guard beside them", "–", format!("{:.1} MB", mega(device.pss(Role::Guard))), "");
    let cookie = format!("cookie: {}", device.set_up());
    browse(&device, &cookie);
    let (session, parts) = both();
    table.row(
        "memory, one session",
        "≤ 12 MB",
        format!("{:.1} MB", mega(session)),
        format!("{parts}; Cockpit + NM: 32 MB"),
    );
    for _ in 0..10 {
        device.sign_in();
        browse(&device, &cookie);
    }
    let (later, parts) = both();
    table.row("memory, after ten more sign-ins", "–", format!("{:.1} MB", mega(later)), parts);
}

fn browse(device: &Device, cookie: &str) {
    for path in ["/", "/network", "/network/lan1"] {
        device.curl(&["-o", "/dev/null", "-H", cookie, &format!("{SERVICE}{path}")]);
    }
}
