//! Two boxes of a pair with the real keepalived, a registry, and a host on the site's network that looks who has the virtual IP.

mod clock;
mod data;
mod faults;
mod members;
mod prober;

use std::time::Duration;

use boxes::{Appliance, Builder, Ended, Ns, Registry, Site};
use serde_json::{Value, json};

use self::prober::Prober;
use crate::lab::{Lab, within};

const VIRTUAL_IP: &str = "10.20.0.100";
/// Both boxes must have heard of each other, and one waits for a TTL.
const LONG: Duration = Duration::from_secs(40);

/// Dropped in this order: first who looks, then the boxes, then what they are plugged into.
struct Pair {
    boxes: [Lab; 2],
    registry: Registry,
    _dhcp: Box<dyn std::any::Any + Sync>,
    third: Ns,
    /// Does nothing, unless a fault says so.
    fourth: Ns,
    site: Site,
}

impl Pair {
    /// One is active.
    fn new() -> Self {
        Self::formed_from(Self::apart())
    }

    fn formed_from(pair: Self) -> Self {
        pair.begin(&[]);
        pair.join();
        within(LONG, "an active box", || pair.active());
        pair
    }

    /// Both are members, and know of each other.
    fn formed() -> Self {
        let pair = Self::awaiting();
        pair.join();
        pair
    }

    /// The first one is a member; its peer is still to come.
    fn awaiting() -> Self {
        let pair = Self::apart();
        pair.begin(&[]);
        pair
    }

    fn begin(&self, more: &[&str]) {
        let first =
            ["--association", "manual", "--new-cluster", "plant", "--peer", "7F3K-2220", "--virtual-ip", VIRTUAL_IP];
        self.activate(0, &[&first, more].concat());
    }

    /// Two boxes of nobody, and a registry.
    fn apart() -> Self {
        Self::apart_with(|builder| builder)
    }

    /// The same of another make.
    fn apart_with(make: fn(Builder) -> Builder) -> Self {
        let site = Site::new().expect("these tests need root");
        let boxes = [
            Lab::on(&site, |builder| make(builder.heartbeat())),
            Lab::on(&site, |builder| make(builder.number(2).heartbeat())),
        ];
        let dhcp = Box::new(site.dhcp().expect("DHCP and DNS"));
        let folder = boxes[0].folder().join("registry");
        let registry = Registry::start(&site, env!("CARGO_BIN_EXE_gatehouse").as_ref(), &folder).expect("registry");
        let third = site.a.host("third", "02:00:00:00:0a:77", "10.20.0.77/24").expect("a host of the site");
        let fourth = site.a.host("fourth", "02:00:00:00:0a:78", "10.20.0.78/24").expect("a host of the site");
        let pair = Self { boxes, registry, _dhcp: dhcp, third, fourth, site };
        pair.registry.by_account(&["cluster", "enable"]).expect("enabled");
        pair
    }

    fn join(&self) {
        let clusters = self.registry.by_account(&["cluster", "list"]).expect("clusters");
        let cluster = clusters[0]["id"].as_str().expect("an id").to_owned();
        self.activate(1, &["--association", "manual", "--cluster", &cluster, "--peer", "7F3K-2219"]);
    }

    fn activate(&self, at: usize, more: &[&str]) {
        let ended = self.try_to_activate(at, more);
        assert_eq!(ended.code, 0, "{ended:?}");
    }

    fn try_to_activate(&self, at: usize, more: &[&str]) -> Ended {
        let lab = &self.boxes[at];
        let file = lab.file("code", &self.registry.code(&[]).expect("a code"));
        let name = format!("box-a{}", at + 1);
        let argv = ["activate", "--code-file", &file, "--name", &name, "--yes", "--wait", "20"];
        lab.cli(&[&argv, more].concat())
    }

    /// `null` of a box that does not answer.
    fn status(&self, at: usize) -> Value {
        if self.device(at).init_pid().is_err() {
            return Value::Null;
        }
        let answer = self.boxes[at].socket("0", "GET", "/v1/pair", None, &Value::Null);
        serde_json::from_str(&answer.body).unwrap_or_default()
    }

    fn phase(&self, at: usize) -> String {
        self.status(at)["phase"]["phase"].as_str().unwrap_or_default().to_owned()
    }

    fn post(&self, at: usize, path: &str, body: &Value) {
        let answer = self.boxes[at].socket("0", "POST", path, None, body);
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// The one that is active and has the address, with the other one ready to take over.
    fn active(&self) -> Option<usize> {
        let active =
            (0..2).find(|at| self.phase(*at) == "active" && self.status(*at)["address_here"] == json!(true))?;
        let other = self.status(1 - active);
        let fit = self.status(active)["peer"]["heard"]["about"]["fit"] == json!(true);
        (fit && other["phase"]["phase"] == "standby").then_some(active)
    }

    fn device(&self, at: usize) -> &Appliance {
        &self.boxes[at].device
    }

    /// What a host of the site is answered at the virtual IP, by whichever box has it.
    fn hello(&self) -> Value {
        self.get("/")
    }

    fn get(&self, path: &str) -> Value {
        let argv = ["-s", "--max-time", "1", &format!("http://{VIRTUAL_IP}:8080{path}")];
        let said = self.third.command("curl").args(argv).output().expect("curl").stdout;
        serde_json::from_slice(&said).unwrap_or_default()
    }

    /// Looks from now on.
    fn prober(&self) -> Prober {
        Prober::start(&self.third, VIRTUAL_IP)
    }

    /// What both say, for whoever wants to know why.
    fn logs(&self) -> String {
        use boxes::Role::{Agent, Guard};
        let mut text = String::new();
        for at in 0..2 {
            for role in [Guard, Agent] {
                let log = self.device(at).log(role).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(60).collect();
                text.extend([format!("--- box {} {role}\n", at + 1)]);
                tail.iter().rev().for_each(|line| text.extend([line, "\n"]));
            }
            text.extend([self.status(at).to_string(), "\n".into()]);
        }
        text
    }
}

#[test]
fn two_boxes_become_a_pair_and_one_of_them_has_the_virtual_ip() {
    let pair = Pair::formed();
    let active =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| within(LONG, "an active box", || pair.active())));
    let Ok(active) = active else { panic!("{}", pair.logs()) };
    let addresses = pair.boxes[active].sh("ip -4 -o addr show dev lan1").stdout;
    assert!(addresses.contains(VIRTUAL_IP), "{addresses}");
    let other = pair.boxes[1 - active].sh("ip -4 -o addr show dev lan1").stdout;
    assert!(!other.contains(VIRTUAL_IP), "{other}");
}

#[test]
fn a_drill_is_measured_from_the_sites_network_and_maintenance_keeps_a_box_out() {
    let pair = Pair::new();
    let active = within(LONG, "a whole pair", || pair.active());
    let other = 1 - active;
    // asked at the standby it is the active one that gives up
    pair.post(other, "/v1/pair/drill", &Value::Null);
    within(LONG, "the other one", || (pair.active() == Some(other)).then_some(()));
    let gap = within(LONG, "what was measured", || pair.status(other)["history"][0]["client_gap"].as_u64());
    let taken = pair.status(other)["history"][0].clone();
    assert_eq!(taken["kind"], "drill", "{taken}");
    assert!(gap > 0 && taken["address"].as_u64() > Some(0), "{taken}");

    pair.post(other, "/v1/pair/maintenance", &json!({ "on": true }));
    within(LONG, "the first one", || {
        (pair.phase(active) == "active" && pair.phase(other) == "maintenance").then_some(())
    });
    let refused = pair.boxes[active].socket("0", "POST", "/v1/pair/switchover", None, &Value::Null);
    assert_eq!(refused.code(), "GH-764", "{refused:?}");
    let reasons = pair.status(active)["reasons"].clone();
    assert!(
        reasons.as_array().is_some_and(|all| all.contains(&json!({ "reason": "maintenance", "here": false }))),
        "{reasons}"
    );
    pair.post(other, "/v1/pair/maintenance", &json!({ "on": false }));
    within(LONG, "a whole pair", || pair.active());
}

#[test]
fn settings_are_on_both_boxes_or_on_none() {
    let pair = Pair::new();
    let active = within(LONG, "a whole pair", || pair.active());
    let set = |at: usize, address: &str| {
        let body =
            json!({ "virtual_ip": { "address": address, "port": "lan1" }, "heartbeat": "lan4", "registry": "site" });
        pair.boxes[at].socket("0", "POST", "/v1/pair/settings", None, &body)
    };
    let address = |at: usize| pair.status(at)["settings"]["virtual_ip"]["address"].clone();
    // the host that looks has this one
    let taken = set(active, "10.20.0.77/24");
    assert_eq!((taken.code().as_str(), taken.body.contains("02:00:00:00:0a:77")), ("GH-761", true), "{taken:?}");
    let peers = set(active, if active == 0 { "10.20.0.16/24" } else { "10.20.0.15/24" });
    assert_ne!(peers.status, 200, "the peer's own: {peers:?}");
    assert_eq!((address(0), address(1)), (json!("10.20.0.100/24"), json!("10.20.0.100/24")));

    assert_eq!(set(1 - active, "10.20.0.101/24").status, 200, "also at the standby");
    within(LONG, "the other one's settings", || (address(active) == json!("10.20.0.101/24")).then_some(()));
    let has = |at: usize, what: &str| pair.boxes[at].sh("ip -4 -o addr show dev lan1").stdout.contains(what);
    within(LONG, "the new address", || (has(active, "10.20.0.101") && !has(active, "10.20.0.100")).then_some(()));
    assert!(!has(1 - active, "10.20.0.101"));

    pair.device(1 - active).power_off();
    within(LONG, "a peer that is not heard", || {
        let reasons = pair.status(active)["reasons"].to_string();
        reasons.contains("peer_unreachable").then_some(())
    });
    // the network is not changed under the virtual IP
    let network = pair.boxes[active].socket("0", "GET", "/v1/network", None, &Value::Null);
    let network: Value = serde_json::from_str(&network.body).expect("JSON");
    let change = |address: &str| {
        let mut spec = network["spec"].clone();
        spec["ports"]["lan1"]["ipv4"] = json!({ "method": "static", "addresses": [address], "gateway": null });
        pair.boxes[active].socket("0", "POST", "/v1/network/plan", None, &json!({ "spec": spec }))
    };
    let under = change("10.30.0.15/24");
    assert!(under.code() == "GH-768" && under.body.contains("outside_network"), "{under:?}");
    assert_eq!(change("10.20.0.25/24").status, 200, "another address of the same network");

    let away = set(active, "10.20.0.102/24");
    assert_eq!(away.code(), "GH-763", "{away:?}");
    assert_eq!(address(active), json!("10.20.0.101/24"), "nothing was changed");
}

#[test]
fn an_application_moves_with_the_virtual_ip_and_one_that_does_not_start_there_comes_back() {
    use crate::applications::{MANIFEST, SERVER};
    let pair = Pair::new();
    let active = within(LONG, "a whole pair", || pair.active());
    let other = 1 - active;
    let hello = || pair.hello();
    let added = crate::applications::add(&pair.boxes[active], MANIFEST, SERVER);
    assert_eq!(added.code, 0, "{added:?}");
    let first = within(LONG, "the application", || Some(hello()).filter(Value::is_object));
    let refused = crate::applications::add(&pair.boxes[other], MANIFEST, SERVER);
    assert!(refused.stdout.contains("GH-742"), "{refused:?}");
    within(LONG, "the other one has it", || pair.active());
    assert!(pair.boxes[other].sh("pgrep -f '[s]erver.js'").stdout.is_empty(), "it does not run twice");

    pair.device(active).power_off();
    let moved = within(LONG, "the application there", || {
        Some(hello()).filter(|it| it.is_object() && it["epoch"] != first["epoch"])
    });
    assert!(moved["epoch"].as_str() > first["epoch"].as_str(), "epochs grow: {moved}");
    let taken = within(LONG, "its outcome", || {
        Some(pair.status(other)["history"][0].clone()).filter(|taken| taken["outcomes"][0]["took"].is_number())
    });
    println!("power loss: applications after {} ms", taken["applications"]);

    // back again, where it cannot start any more: the other one takes over, and this one is fenced
    pair.device(active).power_on().expect("on");
    within(LONG, "a whole pair", || (pair.active() == Some(other)).then_some(()));
    pair.boxes[active]
        .sh("rm -rf /var/lib/gatehouse/application-data/hello && touch /var/lib/gatehouse/application-data/hello");
    pair.post(other, "/v1/pair/switchover", &Value::Null);
    within(LONG * 2, "a fence", || (pair.phase(active) == "fenced").then_some(()));
    within(LONG, "the application where it can run", || Some(hello()).filter(Value::is_object));
    assert_eq!(pair.phase(other), "active");
    pair.boxes[active].sh("rm -f /var/lib/gatehouse/application-data/hello");
    pair.post(active, "/v1/pair/clear", &Value::Null);
    within(LONG, "a whole pair", || pair.active());
}

#[test]
fn one_that_falls_ill_after_days_moves_too() {
    use crate::applications::{MANIFEST, SERVER};
    let pair = Pair::new();
    let active = within(LONG, "a whole pair", || pair.active());
    let other = 1 - active;
    let quick = MANIFEST.replace("start_timeout = 10", "start_timeout = 2");
    assert_eq!(crate::applications::add(&pair.boxes[active], &quick, SERVER).code, 0);
    let runs = |at: usize| pair.boxes[at].cli(&["app", "health", "hello"]).code == 0;
    within(LONG, "the application", || runs(active).then_some(()));
    within(LONG, "the other one has it", || pair.active());
    pair.boxes[active].sh("touch /var/lib/gatehouse/application-data/hello/ill");
    within(LONG, "the other one", || (pair.phase(other) == "active" && runs(other)).then_some(()));
    let fenced = pair.status(active)["phase"].clone();
    assert_eq!((&fenced["phase"], &fenced["why"]["name"]), (&json!("fenced"), &json!("hello")), "{fenced}");
}
