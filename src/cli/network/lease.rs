//! `gatehouse network renew` and `release`: a port's lease, now.

use std::{env, net::Ipv4Addr};

use clap::Args;

use crate::{
    cli::{CliError, Context, words},
    domain::{
        api::{Caller, LeaseAsk, LeaseRequest},
        name::PortName,
    },
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Renew {
    /// The port's name, as `network show` tells
    port: PortName,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Release {
    /// The port's name, as `network show` tells
    port: PortName,
    /// Give it back although you came by this address and will be cut off
    #[arg(long)]
    yes: bool,
}

impl Renew {
    pub(super) async fn run(&self, context: &Context) -> Result<(), CliError> {
        ask(context, LeaseRequest { port: self.port.clone(), ask: LeaseAsk::Renew, by: None, sure: false }).await
    }
}

impl Release {
    pub(super) async fn run(&self, context: &Context) -> Result<(), CliError> {
        let by = env::var("SSH_CONNECTION").ok().as_deref().and_then(server_of);
        ask(context, LeaseRequest { port: self.port.clone(), ask: LeaseAsk::Release, by, sure: self.yes }).await
    }
}

async fn ask(context: &Context, request: LeaseRequest) -> Result<(), CliError> {
    let status = context.agent.lease(&Caller::default(), &request).await?;
    context.output.answer(&status, |status| words::dhcp(&request.port, status))
}

/// `client port server port`, as sshd says it.
fn server_of(connection: &str) -> Option<Ipv4Addr> {
    connection.split(' ').nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::server_of;

    #[test]
    fn reads_the_address_that_ssh_came_by() {
        assert_eq!(server_of("10.20.0.9 50122 10.20.0.15 22"), Some([10, 20, 0, 15].into()));
        for other in ["", "10.20.0.9 50122", "fe80::1 5 fe80::2 22"] {
            assert_eq!(server_of(other), None, "{other}");
        }
    }
}
