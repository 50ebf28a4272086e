//! What a confirmation's connection proves about the new network.
//!
//! A request that arrives over a connection made before the change proves nothing: the kernel goes on serving it over the old
//! address. So the agent keeps the connections that were open when the change was applied, and looks at the one that confirms.

use std::{collections::BTreeSet, net::Ipv4Addr};

use serde::{Deserialize, Serialize};

use super::kernel::KernelState;
use crate::box_file::SERVICE_ADDRESS;

/// A TCP connection as the kernel's socket table shows it (`inet_diag`, `TCP_ESTABLISHED`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Connection {
    pub local: (Ipv4Addr, u16),
    pub remote: (Ipv4Addr, u16),
}

impl Connection {
    /// The same connection as its peer has it. Where both are in one socket table, both ends are on this box, whatever the
    /// address: that of the old state or of somebody else's.
    fn other_end(self) -> Self {
        Self { local: self.remote, remote: self.local }
    }
}

/// Where a confirmation came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Typed on the box itself.
    Console,
    /// Made after the change, to an uplink address of the new state, from another machine.
    NewAddress,
    /// Over the service port, whose address is in both states: proves nothing about the uplinks.
    ServicePort,
    /// Open since before the change.
    OldConnection,
    /// To an address that the new state does not have.
    OldAddress,
    /// From one of the box's own addresses.
    FromTheBox,
    /// Not in the socket table: closed meanwhile, or never there.
    NotConnected,
}

/// Judges the connection of a confirmation.
///
/// `open` is the socket table now, `before` the one when the change was applied, `new` the state to be kept.
pub fn judge(
    connection: Connection,
    open: &BTreeSet<Connection>,
    before: &BTreeSet<Connection>,
    new: &KernelState,
) -> Proof {
    let (local, remote) = (connection.local.0, connection.remote.0);
    if !open.contains(&connection) {
        Proof::NotConnected
    } else if remote.is_loopback() || new.has_address(remote.into()) || open.contains(&connection.other_end()) {
        Proof::FromTheBox
    } else if local == SERVICE_ADDRESS {
        Proof::ServicePort
    } else if before.contains(&connection) {
        Proof::OldConnection
    } else if !new.has_address(local.into()) {
        Proof::OldAddress
    } else {
        Proof::NewAddress
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{
        kernel::{Address, Object},
        nameserver::Resolver,
    };

    #[test]
    fn only_a_new_connection_to_a_new_address_proves_the_change() {
        let new = KernelState {
            objects: ["10.30.0.15/24", "192.168.100.198/24"]
                .map(|net| {
                    Object::Address(Address { port: "lan1".parse().expect("name"), net: net.parse().expect("net") })
                })
                .into(),
            dns: Resolver::default(),
        };
        let to =
            |local: [u8; 4], remote: [u8; 4]| Connection { local: (local.into(), 443), remote: (remote.into(), 5000) };
        let (fresh, kept) = (to([10, 30, 0, 15], [10, 30, 0, 200]), to([10, 30, 0, 15], [10, 30, 0, 201]));
        let (old, service) = (to([10, 20, 0, 15], [10, 20, 0, 200]), to([192, 168, 100, 198], [192, 168, 100, 197]));
        let own = to([10, 30, 0, 15], [10, 30, 0, 15]);
        let via_old = to([10, 30, 0, 15], [10, 20, 0, 15]);
        let open = [fresh, kept, old, service, own, via_old, via_old.other_end()].into();
        let before = [kept].into();
        for (connection, proof) in [
            (fresh, Proof::NewAddress),
            (kept, Proof::OldConnection),
            (old, Proof::OldAddress),
            (service, Proof::ServicePort),
            (own, Proof::FromTheBox),
            (via_old, Proof::FromTheBox),
            (to([10, 30, 0, 15], [10, 30, 0, 9]), Proof::NotConnected),
        ] {
            assert_eq!(judge(connection, &open, &before, &new), proof, "{connection:?}");
        }
    }
}
