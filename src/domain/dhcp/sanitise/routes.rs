//! The routes of a lease: options 3 and 121, as far as they lead somewhere and not into the box's own networks.

use std::net::Ipv4Addr;

use super::{Check, NO_HOSTS, is_edge};
use crate::dhcp::{
    anomaly::Anomaly,
    lease::{LeaseRoute, MOST_ROUTES},
    message::{ClasslessRoute, Options, code},
};

impl Check<'_> {
    /// The default gateway and the other routes. Where option 121 is there, option 3 is not looked at (RFC 3442).
    pub(super) fn routes(&mut self, options: &Options) -> (Option<Ipv4Addr>, Vec<LeaseRoute>) {
        if options.classless_routes.is_empty() {
            return (self.router(&options.routers), Vec::new());
        }
        if options.classless_routes.len() > MOST_ROUTES {
            self.notes.push(Anomaly::TooMany { option: code::CLASSLESS_ROUTES });
        }
        let given = options.classless_routes.iter().take(MOST_ROUTES).copied();
        let (on_link, via): (Vec<_>, Vec<_>) = given.partition(|route| route.gateway.is_unspecified());
        let mut routes = Vec::new();
        for route in on_link {
            // the whole world on the link would be answered by whoever likes to
            if route.destination.prefix_len() > 0 {
                self.keep(&mut routes, route, None);
            } else {
                self.bad(route);
            }
        }
        let mut default = None;
        for route in via {
            if !self.usable(route.gateway) || !self.on_link(route.gateway, &routes) {
                self.bad(route);
            } else if route.destination.prefix_len() > 0 {
                self.keep(&mut routes, route, Some(route.gateway));
            } else {
                default = default.or(Some(route.gateway));
            }
        }
        (default, routes)
    }

    fn keep(&mut self, routes: &mut Vec<LeaseRoute>, route: ClasslessRoute, gateway: Option<Ipv4Addr>) {
        let destination = route.destination.trunc();
        // a wider route leaves the box's own network alone: the narrower one wins
        if self.forbidden.iter().chain(&NO_HOSTS).any(|net| net.contains(&destination)) {
            self.bad(route);
        } else if !routes.iter().any(|kept| kept.destination == destination) {
            routes.push(LeaseRoute { destination, gateway });
        }
    }

    fn bad(&mut self, route: ClasslessRoute) {
        self.notes.push(Anomaly::BadRoute { destination: route.destination, gateway: route.gateway });
    }

    /// The first router of option 3 that can be used.
    fn router(&mut self, routers: &[Ipv4Addr]) -> Option<Ipv4Addr> {
        for router in routers.iter().copied() {
            if !self.usable(router) {
                self.notes.push(Anomaly::BadAddress { option: code::ROUTER, address: router });
            } else if self.on_link(router, &[]) {
                return Some(router);
            } else {
                self.notes.push(Anomaly::GatewayOffLink { gateway: router });
            }
        }
        None
    }

    fn on_link(&self, gateway: Ipv4Addr, routes: &[LeaseRoute]) -> bool {
        (self.address.contains(&gateway) && !is_edge(gateway, self.address))
            || routes.iter().any(|route| route.gateway.is_none() && route.destination.contains(&gateway))
    }
}
