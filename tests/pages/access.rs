//! The pages of who may do and did what.

use gatehouse::{
    components::nav::Place,
    domain::{
        api::Overview,
        audit::{AuditState, Book, Chain, Deed, Entries, Entry, Query, Who},
        time::UnixSeconds,
    },
    pages::{render::to_html, system::audit},
    text::Text,
};

use super::{all::frame, boxes::set_box};

fn deeds() -> Vec<Entry> {
    let deed = |who, what: &str| Deed::done(who, what, UnixSeconds(1_795_608_000), "9f3c01ab22cd");
    let from = || "192.168.100.197".to_owned();
    let others = Deed {
        times: 1412,
        until: Some(UnixSeconds(1_795_608_060)),
        ..deed(Who::Visitor { from: "*".into() }, "login").refused("GH-102")
    };
    let all = [
        deed(Who::Session { number: 3, from: from() }, "network/apply").with(Some("change 7")),
        others,
        deed(Who::Visitor { from: from() }, "login").refused("GH-102"),
        deed(Who::Local { user: Some(1000) }, "password").refused("GH-403"),
        deed(Who::Local { user: None }, "password").refused("GH-403"),
        deed(Who::Machine, "network/undone").with(Some("change 6: not kept in time")),
        deed(Who::Seed, "settings/host-name").with(Some("box-b6")),
        deed(Who::Console, "of another version").with(Some("<script>alert(1)</script>")),
    ];
    (1..).zip(all).map(|(n, deed)| Entry { n, deed }).collect()
}

fn audit_page(text: Text, overview: &Overview, query: &Query, entries: &Entries) -> String {
    to_html(|| audit::page(frame(text, Some(overview), Some(Place::System)), overview, query, entries))
}

pub fn pages(text: Text) -> Vec<(&'static str, String)> {
    let set = set_box();
    let broken = AuditState {
        chain: Chain::Broken { book: Book::Deeds, after: Some(4) },
        failing: Some("No space left on device".to_owned()),
    };
    let entries = |entries, older, state| Entries { entries, older, state };
    vec![
        ("audit", audit_page(text, &set, &Query::default(), &entries(deeds(), None, AuditState::default()))),
        ("audit-broken", {
            let query = Query { before: Some(9), what: Some("network".to_owned()), ..Query::default() };
            audit_page(text, &set, &query, &entries(deeds(), Some(1), broken))
        }),
        ("audit-none", audit_page(text, &set, &Query::default(), &entries(Vec::new(), None, AuditState::default()))),
    ]
}
