//! The audit log on a real box: every write is in it, nothing secret is, and who tampers with it is found out.

use boxes::Role;
use serde_json::{Value, json};

use crate::{
    doors::{ROUTES, body},
    lab::{Lab, MOVED, PASSWORD, SERVICE, UPLINK, eventually},
};

fn audit(lab: &Lab, more: &[&str]) -> Value {
    let shown = lab.cli(&[&["audit", "--json"], more].concat());
    assert_eq!(shown.code, 0, "{shown:?}");
    serde_json::from_str(&shown.stdout).expect("JSON")
}

fn entries(lab: &Lab, more: &[&str]) -> Vec<Value> {
    audit(lab, more)["entries"].as_array().expect("entries").clone()
}

#[test]
fn every_write_of_the_agents_api_is_written_down() {
    let (lab, cookie) = Lab::set_up();
    let token = cookie.split('=').nth(1).expect("token").to_owned();
    let connection = json!({ "local": ["192.168.100.198", 443], "remote": ["192.168.100.197", 50000] });
    for (caller, who) in [
        (json!({ "session": token, "connection": connection }), "session"),
        (json!({ "connection": connection }), "visitor"),
    ] {
        for (method, path, _) in ROUTES {
            let name = path.trim_start_matches("/v1/");
            // ends the session that the rest is asked with; the sign-in's own tests have it
            if name == "logout" && who == "session" {
                continue;
            }
            let newest = || entries(&lab, &["--what", name]).first().map_or(0, |e| e["n"].as_u64().expect("number"));
            let before = newest();
            // one that ends never is no write
            if method == "GET" {
                continue;
            }
            let answer = lab.as_web(method, path, &caller, &body());
            let after = entries(&lab, &["--what", name]);
            if matches!(
                name,
                "network/plan" | "network/test" | "certificate/check" | "activation/preview" | "activation/check"
            ) {
                assert!(after.is_empty(), "{name} only asks: {after:?}");
                continue;
            }
            let entry = after.first().unwrap_or_else(|| panic!("{path} is not written down"));
            assert!(entry["n"].as_u64() > Some(before), "{path} {entry} {answer:?}");
            let code = if answer.status == 200 { Value::Null } else { Value::from(answer.code()) };
            assert_eq!((&entry["code"], entry["who"].as_str()), (&code, Some(who)), "{path} {entry}");
            assert_eq!(entry["from"], "192.168.100.197", "{entry}");
            let operation = entry["operation"].as_str().expect("operation");
            assert!(lab.log(Role::Agent).contains(operation), "the log has the operation of {path}");
        }
    }
}

#[test]
fn tells_sign_in_change_and_end_from_where_and_no_secret() {
    let (lab, cookie) = Lab::set_up();
    assert_eq!(lab.post(SERVICE, "/login", "", &[("password", "sesame-wrong-guess")]).status, 401);
    assert!(lab.post(SERVICE, "/system/host-name", &cookie, &[("host_name", "box-a1")]).status == 200);
    assert!(lab.post(SERVICE, "/logout", &cookie, &[("x", "y")]).leads_to("/login"));
    lab.open(MOVED);
    assert_eq!(lab.cli(&["network", "confirm", "--untested"]).code, 0);
    let all = entries(&lab, &[]);
    let said = all.iter().rev().map(|e| {
        let text = |name: &str| e[name].as_str().unwrap_or("-").to_owned();
        let number = e["number"].as_u64().map_or_else(|| "-".to_owned(), |n| n.to_string());
        [text("who"), number, text("from"), text("what"), text("code"), text("detail")].join(" ")
    });
    assert_eq!(
        said.collect::<Vec<_>>(),
        [
            "session 1 192.168.100.197 setup - -",
            "visitor - 192.168.100.197 login GH-102 -",
            "session 1 192.168.100.197 settings/host-name - box-a1",
            "session 1 192.168.100.197 logout - -",
            "console - - network/apply - change 1",
            "console - - network/confirm - change 1 kept",
        ]
    );
    let disk = lab.sh("cat /var/lib/gatehouse/audit/*").stdout;
    for secret in [PASSWORD, "sesame-wrong-guess", cookie.split('=').nth(1).expect("token")] {
        assert!(!disk.contains(secret) && !lab.log(Role::Agent).contains(secret), "{secret}");
    }
    assert_eq!(lab.sh("stat -c '%a %U' /var/lib/gatehouse/audit/*.jsonl | sort -u").stdout, "600 root\n");
}

#[test]
fn a_change_that_undoes_itself_is_the_boxs_own_deed() {
    let (lab, _) = Lab::set_up();
    lab.open(MOVED);
    lab.device.reboot().expect("reboot");
    lab.ready();
    let told = eventually("the box's own entry", || {
        let shown = lab.cli(&["audit", "--json", "--what", "network/undone"]);
        let found: Value = serde_json::from_str(&shown.stdout).ok()?;
        found["entries"].get(0).cloned()
    });
    assert_eq!(
        (told["who"].as_str(), told["detail"].as_str()),
        (Some("machine"), Some("change 1: the box was restarted"))
    );
    lab.device.kill(Role::Agent, boxes::Signal::Kill).expect("kill");
    eventually("another agent", || (lab.cli(&["status"]).code == 0).then_some(()));
    assert_eq!(entries(&lab, &["--what", "network/undone"]).len(), 1, "it is told once");
}

#[test]
fn who_edits_the_log_is_found_out() {
    let (lab, cookie) = Lab::set_up();
    assert!(lab.get(SERVICE, "/system/audit", &cookie).body.contains("note ok"));
    lab.sh("sed -i 's/192.168.100.197/192.168.100.7/' /var/lib/gatehouse/audit/deeds.jsonl");
    let page = lab.get(SERVICE, "/system/audit", &cookie);
    assert!(page.status == 200 && page.body.contains("note bad"), "{page:?}");
    assert_eq!(audit(&lab, &[])["state"]["chain"]["chain"], "broken");
    // and not forgotten over a restart
    lab.device.kill(Role::Agent, boxes::Signal::Kill).expect("kill");
    eventually("another agent", || (lab.cli(&["status"]).code == 0).then_some(()));
    assert_eq!(audit(&lab, &[])["state"]["chain"]["chain"], "broken");
}

/// Whoever can send a caller's header is web; a web process that was broken into still writes no lines of its own.
#[test]
fn nothing_that_a_visitor_sends_becomes_a_line_of_the_log() {
    let (lab, cookie) = Lab::set_up();
    eventually("pages on the uplink", || (lab.get(UPLINK, "/healthz", "").status == 200).then_some(()));
    let nasty = "x\"}\n{\"n\":99,\"who\":\"console\",\"what\":\"forged\"}\r\u{1b}[2J<script>alert(1)</script>";
    for path in ["/system/host-name", "/system/time", "/system/proxy"] {
        let fields = [("host_name", nasty), ("time_zone", nasty), ("time_servers", nasty), ("proxy_url", nasty)];
        assert_eq!(lab.post(SERVICE, path, &cookie, &fields).status, 422, "{path}");
    }
    lab.as_web("POST", "/v1/network/lease", &json!({ "session": nasty }), &json!({ "port": nasty, "ask": "renew" }));
    lab.post(UPLINK, "/login", "", &[("password", nasty)]);
    let disk = lab.sh("cat /var/lib/gatehouse/audit/*.jsonl").stdout;
    for line in disk.lines() {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_ne!(value["what"], "forged", "{line}");
    }
    assert!(!disk.contains('\u{1b}'), "{disk}");
    let query = nasty.bytes().map(|b| format!("%{b:02x}")).collect::<Vec<_>>().concat();
    let page = lab.get(SERVICE, &format!("/system/audit?who={query}&what={query}&before={query}"), &cookie);
    assert!(page.status == 200 && !page.body.contains("<script>alert"), "{page:?}");
}
