//! Sessions and the password on a real box: who is signed in is seen and ended, and no token outlives what ended it.

use boxes::Role;
use serde_json::{Value, json};

use crate::lab::{Answer, Lab, PASSWORD, SERVICE, UPLINK, eventually};

const NEW: &str = "another purple crane";

fn sign_in(lab: &Lab, password: &str, cookie: &str) -> Answer {
    lab.post(SERVICE, "/login", cookie, &[("password", password)])
}

fn signed_in(lab: &Lab) -> String {
    let answer = sign_in(lab, PASSWORD, "");
    answer.cookie().unwrap_or_else(|| panic!("{answer:?}"))
}

fn sessions(lab: &Lab) -> Vec<Value> {
    let shown = lab.cli(&["sessions", "--json"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    serde_json::from_str(&shown.stdout).expect("JSON")
}

fn is_in(lab: &Lab, cookie: &str) -> bool {
    lab.get(SERVICE, "/system", cookie).status == 200
}

fn token(cookie: &str) -> &str {
    cookie.split('=').nth(1).expect("token")
}

/// Fixation: a token that an attacker put into a browser never becomes a session, and one that was his own ends.
#[test]
fn a_token_from_before_the_sign_in_is_of_no_use_after_it() {
    let (lab, attackers) = Lab::set_up();
    for planted in ["__Host-session=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", attackers.as_str()] {
        let answer = sign_in(&lab, PASSWORD, planted);
        let cookie = answer.cookie().unwrap_or_else(|| panic!("{answer:?}"));
        assert_ne!(cookie, planted);
        assert_eq!(token(&cookie).len(), 64, "256 bits of the kernel's");
        assert!(is_in(&lab, &cookie) && !is_in(&lab, planted), "{planted}");
    }
}

/// Reuse: what has ended stays ended, at the pages and at the agent, also when the agent was started anew.
#[test]
fn a_token_is_dead_after_sign_out_end_and_change_of_the_password() {
    let (lab, first) = Lab::set_up();
    let (left, ended, other) = (signed_in(&lab), signed_in(&lab), signed_in(&lab));
    assert!(lab.post(SERVICE, "/logout", &left, &[("x", "y")]).leads_to("/login"));
    let number = sessions(&lab)[1]["number"].to_string();
    assert!(
        lab.post(SERVICE, "/system/sessions/end", &first, &[("number", &number)]).leads_to("/system/sessions?ended")
    );
    let fields = [("old_password", PASSWORD), ("password", NEW)];
    let changed = lab.post(SERVICE, "/system/password", &first, &fields);
    assert!(changed.leads_to("/system/password?saved"), "{changed:?}");
    let renewed = changed.cookie().unwrap_or_else(|| panic!("{changed:?}"));
    for restarted in [false, true] {
        if restarted {
            lab.device.kill(Role::Agent, boxes::Signal::Kill).expect("kill");
            eventually("another agent", || (lab.cli(&["status"]).code == 0).then_some(()));
        }
        for dead in [&first, &left, &ended, &other] {
            assert!(!is_in(&lab, dead));
            let asked = lab.as_web("GET", "/v1/overview", &json!({ "session": token(dead) }), &Value::Null);
            assert_eq!((asked.status, asked.code().as_str()), (401, "GH-101"), "{asked:?}");
        }
        assert!(is_in(&lab, &renewed), "this one goes on");
    }
    assert_eq!(sign_in(&lab, PASSWORD, "").status, 401);
    assert!(sign_in(&lab, NEW, "").cookie().is_some());
    let disk = lab.sh("cat /run/gatehouse/sessions.json /var/lib/gatehouse/password").stdout;
    assert!(!disk.contains(token(&renewed)) && !disk.contains(NEW), "digests only");
}

#[test]
fn the_list_says_from_where_and_which_one_is_this_and_ends_all_others() {
    let (lab, cookie) = Lab::set_up();
    eventually("pages on the uplink", || (lab.get(UPLINK, "/healthz", "").status == 200).then_some(()));
    let far = lab.post(UPLINK, "/login", "", &[("password", PASSWORD)]).cookie().expect("session");
    let page = lab.get(SERVICE, "/system/sessions", &cookie);
    assert!(page.body.contains("192.168.100.197") && page.body.contains("name=\"others\""), "{page:?}");
    let froms = sessions(&lab).iter().map(|s| s["from"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>();
    assert_eq!(froms.len(), 2);
    assert_eq!(froms[1], "192.168.100.197");
    assert!(lab.post(SERVICE, "/system/sessions/end", &cookie, &[("others", "yes")]).status == 303);
    assert!(is_in(&lab, &cookie) && lab.get(UPLINK, "/", &far).leads_to("/login"));
    // one that is gone, and what is no number
    for number in ["2", "99", "-1", "x", "<script>"] {
        let refused = lab.post(SERVICE, "/system/sessions/end", &cookie, &[("number", number)]);
        assert!(refused.status == 404 && refused.body.contains("GH-108"), "{number} {refused:?}");
    }
    assert_eq!(lab.cli(&["sessions", "end", "99"]).code, 3);
    assert_eq!(lab.cli(&["sessions", "end", "--all"]).code, 0);
    assert!(!is_in(&lab, &cookie));
    assert_eq!(sessions(&lab), [] as [Value; 0]);
}

#[test]
fn a_site_that_asks_for_complexity_and_rotation_gets_them() {
    let (lab, _) = Lab::set_up();
    let config = lab.sh("cat /etc/gatehouse/gatehouse.toml").stdout;
    lab.file("gatehouse.toml", &format!("{config}[password]\ncomplexity = true\nrotation_days = 90\n"));
    lab.sh("sed -i 's/^set .*/set 1700000000/' /var/lib/gatehouse/password");
    lab.device.kill(Role::Agent, boxes::Signal::Kill).expect("kill");
    eventually("another agent", || (lab.cli(&["status"]).code == 0).then_some(()));
    let old = eventually("a sign-in", || Some(sign_in(&lab, PASSWORD, "")).filter(|answer| answer.status == 303));
    assert!(old.leads_to("/system/password?old"), "{old:?}");
    let cookie = old.cookie().expect("it signs in all the same");
    assert!(lab.get(SERVICE, "/", &cookie).body.contains("href=\"/system/password\""), "the overview says so");
    let change = |new| lab.post(SERVICE, "/system/password", &cookie, &[("old_password", PASSWORD), ("password", new)]);
    let simple = change("only lower case letters");
    assert!(simple.status == 422 && simple.body.contains("href=\"#password\""), "{simple:?}");
    let weak = lab.sh("echo 'only lower case letters' | gatehouse password reset");
    assert!(weak.code == 3 && weak.stderr.contains("GH-107"), "{weak:?}");
    assert!(change("Lower case and 7").leads_to("/system/password?saved"));
    assert!(sign_in(&lab, "Lower case and 7", "").leads_to("/\r\n"), "it is new now");
}
