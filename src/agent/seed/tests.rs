//! Seeds applied by a process that dies anywhere.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use futures_util::FutureExt;
use tempfile::TempDir;

use super::*;

const SEED: &str = r#"
language = "zh-CN"
host_name = "box-a1"
password_hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"
[time]
servers = ["ntp.example"]
[proxy]
url = "http://proxy.example:3128"
[registry]
url = "https://registry.example"
code = "open-sesame"
[network]
"#;

/// The box's own state, which outlives the process.
#[derive(Debug, Default)]
struct World {
    values: BTreeMap<Part, String>,
    /// Every change of a value.
    acts: Vec<Part>,
    /// Calls until the process dies: before the act, or right after it.
    die: Option<(usize, bool)>,
    /// A part that cannot be done.
    broken: Option<Part>,
    recorded: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Fake(Arc<Mutex<World>>);

impl Target for Fake {
    fn set_up(&self) -> bool {
        self.0.lock().expect("lock").values.contains_key(&Part::Password)
    }

    async fn fill(&self, part: Part, seed: &Seed) -> Result<bool, Fault> {
        let (result, dies) = {
            let mut world = self.0.lock().expect("lock");
            let dies = world.die.and_then(|(calls, after)| (calls == 0).then_some(after));
            world.die = world.die.and_then(|(calls, after)| Some((calls.checked_sub(1)?, after)));
            let wanted = format!("{part:?} {seed:?}");
            let result = match world.values.get(&part) {
                _ if dies == Some(false) => Ok(true),
                _ if world.broken == Some(part) => Err(Fault::NotSaved { error: "no space".into() }),
                Some(set) => Ok(*set == wanted),
                None => {
                    world.values.insert(part, wanted);
                    world.acts.push(part);
                    Ok(true)
                }
            };
            (result, dies)
        };
        if dies.is_some() {
            std::future::pending::<()>().await;
        }
        result
    }

    async fn record(&self, applied: &Applied) {
        self.0.lock().expect("lock").recorded.push(applied.digest.clone());
    }
}

struct Rig {
    state: TempDir,
    stick: TempDir,
    world: Fake,
}

impl Rig {
    fn new(text: &str) -> Self {
        let rig =
            Self { state: TempDir::new().expect("dir"), stick: TempDir::new().expect("dir"), world: Fake::default() };
        rig.write(text);
        rig
    }

    fn write(&self, text: &str) {
        fs::write(self.stick.path().join("seed.toml"), text).expect("stick");
    }

    /// A new process; `false` where it died in the middle.
    fn run(&self, looks: usize) -> bool {
        let store = Store::new(self.state.path());
        let board = config_board();
        let status = watch::Sender::new(store.status());
        let mut seeder = Seeder { store, board, target: self.world.clone(), status, seen: BTreeMap::new() };
        let stick = fs::canonicalize(self.stick.path()).expect("path");
        let paths = [format!("{}/seed.toml", stick.display())];
        (0..looks).all(|_| seeder.look(&paths).now_or_never().is_some())
    }

    fn status(&self) -> SeedStatus {
        Store::new(self.state.path()).status()
    }

    fn pending(&self) -> bool {
        self.state.path().join("seed-pending.json").exists()
    }

    fn acts(&self) -> Vec<Part> {
        self.world.0.lock().expect("lock").acts.clone()
    }
}

fn config_board() -> BoxFile {
    crate::config::toml(
        "model = \"B\"\nserial = \"7F3K\"\n[[port]]\nname = \"lan3\"\nlabel = \"L\"\nrole = \"service\"\n\
         device = { mac = \"02:00:00:00:01:03\" }\n",
    )
    .expect("board")
}

#[test]
fn killed_at_each_step_it_ends_applied_once() {
    for at in 0..Part::ALL.len() {
        for after in [false, true] {
            for stick_stays in [true, false] {
                let rig = Rig::new(SEED);
                rig.world.0.lock().expect("lock").die = Some((at, after));
                assert!(!rig.run(1), "it dies at {at}");
                assert!(rig.pending());
                if !stick_stays {
                    fs::remove_file(rig.stick.path().join("seed.toml")).expect("pulled out");
                }
                assert!(rig.run(2));
                assert_eq!(rig.acts(), Part::ALL, "each once, in order; killed at {at}, after: {after}");
                let applied = rig.status().applied.expect("applied");
                assert!(applied.reports.iter().all(|r| r.came == Came::Applied), "{applied:?}");
                assert!(!rig.pending(), "the copy with secrets is gone");
                assert_eq!(rig.world.0.lock().expect("lock").recorded, [applied.digest], "in the audit log");
            }
        }
    }
}

#[test]
fn killed_between_the_record_and_the_end_it_changes_nothing_more() {
    let rig = Rig::new(SEED);
    rig.world.0.lock().expect("lock").die = Some((0, false));
    assert!(!rig.run(1));
    let copy = fs::read(rig.state.path().join("seed-pending.json")).expect("copy");
    assert!(rig.run(1));
    fs::write(rig.state.path().join("seed-pending.json"), copy).expect("copy");
    assert!(rig.run(2));
    assert_eq!(rig.acts(), Part::ALL);
    assert!(!rig.pending());
}

#[test]
fn what_a_person_set_stays_and_is_told() {
    let rig = Rig::new(&format!("serial = \"7F3K\"\n{SEED}"));
    rig.world.0.lock().expect("lock").values.insert(Part::Password, "a person's".into());
    assert!(rig.run(2));
    let reports = rig.status().applied.expect("applied").reports;
    let kept = reports.iter().filter(|r| r.came == Came::Kept).map(|r| r.part).collect::<Vec<_>>();
    assert_eq!(kept, [Part::Password]);
    assert_eq!(rig.world.0.lock().expect("lock").values[&Part::Password], "a person's");
}

#[test]
fn a_part_that_fails_is_tried_again_until_it_is_done() {
    let rig = Rig::new(SEED);
    rig.world.0.lock().expect("lock").broken = Some(Part::Proxy);
    assert!(rig.run(2));
    assert_eq!((rig.status().applied, rig.pending()), (None, true), "not yet on record");
    rig.world.0.lock().expect("lock").broken = None;
    assert!(rig.run(1));
    assert!(rig.status().applied.expect("applied").is_complete());
    assert_eq!(rig.acts().len(), Part::ALL.len());
}

#[test]
fn a_damaged_copy_does_not_stop_the_stick() {
    for copy in ["{\"from\":", "no json", "[]"] {
        let rig = Rig::new(SEED);
        fs::write(rig.state.path().join("seed-pending.json"), copy).expect("copy");
        assert!(rig.run(1));
        assert_eq!(rig.acts(), Part::ALL);
        assert!(!rig.pending());
    }
}

#[test]
fn a_bad_file_does_nothing_at_all_and_is_told_once() {
    let rig = Rig::new(&format!("{SEED}\n[network.ports.lan9]\nipv4 = {{ method = \"dhcp\" }}\n"));
    assert!(rig.run(3));
    assert_eq!(rig.acts(), []);
    let refused = rig.status().refused.expect("refused");
    let WhyNot::Unusable { problems } = &refused.why else { panic!("{refused:?}") };
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].line, Some(14), "{problems:?}");
    let file = rig.state.path().join("seed.json");
    let written = fs::metadata(&file).expect("status").ino();
    assert!(rig.run(1));
    assert_eq!(fs::metadata(&file).expect("status").ino(), written, "not written again");
    assert!(!fs::read_to_string(&file).expect("status").contains("open-sesame"));

    rig.write(SEED);
    assert!(rig.run(1));
    assert_eq!(rig.acts(), Part::ALL, "a corrected file is taken");
    assert_eq!(rig.status().refused, None);
}
