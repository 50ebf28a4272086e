//! The support bundle of a real box: it opens, it is complete, and none of the secrets that were planted is in it.

use std::fs;

use serde_json::Value;

use crate::lab::{Lab, PASSWORD, SERVICE, eventually};

const SEED: &str = r#"
serial = "7F3K-2219"
[proxy]
url = "http://proxy.example:3128"
user = "box"
password = "planted-proxy-word"
[registry]
url = "https://registry.example"
code = "planted-activation-code"
"#;

/// All of it as text, with each file's name.
fn opened(lab: &Lab, archive: &str) -> String {
    let listed = lab
        .sh(&format!("tar -xzf {archive} -C /tmp && cd /tmp/gatehouse-* && find . -type f -print -exec cat {{}} ';'"));
    assert_eq!(listed.code, 0, "{listed:?}");
    listed.stdout
}

#[test]
fn a_support_bundle_has_the_box_and_none_of_its_secrets() {
    let (lab, cookie) = Lab::set_up();
    lab.file("seed.toml", SEED);
    eventually("the seed", || lab.cli(&["seed", "show", "--json"]).stdout.contains("\"digest\"").then_some(()));
    let state = lab.device.folders().agent.clone();
    // a file that somebody left there, with a name to trip over
    fs::write(state.join("planted\n..%2f$(reboot)"), "planted-file-content").expect("write");

    let made = lab.cli(&["support-bundle", "-o", "/tmp/bundle.tar.gz"]);
    assert_eq!(made.code, 0, "{made:?}");
    assert_eq!(lab.sh("stat -c %a /tmp/bundle.tar.gz").stdout.trim(), "600");
    let again = lab.cli(&["support-bundle", "-o", "/tmp/bundle.tar.gz"]);
    assert_eq!(again.code, 1, "a file that exists is not touched: {again:?}");
    let text = opened(&lab, "/tmp/bundle.tar.gz");
    for part in [
        "./readme.txt",
        "\"serial\": \"7F3K-2219\"",
        "10.20.0.15/24",
        "MemTotal",
        "proxy.example",
        "seed.json",
        "./activation.json",
        "\"stage\": \"unopened\"",
        "./cluster.json",
        "\"what\":\"setup\"",
        "left there",
    ] {
        assert_eq!(text.contains(part), part != "left there", "{part}");
    }
    assert!(text.contains(r"planted\n..%2f$(reboot)"), "a name is one line");

    let secret = |file: &str| fs::read_to_string(state.join(file)).expect(file);
    let sessions = lab.sh("cat /run/gatehouse/sessions.json").stdout;
    let sessions: Value = serde_json::from_str(&sessions).expect("sessions");
    let mut digests = Vec::new();
    strings(&sessions, &mut digests);
    let token = cookie.split_once('=').expect("cookie").1;
    let keys = lab.sh("cat /var/lib/gatehouse-web/certificates/*").stdout;
    let keys = keys.lines().filter(|line| line.len() > 40).map(str::to_owned);
    let mut planted = vec![
        PASSWORD.to_owned(),
        secret("password"),
        "planted-proxy-word".to_owned(),
        "planted-activation-code".to_owned(),
        "planted-file-content".to_owned(),
        "PRIVATE KEY".to_owned(),
        token.to_owned(),
    ];
    planted.extend(keys);
    planted.extend(digests.into_iter().filter(|text| text.len() >= 32));
    assert!(planted.len() > 10, "keys and digests were found: {}", planted.len());
    for word in planted {
        assert!(!text.contains(word.trim()), "{word}");
    }
}

fn strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|value| strings(value, into)),
        Value::Object(all) => all.iter().for_each(|(key, value)| {
            into.push(key.clone());
            strings(value, into);
        }),
        _ => {}
    }
}

#[test]
fn the_page_hands_out_the_bundle_to_who_is_signed_in_and_asks_by_post() {
    let (lab, cookie) = Lab::set_up();
    let page = lab.get(SERVICE, "/system/support", &cookie);
    assert!(page.status == 200 && !page.head.to_lowercase().contains("content-disposition"), "{page:?}");
    let saved = lab.device.client_exec(&[
        "curl",
        "-sk",
        "-D",
        "-",
        "-o",
        "/dev/null",
        "-X",
        "POST",
        "-H",
        &format!("cookie: {cookie}"),
        "-H",
        &format!("origin: {SERVICE}"),
        &format!("{SERVICE}/system/support"),
    ]);
    let head = saved.expect("curl").stdout.to_lowercase();
    assert!(head.contains("content-type: application/gzip"), "{head}");
    assert!(head.contains("attachment; filename=\"gatehouse-gatehouse-1-7f3k-2219-"), "{head}");
    let stranger = lab.post(SERVICE, "/system/support", "", &[("x", "y")]);
    assert_eq!(stranger.status, 401, "{stranger:?}");
}
