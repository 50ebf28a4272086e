//! Every state with every event, as a table for people to review. A pair that is missing in it changes nothing.

use std::fmt::Write;

use domain::{
    dhcp::{
        client::{Event, Standing, State},
        message::{Kind, Options},
    },
    time::BootMillis,
};

use super::support::{ADDRESS, Lab, OWN, ROGUE, SECOND, STRANGER, from, ip, nak, options, remembered, reply, words};

const TABLE: &str = include_str!("table.txt");

fn states() -> Vec<(&'static str, Lab)> {
    let down = |mut lab: Lab| {
        lab.on(Event::CarrierLost);
        lab
    };
    let fallback = || {
        let mut lab = Lab::rebooting(Standing::Valid);
        while !matches!(lab.client.state(), State::Checking { .. }) {
            lab.tick();
        }
        lab
    };
    let waiting = || {
        let mut lab = Lab::rebooting(Standing::InUse);
        lab.tick();
        lab.tick();
        lab.answer(Kind::Offer, from(ROGUE));
        lab
    };
    vec![
        ("Stopped", Lab::new()),
        ("Down(no lease)", down(Lab::selecting())),
        ("Down(lease)", down(Lab::bound())),
        ("Init", Lab::started(None)),
        ("Selecting", Lab::selecting()),
        ("Selecting(other's offer)", waiting()),
        ("Requesting", Lab::requesting()),
        ("Checking(granted)", Lab::checking()),
        ("Checking(remembered)", fallback()),
        ("Bound", Lab::bound()),
        ("Renewing", Lab::renewing()),
        ("Rebinding", Lab::rebinding()),
        ("InitReboot", Lab::started(Some(remembered(Standing::Valid, BootMillis(90 * SECOND))))),
        ("Rebooting(in use)", Lab::rebooting(Standing::InUse)),
        ("Rebooting(valid)", Lab::rebooting(Standing::Valid)),
        ("Rebooting(earlier boot)", Lab::rebooting(Standing::EarlierBoot)),
        ("BackOff", Lab::backing_off()),
        ("Released", Lab::released()),
        ("Released(no carrier)", down(Lab::released())),
    ]
}

fn events(lab: &Lab) -> Vec<(&'static str, Event, BootMillis)> {
    let say = |kind, options: Options| Event::Received(Box::new(reply(kind, lab.xid, options)));
    let other = |kind| Event::Received(Box::new(reply(kind, lab.xid ^ 1, options())));
    let mut elsewhere = reply(Kind::Ack, lab.xid, options());
    elsewhere.yiaddr = ip("10.20.0.16");
    let mut hostile = reply(Kind::Ack, lab.xid, options());
    hostile.yiaddr = ip("192.168.100.7");
    let nameless = Options { server_id: None, ..nak(OWN) };
    let start = |standing| Some(remembered(standing, BootMillis(90 * SECOND)));
    let (now, due) = (lab.now, lab.client.deadline().unwrap_or(lab.now).max(lab.now));
    let end = BootMillis(u64::MAX / 2);
    vec![
        ("Start", Event::Start { remembered: None, carrier: true }, now),
        ("Start(in use)", Event::Start { remembered: start(Standing::InUse), carrier: true }, now),
        ("Start(valid)", Event::Start { remembered: start(Standing::Valid), carrier: true }, now),
        ("Start(no carrier)", Event::Start { remembered: start(Standing::InUse), carrier: false }, now),
        ("CarrierFound", Event::CarrierFound, now),
        ("CarrierLost", Event::CarrierLost, now),
        ("Offer", say(Kind::Offer, options()), now),
        ("Offer(other server)", say(Kind::Offer, from(ROGUE)), now),
        ("Offer(other xid)", other(Kind::Offer), now),
        ("Ack", say(Kind::Ack, options()), now),
        ("Ack(other server)", say(Kind::Ack, from(ROGUE)), now),
        ("Ack(other xid)", other(Kind::Ack), now),
        ("Ack(other address)", Event::Received(Box::new(elsewhere)), now),
        ("Ack(forbidden address)", Event::Received(Box::new(hostile)), now),
        ("Nak", say(Kind::Nak, nak(OWN)), now),
        ("Nak(other server)", say(Kind::Nak, nak(ROGUE)), now),
        ("Nak(nameless)", say(Kind::Nak, nameless), now),
        ("Nak(other xid)", other(Kind::Nak), now),
        ("Discover", say(Kind::Discover, options()), now),
        ("Probed(free)", Event::Probed { address: ADDRESS, conflict: None }, now),
        ("Probed(conflict)", Event::Probed { address: ADDRESS, conflict: Some(STRANGER) }, now),
        ("Probed(other)", Event::Probed { address: ROGUE, conflict: Some(STRANGER) }, now),
        ("Conflict", Event::Conflict { address: ADDRESS, with: STRANGER }, now),
        ("Conflict(other)", Event::Conflict { address: ROGUE, with: STRANGER }, now),
        ("Renew", Event::Renew, now),
        ("Renew(later)", Event::Renew, now.plus(10 * SECOND)),
        ("Release", Event::Release, now),
        ("Stop", Event::Stop { release: false }, now),
        ("Stop(release)", Event::Stop { release: true }, now),
        ("Tick(early)", Event::Tick, now),
        ("Tick(due)", Event::Tick, due),
        ("Tick(far too late)", Event::Tick, end),
    ]
}

#[test]
fn every_state_with_every_event() {
    let mut table = String::new();
    for (name, lab) in states() {
        writeln!(table, "{name}").unwrap();
        for (event_name, event, at) in events(&lab) {
            let mut next = lab.clone();
            next.now = at;
            let actions = next.on(event);
            if next.client == lab.client {
                assert!(actions.is_empty(), "{name} {event_name}");
                continue;
            }
            let moved = if next.name() == lab.name() { String::new() } else { format!("{:?}", next.name()) };
            let line = format!("    {event_name:<24} {moved:<11} {}", words(&actions).join(", "));
            writeln!(table, "{}", line.trim_end()).unwrap();
        }
    }
    assert!(table == TABLE, "table.txt is not what happens:\n{table}");
}
