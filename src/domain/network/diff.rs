//! The ordered steps from one kernel state to another: add before delete.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    kernel::{KernelState, Object, Route},
    nameserver::Resolver,
};

/// One write: a netlink request, a setting of the kernel, or the DNS file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    Add(Object),
    Delete(Object),
    /// Write the resolver's file.
    Dns(Resolver),
}

/// The steps that turn `now` into `then`; none if they are the same.
///
/// Order: links up, addresses, rules and routes are added; an address or a route whose key is taken by one that goes is swapped
/// with it, delete and add side by side; the DNS file; then routes, rules and addresses are deleted, addresses last, because the
/// kernel drops the routes of an address that goes.
pub fn diff(now: &KernelState, then: &KernelState) -> Vec<Step> {
    let goes = |o: &&Object| !then.objects.contains(*o) && !matches!(o, Object::Up(_)) && !set_anew(o, then);
    let leaving = now.objects.iter().filter(goes).filter_map(|o| Some((key(o)?, o)));
    let taken = leaving.collect::<BTreeMap<_, _>>();

    let (mut added, mut deleted) = (Vec::new(), Vec::new());
    let mut swapped = Vec::new();
    for object in then.objects.difference(&now.objects) {
        let place = rank(object);
        match key(object).and_then(|key| taken.get(&key)) {
            Some(old) => {
                swapped.push(*old);
                let pair = vec![Step::Delete((*old).clone()), Step::Add(object.clone())];
                // a route that swaps may need what all the others add
                added.push((if matches!(object, Object::Route(_)) { LAST } else { place }, pair));
            }
            None => added.push((place, vec![Step::Add(object.clone())])),
        }
    }
    deleted.extend(now.objects.iter().filter(goes).filter(|object| !swapped.contains(object)));
    added.sort_by_key(|(place, _)| *place);
    deleted.sort_by_key(|object| std::cmp::Reverse(rank(object)));
    let dns = (now.dns != then.dns).then(|| Step::Dns(then.dns.clone()));
    let added = added.into_iter().flat_map(|(_, steps)| steps);
    added.chain(dns).chain(deleted.into_iter().cloned().map(Step::Delete)).collect()
}

/// A port has one MTU and one way to treat routers: a new value takes the place of the old one.
fn set_anew(object: &Object, then: &KernelState) -> bool {
    then.objects.iter().any(|new| match (object, new) {
        (Object::Mtu(port, _), Object::Mtu(at, _)) => at == port,
        (Object::Autoconf(old), Object::Autoconf(new)) => old.port == new.port,
        (
            Object::Up(_)
            | Object::Mtu(..)
            | Object::Autoconf(_)
            | Object::Address(_)
            | Object::Rule(_)
            | Object::Route(_),
            _,
        ) => false,
    })
}

/// What the kernel has once only.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Address((&'a crate::name::PortName, std::net::IpAddr, Option<u8>)),
    Route((u32, ipnet::IpNet, u32)),
}

fn key(object: &Object) -> Option<Key<'_>> {
    match object {
        Object::Address(address) => Some(Key::Address(address.key())),
        Object::Route(route) => Some(Key::Route(route.key())),
        Object::Up(_) | Object::Mtu(..) | Object::Autoconf(_) | Object::Rule(_) => None,
    }
}

const LAST: u8 = 5;

/// What must be there first: a link for an address, an address for a route, a connected route for a gateway, a table for
/// its rule.
fn rank(object: &Object) -> u8 {
    match object {
        Object::Up(_) | Object::Mtu(..) | Object::Autoconf(_) => 0,
        Object::Address(_) => 1,
        Object::Route(Route { gateway: None, .. }) => 2,
        Object::Route(_) => 3,
        Object::Rule(_) => 4,
    }
}
