//! An ARP packet as the rules see it (RFC 826, Ethernet and IPv4).

use std::net::Ipv4Addr;

use super::Claim;
use crate::box_file::Mac;

/// `ar$op`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Request,
    Reply,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArpPacket {
    pub operation: Operation,
    pub sender_mac: Mac,
    pub sender: Ipv4Addr,
    pub target_mac: Mac,
    pub target: Ipv4Addr,
}

impl ArpPacket {
    /// Asks for an address without claiming it, so that nobody's table changes (RFC 5227, section 1.1, "ARP Probe").
    pub fn probe(mac: Mac, address: Ipv4Addr) -> Self {
        Self { sender: Ipv4Addr::UNSPECIFIED, ..Self::announcement(mac, address) }
    }

    /// Says who has an address, asking nobody ("ARP Announcement").
    pub fn announcement(mac: Mac, address: Ipv4Addr) -> Self {
        Self {
            operation: Operation::Request,
            sender_mac: mac,
            sender: address,
            target_mac: Mac([0; 6]),
            target: address,
        }
    }

    pub fn is_probe(&self) -> bool {
        self.operation == Operation::Request && self.sender.is_unspecified()
    }

    /// Somebody else uses the address (section 2.4).
    pub(super) fn contests(&self, claim: &Claim) -> bool {
        self.sender == claim.address && self.is_foreign(claim)
    }

    /// Somebody else uses the address or is about to (section 2.1.1).
    pub(super) fn forbids(&self, claim: &Claim) -> bool {
        self.contests(claim) || (self.is_probe() && self.target == claim.address && self.is_foreign(claim))
    }

    fn is_foreign(&self, claim: &Claim) -> bool {
        self.sender_mac != claim.mac && !claim.own.contains(&self.sender_mac)
    }
}
