//! Whoever answers where the registry should: not the one that the code names, or the one that it names, gone bad.

use std::sync::{Arc, Mutex};

use boxes::Role;
use serde_json::{Value, json};

use super::{Fleet, registry::Scripted};
use crate::lab::{Answer, PASSWORD, SERVICE, eventually};

/// A label may have it: there is no slash in it.
const NASTY: &str = "<img src=x onerror=alert(1)>";

fn preview() -> Value {
    json!({
        "account": "demo", "account_name": NASTY, "service": true, "used": false, "expires": null, "cluster": null,
        "clusters": [{
            "id": "c-1", "name": "\"><b onclick=alert(2)>", "model": null, "why_not": null,
            "candidates": [{
                "serial": "7F3K-2220", "name": "box-b1", "state": "<svg onload=alert(3)>",
                "why_not": { "reason": "<i>", "subject": "<script>alert(4)", "text": "<u>" },
            }],
        }],
        "reserved": null, "prepared": null, "now": os::clock::wall().0,
    })
}

/// The wizard up to the code's question.
fn up_to_the_code(fleet: &Fleet) -> String {
    let lab = &fleet.lab;
    let cookie = lab.post(SERVICE, "/setup", "", &[("password", PASSWORD)]).cookie().expect("a session");
    for (page, fields) in
        [("kind", ("kind", "new")), ("power", ("x", "y")), ("cable", ("x", "y")), ("check", ("go", "on"))]
    {
        let sent = lab.post(SERVICE, &format!("/activate/{page}"), &cookie, &[fields]);
        assert!(sent.leads_to("/activate/"), "{page}: {sent:?}");
    }
    cookie
}

#[track_caller]
fn harmless(page: &Answer) {
    assert_eq!(page.status, 200, "{page:?}");
    for tag in ["<img src=x", "<b onclick", "<svg onload", "<script>alert", "<i>", "<u>"] {
        assert!(!page.body.contains(tag), "{tag}: {}", page.body);
    }
}

#[test]
fn whoever_shows_another_authority_is_told_no_code_and_named() {
    let fleet = Fleet::new();
    let code = fleet.registry.code(&[]).expect("code");
    let impostor = Scripted::serve(&fleet, |_| Some(preview().to_string()));
    let cookie = up_to_the_code(&fleet);
    let refused = fleet.lab.post(SERVICE, "/activate/code", &cookie, &[("code", &code)]);
    assert!(refused.status == 503 && refused.body.contains("GH-720"), "{refused:?}");
    assert!(refused.body.contains("registry.test") && refused.body.contains("not the registry that the code names"));
    let file = fleet.lab.file("code", &code);
    let told = fleet.lab.cli(&["activate", "--code-file", &file, "--yes"]);
    assert!(told.code == 3 && told.stderr.contains("GH-720") && told.stderr.contains("registry.test"), "{told:?}");
    assert_eq!(impostor.heard(), [], "nobody else is told a byte of the code");
    assert!(fleet.saved()["code"].is_null() && fleet.status()["draft"]["code"].is_null());
}

#[test]
fn one_that_takes_the_registrys_place_in_the_middle_is_told_nothing_and_the_box_waits() {
    let fleet = Fleet::new();
    let code = fleet.registry.code(&[]).expect("code");
    fleet.registry.power_off();
    fleet.begin(&code, &["--association", "none"]);
    let impostor = Scripted::serve(&fleet, |_| Some(preview().to_string()));
    let why = eventually("a box that has seen it", || {
        Some(fleet.status()["waiting"]["why"].clone()).filter(|why| why["away"] == "other_authority")
    });
    assert_eq!(why["host"], "registry.test");
    assert_eq!(impostor.heard(), []);
    assert_eq!(fleet.stage(), "working");
    drop(impostor);
    fleet.registry.power_on().expect("on");
    fleet.active();
    assert_eq!(fleet.hosts(), ["7F3K-2219"]);
}

#[test]
fn what_a_registry_calls_things_is_shown_and_never_done() {
    let fleet = Fleet::new();
    let registry = Scripted::serve(&fleet, |_| Some(preview().to_string()));
    let cookie = up_to_the_code(&fleet);
    let lab = &fleet.lab;
    let typed = lab.post(SERVICE, "/activate/code", &cookie, &[("code", &registry.code())]);
    assert!(typed.leads_to("/activate/confirm"), "{typed:?}");
    let page = lab.get(SERVICE, "/activate/confirm", &cookie);
    harmless(&page);
    assert!(page.body.contains("&lt;img src=x"), "it is shown as it is: {}", page.body);
    assert!(lab.post(SERVICE, "/activate/confirm", &cookie, &[("x", "y")]).leads_to("/activate/cluster"));
    let page = lab.get(SERVICE, "/activate/cluster", &cookie);
    harmless(&page);
    assert!(page.body.contains("&lt;b onclick"), "{}", page.body);
}

#[test]
fn an_answer_that_is_none_is_one_of_nobody_and_breaks_nothing() {
    let fleet = Fleet::new();
    let next = Arc::new(Mutex::new(String::new()));
    let said = next.clone();
    let registry = Scripted::serve(&fleet, move |_| Some(said.lock().expect("said").clone()));
    let cookie = up_to_the_code(&fleet);
    let lab = &fleet.lab;
    let with = |field: &str, value: Value| {
        let mut preview = preview();
        preview[field] = value;
        preview.to_string()
    };
    let cluster = |field: &str, value: Value| {
        let mut preview = preview();
        preview["clusters"][0][field] = value;
        preview.to_string()
    };
    let answers = [
        ("an end of a script", with("account_name", json!("</script>"))),
        ("a direction mark", with("account_name", json!("evil\u{202e}omed"))),
        ("a line break", with("account_name", json!("a\nb"))),
        ("a name without end", with("account_name", json!("x".repeat(5_000)))),
        ("a path", cluster("id", json!("../../etc"))),
        (
            "a serial number with a tag",
            cluster("candidates", json!([{ "serial": "<b>", "name": "box-b1", "state": "active", "why_not": null }])),
        ),
        ("a number", with("account", json!(7))),
        ("no clusters", with("clusters", json!("none"))),
        ("a time that is none", with("now", json!(-1))),
        ("nothing", "null".to_owned()),
        ("depth", "[".repeat(100_000)),
        ("no JSON", "<html>sign in</html>".to_owned()),
        ("too much", with("account_name", json!("x".repeat(2_000_000)))),
    ];
    for (what, answer) in answers {
        *next.lock().expect("next") = answer;
        // it may be a proxy's page: the code is kept, and shown again later
        let typed = lab.post(SERVICE, "/activate/code", &cookie, &[("code", &registry.code())]);
        assert!(typed.leads_to("/activate/confirm"), "{what}: {typed:?}");
        let status = fleet.status();
        assert_eq!(status["waiting"]["why"]["away"], "not_a_registry", "{what}: {status}");
        assert_eq!(status["offered"], Value::Null, "{what}");
        harmless(&lab.get(SERVICE, "/activate/confirm", &cookie));
    }
    assert_eq!((lab.starts(Role::Agent), lab.starts(Role::Web)), (1, 1), "nobody has died of it");
    *next.lock().expect("next") = preview().to_string();
    eventually("it is asked again", || (!fleet.status()["offered"].is_null()).then_some(()));
}

#[test]
fn a_box_takes_no_name_and_no_certificate_that_it_has_not_checked() {
    let fleet = Fleet::new();
    let of_another = Arc::new(Mutex::new(true));
    let other = of_another.clone();
    let registry = Scripted::serve(&fleet, move |path| {
        let now = os::clock::wall().0;
        Some(match path {
            "/v1/time" => json!({ "now": now }).to_string(),
            "/v1/enrol/activate" => {
                let serial = if *other.lock().expect("other") { "7F3K-9999" } else { "7F3K-2219" };
                json!({
                    "serial": serial, "name": "owned", "account": "demo", "state": "active", "cluster": null,
                    "cluster_name": null, "peer": null, "peer_key": null, "pair": null, "awaits": null,
                    "virtual_ip": null, "certificate": "AAAA", "authority": "AAAA", "not_before": now,
                    "not_after": now + 9_000, "urls": [], "now": now,
                })
                .to_string()
            }
            _ => preview().to_string(),
        })
    });
    fleet.begin(&registry.code(), &["--association", "none"]);
    let refuses = |what: &str, detail: &str| {
        eventually(what, || {
            let why = fleet.status()["waiting"]["why"].clone();
            let said = why["detail"].as_str().unwrap_or_default();
            (why["away"] == "bad_certificate" && said.contains(detail)).then_some(())
        });
    };
    refuses("another box's answer is none", "cannot be about this box");
    *of_another.lock().expect("of another") = false;
    refuses("a certificate that is none", "another authority");
    let status = fleet.status();
    assert_eq!((status["stage"].as_str(), &status["member"]), (Some("working"), &Value::Null), "{status}");
    assert_eq!(fleet.lab.sh("hostname").stdout.trim(), "gatehouse-1");
    // the same box asks by the same request each time, and by its key, which it keeps to itself
    let asked = registry.heard().into_iter().filter(|(path, _)| path == "/v1/enrol/activate");
    let asked = asked.map(|(_, body)| serde_json::from_str::<Value>(&body).expect("JSON")).collect::<Vec<_>>();
    assert!(asked.len() >= 2 && asked.iter().all(|ask| ask["request"] == asked[0]["request"]), "{asked:?}");
    assert!(registry.heard().iter().all(|(_, body)| !body.contains("PRIVATE KEY")));
}
