//! The layered network test against real wires: each hop broken in turn, and nothing written.

use std::{
    net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket},
    thread,
    time::{Instant, SystemTime},
};

use boxes::{Daemon, Ns};
use gatehouse::{
    agent::{
        hops::{self, LONGEST, Settings},
        proxy::Proxy,
    },
    domain::{
        network::hops::{Cause, Detail, Hop, Outcome, Report, Skip},
        secret::Secret,
        settings::{proxy::ProxySpec, time_server::TimeServer},
    },
};
use tokio_rustls::{TlsAcceptor, rustls};

use crate::lab::{Engine, Lab, lan1};

const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 20, 0, 1);
const INTERNET: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);

/// A site whose gateway is the internet, too.
fn site() -> Lab {
    let lab = Lab::new();
    lab.site.ip(&format!("addr add {INTERNET}/32 dev lo")).expect("ip");
    lab
}

/// Serves names, too, and knows that there is no other one.
fn dns(lab: &Lab) -> Daemon {
    lab.site.dnsmasq("site1", "10.20.0.100,10.20.0.150", &["--local=/nowhere.test/"]).expect("dnsmasq")
}

fn serve(ns: &Ns, address: Ipv4Addr, port: u16) -> TcpListener {
    ns.run(move || TcpListener::bind(SocketAddrV4::new(address, port))).expect("namespace").expect("listen")
}

const NOTHING: Settings<'_> = Settings { time_servers: &[], proxy: None, own: &[] };

async fn test(engine: &Engine, host: &str) -> Report {
    test_with(engine, NOTHING, host).await
}

async fn test_with(engine: &Engine, settings: Settings<'_>, host: &str) -> Report {
    let host = (!host.is_empty()).then(|| host.parse().expect("host"));
    let started = Instant::now();
    let report = hops::test(&engine.status(), settings, host).await;
    assert!(started.elapsed() < LONGEST, "{:?}", started.elapsed());
    report
}

/// Until the server serves: it is started beside the test.
async fn well(engine: &Engine, host: &str) -> Report {
    for _ in 0..20 {
        let report = test(engine, host).await;
        if report.path.first_broken().is_none() {
            return report;
        }
    }
    panic!("{:#?}", test(engine, host).await)
}

#[track_caller]
fn breaks(report: &Report, at: Hop, cause: &Cause) {
    assert_eq!(report.path.first_broken(), Some((at, cause)), "{report:#?}");
    let behind = report.path.0.iter().filter(|tested| tested.hop > at);
    for tested in behind.filter(|tested| !matches!(tested.hop, Hop::Clock | Hop::Proxy)) {
        assert_eq!(tested.outcome, Outcome::Skipped { why: Skip::BrokenBefore { hop: at } }, "{report:#?}");
    }
}

#[test]
fn a_way_that_works_is_told_hop_by_hop_and_nothing_is_written() {
    site().run(|lab| async move {
        let (_dns, _host) = (dns(&lab), serve(&lab.site, INTERNET, 443));
        let engine = lab.engine().await;
        engine.until("used", |s| s.uplink_in_use.is_some()).await;
        let before = lab.kernel();
        let report = well(&engine, "Internet.Test.").await;
        assert_eq!(lab.kernel(), before);
        assert_eq!(report.uplink, Some("lan1".parse().expect("port")));
        let found = |hop| match report.path.hop(hop) {
            Some(Outcome::Ok { detail }) => Some(detail.clone()),
            _ => None,
        };
        assert_eq!(found(Hop::Address), Some(Detail::Address { net: "10.20.0.15/24".parse().expect("net") }));
        assert!(
            matches!(found(Hop::Gateway), Some(Detail::Gateway { gateway: GATEWAY, millis: 0..500 })),
            "{report:?}"
        );
        assert!(matches!(found(Hop::Dns), Some(Detail::Dns { server, .. }) if server == GATEWAY.into()), "{report:?}");
        assert!(matches!(found(Hop::Host), Some(Detail::Host { millis: 0..500 })), "{report:?}");
        for hop in [Hop::Clock, Hop::Proxy] {
            assert_eq!(report.path.hop(hop), Some(&Outcome::Skipped { why: Skip::NotConfigured }));
        }
        // an address needs no DNS; without a host any answer of the server will do
        let report = test(&engine, "203.0.113.1:443").await;
        assert_eq!(report.path.first_broken(), None);
        assert_eq!(report.path.hop(Hop::Dns), Some(&Outcome::Skipped { why: Skip::NotConfigured }));
        breaks(&test(&engine, "203.0.113.1:444").await, Hop::Host, &Cause::HostRefused);
        breaks(&test(&engine, "internet.test:444").await, Hop::Host, &Cause::HostRefused);
    });
}

#[test]
fn a_silent_gateway() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        engine.until("used", |s| s.uplink_in_use.is_some()).await;
        lab.site.ip("addr del 10.20.0.1/24 dev site1").expect("ip");
        breaks(&test(&engine, "").await, Hop::Gateway, &Cause::GatewaySilent { gateway: GATEWAY });
    });
}

#[test]
fn a_silent_dns_server() {
    let lab = Lab::new();
    // a host that swallows the questions
    lab.site.ip("addr add 10.20.0.53/24 dev site1").expect("ip");
    lab.run(|lab| async move {
        let _mute = lab.site.run(|| std::net::UdpSocket::bind("10.20.0.53:53")).expect("ns").expect("bind");
        let engine = lab.engine().await;
        engine.open(&lan1(&[r#"dns = ["10.20.0.53"]"#])).await;
        engine.keep().await;
        let server = || Ipv4Addr::new(10, 20, 0, 53).into();
        breaks(&test(&engine, "internet.test").await, Hop::Dns, &Cause::DnsTimeout { server: server() });
        breaks(&test(&engine, "").await, Hop::Dns, &Cause::DnsTimeout { server: server() });
    });
}

#[test]
fn a_name_that_nobody_knows() {
    site().run(|lab| async move {
        let (_dns, _host) = (dns(&lab), serve(&lab.site, INTERNET, 443));
        let engine = lab.engine().await;
        engine.until("used", |s| s.uplink_in_use.is_some()).await;
        well(&engine, "internet.test").await;
        let name = "www.nowhere.test".to_owned();
        breaks(&test(&engine, &name).await, Hop::Dns, &Cause::NameUnknown { name });
        let refused = Cause::DnsRefused { server: GATEWAY.into(), rcode: 5 };
        breaks(&test(&engine, "elsewhere.example").await, Hop::Dns, &refused);
    });
}

#[test]
fn no_cable() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        lab.site.ip("link set site1 down").expect("ip");
        engine.until("unplugged", |s| s.uplink_in_use.is_none() && !s.ports[0].has_carrier()).await;
        let report = test(&engine, "internet.test").await;
        breaks(&report, Hop::Link, &Cause::NoCarrier);
        assert_eq!(report.uplink, Some("lan1".parse().expect("port")), "the one that is meant to be the way out");
    });
}

#[test]
fn another_device_has_the_address() {
    Lab::new().run(|lab| async move {
        let engine = lab.engine().await;
        engine.until("used", |s| s.uplink_in_use.is_some()).await;
        lab.site.ip("addr add 10.20.0.15/24 dev site1").expect("ip");
        let report = test(&engine, "").await;
        let cause = report.path.first_broken().map(|(_, cause)| cause);
        let Some(Cause::AddressConflict { address, .. }) = cause else { panic!("{report:?}") };
        assert_eq!(*address, Ipv4Addr::new(10, 20, 0, 15));
    });
}

/// Two servers, the first of which is not there: each lookup waits for it.
#[test]
fn a_second_dns_server_helps_and_the_first_one_is_named() {
    site().run(|lab| async move {
        let _dns = dns(&lab);
        let engine = lab.engine().await;
        engine.open(&lan1(&[r#"dns = ["10.20.0.99", "10.20.0.1"]"#])).await;
        engine.keep().await;
        let _host = serve(&lab.site, INTERNET, 443);
        let report = well(&engine, "internet.test").await;
        let Some(Outcome::Ok { detail: Detail::Dns { server, failing, .. } }) = report.path.hop(Hop::Dns) else {
            panic!("{report:?}")
        };
        assert_eq!((server, failing.as_slice()), (&GATEWAY.into(), &[Ipv4Addr::new(10, 20, 0, 99).into()][..]));
    });
}

/// A time server whose clock is so many seconds ahead of this machine's. Nothing here ever sets a clock.
fn time_server(ns: &Ns, ahead: u64) {
    let socket = ns.run(|| UdpSocket::bind(SocketAddrV4::new(GATEWAY, 123))).expect("namespace").expect("port 123");
    thread::spawn(move || {
        let mut question = [0; 48];
        while let Ok((48, from)) = socket.recv_from(&mut question) {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
            let time = u32::try_from(now + ahead + 2_208_988_800).expect("before 2036").to_be_bytes();
            let mut answer = [0; 48];
            answer[..2].copy_from_slice(&[0x24, 3]);
            answer[24..32].copy_from_slice(&question[40..48]);
            answer[32..36].copy_from_slice(&time);
            answer[40..44].copy_from_slice(&time);
            let _ = socket.send_to(&answer, from);
        }
    });
}

#[test]
fn the_clock_is_compared_with_a_time_servers() {
    for (ahead, right) in [(0, true), (3_600, false)] {
        site().run(|lab| async move {
            let _dns = dns(&lab);
            time_server(&lab.site, ahead);
            let engine = lab.engine().await;
            engine.until("used", |s| s.uplink_in_use.is_some()).await;
            let servers = [TimeServer::from(GATEWAY)];
            let report = test_with(&engine, Settings { time_servers: &servers, ..NOTHING }, "").await;
            match report.path.hop(Hop::Clock) {
                Some(Outcome::Ok { detail: Detail::Clock { seconds } }) if right => assert!(seconds.abs() <= 1),
                // a second may end in between
                Some(Outcome::Broken { cause: Cause::ClockOff { seconds } }) if !right => {
                    assert!((-3_601..=-3_599).contains(seconds), "{report:#?}");
                }
                other => panic!("{other:?}"),
            }
        });
    }
}

#[test]
fn a_silent_time_server_is_told_and_holds_nothing_up() {
    site().run(|lab| async move {
        let (_dns, _host) = (dns(&lab), serve(&lab.site, INTERNET, 443));
        let engine = lab.engine().await;
        engine.until("used", |s| s.uplink_in_use.is_some()).await;
        let servers = [TimeServer::from(GATEWAY)];
        let report = test_with(&engine, Settings { time_servers: &servers, ..NOTHING }, "203.0.113.1").await;
        assert_eq!(report.path.hop(Hop::Clock), Some(&Outcome::Broken { cause: Cause::TimeServersSilent }));
        assert!(matches!(report.path.hop(Hop::Host), Some(Outcome::Ok { .. })), "{report:#?}");
    });
}

#[test]
fn the_host_is_reached_through_the_proxy() {
    site().run(|lab| async move {
        let (_dns, _host) = (dns(&lab), serve(&lab.site, INTERNET, 443));
        let _proxy = lab.site.tinyproxy(GATEWAY, "box", "sesame").expect("tinyproxy");
        let engine = lab.engine().await;
        engine.until("used", |s| s.uplink_in_use.is_some()).await;
        let proxy = |url: &str, password: &str| Proxy {
            spec: ProxySpec { url: url.parse().expect("URL"), user: Some("box".to_owned()), ca: None },
            password: Some(Secret::new(password)),
        };
        let own = [Ipv4Addr::new(10, 20, 0, 15)];
        let ask = async |url: &str, password: &str, host: &str| {
            let proxy = proxy(url, password);
            test_with(&engine, Settings { proxy: Some(&proxy), own: &own, ..NOTHING }, host).await
        };
        let url = "http://10.20.0.1:3128";
        let mut report = ask(url, "sesame", "203.0.113.1").await;
        // it is started beside the test
        while report.path.first_broken().is_some() {
            report = ask(url, "sesame", "203.0.113.1").await;
        }
        assert!(matches!(report.path.hop(Hop::Proxy), Some(Outcome::Ok { .. })), "{report:#?}");
        assert!(matches!(report.path.hop(Hop::Host), Some(Outcome::Ok { .. })), "{report:#?}");
        assert_eq!(report.path.hop(Hop::Dns), Some(&Outcome::Skipped { why: Skip::NotConfigured }));

        breaks(&ask(url, "wrong", "203.0.113.1").await, Hop::Proxy, &Cause::ProxyAuth);
        breaks(&ask(url, "sesame", "203.0.113.1:22").await, Hop::Proxy, &Cause::ProxyForbids { status: 403 });
        breaks(&ask(url, "sesame", "10.20.0.1:443").await, Hop::Host, &Cause::HostUnreachable);
        breaks(&ask("http://10.20.0.1:3129", "sesame", "203.0.113.1").await, Hop::Proxy, &Cause::ProxyRefused);
        breaks(&ask("http://10.20.0.15:3128", "sesame", "203.0.113.1").await, Hop::Proxy, &Cause::ProxyIsOwn);
        let name = "proxy.nowhere.test".to_owned();
        let nowhere = ask(&format!("http://{name}:3128"), "sesame", "203.0.113.1").await;
        breaks(&nowhere, Hop::Dns, &Cause::NameUnknown { name });
    });
}

/// A TLS server with a certificate of its own authority, before the proxy at port 3128. The authority comes back as PEM.
fn tls_before_the_proxy(site: &Ns, port: u16) -> String {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("key");
    let pem = authority.self_signed(&key).expect("authority").pem();
    let own = KeyPair::generate().expect("key");
    let certificate = CertificateParams::new(vec![GATEWAY.to_string()]).expect("parameters");
    let certificate = certificate.signed_by(&own, &Issuer::new(authority, key)).expect("certificate");
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_no_client_auth();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(own.serialize_der()).into();
    let config = config.with_single_cert(vec![certificate.der().clone()], key).expect("a key that fits");
    let acceptor = TlsAcceptor::from(std::sync::Arc::new(config));

    let listener = serve(site, GATEWAY, port);
    listener.set_nonblocking(true).expect("nonblocking");
    let (listener, site) = (tokio::net::TcpListener::from_std(listener).expect("listener"), site.clone());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let proxy = site.run(|| std::net::TcpStream::connect((GATEWAY, 3128))).expect("namespace");
            // one that does not trust us, and a proxy that is still being started, go away again
            let (Ok(mut client), Ok(proxy)) = (acceptor.accept(client).await, proxy) else { continue };
            proxy.set_nonblocking(true).expect("nonblocking");
            let mut proxy = tokio::net::TcpStream::from_std(proxy).expect("stream");
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut proxy).await });
        }
    });
    pem
}

#[test]
fn a_proxy_behind_tls_is_trusted_by_the_sites_own_authority_only() {
    site().run(|lab| async move {
        let (_dns, _host) = (dns(&lab), serve(&lab.site, INTERNET, 443));
        let _proxy = lab.site.tinyproxy(GATEWAY, "box", "sesame").expect("tinyproxy");
        let authority = tls_before_the_proxy(&lab.site, 3130);
        let another = tls_before_the_proxy(&lab.site, 3131);
        let engine = lab.engine().await;
        engine.until("used", |s| s.uplink_in_use.is_some()).await;
        let ask = async |ca: Option<&str>| {
            let url = "https://10.20.0.1:3130".parse().expect("URL");
            let spec = ProxySpec { url, user: Some("box".to_owned()), ca: ca.map(str::to_owned) };
            let proxy = Proxy { spec, password: Some(Secret::new("sesame")) };
            test_with(&engine, Settings { proxy: Some(&proxy), ..NOTHING }, "203.0.113.1").await
        };
        let mut report = ask(Some(&authority)).await;
        // it is started beside the test
        for _ in 0..20 {
            if report.path.first_broken().is_none() {
                break;
            }
            report = ask(Some(&authority)).await;
        }
        assert!(matches!(report.path.hop(Hop::Host), Some(Outcome::Ok { .. })), "{report:#?}");
        breaks(&ask(Some(&another)).await, Hop::Proxy, &Cause::ProxyCertificate);
        breaks(&ask(None).await, Hop::Proxy, &Cause::ProxyCertificate);
    });
}
