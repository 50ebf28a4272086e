//! Alarms on a real box: a cable that is pulled out, an acknowledgement, a restart.

use boxes::Role;
use serde_json::Value;

use crate::lab::{Lab, SERVICE, eventually};

fn alarms(lab: &Lab) -> Option<Value> {
    serde_json::from_str(&lab.cli(&["alarms", "--json"]).stdout).ok()
}

fn open(lab: &Lab, kind: &str) -> Option<Value> {
    alarms(lab)?["open"].as_array()?.iter().find(|alarm| alarm["kind"] == kind).cloned()
}

#[test]
fn a_cable_that_is_pulled_out_is_an_alarm_that_is_acknowledged_and_kept() {
    let (lab, cookie) = Lab::set_up();
    lab.device.link("lan1", false).expect("link");
    let alarm = eventually("the alarm", || open(&lab, "no_link"));
    assert_eq!(alarm["subject"], "lan1");
    let page = lab.get(SERVICE, "/system/alarms", &cookie).body;
    assert!(page.contains("AL-102") && page.contains("name=\"id\""), "{page}");
    let log = lab.log(Role::Agent);
    assert!(log.contains("AL-102") && log.contains("major"), "the log has the number: {log}");

    let id = alarm["id"].to_string();
    let acknowledged = lab.post(SERVICE, "/system/alarms/acknowledge", &cookie, &[("id", &id)]);
    assert!(acknowledged.leads_to("/system/alarms"), "{acknowledged:?}");
    assert_eq!(open(&lab, "no_link").expect("open still")["seen"]["by"], "192.168.100.197");
    for nonsense in ["0", "999", "x", "-1"] {
        let refused = lab.post(SERVICE, "/system/alarms/acknowledge", &cookie, &[("id", nonsense)]);
        assert!(refused.status == 404 && refused.body.contains("GH-109"), "{refused:?}");
    }

    lab.device.kill(Role::Agent, boxes::Signal::Kill).expect("kill");
    let after = eventually("another agent", || open(&lab, "no_link"));
    assert_eq!(
        (&after["id"], &after["start"], &after["seen"]),
        (&alarm["id"], &alarm["start"], &open(&lab, "no_link").expect("open")["seen"])
    );
    assert_eq!(lab.cli(&["alarms", "ack", "--all"]).code, 0);
    assert_eq!(lab.cli(&["alarms", "ack", "999"]).code, 3);
    let audit = lab.cli(&["audit", "--json", "--what", "alarms"]).stdout;
    assert!(audit.contains(&format!("alarm {id}")), "{audit}");
}

#[test]
fn damaged_alarms_do_not_keep_the_agent_from_starting() {
    let (lab, _) = Lab::set_up();
    lab.device.kill(Role::Agent, boxes::Signal::Kill).expect("kill");
    lab.sh("echo '{\"open\":7' > /var/lib/gatehouse/alarms.json");
    lab.device.kill(Role::Agent, boxes::Signal::Kill).ok();
    let list = eventually("an agent that answers", || alarms(&lab).filter(|list| list["open"].is_array()));
    assert!(list["open"].is_array(), "{list}");
}
