//! What systemd is told of an application: properties of a transient unit, as typed values. No file is written, so that nothing has to be escaped, and
//! nothing is left that would start after a restart, when nobody knows yet who may be active.

use std::collections::BTreeMap;

use super::manifest::Manifest;

/// The slice of all of them: what the guard ends when the lease is over.
pub const SLICE: &str = "gatehouse-applications.slice";
/// They end with it, and not with the agent.
pub const BOUND_TO: &str = "gatehouse-guard.service";

pub const PODMAN: &str = "/usr/bin/podman";
/// For podman to say whether it has an image, in milliseconds. It locks its store, which may be busy.
pub const IMAGE_LIMIT: u64 = 10_000;

/// A property's value, as D-Bus has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Truth(bool),
    Number(u64),
    Texts(Vec<String>),
    /// `as` with a flag before: an allow list.
    Filter(bool, Vec<String>),
    /// `a(sasb)`: a program with its arguments, and whether a failure counts.
    Command(Vec<String>),
    /// `a(ssbt)`: source and place, read-only.
    Bind(String, String),
}

/// Where it runs.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// The folder of its files, and where it sees them.
    pub files: &'a str,
    pub seen_at: &'a str,
    pub epoch: u64,
}

/// The program with its arguments: `./…` is one of the files.
pub fn command(manifest: &Manifest, seen_at: &str) -> Vec<String> {
    if let Some(image) = &manifest.image {
        podman(manifest, image)
    } else {
        let mut words = manifest.command.clone();
        if let Some(first) = words.first_mut()
            && let Some(file) = first.strip_prefix("./")
        {
            *first = format!("{seen_at}/{file}");
        }
        words
    }
}

/// A container with nothing that it was not given: no capability, no writable root, its data folder. It stays in the unit's own cgroup
/// (`--cgroups=disabled`, which crun can): what ends the unit ends all of it, whoever asks.
fn podman(manifest: &Manifest, image: &str) -> Vec<String> {
    let unit = manifest.name.unit();
    let fixed = [
        PODMAN,
        "run",
        "--rm",
        "--replace",
        "--pull=never",
        "--network=host",
        "--uts=host",
        "--read-only",
        "--cap-drop=all",
        "--security-opt=no-new-privileges",
        "--log-driver=passthrough",
        "--cgroups=disabled",
    ];
    let mut words: Vec<String> = fixed.iter().map(|word| (*word).to_owned()).collect();
    words.push(format!("--name={unit}"));
    words.push(format!("--volume=/var/lib/{unit}:/data"));
    words.push("--env=GATEHOUSE_EPOCH".to_owned());
    words.extend(manifest.environment.keys().map(|name| format!("--env={name}")));
    words.push(image.to_owned());
    words
}

/// Ends with 0 if it is there (podman-image-exists(1)).
pub fn image_exists(image: &str) -> [String; 5] {
    [PODMAN, "image", "exists", "--", image].map(str::to_owned)
}

/// The unit that asks it: the agent itself may not write where podman locks. It stays active when it has succeeded, until it is stopped.
pub fn asks_for_image(image: &str) -> Vec<(&'static str, Value)> {
    let text = |text: &str| Value::Text(text.to_owned());
    vec![
        ("Description", text("Whether there is an image")),
        ("Type", text("oneshot")),
        ("ExecStart", Value::Command(image_exists(image).to_vec())),
        ("RemainAfterExit", Value::Truth(true)),
        ("TimeoutStartUSec", Value::Number(IMAGE_LIMIT * 1000)),
        ("TimeoutStopUSec", Value::Number(1_000_000)),
        ("CollectMode", text("inactive")),
        ("StandardOutput", text("null")),
        ("StandardError", text("null")),
    ]
}

pub fn environment(manifest: &Manifest, epoch: u64) -> BTreeMap<String, String> {
    let mut environment = manifest.environment.clone();
    environment.insert("GATEHOUSE_EPOCH".into(), epoch.to_string());
    environment
}

/// systemd.exec(5), systemd.service(5), systemd.resource-control(5); in the order in which they are told.
pub fn properties(manifest: &Manifest, place: &Place<'_>) -> Vec<(&'static str, Value)> {
    let text = |text: &str| Value::Text(text.to_owned());
    let unit = manifest.name.unit();
    let environment = environment(manifest, place.epoch).into_iter().map(|(name, value)| format!("{name}={value}"));
    let mut told = vec![
        ("Description", Value::Text(format!("Application {}", manifest.name))),
        ("Type", text("exec")),
        ("ExecStart", Value::Command(command(manifest, place.seen_at))),
        ("Environment", Value::Texts(environment.collect())),
        ("WorkingDirectory", text(place.seen_at)),
        ("BindReadOnlyPaths", Value::Bind(place.files.to_owned(), place.seen_at.to_owned())),
        ("Slice", text(SLICE)),
        ("BindsTo", Value::Texts(vec![BOUND_TO.to_owned()])),
        ("After", Value::Texts(vec![BOUND_TO.to_owned()])),
        ("StateDirectory", Value::Texts(vec![unit])),
        ("TimeoutStopUSec", Value::Number(u64::from(manifest.stop_timeout) * 1_000_000)),
        ("KillMode", text("control-group")),
        // started anew by whoever looks at its health
        ("Restart", text("no")),
        // how one ended is read before it is forgotten
        ("CollectMode", text("inactive")),
        ("TasksMax", Value::Number(512)),
        ("NoNewPrivileges", Value::Truth(true)),
        ("PrivateTmp", Value::Truth(true)),
        ("ProtectHome", text("yes")),
        ("ProtectClock", Value::Truth(true)),
        ("ProtectHostname", Value::Truth(true)),
        ("ProtectKernelLogs", Value::Truth(true)),
        ("ProtectKernelModules", Value::Truth(true)),
        ("LockPersonality", Value::Truth(true)),
        ("RestrictRealtime", Value::Truth(true)),
    ];
    // podman makes namespaces and mounts of its own; the container has its limits from it
    if manifest.image.is_none() {
        told.extend([
            ("DynamicUser", Value::Truth(true)),
            ("ProtectSystem", text("strict")),
            ("ProtectControlGroups", Value::Truth(true)),
            ("ProtectKernelTunables", Value::Truth(true)),
            ("ProtectProc", text("invisible")),
            ("ProcSubset", text("pid")),
            ("PrivateDevices", Value::Truth(true)),
            ("PrivateUsers", Value::Truth(true)),
            ("RestrictSUIDSGID", Value::Truth(true)),
            ("RestrictNamespaces", Value::Number(0)),
            ("CapabilityBoundingSet", Value::Number(0)),
            (
                "RestrictAddressFamilies",
                Value::Filter(true, ["AF_UNIX", "AF_INET", "AF_INET6"].map(str::to_owned).to_vec()),
            ),
            ("SystemCallArchitectures", Value::Texts(vec!["native".to_owned()])),
            ("SystemCallFilter", Value::Filter(true, vec!["@system-service".to_owned()])),
        ]);
    }
    told
}
