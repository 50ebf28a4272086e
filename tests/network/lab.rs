//! A box's ports as veths, a gateway namespace beyond the uplinks, and the engine running in between.

use std::{
    io::Read,
    net::{IpAddr, Ipv4Addr, SocketAddrV4, TcpListener, TcpStream, UdpSocket},
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use boxes::{Daemon, Ns};
use gatehouse::{
    agent::{
        network::{self, Apply, BeforeWrite, Confirm, Network, Options, Origin, Paths},
        packet::{EtherType, PacketSocket},
        secrets,
    },
    domain::{
        box_file::BoxFile,
        fault::Fault,
        network::{
            diff::Step,
            effective::Leases,
            kernel::StateHash,
            plan::Plan,
            proof::Connection,
            spec::NetworkSpec,
            status::NetworkStatus,
            transaction::{Actor, Outcome, PhaseView, TxId},
        },
        secret::Secret,
    },
};

/// Long enough for a slow machine; a test that reaches it has failed.
pub const PATIENCE: Duration = Duration::from_secs(40);

pub const BOARD: &str = r#"
model = "B-012"
serial = "TEST"
[[port]]
name = "lan1"
label = "LAN1"
role = "uplink"
device = { name = "lan1" }
[[port]]
name = "lan2"
label = "LAN2"
role = "uplink"
device = { name = "lan2" }
[[port]]
name = "lan3"
label = "LAN3"
role = "service"
device = { name = "lan3" }
[factory]
uplink_order = ["lan1", "lan2"]
[factory.ports.lan1]
ipv4 = { method = "static", addresses = ["10.20.0.15/24"], gateway = "10.20.0.1" }
dns = ["10.20.0.1"]
manage = true
[factory.ports.lan2]
ipv4 = { method = "off" }
"#;

/// The factory spec with lan1 changed by TOML lines, which replace the lines of the same key.
pub fn lan1(lines: &[&str]) -> NetworkSpec {
    let mut port = vec![
        r#"ipv4 = { method = "static", addresses = ["10.20.0.15/24"], gateway = "10.20.0.1" }"#,
        r#"dns = ["10.20.0.1"]"#,
        "manage = true",
    ];
    let key = |l: &str| l.split(' ').next().unwrap_or_default().to_owned();
    for line in lines {
        port.retain(|l| key(l) != key(line));
        port.push(line);
    }
    let text = format!("uplink_order = [\"lan1\", \"lan2\"]\n[ports.lan1]\n{}\n", port.join("\n"));
    toml::from_str(&text).expect("spec")
}

/// Moves the box to the other subnet of the same wire.
pub fn moved() -> NetworkSpec {
    lan1(&[r#"ipv4 = { method = "static", addresses = ["10.30.0.15/24"], gateway = "10.30.0.1" }"#])
}

/// The wires and folders of one test.
pub struct Lab {
    pub box_ns: Ns,
    /// The site: gateways 10.20.0.1 and 10.30.0.1, a host at .200 of each.
    pub site: Ns,
    pub laptop: Ns,
    /// In memory: what an fsync costs is measured elsewhere, and a thousand of them would be waited for here.
    pub dir: tempfile::TempDir,
}

impl Lab {
    pub fn new() -> Self {
        let ns = || Ns::new().expect("these tests need root");
        let lab =
            Self { box_ns: ns(), site: ns(), laptop: ns(), dir: tempfile::tempdir_in("/dev/shm").expect("tempdir") };
        lab.wire_lan1();
        lab.box_ns.veth("lan2", &lab.site, "site2").expect("veth");
        lab.box_ns.veth("lan3", &lab.laptop, "laptop").expect("veth");
        lab.laptop.ip("addr add 192.168.100.197/24 dev laptop").expect("ip");
        lab
    }

    /// Plugs lan1 in; also after a test took the card out.
    pub fn wire_lan1(&self) {
        self.box_ns.veth("lan1", &self.site, "site1").expect("veth");
        for address in ["10.20.0.1/24", "10.30.0.1/24", "10.20.0.200/24", "10.30.0.200/24"] {
            self.site.ip(&format!("addr add {address} dev site1")).expect("ip");
        }
    }

    /// Runs a test on a single-threaded runtime inside the box.
    pub fn run<F: Future<Output = ()>>(self, test: impl FnOnce(Arc<Self>) -> F + Send) {
        let lab = Arc::new(self);
        let inside = lab.box_ns.on_thread_start();
        let ns = lab.box_ns.clone();
        ns.run(move || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_all().on_thread_start(inside).build().expect("runtime");
            runtime.block_on(async { tokio::time::timeout(PATIENCE, test(lab)).await.expect("in time") });
        })
        .expect("namespace");
    }

    pub fn paths(&self) -> Paths {
        Paths::new(self.dir.path(), self.dir.path())
    }

    pub fn file(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    pub async fn engine(&self) -> Engine {
        self.engine_with(None).await
    }

    /// Starts the engine on what is in the folder and in the kernel.
    pub async fn engine_with(&self, before_write: Option<BeforeWrite>) -> Engine {
        self.engine_of(BOARD, before_write).await
    }

    /// The same of another make.
    pub async fn engine_of(&self, board: &str, before_write: Option<BeforeWrite>) -> Engine {
        let board: BoxFile = toml::from_str(board).expect("board");
        let options = Options { board, paths: self.paths(), guard: None, before_write };
        Engine { network: network::start(options).await.expect("start") }
    }

    /// The kernel's addresses, routes and rules, as `ip` prints them. Rules of one priority have no order that counts,
    /// and links come up in their own time.
    pub fn kernel(&self) -> String {
        let show = |args: &[&str]| {
            let out = self.box_ns.command("ip").args(args).output().expect("ip");
            String::from_utf8_lossy(&out.stdout).into_owned()
        };
        let all = show(&["-4", "addr"]) + &show(&["-4", "route", "show", "table", "all"]) + &show(&["-4", "rule"]);
        let mut lines =
            all.lines().filter(|l| !l.contains("valid_lft") && !l.contains(" mtu ")).map(str::trim).collect::<Vec<_>>();
        lines.sort_unstable();
        lines.join("\n")
    }

    /// The same of IPv6, but for what each port has by itself, and for how long a router's word still counts.
    pub fn ipv6(&self) -> String {
        let show = |args: &[&str]| {
            let out = self.box_ns.command("ip").args(args).output().expect("ip");
            String::from_utf8_lossy(&out.stdout).into_owned()
        };
        let all = show(&["-6", "addr"]) + &show(&["-6", "route", "show", "table", "all"]) + &show(&["-6", "rule"]);
        let by_itself =
            |line: &str| ["valid_lft", " mtu ", "ff00::/8", " table local "].iter().any(|mark| line.contains(mark));
        let lines = all.lines().map(str::trim).filter(|l| !by_itself(l) && !l.contains("fe80::"));
        let mut lines = lines.map(|line| line.replace(" tentative", "")).collect::<Vec<_>>();
        lines.sort_unstable();
        lines.join("\n")
    }

    /// The site's router speaks IPv6 on lan1: a network, itself as the default route, a DNS server.
    pub fn ipv6_router(&self) -> Daemon {
        self.site.ip("addr add 2001:db8:20::1/64 dev site1 nodad").expect("ip");
        let argv = [
            "dnsmasq",
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--pid-file",
            "--leasefile-ro",
            "--user=root",
            "--port=0",
            "--interface=site1",
            "--bind-interfaces",
            "--enable-ra",
            "--dhcp-range=2001:db8:20::,ra-only,64,10m",
            "--dhcp-option=option6:dns-server,[2001:db8:20::53]",
        ];
        self.site.daemon(&argv).expect("dnsmasq")
    }

    /// The box's IPv4 addresses with their lifetimes, as `ip` prints them.
    pub fn addresses(&self) -> String {
        let out = self.box_ns.command("ip").args(["-4", "addr"]).output().expect("ip");
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    /// Debian's dnsmasq on the site's side of lan1.
    pub fn dnsmasq(&self) -> Daemon {
        self.dnsmasq_with(&[])
    }

    /// busybox's server.
    pub fn udhcpd(&self) -> Daemon {
        let leases = self.file("udhcpd.leases");
        std::fs::write(&leases, "").expect("write");
        let config = format!(
            "start 10.20.0.100\nend 10.20.0.150\ninterface site1\nlease_file {}\npidfile {}\n\
             option subnet 255.255.255.0\noption router 10.20.0.1\noption dns 10.20.0.1\noption lease 600\n",
            leases.display(),
            self.file("udhcpd.pid").display()
        );
        let file = self.file("udhcpd.conf");
        std::fs::write(&file, config).expect("write");
        self.site.daemon(&["udhcpd", "-f", &file.display().to_string()]).expect("udhcpd")
    }

    pub fn dnsmasq_with(&self, options: &[&str]) -> Daemon {
        let more = [&["--dhcp-option=3,10.20.0.1", "--dhcp-option=6,10.20.0.1"], options].concat();
        self.site.dnsmasq("site1", "10.20.0.100,10.20.0.150", &more).expect("dnsmasq")
    }

    /// All that is said by ARP on lan1's wire, and a way to say something there as anybody.
    pub fn arp_socket(&self) -> PacketSocket {
        let runtime = tokio::runtime::Handle::current();
        let socket = self.site.run(move || {
            let _context = runtime.enter();
            let index = rustix::net::netdevice::name_to_index(&UdpSocket::bind("0.0.0.0:0")?, "site1")?;
            PacketSocket::open(index, EtherType::Arp, &[])
        });
        socket.expect("ns").expect("packet socket")
    }

    /// A TCP connection from the site to the box, both ends kept open.
    pub fn connect(&self, listener: &TcpListener, to: [u8; 4]) -> Kept {
        let port = listener.local_addr().expect("address").port();
        let address = SocketAddrV4::new(Ipv4Addr::from(to), port);
        let client =
            self.site.run(|| TcpStream::connect_timeout(&address.into(), PATIENCE)).expect("ns").expect("connect");
        let (server, remote) = listener.accept().expect("accept");
        let ip = |a: std::net::SocketAddr| match a {
            std::net::SocketAddr::V4(a) => (*a.ip(), a.port()),
            std::net::SocketAddr::V6(_) => unreachable!("listens on IPv4"),
        };
        let connection = Connection { local: ip(server.local_addr().expect("local")), remote: ip(remote) };
        Kept { client, _server: server, connection }
    }
}

/// Listens on all of the box's addresses.
pub fn listener() -> TcpListener {
    TcpListener::bind("0.0.0.0:0").expect("listen")
}

pub struct Kept {
    pub client: TcpStream,
    _server: TcpStream,
    pub connection: Connection,
}

impl Kept {
    /// The other side has closed.
    #[expect(dead_code, reason = "kept for tests of cut connections")]
    pub fn closed(&mut self) -> bool {
        matches!(self.client.read(&mut [0]), Ok(0))
    }
}

pub struct Engine {
    pub network: Network,
}

/// What an apply gave.
pub struct Open {
    pub tx: TxId,
    pub token: Secret,
    pub handoff: Secret,
}

impl Engine {
    pub fn status(&self) -> NetworkStatus {
        self.network.published().at(gatehouse::clock::now())
    }

    pub async fn plan(&self, spec: &NetworkSpec) -> Plan {
        self.network.plan(spec.clone(), Leases::new()).await.expect("plan")
    }

    pub async fn apply(&self, spec: &NetworkSpec, window: u64) -> Result<Open, Fault> {
        let base = self.network.plan(spec.clone(), Leases::new()).await?.base;
        self.apply_on(spec, base, window).await
    }

    pub async fn apply_on(&self, spec: &NetworkSpec, base: StateHash, window: u64) -> Result<Open, Fault> {
        let (token, handoff) = (secrets::token().expect("random"), secrets::token().expect("random"));
        let apply = Apply {
            spec: spec.clone(),
            base,
            by: Actor::Session { from: "10.20.0.200".into() },
            session: Some(secrets::digest(&Secret::new("session"))),
            confirm: secrets::digest(&token),
            handoff: secrets::digest(&handoff),
            window,
        };
        let tx = self.network.apply(apply).await?;
        Ok(Open { tx, token, handoff })
    }

    /// Applies and waits until a person is asked.
    pub async fn open(&self, spec: &NetworkSpec) -> Open {
        let open = self.apply(spec, 90_000).await.expect("apply");
        self.until("awaiting", |s| awaiting(s).is_some()).await;
        open
    }

    pub async fn confirm(&self, token: &Secret, origin: Origin) -> Result<Outcome, Fault> {
        let token = Some(secrets::digest(token));
        self.network.confirm(Confirm { tx: None, token, origin, automatic: false, untested: false }).await
    }

    pub async fn keep(&self) -> Outcome {
        let confirm = Confirm { tx: None, token: None, origin: Origin::Console, automatic: false, untested: true };
        self.network.confirm(confirm).await.expect("kept")
    }

    /// Waits until the published status is so.
    pub async fn until(&self, what: &str, so: impl Fn(&NetworkStatus) -> bool) {
        let mut watch = self.network.watch();
        let end = Instant::now() + PATIENCE;
        while !so(&watch.borrow_and_update().status) {
            let left = end.saturating_duration_since(Instant::now());
            let changed = tokio::time::timeout(left, watch.changed()).await;
            assert!(changed.is_ok(), "never {what}: {:#?}", self.status());
        }
    }

    pub async fn ended(&self, tx: TxId) -> Outcome {
        self.until("ended", |s| {
            s.transaction.open.is_none() && s.transaction.last.as_ref().is_some_and(|o| o.tx() == tx)
        })
        .await;
        self.status().transaction.last.expect("outcome")
    }

    /// Ends the engine as a crash would: no goodbye. The kernel and the folder stay as they are.
    pub async fn crash(self) {
        drop(self.network);
        // the task ends when its mailbox closes; let it
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
}

pub fn awaiting(status: &NetworkStatus) -> Option<&PhaseView> {
    let phase = &status.transaction.open.as_ref()?.phase;
    matches!(phase, PhaseView::AwaitingConfirm { .. }).then_some(phase)
}

/// Whether the port has the address, with its prefix.
pub fn has(status: &NetworkStatus, port: &str, net: &str) -> bool {
    let port = status.port(&port.parse().expect("port")).expect("port");
    port.addresses.iter().any(|a| a.net.to_string() == net)
}

/// The IPv4 gateways of the main table's default routes, best first.
pub fn defaults(status: &NetworkStatus) -> Vec<(u32, Ipv4Addr)> {
    let routes = status.ports.iter().flat_map(|p| &p.routes);
    let mut found = routes
        .filter(|r| r.table == 254 && r.destination.prefix_len() == 0)
        .filter_map(|r| match r.gateway? {
            IpAddr::V4(gateway) => Some((r.metric, gateway)),
            IpAddr::V6(_) => None,
        })
        .collect::<Vec<_>>();
    found.sort_unstable();
    found
}

/// A hook that notes every write.
pub fn recorder() -> (BeforeWrite, Arc<Mutex<Vec<Step>>>) {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let notes = steps.clone();
    (Arc::new(move |_, step: &Step| notes.lock().expect("lock").push(step.clone())), steps)
}

/// The file's content; empty if there is none.
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
