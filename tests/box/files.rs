//! Files that a person wrote, wrongly.

use std::{fs, path::Path};

use boxes::Role;

use crate::lab::{Lab, MOVED, address, eventually};

#[test]
fn with_a_malformed_box_file_the_agent_refuses_to_start_and_touches_nothing() {
    let lab = Lab::new();
    lab.open(MOVED);
    assert_eq!(lab.cli(&["network", "confirm", "--untested"]).code, 0);
    lab.device.power_off();
    let folders = lab.device.folders();
    let (file, state) = (folders.config.join("box.toml"), contents(&folders.agent));
    let good = fs::read_to_string(&file).expect("box.toml");
    let line = 1 + good.lines().position(|l| l.starts_with("role")).expect("a role");
    fs::write(&file, good.replacen("role = \"uplink\"", "role = \"upstairs\"", 1)).expect("write");
    lab.device.power_on().expect("power");
    let said = format!("box.toml, line {line}, column 8: unknown variant `upstairs`");
    eventually("the reason in the log", || lab.log(Role::Agent).contains(&said).then_some(()));
    assert_eq!(contents(&folders.agent), state);

    fs::write(&file, good).expect("write");
    eventually("an agent that starts by itself", || (lab.cli(&["status"]).code == 0).then_some(()));
    assert_eq!(address(&lab.show()), "10.30.0.15/24");
}

#[test]
fn a_malformed_spec_is_told_with_line_and_column_and_changes_nothing() {
    let lab = Lab::new();
    let before = lab.network();
    for (text, expected) in [
        ("uplink_order = [\"lan1\"]\n[ports.lan1]\nipv4 = 7\n", "line 3, column 8: "),
        ("[ports.lan1]\nipv4 = { method = \"off\" }\ncolour = \"red\"\n", "line 3, column 1: unknown field `colour`"),
        ("[ports.LAN1]\nipv4 = { method = \"off\" }\n", "line 1, column 8: "),
        ("uplink_order = [\n", "line "),
        ("\u{0}", "line 1, column "),
    ] {
        let file = lab.file("bad.toml", text);
        for command in ["apply", "plan"] {
            let yes: &[&str] = if command == "apply" { &["--yes"] } else { &[] };
            let told = lab.cli(&[&["network", command, &file], yes].concat());
            assert_eq!(told.code, 2, "{told:?}");
            assert!(told.stderr.contains(expected), "{told:?}");
        }
    }
    let file = lab.file("bad.toml", &MOVED.replace("gateway = \"10.30.0.1\"", "gateway = \"10.31.0.1\""));
    let refused = lab.cli(&["network", "apply", &file, "--yes", "--json"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stdout.contains("gateway_outside") && refused.stdout.contains("GH-201"), "{refused:?}");
    assert_eq!(lab.network(), before);
}

fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = fs::read_dir(folder)
        .expect("folder")
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap_or_default()))
        .collect::<Vec<_>>();
    all.sort();
    all
}
