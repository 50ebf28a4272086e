//! The faults by name: what happens, what is to come of it, and how it is mended.

use std::time::Duration;

use boxes::{BRIDGE, Ns, Role, Signal};
use serde_json::{Value, json};

use crate::{
    applications::{MANIFEST, SERVER, add},
    lab::within,
    pair::{LONG, Pair},
};

/// What is to come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The active one stays active; a lease that had run out while the peer's promise held is another one now.
    Nothing,
    /// The other one becomes active.
    TakeOver,
    /// Nobody is, until it is mended.
    Nobody,
    /// Either one; never both.
    One,
}

pub struct Fault {
    pub name: &'static str,
    pub expect: Expect,
    /// In the sample of `make test`.
    pub sample: bool,
    /// Looked at for so long where nothing is to happen.
    pub lasts: Duration,
    /// What must be so before: not measured.
    pub first: fn(&Pair, usize),
    /// `active` is the box that is active.
    pub happens: fn(&Pair, usize),
    pub mended: fn(&Pair, usize),
}

const SHORT: Duration = Duration::from_secs(3);
/// Two TTLs: what was to run out has.
const WHILE: Duration = Duration::from_secs(8);

pub const FAULTS: &[Fault] = &[
    fault(
        "keepalived ended (SIGTERM)",
        Expect::Nothing,
        false,
        SHORT,
        |p, a| sh(p, a, "pkill -TERM -o keepalived"),
        nothing,
    ),
    fault(
        "keepalived's child killed",
        Expect::Nothing,
        false,
        SHORT,
        |p, a| sh(p, a, "kill -9 $(cat /run/gatehouse/vrrp.pid)"),
        nothing,
    ),
    fault("keepalived killed whole", Expect::Nothing, true, SHORT, |p, a| sh(p, a, "pkill -9 keepalived"), nothing),
    fault(
        "keepalived stopped",
        Expect::Nothing,
        false,
        WHILE,
        |p, a| sh(p, a, "pkill -STOP keepalived"),
        |p, a| sh(p, a, "pkill -CONT keepalived"),
    ),
    fault(
        "agent stopped",
        Expect::Nothing,
        false,
        WHILE,
        |p, a| signal(p, a, Role::Agent, Signal::Stop),
        |p, a| signal(p, a, Role::Agent, Signal::Cont),
    ),
    fault(
        "agent killed and started anew",
        Expect::Nothing,
        true,
        SHORT,
        |p, a| signal(p, a, Role::Agent, Signal::Kill),
        nothing,
    ),
    fault("guard stopped", Expect::TakeOver, true, WHILE, |p, a| signal(p, a, Role::Guard, Signal::Stop), nothing),
    fault("guard killed", Expect::One, false, WHILE, |p, a| signal(p, a, Role::Guard, Signal::Kill), nothing),
    fault(
        "guard ended (SIGTERM)",
        Expect::TakeOver,
        false,
        WHILE,
        |p, a| signal(p, a, Role::Guard, Signal::Term),
        nothing,
    ),
    fault(
        "cable pulled (carrier lost)",
        Expect::TakeOver,
        true,
        WHILE,
        |p, a| cable(p, a, false),
        |p, a| cable(p, a, true),
    ),
    fault("silent cut", Expect::TakeOver, true, WHILE, |p, a| cut(p, a, true), |p, a| cut(p, a, false)),
    fault(
        "power loss",
        Expect::TakeOver,
        true,
        WHILE,
        |p, a| p.device(a).power_off(),
        |p, a| p.device(a).power_on().expect("on"),
    ),
    fault(
        "VRRP filtered by the switch",
        Expect::Nothing,
        false,
        WHILE,
        |p, _| filter(p, "ip protocol 112 drop"),
        |p, _| unfilter(p),
    ),
    fault("heartbeat cut", Expect::Nothing, false, WHILE, |p, a| heartbeat(p, a, false), |p, a| heartbeat(p, a, true)),
    fault("registry cut from the active", Expect::Nothing, false, WHILE, registry_cut, |p, _| unfilter(p)),
    fault(
        "registry lost, peer there",
        Expect::Nothing,
        true,
        WHILE,
        |p, _| p.registry.power_off(),
        |p, _| p.registry.power_on().expect("on"),
    ),
    fault("registry and peer lost", Expect::Nobody, true, WHILE, registry_and_peer, |p, a| {
        p.registry.power_on().expect("on");
        p.device(1 - a).power_on().expect("on");
    }),
    fault(
        "peer lost, registry there",
        Expect::Nothing,
        false,
        WHILE,
        |p, a| p.device(1 - a).power_off(),
        |p, a| p.device(1 - a).power_on().expect("on"),
    ),
    fault(
        "nothing from standby to active",
        Expect::Nothing,
        false,
        WHILE,
        |p, a| one_way(p, 1 - a),
        |p, _| unfilter(p),
    ),
    fault("nothing from active to standby", Expect::Nothing, false, WHILE, one_way, |p, _| unfilter(p)),
    fault(
        "both start at once",
        Expect::One,
        false,
        WHILE,
        |p, _| {
            (0..2).for_each(|at| p.device(at).power_off());
            (0..2).for_each(|at| p.device(at).power_on().expect("on"));
        },
        nothing,
    ),
    fault(
        "silent cut of 12 s, then mended",
        Expect::TakeOver,
        false,
        WHILE,
        |p, a| {
            cut(p, a, true);
            std::thread::sleep(Duration::from_secs(12));
            cut(p, a, false);
        },
        nothing,
    ),
    fault(
        "link that flaps",
        Expect::One,
        false,
        WHILE,
        |p, a| {
            for up in [false, true].into_iter().cycle().take(10) {
                cable(p, a, up);
                std::thread::sleep(Duration::from_millis(300));
            }
        },
        nothing,
    ),
    fault(
        "load on every core",
        Expect::Nothing,
        true,
        Duration::from_secs(10),
        |p, a| sh(p, a, "for i in 1 2 3 4 5 6 7 8; do timeout 10 sh -c 'while :; do :; done' >/dev/null 2>&1 & done"),
        nothing,
    ),
    fault(
        "switchover under load",
        Expect::TakeOver,
        true,
        WHILE,
        |p, a| {
            sh(p, a, "for i in 1 2 3 4; do timeout 6 sh -c 'while :; do :; done' >/dev/null 2>&1 & done");
            p.post(a, "/v1/pair/switchover", &serde_json::Value::Null);
        },
        nothing,
    ),
    fault(
        "switchover",
        Expect::TakeOver,
        true,
        WHILE,
        |p, a| p.post(a, "/v1/pair/switchover", &serde_json::Value::Null),
        nothing,
    ),
    fault(
        "keepalived reads its file during a take-over",
        Expect::TakeOver,
        false,
        WHILE,
        |p, a| {
            p.device(a).power_off();
            // each time it begins anew to wait for three adverts: within less than those nobody's would come up
            let read = |_| {
                std::thread::sleep(Duration::from_millis(500));
                p.boxes[1 - a].sh("pkill -HUP -o keepalived").code == 0
            };
            // it may be starting at one moment or the other
            assert!((0..8).filter(|at| read(*at)).count() > 4, "its file is read");
        },
        |p, a| p.device(a).power_on().expect("on"),
    ),
    fault(
        "disk full on the standby",
        Expect::TakeOver,
        false,
        WHILE,
        |p, a| {
            sh(
                p,
                1 - a,
                "mount -t tmpfs -o size=512k tmpfs /mnt && cp -a /var/lib/gatehouse/. /mnt/ && mount --bind /mnt /var/lib/gatehouse; head -c 1M /dev/zero > /var/lib/gatehouse/fill; true",
            );
            p.device(a).power_off();
        },
        |p, a| {
            p.device(1 - a).reboot().expect("reboot");
            p.device(a).power_on().expect("on");
        },
    ),
    fault(
        "another host has the virtual IP",
        Expect::Nothing,
        false,
        WHILE,
        |p, a| {
            p.fourth.ip("addr add 10.20.0.100/24 dev eth0").expect("taken");
            // it says so to everybody, as a host does when it comes up
            let argv = ["-A", "-c", "3", "-I", "eth0", "10.20.0.100"];
            let said = p.fourth.command("busybox").arg("arping").args(argv).output().expect("arping");
            assert!(String::from_utf8_lossy(&said.stdout).contains("Sent 3 probe"), "{said:?}");
            told(p, a, "address_conflict");
        },
        |p, _| p.fourth.ip("addr del 10.20.0.100/24 dev eth0").expect("free"),
    ),
    fault(
        "an application does not start on the standby",
        Expect::One,
        false,
        Duration::from_secs(12),
        switch_over,
        |p, a| {
            let other = 1 - a;
            within(LONG, "a fence", || (p.phase(other) == "fenced").then_some(()));
            sh(p, other, &format!("rm -f {DATA}"));
            p.post(other, "/v1/pair/clear", &Value::Null);
            removed(p);
        },
    )
    .after(|p, a| {
        added(p, a, SERVER);
        sh(p, 1 - a, &format!("rm -rf {DATA} && mkdir -p $(dirname {DATA}) && touch {DATA}"));
    }),
    fault("an application's stop hangs: switchover", Expect::TakeOver, false, WHILE, switch_over, |p, _| removed(p))
        .after(|p, a| added(p, a, &stubborn())),
    fault(
        "an application's stop hangs: silent cut",
        Expect::TakeOver,
        false,
        WHILE,
        |p, a| cut(p, a, true),
        |p, a| {
            let running = p.boxes[a].sh("pgrep -f '[s]erver.js'").stdout;
            assert!(running.is_empty(), "it does not run twice: {running}");
            cut(p, a, false);
            within(LONG, "a whole pair", || p.active());
            removed(p);
        },
    )
    .after(|p, a| added(p, a, &stubborn())),
];

const fn fault(
    name: &'static str,
    expect: Expect,
    sample: bool,
    lasts: Duration,
    happens: fn(&Pair, usize),
    mended: fn(&Pair, usize),
) -> Fault {
    Fault { name, expect, sample, lasts, first: nothing, happens, mended }
}

impl Fault {
    const fn after(mut self, first: fn(&Pair, usize)) -> Self {
        self.first = first;
        self
    }
}

/// Of boxes whose wall clock is ours to set: see [`crate::pair::clock`].
pub const CLOCK_FAULTS: &[Fault] = &[
    // certificates and codes have run out, and nobody who asks for the time is right
    fault(
        "clock jumps 100 days ahead",
        Expect::Nothing,
        false,
        WHILE,
        |p, a| p.jump(a, 100 * 86_400),
        |p, a| p.jump(a, 0),
    ),
    fault("clock jumps an hour back", Expect::Nothing, true, WHILE, |p, a| p.jump(a, -3_600), |p, a| p.jump(a, 0)),
];

const DATA: &str = "/var/lib/gatehouse/application-data/hello";

fn nothing(_: &Pair, _: usize) {}

fn switch_over(pair: &Pair, active: usize) {
    pair.post(active, "/v1/pair/switchover", &Value::Null);
}

fn stubborn() -> String {
    format!("process.on('SIGTERM', () => {{}});\n{SERVER}")
}

/// The application is on both, and runs on the active one.
fn added(pair: &Pair, active: usize, server: &str) {
    assert_eq!(add(&pair.boxes[active], MANIFEST, server).code, 0);
    let runs = || (pair.boxes[active].cli(&["app", "health", "hello"]).code == 0).then_some(());
    within(LONG, "the application", runs);
    within(LONG, "the other one has it", || pair.active());
}

fn removed(pair: &Pair) {
    let active = within(LONG, "a whole pair", || pair.active());
    pair.post(active, "/v1/applications/remove", &json!({ "name": "hello" }));
    within(LONG, "a whole pair", || pair.active());
}

fn told(pair: &Pair, at: usize, reason: &str) {
    let says = || pair.status(at)["reasons"].to_string().contains(reason).then_some(());
    within(LONG, reason, says);
}

fn sh(pair: &Pair, at: usize, line: &str) {
    let ended = pair.boxes[at].sh(line);
    assert_eq!(ended.code, 0, "{line}: {ended:?}");
}

fn signal(pair: &Pair, at: usize, role: Role, signal: Signal) {
    pair.device(at).kill(role, signal).expect("a signal");
}

fn cable(pair: &Pair, at: usize, up: bool) {
    pair.device(at).link("lan1", up).expect("the cable");
}

/// Everything of a box is lost on the way, and its links stay up.
fn cut(pair: &Pair, at: usize, cut: bool) {
    let set = |ns: &Ns, port: &str| {
        let outer = format!("box{}-{port}", at + 1);
        let to = if cut { "nomaster".to_owned() } else { format!("master {BRIDGE}") };
        ns.ip(&format!("link set {outer} {to}")).expect("the switch");
    };
    set(pair.device(at).site().a.ns(), "lan1");
    set(pair.device(at).site().heartbeat().expect("the wire").ns(), "lan4");
}

fn heartbeat(pair: &Pair, at: usize, up: bool) {
    pair.device(at).link("lan4", up).expect("the cable");
}

/// What the site's switch, and the one of the heartbeat, let through no more.
fn filter(pair: &Pair, rule: &str) {
    for ns in switches(pair) {
        let table = format!(
            "table bridge faults {{\n chain forward {{\n type filter hook forward priority 0;\n {rule}\n }}\n}}\n"
        );
        nft(&ns, &["-f", &file(pair, &table)]);
    }
}

fn unfilter(pair: &Pair) {
    for ns in switches(pair) {
        nft(&ns, &["delete", "table", "bridge", "faults"]);
    }
}

fn switches(pair: &Pair) -> [Ns; 2] {
    let site = pair.device(0).site();
    [site.a.ns().clone(), site.heartbeat().expect("the wire").ns().clone()]
}

fn file(pair: &Pair, text: &str) -> String {
    let path = pair.boxes[0].folder().join("faults.nft");
    std::fs::write(&path, text).expect("write");
    path.display().to_string()
}

fn nft(ns: &Ns, arguments: &[&str]) {
    let out = ns.command("nft").args(arguments).output().expect("nft");
    assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
}

fn registry_cut(pair: &Pair, active: usize) {
    filter(pair, &format!("ether saddr {} ether daddr 02:00:00:00:0a:0a drop", mac_text(active)));
}

fn registry_and_peer(pair: &Pair, active: usize) {
    pair.registry.power_off();
    pair.device(1 - active).power_off();
}

fn one_way(pair: &Pair, from: usize) {
    let deaf = 1 - from;
    let (from, to) = (from + 1, 2 - from);
    filter(pair, &format!("iifname \"box{from}-*\" oifname \"box{to}-*\" drop"));
    let silent = || pair.status(deaf)["reasons"].to_string().contains("peer_unreachable").then_some(());
    within(LONG, "a peer that is not heard", silent);
}

pub fn mac_text(at: usize) -> String {
    format!("02:00:00:00:{:02x}:01", at + 1)
}
