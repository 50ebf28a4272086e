//! A network change in words: its lines, who made it, how far it is, how it ended.

use std::collections::BTreeSet;

use super::{Ports, issue};
use crate::{
    components::format::{list, number},
    domain::name::PortName,
    domain::network::{
        diff::Step,
        kernel::Object,
        plan::Item,
        transaction::{Actor, Outcome, PhaseView, Why},
    },
    text::Text,
};

pub fn item(text: Text, item: &Item, ports: Ports) -> String {
    let port = |name| ports.say(text, name);
    match item {
        Item::Address { port: at, net } => text.item_address(net, port(at)),
        Item::Dhcp { port: at } => text.item_dhcp(port(at)),
        Item::Ipv6Auto { port: at, place: Some(_) } => text.item_ipv6_auto(port(at)),
        Item::Ipv6Auto { port: at, place: None } => text.item_ipv6_auto_no_default(port(at)),
        Item::DefaultRoute { port: at, gateway, place: 1 } => text.item_default_route_first(gateway, port(at)),
        Item::DefaultRoute { port: at, gateway, place } => text.item_default_route_later(gateway, place, port(at)),
        Item::PortGateway { port: at, gateway } => text.item_port_gateway(gateway, port(at)),
        Item::Route { port: at, destination, gateway: Some(gateway) } => {
            text.item_route(destination, gateway, port(at))
        }
        Item::Route { port: at, destination, gateway: None } => text.item_route_on_link(destination, port(at)),
        Item::Mtu { port: at, mtu } => text.item_mtu(mtu, port(at)),
        Item::Dns { server } => text.item_dns(server),
        Item::Search { domain } => text.item_search(domain),
        Item::DnsOrder { servers } => {
            let servers = servers.iter().map(ToString::to_string).collect::<Vec<_>>();
            text.item_dns_order(list(text, &servers))
        }
        Item::Management { port: at } => text.item_management(port(at)),
        Item::UplinkOrder { ports: order } => {
            let order = order.iter().map(port).collect::<Vec<_>>();
            text.item_uplink_order(list(text, &order))
        }
    }
}

pub fn actor(text: Text, actor: &Actor) -> String {
    match actor {
        Actor::Console => text.actor_console().to_owned(),
        Actor::Session { from } => text.actor_session(from),
        Actor::Machine => text.actor_machine().to_owned(),
    }
}

pub fn phase(text: Text, phase: &PhaseView, ports: Ports) -> String {
    match phase {
        PhaseView::Planned | PhaseView::Armed => text.phase_planned().to_owned(),
        PhaseView::Asking { ports: asking } if asking.is_empty() => text.phase_probing().to_owned(),
        PhaseView::Asking { ports: asking } => text.phase_leasing(all(text, asking, ports)),
        PhaseView::Applying { step, of } => text.phase_applying(of, (step + 1).min(*of)),
        PhaseView::Verifying => text.phase_verifying().to_owned(),
        PhaseView::AwaitingConfirm { .. } => text.phase_awaiting().to_owned(),
        PhaseView::Committing => text.phase_committing().to_owned(),
        PhaseView::RollingBack => text.phase_rolling_back().to_owned(),
    }
}

/// Why a change was undone, as a sentence.
pub fn why(text: Text, why: &Why, ports: Ports) -> String {
    match why {
        Why::NotConfirmed => text.why_not_confirmed().to_owned(),
        Why::Asked { by } => text.why_asked(actor(text, by)),
        Why::StepFailed { step: failed, error } => text.why_step_failed(error, step(text, failed, ports)),
        Why::NotInKernel => text.why_not_in_kernel().to_owned(),
        Why::VerifyTooLong => text.why_verify_too_long().to_owned(),
        Why::NoLease { ports: silent } => text.why_no_lease(all(text, silent, ports)),
        Why::Conflict(found) => text.why_conflict(found.address, ports.say(text, &found.port), found.with),
        Why::Duplicate(found) => text.why_duplicate(found.address, ports.say(text, &found.port)),
        Why::LeaseUnfit { issues } => {
            let issues = issues.iter().map(|found| issue(text, found, "", ports)).collect::<Vec<_>>();
            text.why_lease_unfit(list(text, &issues))
        }
        Why::Reboot => text.why_reboot().to_owned(),
        Why::AgentRestarted => text.why_agent_restarted().to_owned(),
        Why::JournalUnreadable => text.why_journal_unreadable().to_owned(),
        Why::NotSaved { error } => text.why_not_saved(error),
    }
}

/// How a change ended, as a sentence.
pub fn outcome(text: Text, outcome: &Outcome, ports: Ports) -> String {
    match outcome {
        Outcome::Committed { tx } => text.outcome_kept(number(tx.0)),
        Outcome::RolledBack { tx, reason } => text.outcome_undone(number(tx.0), why(text, reason, ports)),
    }
}

fn all(text: Text, names: &BTreeSet<PortName>, ports: Ports) -> String {
    list(text, &names.iter().map(|name| ports.say(text, name)).collect::<Vec<_>>())
}

fn step(text: Text, step: &Step, ports: Ports) -> String {
    match step {
        Step::Add(what) => text.step_add(object(text, what, ports)),
        Step::Delete(what) => text.step_delete(object(text, what, ports)),
        Step::Dns(_) => text.step_dns().to_owned(),
    }
}

fn object(text: Text, object: &Object, ports: Ports) -> String {
    match object {
        Object::Up(port) => text.object_up(ports.say(text, port)),
        Object::Mtu(port, mtu) => text.item_mtu(mtu, ports.say(text, port)),
        Object::Autoconf(autoconf) => text.item_ipv6_auto(ports.say(text, &autoconf.port)),
        Object::Address(a) => text.item_address(a.net, ports.say(text, &a.port)),
        Object::Rule(rule) => text.object_rule(rule.source),
        Object::Route(route) => text.object_route(route.destination, ports.say(text, &route.port)),
    }
}
