//! `gatehouse network show`: what the kernel has, or what is saved.

use clap::Args;

use super::ports;
use crate::{
    cli::{CliError, Context, spec_file, status::network_rows, table::aligned},
    domain::{api::Caller, network::status::NetworkStatus},
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Print the saved network as a spec file, to edit and to apply
    #[arg(long)]
    spec: bool,
}

impl Show {
    pub(super) async fn run(&self, context: &Context) -> Result<(), CliError> {
        let network = context.agent.overview(&Caller::default()).await?.network;
        if self.spec {
            let toml = spec_file::write(&network.spec).map_err(CliError::Output)?;
            context.output.answer(&network.spec, |_| toml)
        } else {
            context.output.answer(&network, text)
        }
    }
}

fn text(network: &NetworkStatus) -> String {
    format!("{}\n{}\n{}", ports::table(&network.ports), ports::routes(&network.ports), aligned(&network_rows(network)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::network::samples;

    #[test]
    fn shows_ports_routes_and_what_is_open() {
        insta::assert_snapshot!(text(&samples::status()), @"
        PORT     ON THE CHASSIS  ROLE     LINK         ADDRESSES
        service  MGMT            service  no cable     192.168.100.198/24
        lan1     LAN 1           uplink   1000 Mbit/s  10.20.0.15/24
        lan2     LAN 2           uplink   absent

        TO            VIA        PORT  TABLE  METRIC
        default       10.20.0.1  lan1  main   100
        10.20.0.0/24  -          lan1  main   0       not ours
        10.20.0.0/24  -          lan1  17665  0

        Way out  lan1 via 10.20.0.1
        DNS      10.20.0.1, 9.9.9.9
        Change   7 waits to be kept, 87 s left
                 ! gateway 10.30.0.1 on lan1 does not answer
        ");
    }
}
