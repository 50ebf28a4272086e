//! The layered test: each finding's outcome, and that nothing behind a broken hop counts.

use std::net::IpAddr;

use domain::{
    box_file::Mac,
    network::{
        hops::{
            AddressFinding, Asked, CLOCK_TOLERANCE, Cause, ClockFinding, Detail, DnsAnswer, DnsFinding, Findings,
            GatewayFinding, Hop, HostFinding, LinkFinding, Mend, Outcome, Path, ProxyFinding, Server, Skip, evaluate,
        },
        nameserver::Nameserver,
    },
};
use proptest::{prelude::*, sample::select};
use serde_json::json;

use crate::support::{ip, net};

const HOPS: [Hop; 7] = [Hop::Link, Hop::Address, Hop::Gateway, Hop::Dns, Hop::Clock, Hop::Proxy, Hop::Host];
const HIS: Mac = Mac([2, 0, 0, 0, 0, 0x66]);
const GOOD: DnsAnswer = DnsAnswer::Resolved { millis: 9 };

fn server(octets: [u8; 4]) -> Nameserver {
    IpAddr::from(octets).into()
}

fn dns(answers: &[DnsAnswer]) -> DnsFinding {
    let servers = (1..).zip(answers).map(|(n, answer)| Server { address: server([10, 0, 0, n]), answer: *answer });
    DnsFinding { name: "registry.example".into(), servers: servers.collect() }
}

fn well() -> Findings {
    Findings {
        link: Asked::Found(LinkFinding::Up { speed: Some(1_000) }),
        address: Asked::Found(AddressFinding::Has(net("10.0.0.15/24"))),
        gateway: Asked::Found(GatewayFinding::Answers { gateway: ip("10.0.0.1"), millis: 1 }),
        dns: Asked::Found(dns(&[GOOD])),
        clock: Asked::Found(ClockFinding::Differs { seconds: 0 }),
        proxy: Asked::Found(ProxyFinding::Connected { millis: 5 }),
        host: Asked::Found(HostFinding::Answers { millis: 40 }),
    }
}

/// Everything that can be found broken, each as its only fault.
fn faults() -> Vec<(Hop, Findings, Cause, Mend)> {
    let gateway = ip("10.0.0.1");
    let mut all = Vec::new();
    for (finding, cause, mend) in [
        (LinkFinding::NoInterface, Cause::NoInterface, Mend::CheckHardware),
        (LinkFinding::Down, Cause::NoCarrier, Mend::PlugCable),
    ] {
        all.push((Hop::Link, Findings { link: Asked::Found(finding), ..well() }, cause, mend));
    }
    for (finding, cause, mend) in [
        (AddressFinding::None, Cause::NoAddress, Mend::SetAddress),
        (AddressFinding::DhcpSilent, Cause::DhcpSilent, Mend::CheckDhcpServer),
        (AddressFinding::DhcpRefused, Cause::DhcpRefused, Mend::CheckDhcpServer),
        (
            AddressFinding::Conflict { address: ip("10.0.0.15"), mac: HIS },
            Cause::AddressConflict { address: ip("10.0.0.15"), mac: HIS },
            Mend::ChooseOtherAddress,
        ),
    ] {
        all.push((Hop::Address, Findings { address: Asked::Found(finding), ..well() }, cause, mend));
    }
    for (finding, cause, mend) in [
        (GatewayFinding::Silent { gateway }, Cause::GatewaySilent { gateway }, Mend::CheckGateway),
        (GatewayFinding::OffLink { gateway }, Cause::GatewayOffLink { gateway }, Mend::CorrectGateway),
    ] {
        all.push((Hop::Gateway, Findings { gateway: Asked::Found(finding), ..well() }, cause, mend));
    }
    let refused = DnsAnswer::Refused { rcode: 5 };
    let unknown = || Cause::NameUnknown { name: "registry.example".into() };
    let timeout = Cause::DnsTimeout { server: server([10, 0, 0, 1]) };
    let refusal = Cause::DnsRefused { server: server([10, 0, 0, 1]), rcode: 5 };
    for (answers, cause, mend) in [
        (vec![], Cause::NoDnsServers, Mend::AddDnsServer),
        (vec![DnsAnswer::Timeout], timeout.clone(), Mend::CheckDnsServer),
        (vec![refused], refusal.clone(), Mend::ChooseOtherDnsServer),
        (vec![DnsAnswer::Unknown], unknown(), Mend::CorrectName),
        // the first one's fault, but "no such name" ends the search
        (vec![DnsAnswer::Timeout, refused], timeout, Mend::CheckDnsServer),
        (vec![refused, DnsAnswer::Timeout], refusal, Mend::ChooseOtherDnsServer),
        (vec![DnsAnswer::Unknown, GOOD], unknown(), Mend::CorrectName),
        (vec![DnsAnswer::Timeout, DnsAnswer::Unknown], unknown(), Mend::CorrectName),
    ] {
        all.push((Hop::Dns, Findings { dns: Asked::Found(dns(&answers)), ..well() }, cause, mend));
    }
    let off = i64::try_from(CLOCK_TOLERANCE).expect("small") + 1;
    for (finding, cause, mend) in [
        (ClockFinding::Silent, Cause::TimeServersSilent, Mend::CheckTimeServers),
        (ClockFinding::Differs { seconds: off }, Cause::ClockOff { seconds: off }, Mend::SetClock),
        (ClockFinding::Differs { seconds: -off }, Cause::ClockOff { seconds: -off }, Mend::SetClock),
        (ClockFinding::Differs { seconds: i64::MIN }, Cause::ClockOff { seconds: i64::MIN }, Mend::SetClock),
    ] {
        all.push((Hop::Clock, Findings { clock: Asked::Found(finding), ..well() }, cause, mend));
    }
    for (finding, cause, mend) in [
        (ProxyFinding::NameUnknown, Cause::ProxyNameUnknown, Mend::CheckProxy),
        (ProxyFinding::Own, Cause::ProxyIsOwn, Mend::CheckProxy),
        (ProxyFinding::NoProxy, Cause::NoProxy, Mend::CheckProxy),
        (ProxyFinding::Unreachable, Cause::ProxyUnreachable, Mend::CheckProxy),
        (ProxyFinding::Refused, Cause::ProxyRefused, Mend::CheckProxy),
        (ProxyFinding::Auth, Cause::ProxyAuth, Mend::CorrectProxyPassword),
        (ProxyFinding::Certificate, Cause::ProxyCertificate, Mend::AddProxyAuthority),
        (ProxyFinding::Forbids { status: 403 }, Cause::ProxyForbids { status: 403 }, Mend::AllowHostInProxy),
    ] {
        all.push((Hop::Proxy, Findings { proxy: Asked::Found(finding), ..well() }, cause, mend));
    }
    for (finding, cause, mend) in [
        (HostFinding::Unreachable, Cause::HostUnreachable, Mend::OpenFirewall),
        (HostFinding::Refused, Cause::HostRefused, Mend::CheckHost),
        (HostFinding::TlsUntrusted, Cause::TlsUntrusted, Mend::AddAuthority),
        (HostFinding::TlsExpired, Cause::TlsExpired, Mend::RenewCertificate),
        (HostFinding::TlsNotYetValid, Cause::TlsNotYetValid, Mend::SetClock),
        (HostFinding::TlsName, Cause::TlsName, Mend::CorrectName),
        (HostFinding::TlsFailed, Cause::TlsFailed, Mend::CheckHost),
        (HostFinding::Status { status: 503 }, Cause::HostStatus { status: 503 }, Mend::CheckHost),
    ] {
        all.push((Hop::Host, Findings { host: Asked::Found(finding), ..well() }, cause, mend));
    }
    all
}

#[test]
fn every_fault_is_told_where_it_is_with_what_mends_it() {
    for (hop, findings, cause, mend) in faults() {
        let path = evaluate(findings);
        assert_eq!(path.first_broken(), Some((hop, &cause)));
        assert_eq!(cause.mend(), mend, "{cause:?}");
        for tested in path.0 {
            let before = tested.hop < hop;
            let after = tested.hop > hop && cause != Cause::TimeServersSilent;
            assert_eq!(
                matches!(tested.outcome, Outcome::Ok { .. }),
                before || (tested.hop > hop && !after),
                "{tested:?}"
            );
            if after {
                assert_eq!(tested.outcome, Outcome::Skipped { why: Skip::BrokenBefore { hop } }, "{cause:?}");
            }
        }
    }
}

#[test]
fn a_path_that_works_tells_what_it_found() {
    let path = evaluate(Findings { dns: Asked::Found(dns(&[DnsAnswer::Timeout, GOOD])), ..well() });
    assert_eq!(path.first_broken(), None);
    let details = path.0.iter().map(|tested| match &tested.outcome {
        Outcome::Ok { detail } => detail.clone(),
        other => panic!("{other:?}"),
    });
    let expected = [
        Detail::Link { speed: Some(1_000) },
        Detail::Address { net: net("10.0.0.15/24") },
        Detail::Gateway { gateway: ip("10.0.0.1"), millis: 1 },
        Detail::Dns { server: server([10, 0, 0, 2]), millis: 9, failing: vec![server([10, 0, 0, 1])] },
        Detail::Clock { seconds: 0 },
        Detail::Proxy { millis: 5 },
        Detail::Host { millis: 40 },
    ];
    assert_eq!(details.collect::<Vec<_>>(), expected);
}

#[test]
fn what_the_box_does_not_have_is_no_fault() {
    let findings = Findings {
        gateway: Asked::NotConfigured,
        dns: Asked::NotConfigured,
        clock: Asked::NotConfigured,
        proxy: Asked::NotConfigured,
        ..well()
    };
    let path = evaluate(findings);
    assert_eq!(path.first_broken(), None);
    for hop in [Hop::Gateway, Hop::Dns, Hop::Clock, Hop::Proxy] {
        assert_eq!(path.hop(hop), Some(&Outcome::Skipped { why: Skip::NotConfigured }));
    }
    assert!(matches!(path.hop(Hop::Host), Some(Outcome::Ok { .. })));
}

#[test]
fn nothing_asked_is_nothing_said() {
    let path = evaluate(Findings::default());
    assert_eq!(path.first_broken(), None);
    assert!(path.0.iter().all(|tested| tested.outcome == Outcome::Skipped { why: Skip::NotTested }));
    // what was not asked behind a fault is behind a fault, and no proxy is no proxy
    let unplugged =
        Findings { link: Asked::Found(LinkFinding::Down), proxy: Asked::NotConfigured, ..Findings::default() };
    let path = evaluate(unplugged);
    assert_eq!(path.hop(Hop::Host), Some(&Outcome::Skipped { why: Skip::BrokenBefore { hop: Hop::Link } }));
    assert_eq!(path.hop(Hop::Proxy), Some(&Outcome::Skipped { why: Skip::NotConfigured }));
}

#[test]
fn a_clock_may_be_off_a_little() {
    let tolerated = i64::try_from(CLOCK_TOLERANCE).expect("small");
    for seconds in [0, tolerated, -tolerated] {
        let path = evaluate(Findings { clock: Asked::Found(ClockFinding::Differs { seconds }), ..well() });
        assert_eq!(path.first_broken(), None, "{seconds}");
    }
}

#[test]
fn paths_read_back_and_their_names_stay() {
    for (_, findings, ..) in faults() {
        let path = evaluate(findings);
        let json = serde_json::to_string(&path).expect("json");
        assert_eq!(serde_json::from_str::<Path>(&json).expect(&json), path);
    }
    let path = evaluate(Findings { link: Asked::Found(LinkFinding::Down), ..Findings::default() });
    let json = serde_json::to_value(&path).expect("json");
    assert_eq!(json[0], json!({ "hop": "link", "outcome": "broken", "cause": { "kind": "no_carrier" } }));
    let behind = json!({ "kind": "broken_before", "hop": "link" });
    assert_eq!(json[1], json!({ "hop": "address", "outcome": "skipped", "why": behind }));
}

/// One hop each from several boxes.
fn mixed() -> impl Strategy<Value = Findings> {
    let mut boxes = faults().into_iter().map(|(_, findings, ..)| findings).collect::<Vec<_>>();
    boxes.extend(vec![well(); 20]);
    boxes.extend(vec![Findings::default(); 3]);
    let one = || select(boxes.clone());
    (one(), one(), one(), one(), one(), one(), one()).prop_map(|(link, address, gateway, dns, clock, proxy, host)| {
        Findings {
            link: link.link,
            address: address.address,
            gateway: gateway.gateway,
            dns: dns.dns,
            clock: clock.clock,
            proxy: proxy.proxy,
            host: host.host,
        }
    })
}

proptest! {
    #[test]
    fn nothing_is_said_behind_a_fault_that_stops(findings in mixed()) {
        let path = evaluate(findings);
        prop_assert_eq!(path.0.each_ref().map(|tested| tested.hop), HOPS);
        let stop = path.0.iter().position(|tested| match &tested.outcome {
            Outcome::Broken { cause } => *cause != Cause::TimeServersSilent,
            Outcome::Ok { .. } | Outcome::Skipped { .. } => false,
        });
        for (place, tested) in path.0.iter().enumerate() {
            let behind = stop.is_some_and(|stop| place > stop);
            let blamed = match &tested.outcome {
                Outcome::Skipped { why: Skip::BrokenBefore { hop } } => Some(*hop),
                Outcome::Ok { .. } | Outcome::Broken { .. } | Outcome::Skipped { .. } => None,
            };
            prop_assert_eq!(blamed, stop.filter(|_| behind).map(|stop| HOPS[stop]));
        }
    }
}
