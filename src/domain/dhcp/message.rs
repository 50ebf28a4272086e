//! One DHCP message, sent or received (RFC 2131 section 2), with the options of RFC 2132 that the client has to do
//! with.
//!
//! Values stand as they were on the wire; [`super::lease`] decides what of them is used. The bytes are made and read by
//! the agent.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::box_file::Mac;

/// Numbers of options: RFC 2132, 119 of RFC 3397, 121 of RFC 3442.
pub mod code {
    pub const SUBNET_MASK: u8 = 1;
    pub const ROUTER: u8 = 3;
    pub const DNS: u8 = 6;
    pub const HOST_NAME: u8 = 12;
    pub const DOMAIN_NAME: u8 = 15;
    pub const MTU: u8 = 26;
    pub const NTP: u8 = 42;
    pub const REQUESTED_ADDRESS: u8 = 50;
    pub const LEASE_TIME: u8 = 51;
    pub const OVERLOAD: u8 = 52;
    pub const MESSAGE_TYPE: u8 = 53;
    pub const SERVER_ID: u8 = 54;
    pub const PARAMETER_REQUEST_LIST: u8 = 55;
    pub const MESSAGE: u8 = 56;
    pub const MAX_MESSAGE_SIZE: u8 = 57;
    pub const T1: u8 = 58;
    pub const T2: u8 = 59;
    pub const VENDOR_CLASS: u8 = 60;
    pub const CLIENT_ID: u8 = 61;
    pub const DOMAIN_SEARCH: u8 = 119;
    pub const CLASSLESS_ROUTES: u8 = 121;
}

/// `op`: who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// BOOTREQUEST, from a client.
    Request,
    /// BOOTREPLY, from a server.
    Reply,
}

/// Option 53, as far as a client sends or understands it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Discover,
    Offer,
    Request,
    Decline,
    Ack,
    Nak,
    Release,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub op: Op,
    pub kind: Kind,
    pub xid: u32,
    /// Seconds since the client began to ask.
    pub secs: u16,
    /// The client cannot take unicast before it has an address. Ours can.
    pub broadcast: bool,
    /// The client's address, where it has one in use.
    pub ciaddr: Ipv4Addr,
    /// The address that the server gives.
    pub yiaddr: Ipv4Addr,
    /// The relay that it came by.
    pub giaddr: Ipv4Addr,
    pub chaddr: Mac,
    pub options: Options,
}

/// Empty lists and `None` stand for options that are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub subnet_mask: Option<Ipv4Addr>,
    pub routers: Vec<Ipv4Addr>,
    pub dns: Vec<Ipv4Addr>,
    pub host_name: Option<String>,
    pub domain_name: Option<String>,
    pub mtu: Option<u16>,
    pub ntp: Vec<Ipv4Addr>,
    pub requested_address: Option<Ipv4Addr>,
    /// Seconds; [`u32::MAX`] is for ever.
    pub lease_time: Option<u32>,
    pub server_id: Option<Ipv4Addr>,
    pub parameter_request_list: Vec<u8>,
    /// What a server says to people, in a NAK.
    pub message: Option<String>,
    pub max_message_size: Option<u16>,
    /// Seconds, as are those of `t2`.
    pub t1: Option<u32>,
    pub t2: Option<u32>,
    pub vendor_class: Option<String>,
    pub client_id: Option<Vec<u8>>,
    pub domain_search: Vec<String>,
    pub classless_routes: Vec<ClasslessRoute>,
    /// Options that were there and could not be read.
    pub malformed: Vec<u8>,
}

/// One route of option 121. A gateway of 0.0.0.0 says that the destination is on the link (RFC 3442).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClasslessRoute {
    pub destination: Ipv4Net,
    pub gateway: Ipv4Addr,
}

impl Message {
    /// Whether this is a server's answer to what `chaddr` asked under `xid`. A server that repeats the client
    /// identifier (RFC 6842) must repeat ours.
    pub fn answers(&self, xid: u32, chaddr: Mac, client_id: &[u8]) -> bool {
        self.op == Op::Reply
            && self.xid == xid
            && self.chaddr == chaddr
            && self.options.client_id.as_deref().is_none_or(|echoed| echoed == client_id)
    }
}
