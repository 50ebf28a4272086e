//! The judgement.

use super::{
    AddressFinding, Asked, CLOCK_TOLERANCE, Cause, ClockFinding, Detail, DnsAnswer, DnsFinding, Findings,
    GatewayFinding, Hop, HostFinding, LinkFinding, Outcome, Path, ProxyFinding, Skip, Tested,
};
use crate::network::nameserver::Nameserver;

type Verdict = Result<Detail, Cause>;

/// Each hop's outcome. Total: findings that no network can have at once are judged hop by hop.
pub fn evaluate(findings: Findings) -> Path {
    let verdicts = [
        (Hop::Link, findings.link.judge(link)),
        (Hop::Address, findings.address.judge(address)),
        (Hop::Gateway, findings.gateway.judge(gateway)),
        (Hop::Dns, findings.dns.judge(dns)),
        (Hop::Clock, findings.clock.judge(clock)),
        (Hop::Proxy, findings.proxy.judge(proxy)),
        (Hop::Host, findings.host.judge(host)),
    ];
    let mut stopped = None;
    Path(verdicts.map(|(hop, verdict)| {
        let outcome = match (stopped, verdict) {
            // that there is no proxy is true whatever is broken
            (_, Err(Skip::NotConfigured)) => Outcome::Skipped { why: Skip::NotConfigured },
            (Some(hop), Ok(_) | Err(Skip::BrokenBefore { .. } | Skip::NotTested)) => {
                Outcome::Skipped { why: Skip::BrokenBefore { hop } }
            }
            (None, Err(why)) => Outcome::Skipped { why },
            (None, Ok(Ok(detail))) => Outcome::Ok { detail },
            (None, Ok(Err(cause))) => {
                stopped = cause.stops().then_some(hop);
                Outcome::Broken { cause }
            }
        };
        Tested { hop, outcome }
    }))
}

impl<T> Asked<T> {
    fn judge(self, judge: impl FnOnce(T) -> Verdict) -> Result<Verdict, Skip> {
        match self {
            Self::NotTested => Err(Skip::NotTested),
            Self::NotConfigured => Err(Skip::NotConfigured),
            Self::Found(finding) => Ok(judge(finding)),
        }
    }
}

fn link(finding: LinkFinding) -> Verdict {
    match finding {
        LinkFinding::NoInterface => Err(Cause::NoInterface),
        LinkFinding::Down => Err(Cause::NoCarrier),
        LinkFinding::Up { speed } => Ok(Detail::Link { speed }),
    }
}

fn address(finding: AddressFinding) -> Verdict {
    match finding {
        AddressFinding::None => Err(Cause::NoAddress),
        AddressFinding::DhcpSilent => Err(Cause::DhcpSilent),
        AddressFinding::DhcpRefused => Err(Cause::DhcpRefused),
        AddressFinding::Conflict { address, mac } => Err(Cause::AddressConflict { address, mac }),
        AddressFinding::Has(net) => Ok(Detail::Address { net }),
    }
}

fn gateway(finding: GatewayFinding) -> Verdict {
    match finding {
        GatewayFinding::OffLink { gateway } => Err(Cause::GatewayOffLink { gateway }),
        GatewayFinding::Silent { gateway } => Err(Cause::GatewaySilent { gateway }),
        GatewayFinding::Answers { gateway, millis } => Ok(Detail::Gateway { gateway, millis }),
    }
}

/// As the resolver does (resolv.conf(5)): the next server is asked after silence and after an error, but not after "no
/// such name". Where no server helps, the first one's fault is told: it is the one that people look at.
fn dns(finding: DnsFinding) -> Verdict {
    let mut failing: Vec<Nameserver> = Vec::new();
    let mut first = None;
    for server in finding.servers {
        let address = server.address;
        let fault = match server.answer {
            DnsAnswer::Resolved { millis } => return Ok(Detail::Dns { server: address, millis, failing }),
            DnsAnswer::Unknown => return Err(Cause::NameUnknown { name: finding.name }),
            DnsAnswer::Refused { rcode } => Cause::DnsRefused { server: address.clone(), rcode },
            DnsAnswer::Timeout => Cause::DnsTimeout { server: address.clone() },
        };
        failing.push(address);
        first.get_or_insert(fault);
    }
    Err(first.unwrap_or(Cause::NoDnsServers))
}

fn clock(finding: ClockFinding) -> Verdict {
    match finding {
        ClockFinding::Silent => Err(Cause::TimeServersSilent),
        ClockFinding::Differs { seconds } if seconds.unsigned_abs() > CLOCK_TOLERANCE => {
            Err(Cause::ClockOff { seconds })
        }
        ClockFinding::Differs { seconds } => Ok(Detail::Clock { seconds }),
    }
}

fn proxy(finding: ProxyFinding) -> Verdict {
    match finding {
        ProxyFinding::NameUnknown => Err(Cause::ProxyNameUnknown),
        ProxyFinding::Own => Err(Cause::ProxyIsOwn),
        ProxyFinding::NoProxy => Err(Cause::NoProxy),
        ProxyFinding::Unreachable => Err(Cause::ProxyUnreachable),
        ProxyFinding::Refused => Err(Cause::ProxyRefused),
        ProxyFinding::Auth => Err(Cause::ProxyAuth),
        ProxyFinding::Certificate => Err(Cause::ProxyCertificate),
        ProxyFinding::Forbids { status } => Err(Cause::ProxyForbids { status }),
        ProxyFinding::Connected { millis } => Ok(Detail::Proxy { millis }),
    }
}

fn host(finding: HostFinding) -> Verdict {
    match finding {
        HostFinding::Unreachable => Err(Cause::HostUnreachable),
        HostFinding::Refused => Err(Cause::HostRefused),
        HostFinding::TlsUntrusted => Err(Cause::TlsUntrusted),
        HostFinding::TlsExpired => Err(Cause::TlsExpired),
        HostFinding::TlsNotYetValid => Err(Cause::TlsNotYetValid),
        HostFinding::TlsName => Err(Cause::TlsName),
        HostFinding::TlsFailed => Err(Cause::TlsFailed),
        HostFinding::Status { status } => Err(Cause::HostStatus { status }),
        HostFinding::Answers { millis } => Ok(Detail::Host { millis }),
    }
}
