//! Attacks by name, over real TLS on a real box.

use std::thread;

use boxes::Role;

use crate::lab::{Lab, PASSWORD, SERVICE, UPLINK, eventually};

const NASTY: [&str; 14] = [
    "$(touch /tmp/pwned)",
    "`touch /tmp/pwned`",
    "10.20.0.15; touch /tmp/pwned",
    "10.20.0.15 && touch /tmp/pwned",
    "10.20.0.15|touch /tmp/pwned",
    "10.20.0.15\nnameserver 6.6.6.6",
    "10.20.0.15\r\nset-cookie: pwned=1",
    "\"><script>alert(1)</script>",
    "\" onmouseover=\"alert(1)",
    "</textarea><img src=x onerror=alert(1)>",
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "{{7*7}}${7*7}%s%n\u{1}",
    "\u{202e}\u{feff}\u{ff1c}script\u{ff1e}",
];
/// What of the above may not be in a page as it is.
const RAW: [&str; 4] = ["<script>alert", "=\"\" onmouseover=", "<img src=x", "</textarea><img"];

#[test]
fn nothing_typed_into_a_form_reaches_a_shell_a_file_or_the_page_as_markup() {
    let (lab, cookie) = Lab::set_up();
    let before = lab.network();
    let fields = ["method", "address", "mask", "gateway", "dns1", "dns2", "default_route", "manage", "base"];
    let good = [
        ("method", "static"),
        ("address", "10.20.0.15"),
        ("mask", "255.255.255.0"),
        ("gateway", "10.20.0.1"),
        ("dns1", "10.20.0.1"),
        ("dns2", ""),
        ("default_route", "on"),
        ("manage", "on"),
        ("base", "\"0\""),
    ];
    thread::scope(|scope| {
        // no more at a time: a box that has its hands full says so (503), which proves nothing
        for fields in fields.chunks(3) {
            let (lab, cookie) = (&lab, &cookie);
            scope.spawn(move || {
                for (field, nasty) in fields.iter().flat_map(|field| NASTY.map(|nasty| (*field, nasty))) {
                    let form = good.map(|(name, value)| (name, if name == field { nasty } else { value }));
                    for path in ["/network/lan1", "/network/lan1/apply"] {
                        let answer = lab.post(SERVICE, path, cookie, &form);
                        assert!((200..500).contains(&answer.status), "{field}={nasty:?} {answer:?}");
                        assert_ne!(answer.status, 303, "{field}={nasty:?} was applied");
                        harmless(&answer.head, &answer.body, field);
                    }
                }
            });
        }
    });
    assert_eq!(lab.network(), before);
    assert_eq!(lab.sh("ls /tmp").stdout, "");
    let show = lab.show();
    assert_eq!(show["transaction"]["open"], serde_json::Value::Null, "{show}");
}

#[test]
fn nothing_typed_into_the_settings_does_either() {
    let (lab, cookie) = Lab::set_up();
    let files = "cat /etc/hostname /etc/hosts /etc/resolv.conf /run/gatehouse/resolv.conf; ls /run/systemd/timesyncd.conf.d /run/chrony-dhcp";
    let before = (lab.network(), lab.sh(files).stdout);
    let forms: [(&str, &[(&str, &str)]); 5] = [
        ("/system/host-name", &[("host_name", "box-a1")]),
        ("/system/time", &[("time_zone", "UTC"), ("time_servers", "ntp.example")]),
        ("/system/time/clock", &[("clock", "2026-11-25T12:00")]),
        (
            "/system/proxy",
            &[
                ("proxy_url", "http://proxy.example"),
                ("proxy_user", "box"),
                ("proxy_password", "x"),
                ("proxy_ca", ""),
                ("host", ""),
            ],
        ),
        ("/network/test", &[("host", "registry.example")]),
    ];
    for (path, good) in forms {
        for (field, nasty) in good.iter().flat_map(|(field, _)| NASTY.map(|nasty| (*field, nasty))) {
            // two servers on two lines are what that field is for, and a password may be anything
            let fit = (field == "time_servers" && nasty.contains("nameserver")) || field == "proxy_password";
            if fit || (field == "proxy_user" && !nasty.contains(['\n', '\r', '\u{1}'])) {
                continue;
            }
            let form = good
                .iter()
                .map(|(name, value)| (*name, if *name == field { nasty } else { *value }))
                .collect::<Vec<_>>();
            let answer = lab.post(SERVICE, path, &cookie, &form);
            assert!((200..500).contains(&answer.status), "{path} {field}={nasty:?} {answer:?}");
            assert_ne!(answer.status, 303, "{path} {field}={nasty:?} was saved");
            harmless(&answer.head, &answer.body, field);
        }
    }
    assert_eq!((lab.network(), lab.sh(files).stdout), before);
    assert_eq!(lab.sh("ls /tmp").stdout, "");
}

#[test]
fn nor_into_any_query() {
    let (lab, cookie) = Lab::set_up();
    let before = lab.network();
    for nasty in NASTY {
        let query = nasty.bytes().map(|b| format!("%{b:02x}")).collect::<Vec<_>>().concat();
        for path in [
            "/",
            "/network",
            "/network/lan1",
            "/network/order",
            "/network/test",
            "/system",
            "/system/time",
            "/system/proxy",
        ] {
            for name in ["saved", "host", "lang", "port", query.as_str()] {
                let answer = lab.get(SERVICE, &format!("{path}?{name}={query}"), &cookie);
                assert!((200..500).contains(&answer.status), "{path} {name}={nasty:?} {answer:?}");
                harmless(&answer.head, &answer.body, path);
            }
        }
    }
    assert_eq!(lab.network(), before);
    assert_eq!(lab.sh("ls /tmp").stdout, "");
}

#[test]
fn a_session_that_somebody_chose_or_that_has_ended_opens_nothing() {
    let (lab, first) = Lab::set_up();
    let chosen = format!("__Host-session={}", "a".repeat(64));
    assert!(lab.get(SERVICE, "/", &chosen).leads_to("/login"));
    let signed_in = lab.post(SERVICE, "/login", &chosen, &[("password", PASSWORD)]);
    let cookie = signed_in.cookie().expect("a session");
    assert!(cookie != chosen && cookie != first, "each sign-in has its own");
    assert!(lab.get(SERVICE, "/", &chosen).leads_to("/login"), "the chosen one stays nothing");
    assert_eq!(lab.get(SERVICE, "/", &cookie).status, 200);

    lab.post(SERVICE, "/logout", &cookie, &[("x", "y")]);
    assert!(lab.get(SERVICE, "/", &cookie).leads_to("/login"), "not after it has ended");
    let write = lab.post(SERVICE, "/system/host-name", &cookie, &[("host_name", "box-a1")]);
    assert_eq!(write.status, 401, "{write:?}");
    assert_eq!(lab.get(SERVICE, "/", &first).status, 200, "others go on");
}

#[test]
fn secrets_are_files_of_their_owner_alone() {
    let (lab, _) = Lab::set_up();
    lab.open(crate::lab::MOVED);
    let open = "find /var/lib/gatehouse -type f -perm /077; find /run/gatehouse -name '*.json' -perm /077";
    assert_eq!(lab.sh(open).stdout, "");
    let keys =
        lab.sh("grep -rl 'PRIVATE KEY' /var/lib/gatehouse /var/lib/gatehouse-web | xargs stat -c '%a %u'").stdout;
    assert!(!keys.is_empty() && keys.lines().all(|line| line == "600 64198"), "{keys}");
}

#[test]
fn nor_into_the_other_forms_and_the_address_line() {
    let (lab, cookie) = Lab::set_up();
    let before = lab.network();
    for nasty in NASTY {
        for (path, field) in
            [("/language", "return"), ("/language", "lang"), ("/handoff", "handoff"), ("/handoff", "confirm")]
        {
            let more = if field == "return" { ("lang", "en") } else { ("x", "y") };
            let answer = lab.post(SERVICE, path, "", &[(field, nasty), more]);
            assert!((200..500).contains(&answer.status), "{path} {field}={nasty:?} {answer:?}");
            assert!(answer.status != 303 || answer.leads_to("/\r\n"), "{path} {field}={nasty:?} {answer:?}");
            harmless(&answer.head, &answer.body, path);
        }
        let query = nasty.bytes().map(|b| format!("%{b:02x}")).collect::<Vec<_>>().concat();
        for path in [
            format!("/login?left={query}"),
            format!("/network/{query}"),
            format!("/assets/{query}"),
            format!("/{query}"),
        ] {
            let answer = lab.get(SERVICE, &path, &cookie);
            assert!((200..500).contains(&answer.status), "{path} {answer:?}");
            harmless(&answer.head, &answer.body, &path);
        }
    }
    assert_eq!(lab.network(), before);
    let log = lab.log(Role::Web) + &lab.log(Role::Agent);
    assert!(!log.contains("panicked"), "{log}");
    assert!(!log.lines().any(|line| line.starts_with("nameserver") || line.starts_with("set-cookie")), "{log}");
}

fn harmless(head: &str, body: &str, what: &str) {
    for raw in RAW {
        assert!(!body.contains(raw), "{what}: {raw} came back as it was");
    }
    assert!(!head.to_ascii_lowercase().contains("\r\nset-cookie: pwned"), "{what}: {head}");
    assert!(!body.contains("root:x:0"), "{what}: a file was read");
}

#[test]
fn a_flood_of_sign_ins_from_an_uplink_does_not_lock_the_service_port() {
    let (lab, _) = Lab::set_up();
    eventually("pages on the uplink", || (lab.get(UPLINK, "/healthz", "").status == 200).then_some(()));
    let tries = thread::scope(|scope| {
        let flood = (0..6).map(|_| {
            scope.spawn(|| {
                let guess = || lab.post(UPLINK, "/login", "", &[("password", "a wrong guess")]).status;
                std::iter::repeat_with(guess).take(8).collect::<Vec<_>>()
            })
        });
        let flood = flood.collect::<Vec<_>>();
        let owner = lab.post(SERVICE, "/login", "", &[("password", PASSWORD)]);
        assert!(owner.cookie().is_some(), "in the flood: {owner:?}");
        flood.into_iter().flat_map(|guesses| guesses.join().expect("guesses")).collect::<Vec<_>>()
    });
    assert!(tries.contains(&429) && tries.iter().all(|status| matches!(status, 401 | 429)), "{tries:?}");
    let after = lab.post(SERVICE, "/login", "", &[("password", PASSWORD)]);
    assert!(after.cookie().is_some(), "after it: {after:?}");
    let slowed = lab.post(UPLINK, "/login", "", &[("password", PASSWORD)]);
    assert_eq!(slowed.status, 429, "even the right password waits there: {slowed:?}");
}
