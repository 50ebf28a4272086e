//! `gatehouse network test`: the way from the cable to a host, and the first hop that is broken.

use clap::Args;

use crate::{
    cli::{CliError, Context, table::aligned, words},
    domain::{
        api::{Caller, TestRequest},
        network::hops::{Detail, Hop, Outcome, Report, Skip, Tested},
    },
};

#[derive(Debug, Args)]
pub(in crate::cli) struct TestArgs {
    /// A name or an IPv4 address, with a port if it is not 443: registry.example:8443
    host: Option<String>,
}

impl TestArgs {
    pub(super) async fn run(&self, context: &Context) -> Result<(), CliError> {
        let request = TestRequest { host: self.host.clone() };
        let report = context.agent.test_network(&Caller::default(), &request).await?;
        context.output.answer(&report, text)?;
        report.path.first_broken().map_or(Ok(()), |(hop, _)| Err(CliError::Broken(words::hop(hop))))
    }
}

fn text(report: &Report) -> String {
    let rows = report.path.0.iter().map(|tested| row(report, tested)).collect::<Vec<_>>();
    let mend = report.path.first_broken().map(|(_, cause)| format!("\n{}\n", words::mend(cause.mend())));
    aligned(&rows) + &mend.unwrap_or_default()
}

fn row(report: &Report, tested: &Tested) -> [String; 3] {
    let (sign, said) = match &tested.outcome {
        Outcome::Ok { detail } => ("✓", found(report, detail)),
        Outcome::Broken { cause } => ("✗", words::cause(cause)),
        Outcome::Skipped { why } => ("-", skipped(tested.hop, *why).to_owned()),
    };
    [sign.to_owned(), words::hop(tested.hop).to_owned(), said]
}

fn found(report: &Report, detail: &Detail) -> String {
    match detail {
        Detail::Link { speed } => {
            let port = report.uplink.as_ref().map(ToString::to_string).unwrap_or_default();
            speed.map_or_else(|| port.clone(), |mbits| format!("{port}, {mbits} Mbit/s"))
        }
        Detail::Address { net } => net.to_string(),
        Detail::Gateway { gateway, millis } => format!("{gateway} answers in {millis} ms"),
        Detail::Dns { server, millis, failing } if failing.is_empty() => format!("{server} answers in {millis} ms"),
        Detail::Dns { server, millis, failing } => {
            format!("{server} answers in {millis} ms; of no help: {}", words::list(failing))
        }
        Detail::Clock { seconds } => format!("right, but for {} s", seconds.unsigned_abs()),
        Detail::Proxy { millis } => format!("connected in {millis} ms"),
        Detail::Host { millis } => {
            let host = report.host.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{host} reached in {millis} ms")
        }
    }
}

fn skipped(hop: Hop, why: Skip) -> &'static str {
    match (why, hop) {
        (Skip::NotConfigured, Hop::Dns) => "not needed for an address",
        (Skip::NotConfigured, _) => "none set",
        (Skip::BrokenBefore { .. } | Skip::NotTested, _) => "not tested",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::network::hops::{
        AddressFinding, Asked, DnsAnswer, DnsFinding, Findings, GatewayFinding, HostFinding, LinkFinding, Server,
        evaluate,
    };

    fn report(host: HostFinding, dns: [DnsAnswer; 2]) -> Report {
        let server = |last, answer| Server { address: std::net::IpAddr::from([10, 20, 0, last]).into(), answer };
        let servers = vec![server(53, dns[0]), server(1, dns[1])];
        let path = evaluate(Findings {
            link: Asked::Found(LinkFinding::Up { speed: Some(1_000) }),
            address: Asked::Found(AddressFinding::Has("10.20.0.15/24".parse().expect("net"))),
            gateway: Asked::Found(GatewayFinding::Answers { gateway: [10, 20, 0, 1].into(), millis: 1 }),
            dns: Asked::Found(DnsFinding { name: "registry.example".to_owned(), servers }),
            clock: Asked::NotConfigured,
            proxy: Asked::NotConfigured,
            host: Asked::Found(host),
        });
        let host = Some("registry.example:8443".parse().expect("host"));
        Report { uplink: Some("lan1".parse().expect("name")), host, path }
    }

    #[test]
    fn each_hop_is_a_line_and_the_mend_is_last() {
        let good = [DnsAnswer::Timeout, DnsAnswer::Resolved { millis: 9 }];
        insta::assert_snapshot!(text(&report(HostFinding::Answers { millis: 40 }, good)), @"
        ✓  link     lan1, 1000 Mbit/s
        ✓  address  10.20.0.15/24
        ✓  gateway  10.20.0.1 answers in 1 ms
        ✓  DNS      10.20.0.1 answers in 9 ms; of no help: 10.20.0.53
        -  clock    none set
        -  proxy    none set
        ✓  host     registry.example:8443 reached in 40 ms
        ");
        let silent = [DnsAnswer::Timeout; 2];
        insta::assert_snapshot!(text(&report(HostFinding::Unreachable, silent)), @"
        ✓  link     lan1, 1000 Mbit/s
        ✓  address  10.20.0.15/24
        ✓  gateway  10.20.0.1 answers in 1 ms
        ✗  DNS      10.20.0.53 does not answer
        -  clock    none set
        -  proxy    none set
        -  host     not tested

        Check its address and that UDP port 53 is let through, or use another one.
        ");
    }
}
