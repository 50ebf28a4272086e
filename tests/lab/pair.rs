//! Two booted boxes as a pair: the package's own units, a real application under systemd, and a power cut.

use std::time::{Duration, Instant};

use boxes::{Registry, Site, debian::PACKAGES};
use serde_json::{Value, json};

use crate::lab::{Lab, eventually_or, package};

const VIRTUAL_IP: &str = "10.20.0.100";

/// Says its epoch, its user and whether it may write outside; Debian's smallest image has perl.
const SERVER: &str = r#"
use IO::Socket::INET;
my $door = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;
my $writes = open(my $file, ">", "/etc/x") ? "yes" : "no";
open(my $own, ">", "$ENV{STATE_DIRECTORY}/kept") or die "no data folder";
while (my $guest = $door->accept) {
  my $line = <$guest>;
  print $guest "HTTP/1.0 200 OK\r\n\r\n{\"epoch\":\"$ENV{GATEHOUSE_EPOCH}\",\"user\":$<,\"writes\":\"$writes\"}";
  close $guest;
}
"#;

const MANIFEST: &str = r#"
name = "hello"
command = ["/usr/bin/perl", "server.pl"]
[[file]]
path = "server.pl"
[health]
check = { http = { port = 8080, path = "/" } }
[state]
rsync = 5
"#;

struct Pair {
    boxes: [Lab; 2],
    registry: Registry,
    _dhcp: Box<dyn std::any::Any>,
    _folder: boxes::Scratch,
}

impl Pair {
    fn new() -> Self {
        let site = Site::new().expect("these tests need root");
        let dhcp = Box::new(site.dhcp().expect("DHCP and DNS"));
        let folder = boxes::Scratch::new(&[]).expect("scratch");
        let registry =
            Registry::start(&site, env!("CARGO_BIN_EXE_gatehouse").as_ref(), folder.path()).expect("registry");
        registry.by_account(&["cluster", "enable"]).expect("enabled");
        let boxes = [Lab::on(&site, 1), Lab::on(&site, 2)];
        boxes.iter().for_each(Lab::ready);
        let pair = Self { boxes, registry, _dhcp: dhcp, _folder: folder };
        pair.activate(0, &format!("--new-cluster plant --peer 7F3K-2220 --virtual-ip {VIRTUAL_IP}"));
        let clusters = pair.registry.by_account(&["cluster", "list"]).expect("clusters");
        pair.activate(1, &format!("--cluster {} --peer 7F3K-2219", clusters[0]["id"].as_str().expect("an id")));
        pair
    }

    fn activate(&self, at: usize, more: &str) {
        let code = self.registry.code(&[]).expect("a code");
        let line = format!(
            "printf '%s' '{code}' > /root/code && gatehouse activate --code-file /root/code --name box-a{} --yes --wait 40 --association manual {more}",
            at + 1
        );
        self.boxes[at].run(&line);
    }

    fn status(&self, at: usize) -> Value {
        serde_json::from_str(&self.boxes[at].sh("gatehouse pair show --json").stdout).unwrap_or_default()
    }

    /// The one that is active, with one that could take over.
    fn active(&self) -> usize {
        let found = || {
            let status = |at: usize| self.status(at);
            let at = (0..2).find(|at| status(*at)["phase"]["phase"] == "active")?;
            (status(at)["peer"]["heard"]["about"]["fit"] == json!(true)).then_some(at)
        };
        eventually_or("a whole pair", found, || self.trouble())
    }

    fn add(&self, at: usize) {
        let here = &self.boxes[at];
        here.run(&format!("cat > /root/server.pl <<'END'\n{SERVER}\nEND"));
        here.run(&format!("cat > /root/app.toml <<'END'\n{MANIFEST}\nEND\ngatehouse app add /root/app.toml"));
    }

    fn trouble(&self) -> String {
        self.boxes.iter().map(Lab::trouble).collect()
    }

    /// What the site gets at the virtual IP.
    fn hello(&self, from: usize) -> Value {
        let argv = ["curl", "-s", "--max-time", "1", "http://10.20.0.100:8080/"];
        let said = self.boxes[from].device.client_exec(&argv).expect("curl").stdout;
        serde_json::from_str(&said).unwrap_or_default()
    }
}

#[test]
fn a_power_cut_moves_a_confined_application_to_the_other_box() {
    let pair = Pair::new();
    let active = pair.active();
    let (here, other) = (&pair.boxes[active], 1 - active);
    pair.add(active);
    let answers = || Some(pair.hello(other)).filter(Value::is_object);
    let first = eventually_or("the application", answers, || {
        here.run("gatehouse app list; journalctl -n 40 --no-pager -u 'gatehouse-app-*'") + &pair.trouble()
    });
    assert_eq!(first["writes"], "no", "{first}");
    assert!(first["user"].as_u64().is_some_and(|user| (61_184..=65_519).contains(&user)), "a dynamic user: {first}");
    let told = here.run("systemd-analyze security --no-pager gatehouse-app-hello.service");
    let overall = told.lines().last().unwrap_or_default();
    let score: f64 = overall.split_whitespace().find_map(|word| word.parse().ok()).expect("a figure");
    println!("gatehouse-app-hello: {score}");
    assert!(score <= 3.0, "{told}");

    // the agent is nobody's life
    let pid = here.run("systemctl show --value -p MainPID gatehouse-app-hello.service");
    here.run("systemctl kill -s KILL gatehouse-agent.service");
    eventually_or("another agent", || (here.sh("gatehouse status").code == 0).then_some(()), || here.trouble());
    assert_eq!(here.run("systemctl show --value -p MainPID gatehouse-app-hello.service"), pid);

    let has = || (pair.status(active)["peer"]["heard"]["about"]["fit"] == json!(true)).then_some(());
    eventually_or("the other box has it", has, || pair.trouble());
    let kept = pair.boxes[other].run("stat -c '%n %u' /var/lib/private/gatehouse-app-hello/kept");
    assert!(
        kept.trim().rsplit(' ').next().is_some_and(|user| user != "0"),
        "its data is there, and its user's: {kept}"
    );
    let cut = Instant::now();
    here.device.power_off();
    let moved =
        || Some(pair.hello(other)).filter(|hello| hello["epoch"].is_string() && hello["epoch"] != first["epoch"]);
    eventually_or("the application there", moved, || pair.boxes[other].trouble());
    println!("the application answers {:?} after the power cut", cut.elapsed());
    let taken = || {
        let last = pair.status(other)["history"][0].clone();
        last["outcomes"][0]["took"].is_number().then_some(last)
    };
    let last = eventually_or("its outcome", taken, || pair.boxes[other].trouble());
    println!("taken over: {last}");
    assert_eq!(last["kind"], "failover", "{last}");

    // what comes back is standby, and runs nothing
    here.device.power_on().expect("power");
    eventually_or(
        "its status",
        || (pair.status(active)["phase"]["phase"] == "standby").then_some(()),
        || pair.trouble(),
    );
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(pair.status(active)["phase"]["phase"], "standby");
    assert_ne!(here.sh("systemctl is-active gatehouse-app-hello.service").code, 0);

    // the guard's end is theirs
    let there = &pair.boxes[other];
    there.run("systemctl kill -s KILL gatehouse-guard.service");
    let gone = || (there.sh("pgrep -f '[s]erver.pl'").code != 0).then_some(());
    eventually_or("the end of what ran with the guard", gone, || there.trouble());
}

#[test]
fn a_pair_is_upgraded_standby_first_and_what_runs_moves_once() {
    let pair = Pair::new();
    let active = pair.active();
    let other = 1 - active;
    let newer = package("1.1");
    let install =
        format!("dpkg --force-unsafe-io --install {PACKAGES}/{}", newer.file_name().expect("name").to_string_lossy());
    let answers = || Some(pair.hello(other)).filter(Value::is_object);
    pair.add(active);
    let first = eventually_or("the application", answers, || pair.trouble());
    let pid = |at: usize| pair.boxes[at].run("systemctl show --value -p MainPID gatehouse-app-hello.service");
    let fit = |at: usize| (pair.status(at)["peer"]["heard"]["about"]["fit"] == json!(true)).then_some(());
    eventually_or("the other box has it", || fit(active), || pair.trouble());
    let before = pid(active);

    pair.boxes[other].run(&install);
    eventually_or("the standby again", || fit(active), || pair.trouble());
    assert_eq!((pid(active), pair.hello(other)), (before, first.clone()), "the active one noticed nothing");

    pair.boxes[active].run("gatehouse pair switchover --yes");
    let moved = || answers().filter(|hello| hello["epoch"] != first["epoch"]);
    let moved = eventually_or("the application there", moved, || pair.trouble());
    eventually_or("a whole pair", || fit(other), || pair.trouble());
    println!("switched over: {}", pair.status(other)["history"][0]);
    let before = pid(other);

    pair.boxes[active].run(&install);
    eventually_or("the other one again", || fit(other), || pair.trouble());
    assert_eq!((pid(other), pair.hello(active)), (before, moved), "nor did this one");
    for lab in &pair.boxes {
        assert_eq!(lab.run("dpkg-query --show --showformat='${Version}' gatehouse"), "1.1");
    }
}
