//! Data of an application on both boxes, by rsync: as old as its interval after a power loss, and whole after a switchover.

use boxes::Ended;
use serde_json::{Value, json};

use super::{LONG, Pair, within};

/// Adds a line to its data with each request that says one, and tells all lines.
const NOTES: &str = r#"
const http = require("http");
const fs = require("fs");
const file = process.env.STATE_DIRECTORY + "/kept/notes";
fs.mkdirSync(process.env.STATE_DIRECTORY + "/kept", { recursive: true });
fs.writeFileSync(process.env.STATE_DIRECTORY + "/scratch", "not to be copied");
http.createServer((request, answer) => {
  if (request.url.length > 1) fs.appendFileSync(file, request.url.slice(1) + "\n");
  const notes = fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
  answer.end(JSON.stringify({ epoch: process.env.GATEHOUSE_EPOCH, notes }));
}).listen(8080, "0.0.0.0");
"#;

const MANIFEST: &str = r#"
name = "notes"
command = ["/usr/bin/node", "server.js"]
data_dirs = ["kept"]
state = { rsync = 5 }
stop_timeout = 2
[[file]]
path = "server.js"
[health]
check = { tcp = 8080 }
interval = 1
"#;

const DATA: &str = "/var/lib/gatehouse/application-data/notes";

impl Pair {
    fn notes(&self, path: &str) -> Value {
        self.get(&format!("/{path}"))
    }

    fn data(&self, at: usize, line: &str) -> Ended {
        self.boxes[at].sh(&format!("cd {DATA} && {line}"))
    }

    fn synced(&self, at: usize) -> Option<u64> {
        let listed = self.boxes[at].cli(&["app", "list", "--json"]);
        let all: Value = serde_json::from_str(&listed.stdout).unwrap_or_default();
        all["all"][0]["synced"].as_u64()
    }

    fn reasons(&self, at: usize) -> String {
        self.status(at)["reasons"].to_string()
    }
}

#[test]
fn data_is_copied_to_the_standby_and_nobody_takes_over_without_it() {
    let pair = Pair::new();
    let active = within(LONG, "a whole pair", || pair.active());
    let other = 1 - active;
    // what cannot be copied protects nobody
    pair.boxes[other].sh(&format!("mkdir -p $(dirname {DATA}) && touch {DATA}"));
    assert_eq!(crate::applications::add(&pair.boxes[active], MANIFEST, NOTES).code, 0);
    within(LONG, "the application", || Some(pair.notes("one")).filter(Value::is_object));
    within(LONG, "a reason", || pair.reasons(active).contains("data_too_old").then_some(()));
    assert_eq!(pair.status(active)["peer"]["heard"]["about"]["fit"], json!(false));
    let refused = pair.boxes[active].socket("0", "POST", "/v1/pair/switchover", None, &Value::Null);
    assert_eq!(refused.code(), "GH-764", "{refused:?}");
    pair.boxes[other].sh(&format!("rm {DATA}"));

    // a link that leads elsewhere stays a link, and a program gets no other rights
    pair.data(active, "ln -s /etc/shadow kept/link && cp /bin/true kept/tool && chmod 4755 kept/tool && chown -h --reference kept kept/*");
    within(LONG, "a copy", || pair.data(other, "test -L kept/link && test -s kept/notes").code.eq(&0).then_some(()));
    within(LONG, "a whole pair", || pair.active());
    assert!(!pair.reasons(active).contains("data_too_old"), "{}", pair.reasons(active));
    assert_ne!(pair.data(other, "test -e scratch").code, 0, "only what is named is copied");
    let owner = pair.data(other, "stat -c '%u %a' . kept kept/tool").stdout;
    assert!(owner.lines().all(|line| !line.starts_with("0 ")), "nothing is root's: {owner}");
    assert!(pair.synced(active).is_some_and(|age| age <= 10) && pair.synced(other).is_some_and(|age| age <= 10));

    // each interval brings what is new, and takes what is gone
    pair.notes("two");
    pair.data(active, "rm kept/link");
    let came = || pair.data(other, "grep -q two kept/notes && ! test -L kept/link").code.eq(&0).then_some(());
    within(LONG, "the next copy", came);

    // power loss: it goes on with what was copied
    pair.device(active).power_off();
    let there = within(LONG, "the application there", || Some(pair.notes("three")).filter(Value::is_object));
    assert_eq!(there["notes"], json!(["one", "two", "three"]), "{there}");

    // who comes back has older data, and is of no use until it has the newer
    pair.device(active).power_on().expect("on");
    within(LONG, "what was written", || {
        (pair.data(active, "cat kept/notes").stdout == "one\ntwo\nthree\n").then_some(())
    });
    within(LONG, "a whole pair", || pair.active());

    // planned: what was written a moment ago goes along
    pair.notes("four");
    pair.post(other, "/v1/pair/switchover", &Value::Null);
    let back = within(LONG, "the application back", || {
        Some(pair.notes("")).filter(|it| it.is_object() && it["epoch"] != there["epoch"])
    });
    assert_eq!(back["notes"], json!(["one", "two", "three", "four"]), "{back}");
}
