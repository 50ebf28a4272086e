//! The pages of what keeps a box well.

use gatehouse::{
    components::nav::Place,
    domain::{
        alarms::{Acknowledged, Alarm, AlarmCount, AlarmList, Cause, Kind, Severity},
        logs::{Event, Events, Level, Part},
        time::UnixSeconds,
    },
    pages::{
        render::to_html,
        system::{
            self, alarms,
            logs::{self, Choice},
        },
    },
    text::Text,
};

use super::{all::frame, boxes::set_box};

fn alarm(id: u64, kind: Kind, subject: Option<&str>) -> Alarm {
    Alarm {
        id,
        cause: Cause { kind, subject: subject.map(str::to_owned) },
        start: UnixSeconds(1_795_608_000 + id),
        end: None,
        again: 0,
        seen: None,
    }
}

/// One of each kind, some of which came back and some of which somebody has seen.
fn all_kinds() -> AlarmList {
    let seen = |by: &str| Some(Acknowledged { at: UnixSeconds(1_795_608_100), by: by.to_owned() });
    let open = (1..).zip(Kind::ALL).map(|(id, kind)| {
        let subject = match kind {
            Kind::PortAbsent | Kind::NoLink | Kind::GatewaySilent | Kind::NoLease => Some("lan1"),
            Kind::ChangeUndone => Some("7"),
            Kind::SettingsDamaged => Some("network.toml"),
            _ => None,
        };
        let seen = match id % 4 {
            1 => seen("console"),
            2 => seen("192.168.100.197"),
            _ => None,
        };
        Alarm { again: if id % 3 == 0 { 412 } else { 0 }, seen, ..alarm(id, kind, subject) }
    });
    let over = |id, kind| Alarm { end: Some(UnixSeconds(1_795_609_000)), ..alarm(id, kind, Some("lan2")) };
    AlarmList { open: open.collect(), history: vec![over(50, Kind::NoLink), over(49, Kind::NoLease)] }
}

fn events() -> Vec<Event> {
    let event = |at, part, level, text: &str| Event { at, part, level, from: "agent::dhcp".into(), text: text.into() };
    vec![
        event(1_795_608_003_000, Part::Guard, Level::Error, "the agent hangs"),
        event(1_795_608_002_000, Part::Web, Level::Warn, "<script>alert(1)</script>"),
        event(1_795_608_001_000, Part::Agent, Level::Info, "ready socket=/run/gatehouse/agent.sock"),
        event(1_795_608_000_000, Part::Agent, Level::Debug, &"x".repeat(200)),
    ]
}

pub fn pages(text: Text) -> Vec<(&'static str, String)> {
    let mut it = set_box();
    let page = |list: &AlarmList, it| to_html(|| alarms::page(frame(text, Some(it), Some(Place::System)), it, list));
    let (all, none) = (page(&all_kinds(), &it), page(&AlarmList::default(), &it));
    it.system.alarms = AlarmCount { open: 2, unseen: 1, worst: Some(Severity::Critical) };
    let chosen = Choice { level: "warn".into(), text: "\"><b>".into(), since: "60".into(), ..Choice::default() };
    let logs_page = |choice: &Choice, events, more| {
        let events = Events { events, more };
        to_html(|| logs::page(frame(text, Some(&it), Some(Place::System)), &it, choice, &events))
    };
    vec![
        ("logs", logs_page(&Choice::default(), events(), true)),
        ("logs-none", logs_page(&chosen, Vec::new(), false)),
        ("alarms", all),
        ("alarms-none", none),
        ("system-alarmed", to_html(|| system::page(frame(text, Some(&it), Some(Place::System)), &it))),
    ]
}
