//! What `pair show` prints.

use super::words;
use crate::{
    cli::table,
    domain::pair::{
        api::{PairStatus, Phase, Takeover},
        readiness,
    },
};

pub(super) fn text(status: &PairStatus) -> String {
    let mut rows = vec![["This box".to_owned(), words::phase(&status.phase)]];
    if !matches!(status.phase, Phase::Single) {
        rows.push(["Pair".into(), words::weight(readiness::heaviest(&status.reasons)).to_owned()]);
    }
    if let Some(peer) = &status.peer {
        let heard = match peer.heard {
            Some(heard) if heard.is_there() => format!("{:?}", heard.about.role).to_lowercase(),
            Some(heard) => format!("not heard for {} s", heard.ago / 1000),
            None => "not heard".to_owned(),
        };
        rows.push(["Peer".into(), format!("{} {} ({heard})", peer.serial, peer.name.as_deref().unwrap_or_default())]);
    }
    if let Some(virtual_ip) = &status.settings.virtual_ip {
        let here = if status.address_here { "here" } else { "not here" };
        rows.push(["Virtual IP".into(), format!("{} on {} ({here})", virtual_ip.address, virtual_ip.port)]);
    }
    for way in &status.ways {
        let state = match (way.carrier, way.heard) {
            (false, _) => "no cable",
            (true, false) => "nothing heard",
            (true, true) => "heard",
        };
        rows.push(["Way to the peer".into(), format!("{}: {state}", way.label)]);
    }
    let mut text = table::aligned(&rows);
    for reason in &status.reasons {
        let (what, mend) = words::reason(reason);
        text.extend(["- ", what.as_str(), "\n  ", mend, "\n"]);
    }
    if !status.history.is_empty() {
        text.push_str("\nTake-overs by this box\n");
        text.push_str(&history(&status.history));
    }
    text
}

fn history(history: &[Takeover]) -> String {
    let millis = |time: Option<u64>| time.map_or_else(|| "–".to_owned(), |time| format!("{time} ms"));
    let head = ["EPOCH", "WHY", "LEASE", "VIRTUAL IP", "APPLICATIONS", "CLIENT'S GAP"].map(str::to_owned);
    let rows = history.iter().take(10).map(|it| {
        [
            it.epoch.to_string(),
            words::kind(it.kind).to_owned(),
            millis(Some(it.lease)),
            millis(it.address),
            millis(it.applications),
            millis(it.client_gap),
        ]
    });
    table::aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}
