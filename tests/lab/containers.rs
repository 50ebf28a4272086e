//! An application that is a container: the real podman and crun, under the package's own units.

use crate::lab::{Lab, eventually_or};

/// The smallest image that serves: it says its epoch at `/epoch`.
const IMAGE: &str = r#"
mkdir -p /root/image/bin && cp /bin/busybox /root/image/bin/
tar -C /root/image -c . | podman import -q --change 'CMD ["/bin/busybox", "sh", "-c", "echo $GATEHOUSE_EPOCH > /data/epoch; exec /bin/busybox httpd -f -p 8080 -h /data"]' - site/web:1
"#;

const MANIFEST: &str = r#"
name = "web"
image = "site/web:1"
[health]
check = { http = { port = 8080, path = "/epoch" } }
interval = 1
"#;

const UNIT: &str = "gatehouse-app-web.service";

fn add(lab: &Lab, manifest: &str) -> boxes::Ended {
    lab.sh(&format!("cat > /root/web.toml <<'END'\n{manifest}\nEND\ngatehouse app add /root/web.toml --json"))
}

fn runs(lab: &Lab) {
    let running = || (lab.sh("gatehouse app health web").code == 0).then_some(());
    eventually_or("the container", running, || {
        lab.run(&format!("gatehouse app list; journalctl -n 40 --no-pager -u {UNIT}")) + &lab.trouble()
    });
}

#[test]
fn a_container_has_nothing_that_it_was_not_given_and_ends_with_its_unit() {
    let lab = Lab::new();
    lab.ready();
    let refused = add(&lab, MANIFEST);
    assert!(refused.code != 0 && refused.stdout.contains("no_such_image"), "{refused:?}");
    assert_eq!(lab.sh(&format!("systemctl is-active {UNIT}")).stdout, "inactive\n", "nothing is started");

    lab.run(IMAGE);
    assert_eq!(add(&lab, MANIFEST).code, 0);
    runs(&lab);
    assert_eq!(lab.run("busybox wget -qO- http://127.0.0.1:8080/epoch"), "0\n");
    let server = lab.run("pgrep -f '[h]ttpd -f -p 8080'").trim().to_owned();
    let status = lab.run(&format!("cat /proc/{server}/status"));
    for set in ["CapPrm", "CapEff", "CapBnd"] {
        assert!(status.contains(&format!("{set}:\t0000000000000000")), "{status}");
    }
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    let inside = |line: &str| lab.sh(&format!("podman exec gatehouse-app-web /bin/busybox {line}"));
    assert!(inside("touch /x").stderr.contains("Read-only"), "its root");
    assert_eq!(inside("touch /data/x").code, 0, "its data");
    assert_ne!(inside("ls /var/lib/gatehouse").code, 0, "the box's files");
    // all of it is what the guard ends and systemd counts
    let group = lab.run(&format!("cat /proc/{server}/cgroup"));
    assert!(group.lines().any(|line| line.ends_with(&format!("gatehouse-applications.slice/{UNIT}"))), "{group}");

    lab.run("systemctl kill -s KILL gatehouse-agent.service");
    runs(&lab);
    assert_eq!(lab.run("pgrep -f '[h]ttpd -f -p 8080'").trim(), server, "the agent is nobody's life");

    lab.run("gatehouse app stop web");
    let gone = || (lab.sh("pgrep -f '[h]ttpd -f -p 8080'").code != 0).then_some(());
    eventually_or("its end", gone, || lab.trouble());
    lab.run("gatehouse app start web");
    runs(&lab);
    // what podman has left behind is in nobody's way
    lab.run(&format!("systemctl kill -s KILL {UNIT}"));
    eventually_or("its end", || (lab.sh("pgrep -f '[p]odman run'").code != 0).then_some(()), || lab.trouble());
    runs(&lab);
    assert_eq!(lab.sh("test -e /var/lib/gatehouse-app-web/x").code, 0, "its data stays");
    lab.run("systemctl kill -s KILL gatehouse-guard.service");
    eventually_or("the end of what ran with the guard", gone, || lab.trouble());
}
