//! The command line on the box: its exit codes are a contract (docs/command-line.md).

use std::thread;

use serde_json::Value;

use crate::lab::{Lab, MOVED, SERVICE};

#[test]
fn exit_codes_say_how_a_command_ended() {
    let lab = Lab::new();
    let moved = lab.file("moved.toml", MOVED);
    assert_eq!(lab.cli(&["network", "show"]).code, 0);
    assert_eq!(lab.cli(&["network", "sho"]).code, 2);
    assert_eq!(lab.cli(&["network", "apply", "/nowhere.toml", "--yes"]).code, 2);
    assert_eq!(lab.cli(&["network", "apply", &moved]).code, 2, "nobody can be asked");
    assert_eq!(lab.cli(&["network", "confirm"]).code, 3, "nothing is open");
    assert_eq!(lab.cli(&["network", "show", "--socket", "/run/nobody.sock"]).code, 4);
    let undone = thread::scope(|scope| {
        let apply = scope.spawn(|| lab.cli(&["network", "apply", &moved, "--yes", "--json"]));
        lab.awaiting();
        assert_eq!(lab.cli(&["network", "apply", &moved, "--yes"]).code, 3, "one change at a time");
        assert_eq!(lab.cli(&["network", "rollback"]).code, 0);
        apply.join().expect("apply")
    });
    assert_eq!(undone.code, 5, "{undone:?}");
    let outcome: Value = serde_json::from_str(&undone.stdout).expect("one JSON value");
    assert_eq!(outcome["reason"]["why"], "asked", "{outcome}");
    let kept = thread::scope(|scope| {
        let apply = scope.spawn(|| lab.cli(&["network", "apply", &moved, "--yes", "--json"]));
        lab.awaiting();
        assert_eq!(lab.cli(&["network", "confirm", "--untested"]).code, 0);
        apply.join().expect("apply")
    });
    assert_eq!(kept.code, 0, "{kept:?}");
    assert_eq!(lab.cli(&["network", "apply", &moved, "--yes"]).code, 0, "nothing to do is no failure");
}

#[test]
fn a_password_reset_on_the_console_ends_all_sessions() {
    let (lab, cookie) = Lab::set_up();
    assert_eq!(lab.get(SERVICE, "/", &cookie).status, 200);
    let reset = lab.sh("echo 'another password' | gatehouse password reset");
    assert_eq!(reset.code, 0, "{reset:?}");
    assert!(lab.get(SERVICE, "/", &cookie).leads_to("/login"));
    assert_eq!(lab.post(SERVICE, "/login", "", &[("password", crate::lab::PASSWORD)]).status, 401);
    let fresh = lab.post(SERVICE, "/login", "", &[("password", "another password")]);
    assert!(fresh.cookie().is_some_and(|fresh| fresh != cookie), "{fresh:?}");
}

#[test]
fn the_console_shows_the_url_and_the_fingerprint_as_a_code_that_a_phone_reads() {
    let lab = Lab::new();
    let shown = lab.cli(&["console"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    let (code, text): (Vec<_>, Vec<_>) = shown.stdout.lines().partition(|line| line.starts_with(['█', '▀']));
    let [url, fingerprint] = text.try_into().expect("two lines");
    assert_eq!(url, "https://192.168.100.198/");
    assert!(shown.stdout.lines().count() <= 24, "it fits on a console");

    // two pixels a character, each eight dots wide
    let lit = |x: usize, y: usize| {
        let drawn = code.get(y / 2).and_then(|line| line.chars().nth(x)).unwrap_or(' ');
        if y.is_multiple_of(2) { matches!(drawn, '█' | '▀') } else { matches!(drawn, '█' | '▄') }
    };
    let (width, height) = (code[0].chars().count() * 8, code.len() * 16);
    let dots = |x, y| if lit(x / 8, y / 8) { 255 } else { 0 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, dots);
    let grids = image.detect_grids();
    let (_, read) = grids.first().expect("a code").decode().expect("readable");
    assert_eq!(read, format!("{url}#sha256={}", fingerprint.replace(':', "")));

    // the page that explains the browser's warning shows the same one
    let page = lab.get("http://192.168.100.198", "/", "").body;
    assert!(page.contains(fingerprint), "{page}");

    let json: Value = serde_json::from_str(&lab.cli(&["console", "--json"]).stdout).expect("JSON");
    assert_eq!((&json["url"], &json["fingerprint"]), (&Value::from(url), &Value::from(fingerprint)));
}
