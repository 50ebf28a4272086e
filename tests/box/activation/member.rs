//! A box that is a member: the command line, and what an administrator does to it.

use domain::{
    activation::{base64url, offline::Request},
    cluster::{
        api::{ActivateAsk, AssociationAsk, AssociationKind},
        calls,
    },
    secret::Secret,
};
use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;

use super::{
    Fleet,
    registry::{call, parse},
};
use crate::lab::{PASSWORD, SERVICE, eventually};

#[test]
fn a_member_shows_its_cluster_and_one_that_is_removed_says_so() {
    let fleet = Fleet::new();
    fleet.registry.by_account(&["cluster", "enable"]).expect("enabled");
    let code = fleet.registry.code(&[]).expect("code");
    fleet.begin(
        &code,
        &["--association", "manual", "--new-cluster", "plant-2", "--peer", "7F3K-2220", "--virtual-ip", "10.20.0.99"],
    );
    fleet.active();
    let status = fleet.status();
    let info = &status["member"]["info"];
    assert_eq!(
        (info["cluster_name"].as_str(), info["awaits"].as_str()),
        (Some("plant-2"), Some("7F3K-2220")),
        "{info}"
    );
    let cookie = fleet.lab.post(SERVICE, "/setup", "", &[("password", PASSWORD)]).cookie().expect("a session");
    let page = eventually("the cluster", || {
        Some(fleet.lab.get(SERVICE, "/cluster", &cookie).body).filter(|page| page.contains("plant-2"))
    });
    assert!(page.contains("7F3K-2220"), "{page}");
    // an identity that nobody else can read
    assert_eq!(fleet.lab.sh("stat -c '%a %U' /var/lib/gatehouse/identity.key").stdout, "600 root\n");

    for more in [&[][..], &["--force"]] {
        fleet
            .registry
            .by_account(&[&["cluster", "remove-host", "7F3K-2219", "--yes"], more].concat())
            .expect("removed");
    }
    // it asks each 45 s, and when it starts
    fleet.lab.device.reboot().expect("reboot");
    fleet.lab.ready();
    eventually("a box that knows it", || (fleet.stage() == "left").then_some(()));
    eventually("the alarm", || {
        let list: Value = serde_json::from_str(&fleet.lab.cli(&["alarms", "--json"]).stdout).ok()?;
        list["open"].as_array()?.iter().any(|alarm| alarm["kind"] == "no_member").then_some(())
    });
    // and can be activated again
    let code = fleet.registry.code(&[]).expect("code");
    fleet.begin(&code, &["--association", "none"]);
    fleet.active();
    assert_eq!(fleet.status()["member"]["info"]["cluster"], Value::Null);
}

#[test]
fn a_code_is_good_for_one_box_and_the_answer_of_another_request_is_refused() {
    let fleet = Fleet::new();
    let code = fleet.registry.code(&[]).expect("code");
    fleet.begin(&code, &["--association", "none"]);
    fleet.active();
    let again = fleet.lab.cli(&["activate", "--code-file", &fleet.lab.file("code", &code), "--yes"]);
    assert!(again.code != 0 && again.stderr.contains("GH-7"), "{again:?}");
    let listed = fleet.registry.by_account(&["token", "list"]).expect("codes");
    assert_eq!((listed[0]["state"].as_str(), listed[0]["serial"].as_str()), (Some("used"), Some("7F3K-2219")));
}

#[test]
fn by_hand_a_box_takes_the_answer_to_its_own_last_request_and_no_other() {
    let fleet = Fleet::new();
    let made = |fleet: &Fleet| fleet.lab.cli(&["activate", "--offline-request"]).stdout.trim().to_owned();
    let old = made(&fleet);
    let request = made(&fleet);
    assert!(old.starts_with("GH1R.") && request.starts_with("GH1R.") && old != request, "{old} {request}");
    let answered = |request: &str| {
        let file = fleet.lab.folder().join("request.txt");
        std::fs::write(&file, request).expect("write");
        let argv = ["cluster", "answer", &file.display().to_string(), "--name", "box-a1"];
        let answer = fleet.registry.by_account(&argv)?;
        Ok::<_, boxes::Error>(answer["answer"].as_str().unwrap_or_default().to_owned())
    };
    let answer = answered(&request).expect("answered");
    let take = |text: &str| fleet.lab.cli(&["activate", "--offline-answer", &fleet.lab.file("answer", text)]);
    let altered = answer.replacen('A', "B", 3);
    let anothers = answered(&request_of("7F3K-9999")).expect("answered");
    for wrong in ["", "GH1A.x.y", &altered, &answer[..answer.len() - 7], &anothers] {
        let refused = take(wrong);
        assert!(refused.code != 0 && refused.stderr.contains("GH-72"), "{wrong}: {refused:?}");
        assert_eq!(fleet.status()["request"], Value::from(request.clone()), "it is awaited still");
    }
    let taken = take(&answer);
    assert_eq!(taken.code, 0, "{taken:?}");
    fleet.active();
    assert_eq!(fleet.lab.sh("hostname").stdout.trim(), "box-a1");
    let replayed = take(&answer);
    assert!(replayed.code != 0, "{replayed:?}");
}

/// A signing request of a box that is not here.
fn csr() -> Vec<u8> {
    let key = KeyPair::generate().expect("a key");
    CertificateParams::default().serialize_request(&key).expect("a request").der().to_vec()
}

/// What such a box has others carry.
fn request_of(serial: &str) -> String {
    let (serial, model, name) = (parse(serial), parse("B-012"), Some(parse("box-z9")));
    Request { serial, model, name, csr: csr(), nonce: [3; 16] }.write()
}

#[test]
fn a_box_whose_place_another_one_has_taken_is_told_so() {
    let fleet = Fleet::new();
    fleet.registry.by_account(&["cluster", "enable"]).expect("enabled");
    let code = || fleet.registry.code(&[]).expect("code");
    fleet.begin(&code(), &["--association", "manual", "--new-cluster", "plant-2"]);
    fleet.active();
    let replace = ["cluster", "replace-host", "7F3K-2219", "--with", "7F3K-2220", "--yes"];
    fleet.registry.by_account(&replace).expect("replaced");
    let ask = ActivateAsk {
        request: parse("another-box"),
        code: Secret::new(code()),
        serial: parse("7F3K-2220"),
        model: parse("B-012"),
        name: parse("box-b1"),
        csr: base64url::encode(&csr()),
        association: AssociationAsk { kind: AssociationKind::Automatic, ..AssociationAsk::none() },
    };
    call::<calls::Activate>(&fleet, &[], &ask);
    fleet.lab.device.reboot().expect("reboot");
    fleet.lab.ready();
    eventually("a box that knows it", || (fleet.stage() == "left").then_some(()));
    assert_eq!(fleet.status()["member"]["left"]["left"], "replaced");
    assert_eq!(fleet.lab.sh("ls /var/lib/gatehouse/identity.key").code, 2, "its key is of no more use");
}
