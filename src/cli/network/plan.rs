//! `gatehouse network plan`: what a spec file would change.

use std::{net::Ipv4Addr, path::PathBuf};

use clap::Args;

use crate::{
    cli::{CliError, Context, spec_file, words},
    domain::{
        api::{Caller, PlanRequest},
        dhcp::discover::Offer,
        name::PortName,
        network::plan::Plan,
    },
};

#[derive(Debug, Args)]
pub(in crate::cli) struct PlanArgs {
    /// Spec file as `gatehouse network show --spec` prints it; `-` reads standard input
    file: PathBuf,
}

impl PlanArgs {
    pub(super) async fn run(&self, context: &Context) -> Result<(), CliError> {
        let spec = spec_file::read(&self.file)?;
        let plan = context.agent.plan(&Caller::default(), &PlanRequest { spec }).await?;
        context.output.answer(&plan, text)
    }
}

/// The lines that a person decides by.
pub(super) fn text(plan: &Plan) -> String {
    if plan.is_empty() {
        return "Nothing would change.\n".to_owned();
    }
    let mut text = plan.changes.iter().map(|c| words::change(c) + "\n").collect::<String>();
    if plan.changes.is_empty() {
        text += "= what is saved already, written to the kernel again\n";
    }
    text += &plan.offers.iter().map(|(port, offers)| offered(port, offers)).collect::<String>();
    text += &pages(plan);
    text
}

/// What DHCP would give on a port.
fn offered(port: &PortName, offers: &[Offer]) -> String {
    if offers.is_empty() {
        return format!("! no DHCP server answered on {port}\n");
    }
    let line = |offer: &Offer| match &offer.lease {
        Ok(lease) => {
            let gateway = lease.gateway.map_or_else(|| "no gateway".to_owned(), |ip| format!("gateway {ip}"));
            format!(
                "  {port}: DHCP server {} offers {}, {gateway}, DNS {}\n",
                lease.server,
                lease.address,
                dns(&lease.dns)
            )
        }
        Err(refusal) => format!("! {port}: what a DHCP server offers cannot be used: {refusal}\n"),
    };
    offers.iter().map(line).collect()
}

fn dns(servers: &[Ipv4Addr]) -> String {
    if servers.is_empty() { "none".to_owned() } else { words::list(servers) }
}

fn pages(plan: &Plan) -> String {
    let (leaving, arriving) = (words::list(&plan.leaving), words::list(&plan.arriving));
    match (leaving.as_str(), arriving.as_str()) {
        ("", "") => String::new(),
        ("", arriving) => format!("The pages come to {arriving}.\n"),
        (leaving, "") => format!("The pages leave {leaving}.\n"),
        (leaving, arriving) => format!("The pages leave {leaving} for {arriving}.\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        box_file::{BoxFile, Device, Port, Role},
        network::{effective::Conditions, kernel::KernelState, plan::plan, spec::NetworkSpec, wanted::wanted},
    };

    fn planned(old: &str, new: &str) -> String {
        let port = |name: &str, role| Port {
            name: name.parse().expect("name"),
            label: name.into(),
            role,
            device: Device::Name(name.into()),
        };
        let ports = vec![port("service", Role::Service), port("lan1", Role::Uplink), port("lan2", Role::Uplink)];
        let board = BoxFile {
            model: "M".into(),
            serial: "S".into(),
            ports,
            support: None,
            registry: None,
            factory: NetworkSpec::default(),
        };
        let read = |text: &str| spec_file::read_text(text).expect("spec");
        let (old, new) = (read(old), read(new));
        let now = if old == new { KernelState::default() } else { wanted(&old, &board) };
        text(&plan(&now, &old, &new, &Conditions::default(), &board))
    }

    const LAN1: &str = r#"
        [ports.lan1]
        ipv4 = { method = "static", addresses = ["10.20.0.15/24"], gateway = "10.20.0.1" }
        dns = ["10.20.0.1", "9.9.9.9"]
        manage = true
    "#;
    const LAN1_MOVED: &str = r#"
        uplink_order = ["lan2"]
        [ports.lan1]
        ipv4 = { method = "static", addresses = ["10.30.0.15/24"], gateway = "10.30.0.1" }
        dns = ["9.9.9.9", "10.20.0.1"]
        manage = true
        [ports.lan2]
        ipv4 = { method = "static", addresses = ["10.40.0.15/24"], gateway = "10.40.0.1" }
        default_route = false
    "#;

    #[test]
    fn tells_what_comes_what_goes_and_where_the_pages_move() {
        insta::assert_snapshot!(planned(LAN1, LAN1_MOVED), @"
        + address 10.40.0.15/24 on lan2
        + gateway 10.40.0.1 for replies on lan2
        + automatic IPv6 on lan2, not as default route
        + address 10.30.0.15/24 on lan1
        + default route via 10.30.0.1 on lan1
        = uplinks in this order: lan2, lan1
        = DNS servers in this order: 9.9.9.9, 10.20.0.1
        − address 10.20.0.15/24 on lan1
        − default route via 10.20.0.1 on lan1
        The pages leave 10.20.0.15 for 10.30.0.15.
        ");
        assert_eq!(planned(LAN1, LAN1), "= what is saved already, written to the kernel again\n", "drift");
        insta::assert_snapshot!(planned("", LAN1).lines().last().unwrap_or_default(), @"The pages come to 10.20.0.15.");
    }

    #[test]
    fn a_plan_of_nothing_says_so() {
        let now = KernelState::default();
        let board = BoxFile {
            model: String::new(),
            serial: String::new(),
            ports: Vec::new(),
            support: None,
            registry: None,
            factory: NetworkSpec::default(),
        };
        let nothing = plan(&now, &NetworkSpec::default(), &NetworkSpec::default(), &Conditions::default(), &board);
        assert_eq!(text(&nothing), "Nothing would change.\n");
    }
}
