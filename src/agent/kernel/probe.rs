//! Asks whether a neighbour answers: the kernel sends the ARP requests or neighbour solicitations, we read its verdict.

use std::{net::IpAddr, time::Duration};

use futures_util::TryStreamExt;
use rtnetlink::packet_route::{
    AddressFamily,
    neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourFlags, NeighbourState},
};

use super::Kernel;

/// The kernel asks three times, a second apart. Shorter: a switch port that has just come up counts as silent.
const PATIENCE: Duration = Duration::from_millis(3500);
/// How often the verdict is looked up: a gateway on a LAN answers within a millisecond or two.
const LOOK: Duration = Duration::from_millis(10);

impl Kernel {
    /// Whether `neighbour` answers on the interface. Takes up to 3.5 s if it is silent.
    pub async fn answers(&self, index: u32, neighbour: IpAddr) -> bool {
        // NTF_USE makes the kernel resolve the address as if a packet were to be sent
        let ask = self
            .handle
            .neighbours()
            .add(index, neighbour)
            .state(NeighbourState::None)
            .flags(NeighbourFlags::Use)
            .replace()
            .execute();
        if let Err(error) = ask.await {
            tracing::debug!(%neighbour, %error, "cannot ask for the neighbour");
            return false;
        }
        let verdict = async {
            loop {
                match self.neighbour_state(index, neighbour).await {
                    Some(NeighbourState::Reachable | NeighbourState::Permanent | NeighbourState::Noarp) => return true,
                    Some(NeighbourState::Failed) => return false,
                    _ => tokio::time::sleep(LOOK).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, verdict).await.unwrap_or(false)
    }

    async fn neighbour_state(&self, index: u32, neighbour: IpAddr) -> Option<NeighbourState> {
        let family = if neighbour.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
        let mut all = Box::pin(self.handle.neighbours().get().set_address_family(family).execute());
        while let Ok(Some(message)) = all.try_next().await {
            let is_it = message.attributes.iter().any(|a| is_of(a, neighbour));
            if message.header.ifindex == index && is_it {
                return Some(message.header.state);
            }
        }
        None
    }
}

fn is_of(attribute: &NeighbourAttribute, neighbour: IpAddr) -> bool {
    match attribute {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(ip)) => neighbour == *ip,
        NeighbourAttribute::Destination(NeighbourAddress::Inet6(ip)) => neighbour == *ip,
        _ => false,
    }
}
