//! A disk that is full, and a resolver file in the ways in which boxes have it.

use boxes::Role;

use crate::lab::{Lab, MOVED, address, eventually, waits};

/// The agent's folder on a disk of its own, small enough to be filled.
fn on_a_small_disk() -> Lab {
    let lab = Lab::new();
    let line = "mount -t tmpfs -o size=64k,mode=700 tmpfs /var/lib/gatehouse";
    assert_eq!(lab.sh(line).code, 0);
    another_agent(&lab, 2);
    lab
}

/// The agent is killed, and the next one answers.
fn another_agent(lab: &Lab, number: u32) {
    lab.device.kill(Role::Agent, boxes::Signal::Kill).expect("kill");
    eventually("another agent", || (lab.starts(Role::Agent) == number).then_some(()));
    eventually("its answer", || (lab.cli(&["status"]).code == 0).then_some(()));
}

fn fill(lab: &Lab) {
    // as much as fits, to the last byte
    lab.sh("head -c 1M /dev/zero > /var/lib/gatehouse/fill; head -c 1M /dev/zero >> /var/lib/gatehouse/fill");
    assert_ne!(lab.sh("echo more > /var/lib/gatehouse/more").code, 0, "the disk is full");
    lab.sh("rm -f /var/lib/gatehouse/more");
}

fn kernel(lab: &Lab) -> String {
    // rules of one priority have no order that counts
    let all = "ip -4 -o addr | sed 's/ valid_lft.*//'; ip -4 route show table all; ip -4 rule; cat /etc/resolv.conf";
    lab.sh(&format!("({all}) | sort")).stdout
}

#[test]
fn s28_a_disk_that_is_full_before_the_change_refuses_it() {
    let lab = on_a_small_disk();
    let before = kernel(&lab);
    fill(&lab);
    let file = lab.file("wanted.toml", MOVED);
    let applied = lab.cli(&["network", "apply", &file, "--yes", "--no-wait"]);
    assert_eq!(applied.code, 3, "{applied:?}");
    assert!(applied.stderr.contains("GH-301") && applied.stderr.contains("disk full"), "{applied:?}");
    assert_eq!(kernel(&lab), before);
    lab.sh("rm /var/lib/gatehouse/fill");
    lab.open(MOVED);
}

#[test]
fn s28_a_disk_that_fills_up_before_it_is_kept_undoes_the_change() {
    let lab = on_a_small_disk();
    let before = kernel(&lab);
    lab.open(MOVED);
    fill(&lab);
    let kept = lab.cli(&["network", "confirm", "--untested"]);
    assert_eq!(kept.code, 5, "{kept:?}");
    let show = eventually("its end", || Some(lab.show()).filter(|show| !waits(show)));
    assert_eq!(show["transaction"]["last"]["reason"]["why"], "not_saved", "{show}");
    assert_eq!(address(&show), "10.20.0.15/24");
    assert_eq!(kernel(&lab), before);
    // what the disk could not take is no longer there after a restart, either
    lab.sh("rm /var/lib/gatehouse/fill");
    another_agent(&lab, 3);
    assert_eq!(lab.show()["transaction"]["open"], serde_json::Value::Null);
    assert_eq!(kernel(&lab), before);
}

#[test]
fn s43_the_resolver_file_is_kept_up_to_date_as_a_link_and_as_a_bind_mount() {
    for prepared in [
        "true",
        // what runs in a container finds it so
        "rm /etc/resolv.conf; touch /etc/resolv.conf; mount --bind /run/gatehouse/resolv.conf /etc/resolv.conf",
        // and here the file itself cannot be renamed over
        "cp /run/gatehouse/resolv.conf /tmp/bound; mount --bind /tmp/bound /run/gatehouse/resolv.conf",
    ] {
        let lab = Lab::new();
        assert_eq!(lab.sh(prepared).code, 0, "{prepared}");
        lab.open(MOVED);
        let kept = lab.cli(&["network", "confirm", "--untested"]);
        assert_eq!(kept.code, 0, "{kept:?}");
        let file = lab.sh("cat /etc/resolv.conf").stdout;
        assert!(file.contains("nameserver 10.30.0.1\n") && !file.contains("10.20.0.1"), "{prepared}: {file}");
        assert_eq!(lab.show()["dns"].get("foreign"), None, "{prepared}");
    }
}

#[test]
fn a_resolver_file_of_somebody_else_is_told_and_left_alone() {
    let lab = Lab::new();
    lab.sh("rm /etc/resolv.conf; echo nameserver 192.0.2.53 > /etc/resolv.conf");
    lab.open(MOVED);
    assert_eq!(lab.cli(&["network", "confirm", "--untested"]).code, 0);
    assert_eq!(lab.sh("cat /etc/resolv.conf").stdout, "nameserver 192.0.2.53\n");
    assert_eq!(lab.show()["dns"]["foreign"], "/etc/resolv.conf");
}
