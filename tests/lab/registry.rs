//! The registry as a unit of the package: off until somebody makes one, in a sandbox, and gone with the package.

use boxes::debian::PACKAGES;

use crate::lab::{Lab, eventually_or, package};

const UNIT: &str = "gatehouse-registry.service";
const DOOR: &str = "--registry https://127.0.0.1:9443 --user operator --password-file /root/password";

#[test]
fn a_registry_runs_in_its_sandbox_outlives_an_upgrade_and_leaves_nothing() {
    let [old, new] = ["1.0", "1.1"].map(|version| {
        let package = package(version);
        format!("{PACKAGES}/{}", package.file_name().expect("name").to_string_lossy())
    });
    let lab = Lab::bare();
    let trouble = || lab.run("journalctl --no-pager --boot --lines=60 --unit=gatehouse-registry");
    lab.run(&format!("dpkg --force-unsafe-io --install {old}"));
    let state =
        |property: &str| lab.run(&format!("systemctl show --property={property} --value {UNIT}")).trim().to_owned();
    assert_eq!((state("UnitFileState"), state("ActiveState")), ("disabled".into(), "inactive".into()));

    // with settings alone there is nothing to serve, and nothing that is tried again and again
    lab.run(
        "printf 'urls = [\"https://127.0.0.1:9443\"]\\nlisten = [\"[::]:9443\"]\\n' > /etc/gatehouse/registry.toml",
    );
    lab.run(&format!("systemctl start {UNIT}"));
    assert_eq!((state("ActiveState"), state("ConditionResult")), ("inactive".into(), "no".into()));

    // root makes it; the unit's user runs it
    lab.run("printf 'a fleet of demo boxes' > /root/password");
    let made = lab.run("gatehouse registry init --operator operator --password-file /root/password --json");
    let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
    let door = format!("{DOOR} --authority {}", made["authority"].as_str().expect("a hash"));
    lab.run(&format!("systemctl enable --now {UNIT}"));
    let answers = || {
        let asked = || (lab.sh(&format!("gatehouse registry model add B-012 {door}")).code == 0).then_some(());
        eventually_or("the registry answers", asked, trouble);
    };
    answers();
    let pid = state("MainPID");
    assert_ne!(lab.run(&format!("ps -o user= -p {pid}")).trim(), "root");
    // as many connections as the machine allows
    let limits = lab.run(&format!("grep '^Max open files' /proc/{pid}/limits"));
    let limits = limits.split_whitespace().skip(3).take(2).collect::<Vec<_>>();
    assert!(limits[0] == limits[1] && limits[0] != "1024", "{limits:?}");
    let told = lab.run(&format!("systemd-analyze security --no-pager {UNIT}"));
    let overall = told.lines().last().unwrap_or_default();
    let score: f64 = overall.split_whitespace().find_map(|word| word.parse().ok()).expect("a figure");
    println!("{UNIT}: {score}");
    assert!(score <= 2.0, "{overall}");
    assert_eq!(lab.run("stat -L -c %a /var/lib/gatehouse-registry").trim(), "700");

    // root's backup while it runs, and root's restore into the folder, which is the unit's user's
    assert!(lab.run("gatehouse registry backup /root/backup").contains("records"));
    assert_eq!(state("MainPID"), pid);
    lab.run(&format!("systemctl stop {UNIT}"));
    lab.run("rm -f /var/lib/gatehouse-registry/*");
    lab.run("gatehouse registry restore /root/backup");
    lab.run(&format!("systemctl start {UNIT}"));
    answers();

    // a new program runs after an upgrade; one that hangs is started anew
    let pid = state("MainPID");
    lab.run(&format!("dpkg --force-unsafe-io --install {new}"));
    answers();
    let upgraded = state("MainPID");
    assert_ne!(upgraded, pid);
    lab.run(&format!("kill -STOP {upgraded}"));
    eventually_or(
        "another one",
        || (!["0".into(), upgraded.clone()].contains(&state("MainPID"))).then_some(()),
        trouble,
    );
    answers();

    lab.run("dpkg --remove gatehouse");
    assert_ne!(state("ActiveState"), "active");
    lab.run("ls /var/lib/gatehouse-registry/authority.key");
    lab.run("dpkg --purge gatehouse");
    let left = "find /etc /var/lib /usr /lib /run -xdev -name '*gatehouse*' -not -path '/run/host/*'";
    assert_eq!(lab.run(left), "", "purged");
}
