//! Where the person's page lands when the box's addresses change.

use std::net::Ipv4Addr;

use crate::{
    domain::{box_file::SERVICE_ADDRESS, network::plan::Plan},
    web::{App, Visitor},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Landing {
    /// The address in the address bar goes on answering.
    Stays { at: String },
    /// It goes; the pages will be at `to`, with a certificate of this fingerprint.
    Moves { to: Ipv4Addr, fingerprint: Option<String> },
    /// It goes; the pages will be at an address that a DHCP server has yet to give.
    Later { at: String },
    /// It goes, and no other address of an uplink answers: only the service port is left.
    Lost { at: String },
}

impl Landing {
    /// `host` is what stands in the address bar; a name stays, because it follows the address.
    pub fn of(host: &str, leaving: &[Ipv4Addr], arriving: &[Ipv4Addr]) -> Self {
        let at = host.to_owned();
        match host.parse::<Ipv4Addr>() {
            Ok(here) if leaving.contains(&here) => match arriving.iter().find(|ip| **ip != SERVICE_ADDRESS) {
                Some(to) => Self::Moves { to: *to, fingerprint: None },
                None => Self::Lost { at },
            },
            _ => Self::Stays { at },
        }
    }

    pub fn of_plan(app: &App, visitor: &Visitor, plan: &Plan) -> Self {
        match Self::of(&visitor.host, &plan.leaving, &plan.arriving) {
            // a DHCP server decides where
            Self::Lost { at } if !plan.offers.is_empty() => Self::Later { at },
            other => other.with_fingerprint(app),
        }
    }

    /// For an open change, whose addresses are all known.
    pub fn of_pages(app: &App, visitor: &Visitor, old: &[Ipv4Addr], new: &[Ipv4Addr]) -> Self {
        let leaving = old.iter().filter(|ip| !new.contains(ip)).copied().collect::<Vec<_>>();
        // what comes first is what this change brings
        let (mut to, kept) = new.iter().copied().partition::<Vec<_>, _>(|ip| !old.contains(ip));
        to.extend(kept);
        Self::of(&visitor.host, &leaving, &to).with_fingerprint(app)
    }

    fn with_fingerprint(self, app: &App) -> Self {
        match self {
            Self::Moves { to, .. } => {
                let made = app.certificates.fingerprint(to.into());
                let fingerprint =
                    made.inspect_err(|error| tracing::warn!(%to, %error, "no certificate for an address to come")).ok();
                Self::Moves { to, fingerprint }
            }
            stays => stays,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_that_goes_moves_the_page() {
        let (old, new) = (Ipv4Addr::new(10, 20, 0, 15), Ipv4Addr::new(10, 30, 0, 15));
        let stays = |at: &str| Landing::Stays { at: at.to_owned() };
        assert_eq!(Landing::of("10.20.0.15", &[old], &[new]), Landing::Moves { to: new, fingerprint: None });
        assert_eq!(Landing::of("10.20.0.15", &[], &[new]), stays("10.20.0.15"));
        assert_eq!(Landing::of("192.168.100.198", &[old], &[new]), stays("192.168.100.198"));
        assert_eq!(Landing::of("box.local", &[old], &[new]), stays("box.local"));
        let lost = Landing::Lost { at: "10.20.0.15".to_owned() };
        assert_eq!(Landing::of("10.20.0.15", &[old], &[]), lost);
        assert_eq!(Landing::of("10.20.0.15", &[old], &[SERVICE_ADDRESS]), lost);
    }
}
