//! A kernel made of a set: what the real one refuses, this one refuses too. The real one is asked in the agent's tests.

use std::collections::BTreeSet;

use domain::{
    name::PortName,
    network::{
        diff::Step,
        kernel::{KernelState, Object, Route},
        nameserver::is_link_local,
    },
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelKernel {
    pub state: KernelState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errno {
    Exists(Object),
    NoSuchThing(Object),
    NetworkUnreachable(Route),
    LinkDown(Object),
}

impl ModelKernel {
    pub fn of(state: &KernelState) -> Self {
        Self { state: state.clone() }
    }

    pub fn perform_all(&mut self, steps: &[Step]) -> Result<(), Errno> {
        steps.iter().try_for_each(|s| self.perform(s))
    }

    pub fn perform(&mut self, step: &Step) -> Result<(), Errno> {
        match step {
            Step::Add(object) => self.add(object),
            Step::Delete(object) => self.delete(object),
            Step::Dns(resolver) => {
                self.state.dns.clone_from(resolver);
                Ok(())
            }
        }
    }

    fn add(&mut self, object: &Object) -> Result<(), Errno> {
        let taken = match object {
            Object::Route(route) => self.state.routes().any(|r| r.key() == route.key()),
            Object::Address(address) => self.state.addresses().any(|a| a.key() == address.key()),
            Object::Up(_) | Object::Mtu(..) | Object::Autoconf(_) => false,
            Object::Rule(_) => self.state.objects.contains(object),
        };
        if taken {
            return Err(Errno::Exists(object.clone()));
        }
        if let Object::Mtu(port, _) = object {
            // a port has one size
            self.state.objects.retain(|o| !matches!(o, Object::Mtu(at, _) if at == port));
        }
        if let Object::Autoconf(autoconf) = object {
            // and listens to routers in one way
            self.state.objects.retain(|o| !matches!(o, Object::Autoconf(at) if at.port == autoconf.port));
        }
        if let Object::Route(route) = object {
            if !self.state.objects.contains(&Object::Up(route.port.clone())) {
                return Err(Errno::LinkDown(object.clone()));
            }
            if !self.has_next_hop(route) {
                return Err(Errno::NetworkUnreachable(route.clone()));
            }
        }
        self.state.objects.insert(object.clone());
        Ok(())
    }

    fn delete(&mut self, object: &Object) -> Result<(), Errno> {
        if !self.state.objects.remove(object) {
            return Err(Errno::NoSuchThing(object.clone()));
        }
        if let Object::Address(address) = object
            && address.net.addr().is_ipv4()
        {
            self.drop_routes_of(&address.port);
        }
        Ok(())
    }

    /// The last IPv4 address takes all routes of its port along; IPv6 routes stay. A route whose gateway is not on the link any more stays in the real
    /// kernel, stale; here it goes, so that a plan that leaves one behind fails.
    fn drop_routes_of(&mut self, port: &PortName) {
        let bare = !self.state.addresses().any(|a| a.port == *port && a.net.addr().is_ipv4());
        let of_port = self.state.routes().filter(|r| r.port == *port && !r.is_ipv6());
        let lost = of_port.filter(|r| bare || !self.has_next_hop(r));
        let lost = lost.cloned().map(Object::Route).collect::<BTreeSet<_>>();
        self.state.objects.retain(|o| !lost.contains(o));
    }

    fn has_next_hop(&self, route: &Route) -> bool {
        let mut own = self.state.addresses().filter(|a| a.port == route.port);
        // a link-local gateway is on every link
        let on_link = |gateway| is_link_local(gateway) || own.any(|a| a.net.contains(&gateway));
        route.gateway.is_none_or(on_link)
    }
}

#[test]
fn refuses_what_the_kernel_refuses() {
    use crate::support::{board, fixed, ip, name, spec_of};
    use domain::network::wanted::wanted;

    let spec = spec_of([("lan1", fixed(&["10.20.0.15/24"], Some("10.20.0.1"), &[]))]);
    let state = wanted(&spec, &board());
    let mut kernel = ModelKernel::of(&state);
    let address = state.addresses().find(|a| a.port == name("lan1")).expect("address").clone();
    let default = state.default_routes()[0].clone();

    let again = Object::Address(address.clone());
    assert_eq!(kernel.perform(&Step::Add(again.clone())), Err(Errno::Exists(again.clone())));
    let other_gateway = Route { gateway: Some(ip("10.20.0.2").into()), ..default.clone() };
    let object = Object::Route(other_gateway);
    assert_eq!(kernel.perform(&Step::Add(object.clone())), Err(Errno::Exists(object)));
    let off_link = Route { gateway: Some(ip("10.99.0.1").into()), metric: 7, ..default.clone() };
    assert_eq!(kernel.perform(&Step::Add(Object::Route(off_link.clone()))), Err(Errno::NetworkUnreachable(off_link)));
    assert_eq!(kernel.perform(&Step::Delete(again)), Ok(()));
    let gone = Object::Route(default);
    assert_eq!(kernel.perform(&Step::Delete(gone.clone())), Err(Errno::NoSuchThing(gone)), "went with its address");
}
