//! The adapter to the kernel: rtnetlink for links, addresses, routes and rules, `sock_diag` for connections, `/proc/sys`.
//!
//! Owned by the network task. It knows nothing of specs or plans.

pub mod advertised;
mod detection;
mod observe;
mod probe;
pub mod router;
pub mod sockets;
pub mod sysctl;
mod write;

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream::BoxStream};
use rtnetlink::{MulticastGroup, packet_core::NetlinkPayload};

pub use observe::{Link, Observed, ObservedAddress, ObservedRoute};

use domain::name::PortName;

/// The kernel's interface numbers of the ports that are there.
pub type Interfaces = BTreeMap<PortName, u32>;

#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    #[error("no netlink socket")]
    Socket(#[source] std::io::Error),
    #[error("the kernel does not answer")]
    Ended,
    #[error("{what} could not be read")]
    Read { what: &'static str, source: rtnetlink::Error },
}

/// That something changed; what it is, is read anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Something,
    /// Events were lost (ENOBUFS); everything has to be read again.
    Overrun,
}

#[derive(Clone)]
pub struct Kernel {
    handle: rtnetlink::Handle,
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kernel")
    }
}

impl Kernel {
    /// Opens the sockets: one for requests, one for events, so that a flood of events never delays an answer.
    ///
    /// # Errors
    /// When the kernel refuses them.
    pub fn open() -> Result<(Self, BoxStream<'static, Change>), KernelError> {
        let (connection, handle, _) = rtnetlink::new_connection().map_err(KernelError::Socket)?;
        tokio::spawn(connection);
        let groups = [
            MulticastGroup::Link,
            MulticastGroup::Ipv4Ifaddr,
            MulticastGroup::Ipv6Ifaddr,
            MulticastGroup::Ipv4Route,
            MulticastGroup::Ipv6Route,
            MulticastGroup::Ipv4Rule,
            MulticastGroup::Ipv6Rule,
        ];
        let (connection, _, messages) = rtnetlink::new_multicast_connection(&groups).map_err(KernelError::Socket)?;
        tokio::spawn(connection);
        let changes = messages.map(|(message, _)| match message.payload {
            NetlinkPayload::Overrun(_) => Change::Overrun,
            _ => Change::Something,
        });
        Ok((Self { handle }, changes.boxed()))
    }
}

/// The error number's name and text, as the kernel gave it.
pub fn describe(error: &rtnetlink::Error) -> String {
    match error {
        rtnetlink::Error::NetlinkError(message) => {
            message.code.map_or_else(|| message.to_string(), |_| message.to_io().to_string())
        }
        other => other.to_string(),
    }
}

fn errno(error: &rtnetlink::Error) -> Option<i32> {
    match error {
        rtnetlink::Error::NetlinkError(message) => message.code.map(|c| c.get().abs()),
        _ => None,
    }
}
