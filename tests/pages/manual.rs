//! `docs/alarms.md` has each alarm with the number, the severity and the names that the program gives it, in order, and no other.

use gatehouse::{
    components::words::alarms::{alarm, severity},
    domain::alarms::Kind,
};

use super::TEXTS;

#[test]
fn page_log_and_manual_have_the_same_alarms() {
    let manual = include_str!("../../docs/alarms.md");
    let rows = manual.lines().filter(|line| line.starts_with("| AL-"));
    let told = rows.map(|row| row.trim_matches(['|', ' ']).split(" | ").collect::<Vec<_>>()).collect::<Vec<_>>();
    assert!(told.iter().all(|row| row.len() == 6 && row.iter().all(|cell| !cell.is_empty())), "{told:?}");
    let told = told.iter().map(|row| row[..4].to_vec()).collect::<Vec<_>>();
    let [en, zh] = TEXTS;
    let program = Kind::ALL.map(|kind| vec![kind.number(), kind.severity().name(), alarm(en, kind), alarm(zh, kind)]);
    assert_eq!(told, program);
    assert_eq!(Kind::ALL.map(Kind::describe), Kind::ALL.map(|kind| alarm(en, kind)), "and so has the command line");
    for kind in Kind::ALL {
        let line = format!("| {} | {} |", kind.severity().name(), severity(zh, kind.severity()).1);
        assert!(manual.contains(&line), "{line}");
    }
}
