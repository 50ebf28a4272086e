//! A static address: from the request to "the kernel has it", as the agent times it itself.

use std::time::Duration;

use boxes::Role;

use crate::{device::Device, floor, median, rivals, table::Table};

const TIMES: usize = 30;

pub fn measure(device: &Device, table: &mut Table) {
    let all = (0..TIMES).map(|n| once(device, &typed(n))).collect::<Vec<_>>();
    let middle = |of: fn(&Spent) -> Duration| median(all.iter().map(of).collect());
    let whole = middle(Spent::quick);
    let floor = floor::netlink(TIMES);
    let batch = floor::ip_batch(TIMES);
    let ratio = |other: Duration| format!("{:.1}×", whole.as_secs_f64() / other.as_secs_f64());
    table.row(
        "static address, asked → verified",
        "≤ 10 ms",
        ms(whole),
        format!("ip -batch {} ({})", ms(batch), ratio(batch)),
    );
    table.row("  of it the journal's fsync", "–", ms(middle(|spent| spent.journal)), "on this disk");
    table.row(
        "  without it",
        "–",
        ms(middle(|spent| spent.quick().saturating_sub(spent.journal))),
        format!("netlink alone {} ({})", ms(floor), ratio(floor)),
    );
    table.row(
        "  conflict probing before it",
        "–",
        ms(middle(|spent| spent.neighbours)),
        "RFC 5227, short form: 160 to 200 ms",
    );
    let _server = device.site.dhcp().expect("dnsmasq");
    let leased = median((0..TIMES).map(|_| once(device, BY_DHCP).whole).collect());
    table.row("DHCP, asked → verified", "–", ms(leased), "up to 500 ms of spread and the probing are in it");
    let rivals = rivals::measure(TIMES);
    for tool in rivals::TOOLS {
        for (what, ours) in [("static", whole), ("dhcp", leased)] {
            let (figure, beside) = match rivals.get(&(tool.to_owned(), what.to_owned())) {
                Some(theirs) => {
                    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
                    (ms(*theirs), format!("{ratio:.1}× ours; the start of the command is in it"))
                }
                None => ("skipped".to_owned(), "it is not installed, or did not start in a namespace".to_owned()),
            };
            table.row(format!("  {tool}, {what}"), "–", figure, beside);
        }
    }
}

const BY_DHCP: &str = "[ports.lan1]\nmanage = true\nipv4 = { method = \"dhcp\" }\n";

fn typed(number: usize) -> String {
    format!(
        "[ports.lan1]\nmanage = true\nipv4 = {{ method = \"static\", addresses = [\"10.30.0.{}/24\"], gateway = \
         \"10.30.0.1\" }}\n",
        20 + number
    )
}

/// The agent's own figures.
struct Spent {
    whole: Duration,
    journal: Duration,
    neighbours: Duration,
}

impl Spent {
    /// Without the conflict probing.
    fn quick(&self) -> Duration {
        self.whole.saturating_sub(self.neighbours)
    }
}

fn once(device: &Device, spec: &str) -> Spent {
    let file = device.write("wanted.toml", spec);
    device.cli(&["network", "apply", &file, "--yes", "--no-wait"]);
    device.awaiting();
    device.cli(&["network", "rollback"]);
    let log = device.appliance.log(Role::Agent).expect("log");
    let last = log.lines().rev().find(|line| line.contains("asked, written and read back")).expect("the agent tells");
    let figure = |name: &str| {
        let text = last.split(name).nth(1).and_then(|rest| rest.split(' ').next()).expect("a figure");
        Duration::from_micros(text.parse().expect("a number"))
    };
    Spent { whole: figure("microseconds="), journal: figure(" journal="), neighbours: figure(" neighbours=") }
}

pub fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
