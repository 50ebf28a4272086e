//! The pages of who may do and did what.

use gatehouse::{
    components::nav::Place,
    domain::{
        api::Overview,
        audit::{AuditState, Book, Chain, Deed, Entries, Entry, Query, Who},
        auth::{password::PasswordRule, policy::PasswordPolicy, session::SessionView},
        fault::Fault,
        time::UnixSeconds,
    },
    pages::{
        render::to_html,
        system::{
            Came, audit,
            password::{self, PasswordView},
            sessions::{self, SessionsView},
        },
    },
    text::Text,
};

use super::{
    all::{frame, overview_page, refusal},
    boxes::set_box,
};

fn password_page(text: Text, overview: &Overview, old: bool, saved: bool, refused: Option<Fault>) -> String {
    let view = PasswordView { old, came: Came { saved, refusal: refused.map(refusal) } };
    to_html(|| password::page(frame(text, Some(overview), Some(Place::System)), overview, &view))
}

/// Its password was set long ago, and its site minds.
fn old_box() -> Overview {
    let mut old = set_box();
    old.system.password.set = Some(UnixSeconds(old.now.0 - 120 * 86_400));
    old.system.password.policy = PasswordPolicy { complexity: true, rotation_days: Some(90) };
    old
}

fn sessions_page(text: Text, count: u64, view: SessionsView) -> String {
    let session = |number| SessionView {
        number,
        from: if number == 1 { "192.168.100.197".to_owned() } else { format!("10.20.0.{number}") },
        since: 7_261_000 * number,
        used: 61_000 * number,
        left: 0,
        this: number == 1,
    };
    let view = SessionsView { sessions: (1..=count).rev().map(session).collect(), ..view };
    let set = set_box();
    to_html(|| sessions::page(frame(text, Some(&set), Some(Place::System)), &view))
}

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
    let old = old_box();
    vec![
        ("overview-old-password", overview_page(text, &old)),
        ("password", password_page(text, &set, false, false, None)),
        ("password-old", password_page(text, &old, true, false, None)),
        ("password-saved", password_page(text, &set, false, true, None)),
        ("password-wrong", password_page(text, &set, false, false, Some(Fault::WrongPassword))),
        ("password-simple", {
            password_page(text, &old, false, false, Some(Fault::BadPassword { rule: PasswordRule::Simple }))
        }),
        ("password-slow", password_page(text, &set, false, false, Some(Fault::SlowDown { seconds: 16 }))),
        ("sessions", sessions_page(text, 3, SessionsView::default())),
        ("sessions-alone", sessions_page(text, 1, SessionsView { ended: true, ..SessionsView::default() })),
        ("sessions-gone", {
            let refusal = Some(refusal(Fault::NoSuchSession { number: 7 }));
            sessions_page(text, 2, SessionsView { refusal, ..SessionsView::default() })
        }),
        ("audit", audit_page(text, &set, &Query::default(), &entries(deeds(), None, AuditState::default()))),
        ("audit-broken", {
            let query = Query { before: Some(9), what: Some("network".to_owned()), ..Query::default() };
            audit_page(text, &set, &query, &entries(deeds(), Some(1), broken))
        }),
        ("audit-none", audit_page(text, &set, &Query::default(), &entries(Vec::new(), None, AuditState::default()))),
    ]
}
