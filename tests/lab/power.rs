//! Power cuts and restarts.

use crate::lab::{Lab, MOVED, eventually};

/// The unit's `%b`: its sandbox may have a `/proc` whose boot id is the machine's, which is the same over the cut.
#[test]
fn a_power_cut_in_the_window_comes_back_to_the_old_network_and_the_name_stays() {
    let lab = Lab::new();
    lab.ready();
    lab.run("gatehouse settings host-name edge-7");
    lab.run(&format!("printf '%s' '{MOVED}' > /etc/gatehouse/moved.toml"));
    lab.run("gatehouse network apply /etc/gatehouse/moved.toml --yes --no-wait");
    eventually("the new address", || lab.run("ip -4 addr show lan1").contains("10.30.0.15").then_some(()));

    lab.device.reboot().expect("power cut");
    lab.ready();
    let show = lab.show();
    assert_eq!(show["transaction"]["last"]["reason"]["why"], "reboot", "{show}");
    let kernel = lab.run("ip -4 addr show lan1");
    assert!(kernel.contains("10.20.0.15/24") && !kernel.contains("10.30.0.15"), "{kernel}");
    assert_eq!(lab.run("hostname"), "edge-7\n");
}

#[test]
fn a_restart_on_the_console_comes_back_as_another_boot() {
    let lab = Lab::new();
    lab.ready();
    lab.device.restart_itself();
    let boot =
        || lab.device.exec(&["cat", "/proc/sys/kernel/random/boot_id"]).map(|ended| ended.stdout).unwrap_or_default();
    let before = boot();
    lab.run("gatehouse restart --yes");
    eventually("another boot", || (boot().len() == before.len() && boot() != before).then_some(()));
    lab.ready();
}
