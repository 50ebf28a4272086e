//! `gatehouse status`: the box at a glance.

use super::{CliError, Context, network::ports, table::aligned, words};
use crate::domain::{
    api::{Caller, Overview},
    network::status::NetworkStatus,
};

pub(super) async fn run(context: &Context) -> Result<(), CliError> {
    let overview = context.agent.overview(&Caller::default()).await?;
    context.output.answer(&overview, text)
}

fn text(overview: &Overview) -> String {
    let load = &overview.load;
    let of = |used, total| format!("{} of {}", words::bytes(used), words::bytes(total));
    let mut rows = vec![
        ["Box".to_owned(), format!("{} {}", overview.model, overview.serial)],
        ["Name".to_owned(), overview.host_name.clone()],
        ["Version".to_owned(), overview.version.clone()],
        ["Running".to_owned(), words::duration(load.uptime)],
        ["Processor".to_owned(), format!("{} % busy", load.cpu_percent)],
        ["Memory".to_owned(), of(load.memory_used, load.memory_total)],
        ["Storage".to_owned(), of(load.storage_used, load.storage_total)],
    ];
    rows.extend(network_rows(&overview.network));
    rows.push(["Service port".to_owned(), words::service_port(&overview.service_port)]);
    rows.extend(overview.support.iter().map(|support| ["Support".to_owned(), support.clone()]));
    format!("{}\n{}", aligned(&rows), ports::table(&overview.network.ports))
}

/// Way out, DNS, and whatever a person should know.
pub(super) fn network_rows(network: &NetworkStatus) -> Vec<[String; 2]> {
    let way_out = network.uplink_in_use.as_ref().map(|u| format!("{} via {}", u.port, u.gateway));
    let dns = if network.dns.servers.is_empty() { "none".to_owned() } else { words::list(&network.dns.servers) };
    let mut rows = vec![["Way out".to_owned(), way_out.unwrap_or_else(|| "none".to_owned())], ["DNS".to_owned(), dns]];
    if !network.dns.search.is_empty() {
        rows.push(["Domains".to_owned(), words::list(&network.dns.search)]);
    }
    let mut note = |name: &str, text: String| rows.push([name.to_owned(), text]);
    if let Some(foreign) = &network.dns.foreign {
        note("", format!("not in force: /etc/resolv.conf leads to {foreign}"));
    }
    match (&network.transaction.open, &network.transaction.last) {
        (Some(open), _) => {
            note("Change", format!("{} {}", open.tx.0, words::phase(&open.phase)));
            if let crate::domain::network::transaction::PhaseView::AwaitingConfirm { checks, .. } = &open.phase {
                for line in words::checks(checks) {
                    note("", line);
                }
            }
        }
        (None, Some(last)) => note("Change", words::outcome(last)),
        (None, None) => {}
    }
    if network.transaction.degraded > 0 {
        note("Degraded", format!("{} steps of the undoing failed and are tried again", network.transaction.degraded));
    }
    if network.drift > 0 {
        note("Drift", format!("{} things in the kernel are not as saved", network.drift));
    }
    if let Some(problem) = &network.spec_problem {
        note("Saved", format!("cannot be read: {problem}"));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::network::samples,
        domain::{
            certificate::CertificateStatus,
            load::Load,
            power::PowerStatus,
            service_port::ServicePortStatus,
            settings::SettingsStatus,
            system::SystemStatus,
            time::{BootMillis, UnixSeconds},
        },
    };

    #[test]
    fn tells_the_box_at_a_glance() {
        let overview = Overview {
            activation: crate::domain::activation::api::Activation::default(),
            cellular: crate::domain::cellular::api::CellularBrief::default(),
            pair: crate::domain::pair::api::PairStatus::default(),
            model: "M1".into(),
            serial: "S-0001".into(),
            host_name: "box1".into(),
            support: Some("call 400-000".into()),
            version: "0.1.0".into(),
            network: samples::status(),
            load: Load {
                cpu_percent: 7,
                memory_used: 512 << 20,
                memory_total: 2 << 30,
                storage_used: 1 << 30,
                storage_total: 16 << 30,
                uptime: 93_784,
            },
            service_port: ServicePortStatus::Silent { other: Some([10, 20, 0, 1].into()), since: BootMillis(0) },
            settings: SettingsStatus::default(),
            power: PowerStatus::default(),
            system: SystemStatus::default(),
            seed: crate::domain::seed::SeedStatus::default(),
            certificate: CertificateStatus::default(),
            now: UnixSeconds(0),
        };
        insta::assert_snapshot!(text(&overview), @"
        Box           M1 S-0001
        Name          box1
        Version       0.1.0
        Running       1 d 2 h
        Processor     7 % busy
        Memory        512.0 MiB of 2.0 GiB
        Storage       1.0 GiB of 16.0 GiB
        Way out       lan1 via 10.20.0.1
        DNS           10.20.0.1, 9.9.9.9
        Change        7 waits to be kept, 87 s left
                      ! gateway 10.30.0.1 on lan1 does not answer
        Service port  ! gives no addresses: another DHCP server, 10.20.0.1, answers on this wire
        Support       call 400-000

        PORT     ON THE CHASSIS  ROLE     LINK         ADDRESSES
        service  MGMT            service  no cable     192.168.100.198/24
        lan1     LAN 1           uplink   1000 Mbit/s  10.20.0.15/24
        lan2     LAN 2           uplink   absent
        ");
    }
}
