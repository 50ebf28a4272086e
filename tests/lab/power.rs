//! Power cuts and restarts.

use crate::lab::{Lab, MOVED, PASSWORD, eventually};

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

#[test]
fn a_factory_reset_of_a_booted_box_leaves_it_as_it_came() {
    let lab = Lab::new();
    lab.ready();
    lab.device.restart_itself();
    let first =
        lab.run("cat /etc/hostname; ls /var/lib/gatehouse-web/certificates; cat /var/lib/gatehouse-web/generation");
    lab.run(&format!("echo '{PASSWORD}' | gatehouse password reset"));
    lab.run("gatehouse settings host-name edge-7");
    assert!(leads(&lab).ends_with("/login"), "it has a password");
    let before = boot(&lab);
    lab.run("gatehouse factory-reset --name edge-7");
    eventually("another boot", || another(&lab, &before));
    lab.ready();
    eventually("a first visit", || leads(&lab).ends_with("/setup").then_some(()));
    assert_eq!(lab.run("cat /etc/hostname").lines().next(), first.lines().next());
    let state = lab.run("ls /var/lib/gatehouse");
    assert!(!state.contains("password") && !state.contains("factory-reset"), "{state}");
    eventually("another life of web's", || {
        let now = lab.sh("cat /var/lib/gatehouse-web/generation").stdout;
        (!now.is_empty() && !first.ends_with(&now)).then_some(())
    });
}

/// Where somebody without a session is led.
fn leads(lab: &Lab) -> String {
    let argv =
        ["curl", "-sk", "--max-time", "5", "-o", "/dev/null", "-w", "%{redirect_url}", "https://192.168.100.198/"];
    lab.device.client_exec(&argv).expect("curl").stdout
}

/// Nothing while it is down.
fn boot(lab: &Lab) -> String {
    let read = lab.device.exec(&["cat", "/proc/sys/kernel/random/boot_id"]);
    read.map(|ended| ended.stdout).unwrap_or_default()
}

fn another(lab: &Lab, before: &str) -> Option<()> {
    let now = boot(lab);
    (now.len() == before.len() && now != before).then_some(())
}
