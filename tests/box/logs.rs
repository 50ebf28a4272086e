//! The page of logs on a real box: what each process said, and nothing that a visitor made it say.

use boxes::Role;
use serde_json::{Value, json};

use crate::lab::{Lab, PASSWORD, SERVICE, eventually};

fn logs(lab: &Lab, more: &[&str]) -> Vec<Value> {
    let shown = lab.cli(&[&["logs", "--json"], more].concat());
    let found: Value = serde_json::from_str(&shown.stdout).unwrap_or_else(|error| panic!("{error} {shown:?}"));
    found["events"].as_array().expect("events").clone()
}

#[test]
fn each_process_is_heard_and_its_events_are_chosen_by_level_part_and_text() {
    let (lab, cookie) = Lab::set_up();
    assert_eq!(lab.post(SERVICE, "/login", "", &[("password", "a wrong guess")]).status, 401);
    let wrong = logs(&lab, &["--level", "warn", "--part", "agent", "--text", "WRONG password"]);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0]["text"].as_str().is_some_and(|text| text.contains("192.168.100.197")), "{wrong:?}");
    assert!(logs(&lab, &["--since", "60"]).len() > 1);
    // what web says comes by the agent
    eventually("web's events", || (!logs(&lab, &["--part", "web"]).is_empty()).then_some(()));
    let page = lab.get(SERVICE, "/system/logs?level=warn&part=agent&text=wrong", &cookie);
    assert!(page.status == 200 && page.body.contains("a wrong password"), "{page:?}");
    assert!(!page.body.contains("socket="), "nothing that was not asked for");
    let all = lab.cli(&["logs"]).stdout + &lab.get(SERVICE, "/system/logs", &cookie).body;
    for secret in [PASSWORD, "a wrong guess", cookie.split('=').nth(1).expect("token")] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[test]
fn hostile_text_in_an_event_is_text_on_one_line() {
    let (lab, cookie) = Lab::set_up();
    let nasty = "<script>alert(1)</script>\r\n2026 ERROR agent: forged\u{1b}[2J";
    let event = json!({ "at": 0, "part": "agent", "level": "error", "from": nasty, "text": nasty });
    let told = lab.as_web("POST", "/v1/logs", &json!({}), &json!([event]));
    assert_eq!(told.status, 200, "{told:?}");
    let page = lab.get(SERVICE, "/system/logs?text=forged", &cookie);
    assert!(page.status == 200 && page.body.contains("forged") && !page.body.contains("<script>alert"), "{page:?}");
    let shown = lab.cli(&["logs", "--text", "forged"]).stdout;
    assert!(shown.lines().count() == 1 && shown.contains(" web "), "its own name, on one line: {shown:?}");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    // a flood fills its own file only
    let flood =
        json!(vec![json!({ "at": 1, "part": "web", "level": "info", "from": "x", "text": "y".repeat(190) }); 64]);
    for _ in 0..80 {
        assert_eq!(lab.as_web("POST", "/v1/logs", &json!({}), &flood).status, 200);
    }
    let size = lab.sh("cat /run/gatehouse/log/web.* | wc -c").stdout.trim().parse::<u64>().expect("number");
    assert!(size <= 2 * 128 * 1024, "{size}");
    assert!(!logs(&lab, &["--part", "agent", "--text", "ready"]).is_empty(), "the agent's are still there");
    assert_eq!(lab.starts(Role::Agent), 1);
}
