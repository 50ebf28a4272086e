//! Boxes whose wall clock is ours to set, by libfaketime: the machine's own clock is nobody's to set, and is no namespace's. What counts from
//! the start of the kernel stays as it is, as on a box.

use boxes::Builder;
use serde_json::Value;

use super::{LONG, Pair, within};

/// In the box: by how many seconds its clock is ahead of the machine's.
const FILE: &str = "/run/clock";

pub fn ours(builder: Builder) -> Builder {
    // where Debian has it (packaging/deps.sh)
    let library = format!("/usr/lib/{}-linux-gnu/faketime/libfaketimeMT.so.1", std::env::consts::ARCH);
    assert!(std::path::Path::new(&library).exists(), "{library}: packaging/deps.sh run test");
    builder
        .env("LD_PRELOAD", &library)
        .env("FAKETIME_TIMESTAMP_FILE", FILE)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
}

impl Pair {
    /// Sets a box's clock this many seconds ahead of the machine's.
    pub fn jump(&self, at: usize, seconds: i64) {
        self.boxes[at].sh(&format!("printf '%s\\n' {seconds:+} > {FILE}.new && mv {FILE}.new {FILE}"));
        let machine = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs()).expect("a time");
        let jumped = || {
            let told = self.boxes[at].socket("0", "GET", "/v1/overview", None, &Value::Null);
            let now = serde_json::from_str::<Value>(&told.body).expect("JSON")["now"].as_i64().expect("a time");
            ((now - machine - seconds).abs() < 60).then_some(())
        };
        within(LONG, "another time", jumped);
    }
}
