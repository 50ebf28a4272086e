//! The service port's DHCP server in words.

use std::net::Ipv4Addr;

use crate::{
    domain::service_port::{Failure, ServicePortStatus},
    text::Text,
};

pub fn service_port(text: Text, status: &ServicePortStatus) -> String {
    match status {
        ServicePortStatus::NoLink => text.service_no_link().to_owned(),
        ServicePortStatus::Checking => text.service_checking().to_owned(),
        ServicePortStatus::Serving { .. } => text.service_serving().to_owned(),
        ServicePortStatus::Silent { other, .. } => text.service_silent(rival(text, *other)),
        ServicePortStatus::Failed { why } => service_failure(text, why),
    }
}

/// The other server.
pub fn rival(text: Text, server: Option<Ipv4Addr>) -> String {
    server.map_or_else(|| text.service_unnamed().to_owned(), |address| address.to_string())
}

pub fn service_failure(text: Text, why: &Failure) -> String {
    match why {
        Failure::NotInstalled => text.service_not_installed().to_owned(),
        Failure::CannotStart { reason } => text.service_cannot_start(reason),
        Failure::Ended { reason } => text.service_ended(reason),
        Failure::CannotCheck { reason } => text.service_cannot_check(reason),
    }
}
