//! Two boxes of a pair with the real keepalived, a registry, and a host on the site's network that looks who has the virtual IP.

mod faults;
mod prober;

use std::time::Duration;

use boxes::{Appliance, Ns, Registry, Site};
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
}

impl Pair {
    /// One is active.
    fn new() -> Self {
        let pair = Self::formed();
        within(LONG, "an active box", || pair.active());
        pair
    }

    /// Both are members, and know of each other.
    fn formed() -> Self {
        let site = Site::new().expect("these tests need root");
        let boxes =
            [Lab::on(&site, boxes::Builder::heartbeat), Lab::on(&site, |builder| builder.number(2).heartbeat())];
        let dhcp = Box::new(site.dhcp().expect("DHCP and DNS"));
        let folder = boxes[0].folder().join("registry");
        let registry = Registry::start(&site, env!("CARGO_BIN_EXE_gatehouse").as_ref(), &folder).expect("registry");
        let third = site.a.host("third", "02:00:00:00:0a:77", "10.20.0.77/24").expect("a host of the site");
        let pair = Self { boxes, registry, _dhcp: dhcp, third };
        pair.registry.by_account(&["cluster", "enable"]).expect("enabled");
        let first =
            ["--association", "manual", "--new-cluster", "plant", "--peer", "7F3K-2220", "--virtual-ip", VIRTUAL_IP];
        pair.activate(0, &first);
        let clusters = pair.registry.by_account(&["cluster", "list"]).expect("clusters");
        let cluster = clusters[0]["id"].as_str().expect("an id").to_owned();
        pair.activate(1, &["--association", "manual", "--cluster", &cluster, "--peer", "7F3K-2219"]);
        pair
    }

    fn activate(&self, at: usize, more: &[&str]) {
        let lab = &self.boxes[at];
        let file = lab.file("code", &self.registry.code(&[]).expect("a code"));
        let name = format!("box-a{}", at + 1);
        let argv = ["activate", "--code-file", &file, "--name", &name, "--yes", "--wait", "20"];
        let ended = lab.cli(&[&argv, more].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
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
