//! What systemd is told.

use domain::application::unit::{Place, Value, command, properties};

use super::manifest::read;

fn place(epoch: u64) -> Place<'static> {
    Place { files: "/var/lib/gatehouse/applications/hello/files", seen_at: "/run/gatehouse/applications/hello", epoch }
}

#[test]
fn an_application_is_confined_whatever_its_manifest_says() {
    let manifest = read(
        "name = \"hello\"\ncommand = [\"./serve\", \"%i\", \"$HOME\"]\nenvironment = { A = \"x y %n\" }\nstop_timeout = 7",
    );
    let told = properties(&manifest, &place(12));
    let lines = told.iter().map(|(name, value)| format!("{name} = {value:?}")).collect::<Vec<_>>();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_container_has_no_capability_and_is_not_fetched() {
    let manifest = read("name = \"web\"\nimage = \"site/app:1\"\nenvironment = { A = \"x\" }");
    insta::assert_snapshot!(command(&manifest, "/run/x").join(" "));
    let told = properties(&manifest, &place(1));
    assert!(told.iter().any(|(name, value)| *name == "NoNewPrivileges" && *value == Value::Truth(true)));
    // podman makes the container's users and mounts itself
    assert!(told.iter().all(|(name, _)| *name != "DynamicUser"));
}

#[test]
fn it_ends_with_the_guard_and_never_starts_by_itself() {
    let told = properties(&read("name = \"a\"\ncommand = [\"/bin/a\"]"), &place(1));
    let value = |name: &str| told.iter().find(|(it, _)| *it == name).map(|(_, value)| value.clone());
    let guard = Value::Texts(vec!["gatehouse-guard.service".into()]);
    assert_eq!((value("BindsTo"), value("After")), (Some(guard.clone()), Some(guard)));
    assert_eq!(value("Restart"), Some(Value::Text("no".into())));
    assert_eq!(value("WantedBy"), None);
    assert_eq!(value("User"), None);
}
