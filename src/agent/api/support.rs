//! The support bundle, one at a time: it reads and packs for a while.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
};

use super::{Refused, Shared, caller::Admitted};
use crate::support::{Sources, archive::Entry, collect, pack};
use domain::{
    audit::Query,
    fault::Fault,
    logs::Part,
    support::{NAME_HEADER, archive_name},
};
use os::clock;

/// Pages of the audit log: the newest thousand or so say what led to where the box is.
const PAGES: usize = 20;

pub(super) async fn bundle(State(shared): State<Shared>, _: Admitted) -> Result<(HeaderMap, Vec<u8>), Refused> {
    let Ok(_one) = shared.packing.try_lock() else { return Err(Fault::SlowDown { seconds: 2 }.into()) };
    let internal = |error: String| Fault::Internal { detail: error };
    let overview = shared.overview();
    let audit = deeds(&shared).await;
    let name = archive_name(&overview.host_name, &overview.serial, overview.now);
    let folder = name.trim_end_matches(".tar.gz").to_owned();
    let alarms = shared.tasks.alarms.list().await.ok();
    let alarms = serde_json::to_vec_pretty(&alarms).unwrap_or_default();
    let activation = serde_json::to_vec_pretty(&shared.tasks.activation.view()).unwrap_or_default();
    let cluster = serde_json::to_vec_pretty(&shared.tasks.activation.cluster()).unwrap_or_default();
    let cellular = shared.tasks.cellular.status(clock::now()).without_subscriber();
    let cellular = serde_json::to_vec_pretty(&cellular).unwrap_or_default();
    let (own, logs) = (shared.own.clone(), shared.tasks.logs.clone());
    let packing = tokio::task::spawn_blocking(move || {
        let mut entries = collect(&Sources { board: &own.board, overview: &overview, state_dir: &own.state_dir });
        entries.push(Entry::new("audit.jsonl", audit));
        entries.push(Entry::new("alarms.json", alarms));
        entries.push(Entry::new("activation.json", activation));
        entries.push(Entry::new("cluster.json", cluster));
        entries.push(Entry::new("cellular.json", cellular));
        for part in Part::ALL {
            entries.push(Entry::new(&format!("events-{}.jsonl", part.name()), logs.jsonl(part)));
        }
        pack(&folder, entries, overview.now.0)
    });
    let packed = packing.await.map_err(|error| internal(error.to_string()))?;
    let packed = packed.map_err(|error| internal(error.to_string()))?;
    let name = HeaderValue::from_str(&name).map_err(|error| internal(error.to_string()))?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/gzip"));
    headers.insert(NAME_HEADER, name);
    Ok((headers, packed))
}

/// One entry a line, the newest first. The log has no secret in it.
async fn deeds(shared: &Shared) -> Vec<u8> {
    let (mut lines, mut query) = (Vec::new(), Query::default());
    for _ in 0..PAGES {
        let Ok(page) = shared.tasks.audit.read(query).await else { break };
        for entry in &page.entries {
            lines.extend(serde_json::to_vec(entry).unwrap_or_default());
            lines.push(b'\n');
        }
        let Some(before) = page.older else { break };
        query = Query { before: Some(before), ..Query::default() };
    }
    lines
}
