//! The ordered steps from one kernel state to another: add before delete.

use std::{collections::BTreeMap, net::Ipv4Addr};

use serde::{Deserialize, Serialize};

use super::kernel::{KernelState, Object, Route};

/// One write: a netlink request, or the DNS file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    Add(Object),
    Delete(Object),
    /// Write the DNS file with these servers.
    Dns(Vec<Ipv4Addr>),
}

/// The steps that turn `now` into `then`; none if they are the same.
///
/// Order: links up, addresses, rules and routes are added; a route whose key is taken by one that goes is swapped with it,
/// delete and add side by side; the DNS file; then routes, rules and addresses are deleted, addresses last, because the kernel
/// drops the routes of an address that goes.
pub fn diff(now: &KernelState, then: &KernelState) -> Vec<Step> {
    // a new size takes the place of an old one
    let resized = |o: &Object| match o {
        Object::Mtu(port, _) => then.objects.iter().any(|new| matches!(new, Object::Mtu(at, _) if at == port)),
        Object::Up(_) | Object::Address(_) | Object::Rule(_) | Object::Route(_) => false,
    };
    let goes = |o: &&Object| !then.objects.contains(*o) && !matches!(o, Object::Up(_)) && !resized(o);
    let leaving_routes = now.objects.iter().filter(goes).filter_map(as_route);
    let taken = leaving_routes.map(|r| (r.key(), r)).collect::<BTreeMap<_, _>>();

    let (mut added, mut swapped, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
    for object in then.objects.difference(&now.objects) {
        match as_route(object).and_then(|r| taken.get(&r.key())) {
            Some(old) => {
                swapped.push(Step::Delete(Object::Route((*old).clone())));
                swapped.push(Step::Add(object.clone()));
            }
            None => added.push(Step::Add(object.clone())),
        }
    }
    for object in now.objects.iter().filter(goes) {
        let step = Step::Delete(object.clone());
        if !swapped.contains(&step) {
            deleted.push(step);
        }
    }
    added.sort_by_key(rank);
    deleted.sort_by_key(|s| std::cmp::Reverse(rank(s)));
    let dns = (now.dns != then.dns).then(|| Step::Dns(then.dns.clone()));
    added.into_iter().chain(swapped).chain(dns).chain(deleted).collect()
}

fn as_route(object: &Object) -> Option<&Route> {
    match object {
        Object::Route(route) => Some(route),
        Object::Up(_) | Object::Mtu(..) | Object::Address(_) | Object::Rule(_) => None,
    }
}

/// What must be there first: a link for an address, an address for a route, a connected route for a gateway, a table for
/// its rule.
fn rank(step: &Step) -> u8 {
    match step {
        Step::Add(object) | Step::Delete(object) => match object {
            Object::Up(_) | Object::Mtu(..) => 0,
            Object::Address(_) => 1,
            Object::Route(Route { gateway: None, .. }) => 2,
            Object::Route(_) => 3,
            Object::Rule(_) => 4,
        },
        Step::Dns(_) => 5,
    }
}
