//! The package comes, is replaced by a newer one, goes, and leaves nothing.

use boxes::{Role, debian::PACKAGES};

use crate::lab::{Lab, PASSWORD, SERVICE, eventually, package};

/// What may be ours on a box, apart from what dpkg keeps of a package that it knew.
const OURS: &str = "find / -xdev -name '*gatehouse*' \
    -not -path '/proc/*' -not -path '/mnt/*' -not -path '/run/host/*' -not -path '/var/log/*' -not -path '/tmp/*'";

#[test]
fn a_package_is_installed_upgraded_removed_and_purged() {
    let [old, new] = ["1.0", "1.1"].map(|version| {
        let package = package(version);
        format!("{PACKAGES}/{}", package.file_name().expect("name").to_string_lossy())
    });
    let lab = Lab::bare();
    let before = (
        lab.run(OURS),
        lab.run("getent passwd | sort"),
        lab.run("readlink /etc/resolv.conf || cat /etc/resolv.conf || true"),
    );
    assert_eq!(before.0, "/etc/gatehouse\n", "only what the factory wrote");

    lab.run(&format!("dpkg --force-unsafe-io --install {old}"));
    lab.ready();
    lab.run("gatehouse settings host-name edge-7");
    lab.run(&format!("printf '{PASSWORD}\\n{PASSWORD}\\n' | gatehouse password reset"));
    let fingerprint = lab.run("cat /var/lib/gatehouse-web/certificates/192.168.100.198.fingerprint");
    assert_eq!(lab.run("readlink /etc/resolv.conf"), "/run/gatehouse/resolv.conf\n");
    assert!(lab.run("cat /etc/resolv.conf").contains("nameserver 10.20.0.1"));
    assert_eq!(lab.run("cat /proc/sys/net/ipv4/ip_unprivileged_port_start"), "80\n");
    let user = lab.run("ps -o user:20= -p $(systemctl show --property=MainPID --value gatehouse-web)");
    assert_eq!(user.trim(), "gatehouse-web");
    let pages = lab.run("ls /usr/share/man/man1").lines().filter(|name| name.starts_with("gatehouse")).count();
    assert!(pages > 10, "{pages}");

    let (agent, web) = (lab.process(Role::Agent), lab.process(Role::Web));
    lab.run(&format!("dpkg --force-unsafe-io --install {new}"));
    lab.ready();
    assert!(lab.process(Role::Agent).0 != agent.0 && lab.process(Role::Web).0 != web.0, "the new program runs");
    assert_eq!(lab.run("dpkg-query --show --showformat='${Version}' gatehouse"), "1.1");
    assert_eq!(lab.run("hostname"), "edge-7\n");
    assert_eq!(lab.run("cat /var/lib/gatehouse-web/certificates/192.168.100.198.fingerprint"), fingerprint);
    let hello = lab.run("gatehouse status --json");
    assert!(hello.contains("edge-7"), "{hello}");
    lab.run("test -s /var/lib/gatehouse/password");

    lab.run("dpkg --remove gatehouse");
    eventually("nobody at the service port", || (!lab.answers(SERVICE)).then_some(()));
    assert_eq!(lab.run("systemctl list-units --state=active,failed --no-legend 'gatehouse*'"), "");
    lab.run("ls /etc/gatehouse/gatehouse.toml /var/lib/gatehouse/password");
    lab.run("dpkg --purge gatehouse");
    let left = lab.run(OURS);
    assert_eq!(left, "", "purged");
    assert_eq!(lab.run("getent passwd | sort"), before.1);
    assert_eq!(lab.run("readlink /etc/resolv.conf || cat /etc/resolv.conf || true"), before.2);
}
