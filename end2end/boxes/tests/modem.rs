//! The modem of the harness: what Debian's ModemManager makes of it, in a box (needs root).
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod common;

use boxes::{Addressing, Appliance, Ended, Modem, RadioSignal, Registration, Scratch, SimSpec};
use common::{a_box, within};
use serde_json::Value;
use std::time::Duration;

/// ModemManager asks a modem a hundred things, for a dozen seconds, before it shows it; tests beside take the cores.
const AT_LAST: Duration = Duration::from_mins(1);

struct Stand {
    modem: Modem,
    appliance: Appliance,
    _scratch: Scratch,
}

impl Stand {
    fn new(sim: impl Into<Option<SimSpec>>) -> Self {
        let (appliance, scratch) = a_box();
        Self { modem: Modem::plug(&appliance, sim).unwrap(), appliance, _scratch: scratch }
    }

    /// One whose modem is registered.
    fn registered() -> Self {
        let this = Self::new(SimSpec::without_pin());
        this.eventually("the modem", |this| !this.about("generic.state").is_empty());
        this.mmcli(&["-m", "any", "--enable"]);
        this.eventually("it registers", |this| this.about("generic.state") == "registered");
        this
    }

    fn try_mmcli(&self, arguments: &[&str]) -> Ended {
        self.appliance.exec(&[&["mmcli"], arguments].concat()).unwrap()
    }

    fn mmcli(&self, arguments: &[&str]) -> String {
        let ended = self.try_mmcli(arguments);
        assert_eq!(ended.code, 0, "mmcli {arguments:?}: {ended:?}");
        ended.stdout
    }

    /// What ModemManager says of the modem, as `generic.state`; nothing where there is no modem.
    fn about(&self, path: &str) -> String {
        said(&self.try_mmcli(&["-m", "any", "-J"]), "modem", path)
    }

    fn sim(&self, path: &str) -> String {
        said(&self.try_mmcli(&["-i", &self.about("generic.sim"), "-J"]), "sim", &format!("properties.{path}"))
    }

    fn bearer(&self, path: &str) -> String {
        let bearers = self.about("generic.bearers");
        let last = bearers.rsplit(' ').next().unwrap();
        said(&self.try_mmcli(&["-b", last, "-J"]), "bearer", path)
    }

    fn pin(&self, pin: &str) -> Ended {
        self.try_mmcli(&["-i", &self.about("generic.sim"), &format!("--pin={pin}")])
    }

    fn connect(&self, how: &str) -> Ended {
        self.try_mmcli(&["-m", "any", &format!("--simple-connect={how}")])
    }

    fn eventually(&self, what: &str, look: impl Fn(&Self) -> bool) {
        within(AT_LAST, what, || look(self).then_some(()));
    }

    /// `sh` in the box.
    fn sh(&self, script: &str) -> i32 {
        self.appliance.exec(&["sh", "-c", script]).unwrap().code
    }

    fn pings(&self, address: &str) -> bool {
        self.sh(&format!("busybox ping -c 1 -W 1 {address} >/dev/null")) == 0
    }
}

/// Who looks at a failed test wants to know what ModemManager thought.
impl Drop for Stand {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.appliance.exec(&["tail", "-n", "60", "/var/log/modem-manager.log"]).unwrap();
            eprintln!("{}\n{:?}", log.stdout, self.modem.sent());
        }
    }
}

/// A value of `mmcli`'s JSON; lists with spaces between.
fn said(ended: &Ended, kind: &str, path: &str) -> String {
    let Ok(all) = serde_json::from_str::<Value>(&ended.stdout) else { return String::new() };
    match path.split('.').fold(&all[kind], |value, name| &value[name]) {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => String::new(),
    }
}

#[test]
fn a_modem_wants_its_pin_and_then_carries_traffic() {
    let stand = Stand::new(SimSpec::default());
    stand.eventually("it wants the PIN", |stand| stand.about("generic.state") == "locked");
    assert_eq!(stand.about("generic.unlock-required"), "sim-pin");
    let tries = || stand.modem.sent().unwrap().iter().filter(|line| line.starts_with("AT+CPIN=")).count();
    assert_eq!(tries(), 0);
    let refused = stand.pin("4321");
    assert!(refused.stderr.contains("IncorrectPassword"), "{refused:?}");
    stand.eventually("a try is gone", |stand| stand.about("generic.unlock-retries").contains("sim-pin (2)"));
    assert_eq!(stand.pin("1234").code, 0);
    assert_eq!(tries(), 2);
    stand.eventually("it is unlocked", |stand| stand.about("generic.state") == "disabled");
    stand.mmcli(&["-m", "any", "--enable"]);
    stand.eventually("it registers", |stand| stand.about("generic.state") == "registered");
    assert_eq!(stand.about("3gpp.operator-code"), "46000");

    stand.sh("ip link set wwan0 up");
    assert_eq!(stand.sh("grep -q 0 /sys/class/net/wwan0/carrier"), 0, "no session, no carrier");
    assert_eq!(stand.connect("apn=cmnet").code, 0);
    assert_eq!(
        (stand.bearer("status.interface"), stand.bearer("ipv4-config.method")),
        ("wwan0".into(), "static".into())
    );
    let address = format!("{}/{}", stand.bearer("ipv4-config.address"), stand.bearer("ipv4-config.prefix"));
    let gateway = stand.modem.gateway().to_string();
    assert_eq!((address.as_str(), stand.bearer("ipv4-config.gateway")), ("10.64.0.34/24", gateway.clone()));
    stand.sh(&format!("ip addr add {address} dev wwan0; ip route add 203.0.113.0/24 via {gateway}"));
    stand.eventually("the operator answers", |stand| stand.pings(&gateway));
    assert!(stand.pings("203.0.113.1"));
    assert_eq!(stand.bearer("ipv4-config.dns"), gateway);
    let found = stand.appliance.exec(&["busybox", "nslookup", "-type=a", "internet.test", &gateway]).unwrap();
    assert!(found.stdout.contains("203.0.113.1"), "{found:?}");

    stand.modem.net_drop().unwrap();
    stand.eventually("the session ends", |stand| stand.about("generic.state") == "registered");
    stand.eventually("nothing passes", |stand| !stand.pings(&gateway));
    assert_eq!(stand.connect("apn=cmnet").code, 0);
    stand.eventually("it passes again", |stand| stand.pings(&gateway));
}

#[test]
fn the_last_wrong_pin_wants_the_puk_also_after_a_power_cut() {
    let stand = Stand::new(SimSpec { pin_left: 1, ..SimSpec::default() });
    stand.eventually("it wants the PIN", |stand| stand.about("generic.unlock-required") == "sim-pin");
    assert!(stand.pin("9999").stderr.contains("SimPuk"));
    stand.eventually("it wants the PUK", |stand| stand.about("generic.unlock-required") == "sim-puk");
    stand.appliance.reboot().unwrap();
    stand.eventually("it wants it still", |stand| stand.about("generic.unlock-required") == "sim-puk");
    stand.mmcli(&["-i", &stand.about("generic.sim"), "--puk=12345678", "--pin=2222"]);
    stand.eventually("it is unlocked", |stand| stand.about("generic.state") == "disabled");
    stand.appliance.reboot().unwrap();
    stand.eventually("it wants the PIN", |stand| stand.about("generic.unlock-required") == "sim-pin");
    assert_eq!(stand.pin("2222").code, 0);
}

#[test]
fn a_sim_is_seen_after_a_power_cycle() {
    let stand = Stand::new(None);
    stand.eventually("it has no SIM", |stand| stand.about("generic.state-failed-reason") == "sim-missing");
    stand.modem.swap_sim(SimSpec::without_pin()).unwrap();
    assert_eq!(stand.about("generic.state"), "failed", "not before");
    stand.modem.power_cycle().unwrap();
    stand.eventually("the SIM", |stand| stand.sim("iccid") == "89860012345678901234");
    stand.modem.swap_sim(SimSpec::other()).unwrap();
    stand.modem.power_cycle().unwrap();
    stand.eventually("the other", |stand| stand.sim("iccid") == "89860109876543210987");
    assert_eq!((stand.sim("operator-code"), stand.sim("operator-name")), ("46001".into(), "UNICOM".into()));
}

#[test]
fn the_modem_and_its_manager_go_and_come_back() {
    let stand = Stand::registered();
    assert_eq!(stand.sh("test -e /sys/class/net/wwan0"), 0);
    stand.modem.unplug().unwrap();
    stand.eventually("it is gone", |stand| stand.about("generic.state").is_empty());
    assert_ne!(stand.sh("test -e /sys/class/net/wwan0"), 0);
    stand.modem.replug().unwrap();
    stand.eventually("it is back", |stand| stand.about("generic.state") == "disabled");
    stand.mmcli(&["-m", "any", "--enable"]);
    stand.eventually("it registers", |stand| stand.about("generic.state") == "registered");

    let path = stand.about("dbus-path");
    stand.mmcli(&["-m", "any", "--reset"]);
    stand.eventually("another object", |stand| !["", &path].contains(&stand.about("dbus-path").as_str()));

    stand.modem.kill_manager();
    let running = |stand: &Stand| stand.sh("mmcli -L") == 0;
    assert!(!running(&stand), "nobody starts it again by himself");
    stand.modem.start_manager().unwrap();
    stand.eventually("ModemManager", running);
    stand.eventually("its modem", |stand| stand.about("generic.state") == "disabled");
}

#[test]
fn what_the_network_does_is_seen() {
    let stand = Stand::registered();
    for (how, error) in [
        ("apn=nobody.has.it", "ServiceOptionNotSubscribed"),
        ("apn=private.iot,user=meter,password=wrong,allowed-auth=pap", "PdpAuthFailure"),
    ] {
        let refused = stand.connect(how);
        assert!(refused.stderr.contains(error), "{how}: {refused:?}");
    }
    assert_eq!(stand.connect("apn=private.iot,user=meter,password=s3cret,allowed-auth=pap").code, 0);

    stand.mmcli(&["-m", "any", "--signal-setup=1"]);
    let poor = RadioSignal { rssi: -101, rsrp: -118, rsrq: -17, snr: -3 };
    stand.modem.set(|air| air.signal = poor).unwrap();
    let signal = |stand: &Stand, what: &str| {
        said(&stand.try_mmcli(&["-m", "any", "--signal-get", "-J"]), "modem", &format!("signal.lte.{what}"))
    };
    stand.eventually("the signal", |stand| signal(stand, "rsrp") == "-118.00");
    assert_eq!(["rssi", "rsrq", "snr"].map(|what| signal(&stand, what)), ["-101.00", "-17.00", "-3.00"]);

    for (registration, name) in
        [(Registration::Roaming, "roaming"), (Registration::Denied, "denied"), (Registration::Searching, "searching")]
    {
        stand.modem.set(|air| air.registration = registration).unwrap();
        stand.eventually(name, |stand| stand.about("3gpp.registration-state") == name);
    }
    stand.eventually("the session ends", |stand| stand.about("generic.state") != "connected");
}

#[test]
fn a_session_can_leave_its_address_to_dhcp() {
    let stand = Stand::registered();
    stand.modem.set(|air| air.addressing = Addressing::Dhcp).unwrap();
    assert_eq!(stand.connect("apn=cmnet").code, 0);
    assert_eq!(stand.bearer("ipv4-config.method"), "dhcp");
    stand.sh("ip link set wwan0 up");
    let asked = |stand: &Stand| stand.sh("udhcpc -i wwan0 -n -q -f -t 2 -T 1 -s /bin/true") == 0;
    stand.eventually("a lease", asked);
}
