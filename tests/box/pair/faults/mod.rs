//! The faults of a pair by name, each with what a host of the site saw of it: who answers for the virtual IP, asked each 10 ms.
//!
//! One stand, one fault after the other; between two the pair is whole again. `make test` has a sample, `PAIR_FAULTS=all` (which `make bench`
//! sets) has all, and prints the table.

mod table;

use std::time::{Duration, Instant};

use self::table::{CLOCK_FAULTS, Expect, FAULTS, Fault};
use super::{Pair, clock, prober::Seen, within};

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
    (fault.first)(pair, active);
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
    let mac = |at: usize| table::mac_text(at).parse().expect("a hardware address");
    // somebody else on the site may answer, too
    let seen = seen.of([mac(0), mac(1)]);
    Figures { active: seen.until(mac(other), since), gap: seen.gap(), double: seen.double() }
}

#[test]
fn each_fault_leaves_one_active_and_never_two() {
    let all = std::env::var("PAIR_FAULTS").is_ok_and(|which| which == "all");
    let one = std::env::var("PAIR_FAULT").ok();
    let chosen = |faults: &'static [Fault]| -> Vec<&Fault> {
        let wanted = |fault: &&Fault| one.as_ref().map_or(all || fault.sample, |one| fault.name.contains(one));
        faults.iter().filter(wanted).collect()
    };
    println!("| fault | to the new active | client's gap | both |\n|---|---|---|---|");
    let (usual, clocks) = (chosen(FAULTS), chosen(CLOCK_FAULTS));
    if !usual.is_empty() {
        let pair = Pair::new();
        for fault in usual {
            println!("{}", row(&pair, fault));
        }
    }
    if !clocks.is_empty() {
        let pair = Pair::formed_from(Pair::apart_with(clock::ours));
        for fault in clocks {
            println!("{}", row(&pair, fault));
        }
    }
}

fn row(pair: &Pair, fault: &Fault) -> String {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| figures(pair, fault)));
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
    let both = figures.double;
    assert_eq!(both, Duration::ZERO, "{}: two were active\n{}", fault.name, pair.logs());
    format!("| {} | {active} | {gap} | {} ms |", fault.name, both.as_millis())
}
