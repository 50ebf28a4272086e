//! The box's own settings: in force, kept over a restart, and never this machine's.

use std::{net::Ipv4Addr, thread};

use boxes::Role;
use serde_json::{Value, json};

use crate::{
    bus,
    lab::{Lab, SERVICE, UPLINK, eventually},
    service_port::resolved,
};

fn settings(lab: &Lab) -> Value {
    let shown = lab.cli(&["settings", "show", "--json"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    serde_json::from_str(&shown.stdout).expect("JSON")
}

#[test]
fn a_new_host_name_is_in_force_everywhere_and_outlives_a_restart() {
    let (lab, cookie) = Lab::set_up();
    let machine = rustix::system::uname().nodename().to_owned();
    let answer = lab.post(SERVICE, "/system/host-name", &cookie, &[("host_name", "box-a1")]);
    assert!(answer.status == 200 && answer.body.contains("href=\"https://box-a1.local/\""), "{answer:?}");

    assert_eq!(lab.exec(&["hostname"]).stdout, "box-a1\n");
    assert_eq!(lab.sh("cat /etc/hostname; grep 127.0.1.1 /etc/hosts").stdout, "box-a1\n127.0.1.1 box-a1\n");
    assert_eq!(rustix::system::uname().nodename(), machine.as_c_str(), "this machine keeps its own");
    let site = Ipv4Addr::new(10, 20, 0, 200);
    eventually("found by its new name", || resolved(&lab, site, "box-a1.local"));
    assert_eq!(resolved(&lab, site, "gatehouse-1.local"), None);
    // the pages answer to the new name, with a certificate of its own
    let to = ["--resolve", "box-a1.local:443:192.168.100.198", "https://box-a1.local/healthz"];
    let code = || {
        let argv = [&["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}"], &to[..]].concat();
        lab.device.client_exec(&argv).expect("curl").stdout
    };
    eventually("pages at the new name", || (code() == "200").then_some(()));
    assert!(lab.sh("ls /var/lib/gatehouse-web/certificates").stdout.contains("box-a1.local.pem"));

    lab.device.reboot().expect("reboot");
    lab.ready();
    eventually("the name is back", || (lab.exec(&["hostname"]).stdout == "box-a1\n").then_some(()));
}

#[test]
fn a_dhcp_server_is_told_the_new_name() {
    let (lab, _) = Lab::set_up();
    assert_eq!(lab.cli(&["settings", "host-name", "box-a1"]).code, 0);
    let log = lab.device.folders().log.join("leases.log");
    let facility = format!("--log-facility={}", log.display());
    let network = &lab.device.site().a;
    let more = ["--log-dhcp", &facility];
    let _server = network.ns().dnsmasq(boxes::BRIDGE, "10.20.0.100,10.20.0.150", &more).expect("dnsmasq");
    lab.open("uplink_order = [\"lan1\"]\n[ports.lan1]\nipv4 = { method = \"dhcp\" }\nmanage = true\n");
    assert_eq!(lab.cli(&["network", "confirm", "--untested"]).code, 0);
    eventually("option 12", || {
        std::fs::read_to_string(&log).unwrap_or_default().contains("client provides name: box-a1").then_some(())
    });
}

#[test]
fn what_is_no_name_is_refused_with_what_was_typed() {
    let (lab, cookie) = Lab::set_up();
    for bad in ["box", "Box-1", "-box", "box-", "a\nb-c-d", "$(reboot)", "<script>alert(1)</script>", "../../etc"] {
        let answer = lab.post(SERVICE, "/system/host-name", &cookie, &[("host_name", bad)]);
        assert!(answer.status == 422 && answer.body.contains("href=\"#host_name\""), "{bad:?} {answer:?}");
        assert!(!answer.body.contains("<script>alert"), "{bad:?}");
    }
    assert_eq!(lab.exec(&["hostname"]).stdout, "gatehouse-1\n");
    assert_eq!(lab.post(SERVICE, "/system/host-name", "", &[("host_name", "box-a1")]).status, 401);
}

#[test]
fn the_clock_is_set_by_systemd_or_not_at_all() {
    let (lab, cookie) = Lab::set_up();
    let at = [("clock", "2026-11-25T12:00")];
    let refused = lab.post(SERVICE, "/system/time/clock", &cookie, &at);
    assert!(refused.status == 409 && refused.body.contains("GH-311"), "{refused:?}");
    let told = lab.cli(&["settings", "clock", "2026-11-25 12:00"]);
    assert!(told.code == 3 && told.stderr.contains("GH-311"), "{told:?}");

    let calls = bus::systemd(&lab.device.start_bus().expect("bus"), true);
    let set = lab.post(SERVICE, "/system/time/clock", &cookie, &[("device", "1795608000"), ("clock", "")]);
    assert!(set.leads_to("/system/time?saved"), "{set:?}");
    let heard = || std::mem::take(&mut *calls.lock().expect("calls"));
    // a service that keeps the clock is asked to let go of it for the moment
    assert_eq!(heard(), ["SetNTP false", "SetTime (1795608000000000, false, false)", "SetNTP true"]);
    assert_eq!(lab.cli(&["settings", "clock", "2026-11-25 12:00"]).code, 0);
    assert!(heard().contains(&"SetTime (1795608000000000, false, false)".to_owned()));

    for (field, bad) in [
        ("clock", "yesterday"),
        ("clock", "1970-01-01 00:00"),
        ("clock", "2400-01-01 00:00"),
        ("device", "0"),
        ("device", "-1"),
    ] {
        let wrong = lab.post(SERVICE, "/system/time/clock", &cookie, &[(field, bad)]);
        assert!(wrong.status == 422 && wrong.body.contains("href=\"#clock\""), "{bad} {wrong:?}");
    }
    assert_eq!(heard(), Vec::<String>::new());
}

#[test]
fn zone_and_servers_reach_systemd_and_its_files() {
    let (lab, cookie) = Lab::set_up();
    let calls = bus::systemd(&lab.device.start_bus().expect("bus"), true);
    let fields = [("time_zone", "Asia/Shanghai"), ("time_servers", "ntp.example, 10.20.0.1")];
    let saved = lab.post(SERVICE, "/system/time", &cookie, &fields);
    assert!(saved.leads_to("/system/time?saved"), "{saved:?}");
    let file = "/run/systemd/timesyncd.conf.d/gatehouse.conf";
    let text = eventually("the file", || Some(lab.exec(&["cat", file])).filter(|cat| cat.code == 0)).stdout;
    assert!(text.ends_with("[Time]\nNTP=ntp.example 10.20.0.1\n"), "{text}");
    let restart = "TryRestartUnit (\"systemd-timesyncd.service\", \"replace\")".to_owned();
    eventually("the unit is restarted", || calls.lock().expect("calls").contains(&restart).then_some(()));
    assert!(calls.lock().expect("calls").contains(&"SetTimezone Asia/Shanghai".to_owned()));
    let shown = settings(&lab);
    assert_eq!(
        (&shown["clock"]["keeper"], &shown["time_servers"]),
        (&json!("timesyncd"), &json!(["ntp.example", "10.20.0.1"]))
    );

    // a line that was typed is no line of a file, and nothing is half-done
    let before = lab.exec(&["cat", "/var/lib/gatehouse/settings.toml", file]).stdout;
    for bad in ["ntp.example\n[Install]", "a;b", "$(id)", "ntp.example\r\nFallbackNTP=evil", "-x", "a b c d e"] {
        let fields = [("time_zone", "UTC"), ("time_servers", bad)];
        assert_eq!(lab.post(SERVICE, "/system/time", &cookie, &fields).status, 422, "{bad:?}");
    }
    for bad in ["../../etc/passwd", "/etc/passwd", "Mars/Base", "UTC\nx", "zone.tab"] {
        let fields = [("time_zone", bad), ("time_servers", "")];
        assert_eq!(lab.post(SERVICE, "/system/time", &cookie, &fields).status, 422, "{bad:?}");
    }
    assert_eq!(lab.exec(&["cat", "/var/lib/gatehouse/settings.toml", file]).stdout, before);

    let none = lab.post(SERVICE, "/system/time", &cookie, &[("time_zone", ""), ("time_servers", "")]);
    assert!(none.leads_to("/system/time?saved"), "{none:?}");
    eventually("the file goes", || (lab.exec(&["cat", file]).code != 0).then_some(()));
}

#[test]
fn without_systemd_the_zone_is_the_boxs_own_file() {
    let (lab, _) = Lab::set_up();
    let zone = std::fs::read_link("/etc/localtime").ok();
    assert_eq!(lab.cli(&["settings", "time", "--zone", "Asia/Shanghai"]).code, 0);
    assert_eq!(lab.sh("readlink /etc/localtime; date +%z").stdout, "/usr/share/zoneinfo/Asia/Shanghai\n+0800\n");
    assert_eq!(settings(&lab)["clock"]["offset"], 8 * 3600);
    assert_eq!(std::fs::read_link("/etc/localtime").ok(), zone, "this machine keeps its own");
}

#[test]
fn time_servers_of_the_lease_are_asked_where_none_is_typed() {
    let (lab, _) = Lab::set_up();
    let network = &lab.device.site().a;
    let _server = network
        .ns()
        .dnsmasq(boxes::BRIDGE, "10.20.0.100,10.20.0.150", &["--dhcp-option=42,10.20.0.1"])
        .expect("dnsmasq");
    let _silent = network.ns().run(|| std::net::UdpSocket::bind("10.20.0.1:123")).expect("ns").expect("port 123");
    lab.open("uplink_order = [\"lan1\"]\n[ports.lan1]\nipv4 = { method = \"dhcp\" }\nmanage = true\n");
    assert_eq!(lab.cli(&["network", "confirm", "--untested"]).code, 0);
    let clock = eventually("asked", || Some(settings(&lab)["clock"].clone()).filter(|c| c["silent_since"].is_u64()));
    assert_eq!((&clock["servers"], &clock["from"]), (&json!(["10.20.0.1"]), &json!("dhcp")));
    assert_eq!(lab.cli(&["settings", "time", "--server", "10.20.0.9"]).code, 0);
    eventually("what is typed counts", || {
        let clock = settings(&lab)["clock"].clone();
        (clock["servers"] == json!(["10.20.0.9"]) && clock["from"] == "settings").then_some(())
    });
}

#[test]
fn a_proxy_is_tested_before_it_is_saved_and_its_password_is_told_to_nobody() {
    let (lab, cookie) = Lab::set_up();
    eventually("the uplink", || (lab.get(UPLINK, "/healthz", "").status == 200).then_some(()));
    let proxy =
        lab.device.site().a.ns().tinyproxy(Ipv4Addr::new(10, 20, 0, 1), "box", "open-sesame").expect("tinyproxy");
    let post = |fields: &[(&str, &str)]| lab.post(SERVICE, "/system/proxy", &cookie, fields);
    let with = |password| [("proxy_url", "http://10.20.0.1:3128"), ("proxy_user", "box"), ("proxy_password", password)];
    eventually("a proxy that refuses", || {
        let refused = post(&with("wrong"));
        assert_eq!(refused.status, 409, "{refused:?}");
        refused.body.contains("wants another user name or password").then_some(())
    });
    assert_eq!(settings(&lab)["proxy"], Value::Null, "nothing was saved");
    let saved = post(&with("open-sesame"));
    assert!(saved.leads_to("/system/proxy?saved"), "{saved:?}");

    let shown = settings(&lab)["proxy"].clone();
    assert_eq!(
        (&shown["url"], &shown["user"], &shown["password"]),
        (&json!("http://10.20.0.1:3128"), &json!("box"), &json!(true))
    );
    let modes = lab.sh("stat -c '%a %U' /var/lib/gatehouse/proxy-password /var/lib/gatehouse/settings.toml").stdout;
    assert_eq!(modes, "600 root\n600 root\n");
    let everywhere = [
        lab.get(SERVICE, "/system/proxy", &cookie).body,
        lab.cli(&["settings", "show", "--json"]).stdout,
        lab.cli(&["settings", "show"]).stdout,
        lab.cli(&["status", "--json"]).stdout,
        lab.log(Role::Agent),
        lab.log(Role::Web),
        lab.exec(&["cat", "/var/lib/gatehouse/settings.toml"]).stdout,
    ];
    for told in &everywhere {
        assert!(!told.contains("open-sesame") && !told.contains("Ym94Om9wZW4tc2VzYW1l"), "{told}");
    }
    // kept where it went before, and nowhere else
    assert!(post(&with("")).leads_to("/system/proxy?saved"));
    let elsewhere = post(&[("proxy_url", "http://10.20.0.2:3128"), ("proxy_user", "box"), ("untested", "yes")]);
    assert!(elsewhere.status == 422 && elsewhere.body.contains("href=\"#proxy_password\""), "{elsewhere:?}");

    // the network test goes through it, also after a restart of the agent
    lab.device.kill(Role::Agent, boxes::Signal::Kill).expect("kill");
    let path = eventually("through the proxy", || {
        let tested = lab.cli(&["network", "test", "203.0.113.1:22", "--json"]);
        let report: Value = serde_json::from_str(&tested.stdout).ok()?;
        Some(report["path"][5].clone()).filter(|hop| hop["outcome"] == "broken")
    });
    assert_eq!(path["cause"], json!({ "kind": "proxy_forbids", "status": 403 }));

    drop(proxy);
    let refused = post(&with(""));
    assert!(refused.status == 409 && refused.body.contains("name=\"untested\""), "{refused:?}");
    let all_the_same = [&with("")[..], &[("untested", "yes")]].concat();
    assert!(post(&all_the_same).leads_to("/system/proxy?saved"));
    assert!(post(&[("none", "yes")]).leads_to("/system/proxy?saved"));
    assert_eq!(settings(&lab)["proxy"], Value::Null);
    assert_ne!(lab.exec(&["cat", "/var/lib/gatehouse/proxy-password"]).code, 0, "the password goes with it");
}

#[test]
fn a_proxy_is_not_the_box_itself_nor_markup() {
    let (lab, cookie) = Lab::set_up();
    let bad = [
        "http://127.0.0.1:3128",
        "http://localhost:22",
        "http://192.168.100.198:443",
        "http://10.20.0.15",
        "http://gatehouse-1.local",
        "http://gatehouse.local:80",
        "file:///etc/passwd",
        "http://a b",
        "http://proxy.example\r\nHost: evil",
        "http://\"><script>alert(1)</script>",
        "http://$(reboot)",
    ];
    thread::scope(|scope| {
        for bad in bad.chunks(4) {
            let (lab, cookie) = (&lab, &cookie);
            scope.spawn(move || {
                for url in bad {
                    let answer = lab.post(SERVICE, "/system/proxy", cookie, &[("proxy_url", url), ("untested", "yes")]);
                    assert!(answer.status == 422 && answer.body.contains("href=\"#proxy_url\""), "{url} {answer:?}");
                    assert!(!answer.body.contains("<script>alert"), "{url}");
                }
            });
        }
    });
    assert_eq!(settings(&lab)["proxy"], Value::Null);
}

#[test]
fn damaged_settings_are_set_aside_and_the_box_works() {
    let (lab, _) = Lab::set_up();
    lab.device.power_off();
    std::fs::write(lab.device.folders().agent.join("settings.toml"), "host_name = \"x\\ny\"\n").expect("write");
    lab.device.power_on().expect("on");
    lab.ready();
    let shown = eventually("the agent", || {
        let shown = lab.cli(&["settings", "show", "--json"]);
        serde_json::from_str::<Value>(&shown.stdout).ok().filter(|_| shown.code == 0)
    });
    assert!(shown["problem"].as_str().is_some_and(|why| why.contains("line 1")), "{shown}");
    assert_eq!(lab.exec(&["hostname"]).stdout, "gatehouse-1\n");
    assert_eq!(lab.sh("ls /var/lib/gatehouse/settings.toml.bad").code, 0);
}
