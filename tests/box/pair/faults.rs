//! The faults of a pair by name, each with what a host of the site saw of it: who answers for the virtual IP, asked each 10 ms.
//!
//! One stand, one fault after the other; between two the pair is whole again. `make test` has a sample, `PAIR_FAULTS=all` (which `make bench`
//! sets) has all, and prints the table.

use std::time::{Duration, Instant};

use boxes::{BRIDGE, Ns, Role, Signal};

use super::{Pair, prober::Seen, within};

/// What is to come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// The active one stays active; a lease that had run out while the peer's promise held is another one now.
    Nothing,
    /// The other one becomes active.
    TakeOver,
    /// Nobody is, until it is mended.
    Nobody,
    /// Either one; never both.
    One,
}

struct Fault {
    name: &'static str,
    expect: Expect,
    /// In the sample of `make test`.
    sample: bool,
    /// Looked at for so long where nothing is to happen.
    lasts: Duration,
    /// `active` is the box that is active.
    happens: fn(&Pair, usize),
    mended: fn(&Pair, usize),
}

const SHORT: Duration = Duration::from_secs(3);
/// Two TTLs: what was to run out has.
const WHILE: Duration = Duration::from_secs(8);

const FAULTS: &[Fault] = &[
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
            for _ in 0..20 {
                sh(p, 1 - a, "pkill -HUP -o keepalived");
                std::thread::sleep(Duration::from_millis(200));
            }
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
        "another host takes the virtual IP",
        Expect::Nothing,
        false,
        WHILE,
        |p, _| p.third.ip("addr add 10.20.0.100/32 dev lo").expect("taken"),
        |p, _| p.third.ip("addr del 10.20.0.100/32 dev lo").expect("free"),
    ),
];

const fn fault(
    name: &'static str,
    expect: Expect,
    sample: bool,
    lasts: Duration,
    happens: fn(&Pair, usize),
    mended: fn(&Pair, usize),
) -> Fault {
    Fault { name, expect, sample, lasts, happens, mended }
}

fn nothing(_: &Pair, _: usize) {}

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
    within(super::LONG, "a peer that is not heard", silent);
}

fn mac_text(at: usize) -> String {
    format!("02:00:00:00:{:02x}:01", at + 1)
}

/// What came of one fault.
struct Figures {
    /// Until the other one answered.
    active: Option<Duration>,
    /// The longest time without an answer.
    gap: Duration,
    /// Both answered.
    double: Duration,
}

fn figures(pair: &Pair, fault: &Fault) -> Figures {
    let active = within(super::LONG, "a whole pair", || pair.active());
    let takeovers = |at: usize| pair.status(at)["history"].as_array().map(Vec::len);
    let before = takeovers(active);
    let prober = pair.prober();
    // so that what was before is seen, too
    std::thread::sleep(Duration::from_millis(300));
    let since = prober.now();
    (fault.happens)(pair, active);
    let started = Instant::now();
    let other = 1 - active;
    let holds = |at: usize| pair.boxes[at].sh("ip -4 -o addr show dev lan1").stdout.contains(super::VIRTUAL_IP);
    match fault.expect {
        Expect::TakeOver => {
            within(super::LONG, fault.name, || (pair.phase(other) == "active" && holds(other)).then_some(()));
        }
        Expect::One => {
            within(super::LONG, fault.name, || (0..2).any(|at| pair.phase(at) == "active" && holds(at)).then_some(()));
        }
        Expect::Nobody => within(super::LONG, fault.name, || (!holds(active)).then_some(())),
        Expect::Nothing => {}
    }
    std::thread::sleep(fault.lasts.saturating_sub(started.elapsed()));
    let seen: Seen = prober.end();
    (fault.mended)(pair, active);
    if fault.expect == Expect::Nothing {
        let still = pair.device(active).init_pid().is_ok() && holds(active);
        assert!(still, "{}: the active one has lost it\n{}", fault.name, pair.logs());
        within(super::LONG, "its status", || (pair.phase(active) == "active").then_some(()));
        assert_eq!(takeovers(active), before, "{}", fault.name);
    }
    let mac = |at: usize| mac_text(at).parse().expect("a hardware address");
    Figures { active: seen.until(mac(other), since), gap: seen.gap(), double: seen.double() }
}

#[test]
fn each_fault_leaves_one_active_and_never_two() {
    let all = std::env::var("PAIR_FAULTS").is_ok_and(|which| which == "all");
    let one = std::env::var("PAIR_FAULT").ok();
    let pair = Pair::new();
    let chosen = FAULTS.iter().filter(|fault| one.as_ref().map_or(all || fault.sample, |one| fault.name.contains(one)));
    println!("| fault | to the new active | client's gap | both |\n|---|---|---|---|");
    for fault in chosen {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| figures(&pair, fault)));
        let Ok(figures) = done else { panic!("{}\n{}", fault.name, pair.logs()) };
        let active = match (fault.expect, figures.active) {
            (Expect::Nothing | Expect::Nobody, _) | (_, None) => "–".to_owned(),
            (Expect::TakeOver | Expect::One, Some(took)) => format!("{} ms", took.as_millis()),
        };
        let gap = if fault.expect == Expect::Nobody {
            "until mended".to_owned()
        } else {
            format!("{} ms", figures.gap.as_millis())
        };
        println!("| {} | {active} | {gap} | {} ms |", fault.name, figures.double.as_millis());
        let both = figures.double;
        assert_eq!(both, Duration::ZERO, "{}: two were active\n{}", fault.name, pair.logs());
    }
}
