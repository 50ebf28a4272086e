//! Who may ask the agent: the kernel says who calls, and the web process is not believed.

use std::net::{SocketAddr, TcpStream};

use boxes::{Role, SERVICE_ADDRESS};
use serde_json::{Value, json};

use crate::lab::{Answer, Lab, PASSWORD, PATIENCE, SERVICE, UPLINK, eventually};

/// Every route of the agent, and what a web process without a session gets of it, on a box that has a password.
pub const ROUTES: [(&str, &str, u16); 71] = [
    ("GET", "/v1/hello", 200),
    ("GET", "/v1/hello/events", 200),
    ("GET", "/v1/overview", 401),
    ("GET", "/v1/events", 401),
    ("POST", "/v1/setup", 409),
    ("POST", "/v1/login", 401),
    // ends the caller's session: nobody's
    ("POST", "/v1/logout", 200),
    ("GET", "/v1/session", 401),
    // for the console only
    ("POST", "/v1/password", 403),
    ("POST", "/v1/password/change", 401),
    ("GET", "/v1/sessions", 401),
    ("POST", "/v1/sessions/end", 401),
    ("POST", "/v1/network/plan", 401),
    ("POST", "/v1/network/apply", 401),
    ("POST", "/v1/network/confirm", 401),
    ("POST", "/v1/network/handoff", 410),
    ("POST", "/v1/network/rollback", 401),
    ("POST", "/v1/network/more-time", 401),
    ("POST", "/v1/network/test", 401),
    ("POST", "/v1/network/lease", 401),
    ("GET", "/v1/alarms", 401),
    ("POST", "/v1/alarms/ack", 401),
    ("GET", "/v1/logs", 401),
    ("GET", "/v1/audit", 401),
    ("GET", "/v1/settings", 401),
    ("POST", "/v1/settings/host-name", 401),
    ("POST", "/v1/settings/time", 401),
    ("POST", "/v1/settings/clock", 401),
    ("POST", "/v1/settings/proxy", 401),
    ("POST", "/v1/power", 401),
    ("POST", "/v1/factory-reset", 401),
    ("GET", "/v1/certificate", 401),
    ("POST", "/v1/certificate/check", 401),
    ("POST", "/v1/certificate/install", 401),
    ("POST", "/v1/certificate/remove", 401),
    // web shakes hands with it; a session, forged or not, gets none
    ("GET", "/v1/certificate/serving", 200),
    ("GET", "/v1/cellular", 401),
    ("POST", "/v1/cellular/set", 401),
    ("POST", "/v1/cellular/unlock", 401),
    ("POST", "/v1/cellular/puk", 401),
    ("POST", "/v1/cellular/pin", 401),
    ("POST", "/v1/cellular/sim", 401),
    ("POST", "/v1/cellular/connect", 401),
    ("POST", "/v1/cellular/disconnect", 401),
    ("GET", "/v1/pair", 401),
    ("POST", "/v1/pair/settings", 401),
    ("POST", "/v1/pair/switchover", 401),
    ("POST", "/v1/pair/drill", 401),
    ("POST", "/v1/pair/maintenance", 401),
    ("POST", "/v1/pair/clear", 401),
    ("GET", "/v1/applications", 401),
    ("POST", "/v1/applications/add", 401),
    ("POST", "/v1/applications/remove", 401),
    ("POST", "/v1/applications/start", 401),
    ("POST", "/v1/applications/stop", 401),
    ("GET", "/v1/applications/logs", 401),
    ("POST", "/v1/support", 401),
    ("GET", "/v1/activation", 401),
    ("GET", "/v1/activation/events", 401),
    ("POST", "/v1/activation/answers", 401),
    ("POST", "/v1/activation/preview", 401),
    ("POST", "/v1/activation/check", 401),
    ("POST", "/v1/activation/begin", 401),
    ("POST", "/v1/activation/stop", 401),
    ("POST", "/v1/activation/request", 401),
    ("POST", "/v1/activation/offline", 401),
    ("GET", "/v1/cluster", 401),
    ("GET", "/v1/fleet", 401),
    ("POST", "/v1/fleet/sign-in", 401),
    ("POST", "/v1/fleet/sign-out", 401),
    ("POST", "/v1/fleet/call", 401),
];

/// A body that each route can read what it needs of.
pub fn body() -> Value {
    json!({
        "password": "guessed by web", "spec": { "ports": {} }, "base": "0".repeat(64), "handoff": "forged",
        "token": "forged", "untested": true, "action": "off", "name": "forged", "candidate": "forged",
        "old": "guessed by web", "new": "another guess",
        "end": "one", "number": 99,
    })
}

#[test]
fn the_table_names_every_route_of_the_agent() {
    let source = include_str!("../../src/agent/api/mod.rs");
    let mut routes = source.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>();
    let mut table = ROUTES.map(|(_, path, _)| path);
    routes.sort_unstable();
    table.sort_unstable();
    assert_eq!(routes, table);
}

#[test]
fn web_without_a_session_is_refused_on_every_route_that_needs_one() {
    let (lab, _) = Lab::set_up();
    let before = lab.network();
    for caller in [json!({}), json!({ "session": "forged" })] {
        for (method, path, expected) in ROUTES {
            let status = if path.ends_with("/events") && expected == 200 {
                continue; // without an end; said by the next test, from the stranger's side
            } else {
                lab.as_web(method, path, &caller, &body())
            };
            // who has a session, or says so, is no web process
            let expected = if path.ends_with("/serving") && caller != json!({}) { 403 } else { expected };
            assert_eq!(status.status, expected, "{method} {path} {status:?}");
        }
    }
    assert_eq!(lab.network(), before);
    let again = lab.post(SERVICE, "/login", "", &[("password", PASSWORD)]);
    assert!(again.cookie().is_some(), "the password is what it was: {again:?}");
}

#[test]
fn a_stranger_gets_nothing_of_the_agent() {
    let lab = Lab::new();
    for uid in ["1234", "65534"] {
        for (method, path, _) in ROUTES {
            let answer = lab.socket(uid, method, path, None, &body());
            assert_eq!((answer.status, answer.code().as_str()), (403, "GH-403"), "{uid} {path}");
        }
        let user = (format!("--reuid={uid}"), format!("--regid={uid}"));
        let argv = ["setpriv", &user.0, &user.1, "--clear-groups", "gatehouse", "network", "show", "--json"];
        let told = lab.exec(&argv);
        assert_eq!(told.code, 3, "{told:?}");
        assert!(told.stdout.contains("GH-403"), "{told:?}");
    }
}

#[test]
fn before_the_password_web_gets_nothing_but_the_greeting() {
    let lab = Lab::new();
    for (method, path, expected) in ROUTES.into_iter().filter(|(_, path, _)| path.starts_with("/v1/network")) {
        let answer = lab.as_web(method, path, &json!({ "session": "forged" }), &body());
        let expected = if expected == 401 { 409 } else { expected };
        assert_eq!(answer.status, expected, "{path} {answer:?}");
    }
}

/// The web process may say of a connection what it likes: the kernel knows on which port it came in.
#[test]
fn the_first_password_over_an_uplink_is_refused_by_the_agent_whatever_web_says() {
    let lab = Lab::new();
    let connect = |to: SocketAddr| {
        let open = || TcpStream::connect_timeout(&to, PATIENCE).expect("connection");
        lab.device.client().run(open).expect("laptop")
    };
    eventually("pages on the uplink", || (lab.get(UPLINK, "/healthz", "").status == 200).then_some(()));
    let over_uplink = connect("10.20.0.15:443".parse().expect("address"));
    let over_service = connect(SocketAddr::from((SERVICE_ADDRESS, 443)));
    let pair = |address: SocketAddr| json!([address.ip().to_string(), address.port()]);
    let remote = |stream: &TcpStream| pair(stream.local_addr().expect("address"));
    let service = json!([SERVICE_ADDRESS.to_string(), 443]);
    let set = |connection: Value| -> Answer {
        lab.as_web("POST", "/v1/setup", &json!({ "connection": connection }), &json!({ "password": PASSWORD }))
    };
    let forged = [
        json!({ "local": ["10.20.0.15", 443], "remote": remote(&over_uplink) }),
        json!({ "local": service, "remote": remote(&over_uplink) }),
        json!({ "local": service, "remote": ["192.168.100.197", 1] }),
        json!({ "local": ["10.20.0.15", 443], "remote": remote(&over_service) }),
        Value::Null,
    ];
    for connection in forged {
        let answer = set(connection);
        assert_eq!((answer.status, answer.code().as_str()), (403, "GH-106"), "{answer:?}");
    }
    let honest = set(json!({ "local": service, "remote": remote(&over_service) }));
    assert_eq!(honest.status, 200, "{honest:?}");
}

/// Linux takes packets for any of its addresses on any port.
#[test]
fn the_service_address_is_not_to_be_had_over_an_uplink() {
    let lab = Lab::new();
    eventually("pages on the uplink", || (lab.get(UPLINK, "/healthz", "").status == 200).then_some(()));
    let gateway = lab.device.site().a.ns();
    gateway.ip("route add 192.168.100.198/32 via 10.20.0.15").expect("route");
    let mut curl = gateway.command("curl");
    let tried = curl.args(["-sk", "--max-time", "2", &format!("{SERVICE}/healthz")]).output().expect("curl");
    assert!(!tried.status.success() && tried.stdout.is_empty(), "{tried:?}");
}

#[test]
fn two_hundred_visitors_leave_no_file_open() {
    let (lab, cookie) = Lab::set_up();
    let visit = |numbers: &str| {
        let url = format!("{SERVICE}/network?[{numbers}]");
        let cookie = format!("cookie: {cookie}");
        let argv = [
            "curl",
            "-sk",
            "--http1.1",
            "-H",
            "connection: close",
            "-H",
            &cookie,
            "-o",
            "/dev/null",
            "-w",
            "%{http_code} ",
            &url,
        ];
        let ended = lab.device.client_exec(&argv).expect("curl");
        assert!(ended.stdout.split_whitespace().all(|code| code == "200"), "{ended:?}");
    };
    let open = || {
        [Role::Agent, Role::Web].map(|role| {
            let listed = lab.sh(&format!("ls /proc/{}/fd | wc -l", lab.pid(role)));
            listed.stdout.trim().parse::<usize>().expect("a number")
        })
    };
    visit("1-20");
    let before = open();
    visit("1-200");
    // a connection that is just being closed still counts
    eventually("as few files as before", || {
        let now = open();
        (now.iter().zip(before).all(|(now, before)| *now <= before)).then_some(())
    });
    assert_eq!([Role::Agent, Role::Web].map(|role| lab.starts(role)), [1, 1], "none of them died of it");
}
