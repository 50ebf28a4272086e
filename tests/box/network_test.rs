//! The network test as scripts and browsers get it: exit codes, JSON, and what is refused.

use boxes::Uplink;
use serde_json::{Value, json};

use crate::lab::{Lab, SERVICE, eventually};

/// dnsmasq serves DNS over TCP, too, also at the address beyond the gateway.
const HOST: &str = "internet.test:53";

#[test]
fn a_command_says_what_is_broken_and_ends_so() {
    let (lab, cookie) = Lab::set_up();
    let _dns = lab.device.site().a.dhcp("10.20.0.100,10.20.0.150").expect("dnsmasq");
    let well = eventually("a host that answers", || Some(lab.cli(&["network", "test", HOST])).filter(|t| t.code == 0));
    assert!(well.stdout.contains("✓  host     internet.test:53 reached in"), "{well:?}");

    let refused = lab.cli(&["network", "test", "https://internet.test/"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("host: is not a name such as") && refused.stderr.contains("GH-201"), "{refused:?}");

    // the page, without a script
    let page = lab.post(SERVICE, "/network/test", &cookie, &[("host", HOST)]);
    assert_eq!(page.status, 200);
    assert_eq!(page.body.matches("<li class=\"passed\"").count(), 5, "{}", page.body);
    let wrong = lab.post(SERVICE, "/network/test", &cookie, &[("host", "a b")]);
    assert!(wrong.status == 422 && wrong.body.contains("href=\"#host\""), "{wrong:?}");
    for typed in ["127.0.0.1:22", "0.0.0.0", "host:0", "host:65536", "-a", "::1", "$(id)", &"a".repeat(5_000)] {
        let wrong = lab.post(SERVICE, "/network/test", &cookie, &[("host", typed)]);
        assert_eq!(wrong.status, 422, "{typed}");
    }

    let gone = lab.device.gateway_exec(Uplink::A, &["ip", "addr", "del", "10.20.0.1/24", "dev", "br0"]).expect("ip");
    assert_eq!(gone.code, 0, "{gone:?}");
    let broken = lab.cli(&["network", "test", HOST, "--json"]);
    assert_eq!(broken.code, 6, "{broken:?}");
    let report: Value = serde_json::from_str(&broken.stdout).expect("one JSON value");
    assert_eq!((&report["uplink"], &report["host"]), (&json!("lan1"), &json!(HOST)));
    let cause = json!({ "kind": "gateway_silent", "gateway": "10.20.0.1" });
    assert_eq!(report["path"][2], json!({ "hop": "gateway", "outcome": "broken", "cause": cause }));
    assert!(broken.stderr.contains("at this hop: gateway"), "{broken:?}");
}
