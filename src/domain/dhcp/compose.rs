//! What the client sends, and which fields each message has: RFC 2131 table 5.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::{
    lease::Lease,
    message::{Kind, Message, Op, Options, code},
};
use crate::box_file::Mac;

/// Option 60.
const VENDOR_CLASS: &str = "gatehouse";
/// Option 57: what fits a frame of Ethernet, whether a server counts the headers of IP and UDP in or not. Shorter: long
/// lists of routes are cut. Longer: answers come in fragments, which are not read.
const MAX_MESSAGE_SIZE: u16 = 1_472;
/// Option 55. RFC 3442: 121 before 3.
const WANTED: [u8; 13] = [
    code::SUBNET_MASK,
    code::CLASSLESS_ROUTES,
    code::ROUTER,
    code::DNS,
    code::HOST_NAME,
    code::DOMAIN_NAME,
    code::MTU,
    code::NTP,
    code::LEASE_TIME,
    code::SERVER_ID,
    code::T1,
    code::T2,
    code::DOMAIN_SEARCH,
];

/// What the client is told about its box. It may change between two steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub mac: Mac,
    /// Option 12; a label, already checked.
    pub host_name: Option<String>,
    /// Networks that the box has for itself; no lease leads into them.
    pub forbidden: Vec<Ipv4Net>,
}

impl Settings {
    /// Option 61: Ethernet and the hardware address (RFC 2132 section 9.14), which is what administrators write
    /// reservations for.
    pub fn client_id(&self) -> Vec<u8> {
        let mut id = vec![1];
        id.extend(self.mac.0);
        id
    }

    fn message(&self, kind: Kind, xid: u32, secs: u16) -> Message {
        Message {
            op: Op::Request,
            kind,
            xid,
            secs,
            broadcast: false,
            ciaddr: Ipv4Addr::UNSPECIFIED,
            yiaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: Ipv4Addr::UNSPECIFIED,
            chaddr: self.mac,
            options: Options { client_id: Some(self.client_id()), ..Options::default() },
        }
    }

    /// A message that a lease may come of.
    fn asking(&self, kind: Kind, xid: u32, secs: u16) -> Message {
        let mut message = self.message(kind, xid, secs);
        message.options.host_name.clone_from(&self.host_name);
        message.options.vendor_class = Some(VENDOR_CLASS.to_owned());
        message.options.max_message_size = Some(MAX_MESSAGE_SIZE);
        message.options.parameter_request_list = WANTED.to_vec();
        message
    }

    /// `wish`: an address that would be welcome.
    pub(super) fn discover(&self, xid: u32, secs: u16, wish: Option<Ipv4Addr>) -> Message {
        let mut message = self.asking(Kind::Discover, xid, secs);
        message.options.requested_address = wish;
        message
    }

    /// SELECTING: takes one server's offer, and tells the others so.
    pub(super) fn request_offer(&self, xid: u32, secs: u16, offer: &Lease) -> Message {
        let mut message = self.asking(Kind::Request, xid, secs);
        message.options.requested_address = Some(offer.address.addr());
        message.options.server_id = Some(offer.server);
        message
    }

    /// INIT-REBOOT: any server may say whether the address still is right.
    pub(super) fn request_again(&self, xid: u32, secs: u16, lease: &Lease) -> Message {
        let mut message = self.asking(Kind::Request, xid, secs);
        message.options.requested_address = Some(lease.address.addr());
        message
    }

    /// RENEWING and REBINDING, which differ in whom it is sent to.
    pub(super) fn request_more_time(&self, xid: u32, secs: u16, lease: &Lease) -> Message {
        let mut message = self.asking(Kind::Request, xid, secs);
        message.ciaddr = lease.address.addr();
        message
    }

    /// Somebody else has the address.
    pub(super) fn decline(&self, xid: u32, lease: &Lease) -> Message {
        let mut message = self.message(Kind::Decline, xid, 0);
        message.options.requested_address = Some(lease.address.addr());
        message.options.server_id = Some(lease.server);
        message
    }

    pub(super) fn release(&self, xid: u32, lease: &Lease) -> Message {
        let mut message = self.message(Kind::Release, xid, 0);
        message.ciaddr = lease.address.addr();
        message.options.server_id = Some(lease.server);
        message
    }
}
