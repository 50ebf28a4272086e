//! `/system`: what this box is, and the ways to what is neither network nor cluster, each with its state in one line.
//!
//! A sub-page is a [`Way`] in one of the [`GROUPS`], and its routes in [`routes`].

pub mod about;
pub mod alarms;
pub mod audit;
pub mod certificate;
pub mod host_name;
pub mod logs;
pub mod password;
pub mod power;
pub mod proxy;
pub mod reset;
pub mod seed;
pub mod sessions;
pub mod support;
pub mod time;

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use leptos::prelude::*;

use serde::Deserialize;

use super::{fault, frame as frame_for, refused, render::render};
use crate::{
    components::{
        card::{Card, Fact, facts},
        frame::{Frame, Shell},
        nav::Place,
        note::Note,
        tag::{Mood, tag},
        words::{Ports, issue},
    },
    domain::{
        api::Overview,
        civil::Civil,
        fault::{Fault, Refusal},
        network::issue::Field,
        time::UnixSeconds,
    },
    text::Text,
    web::{App, Visitor},
};

/// A sub-page as it stands in the list.
struct Way {
    href: &'static str,
    name: fn(Text) -> &'static str,
    state: fn(Text, &Overview) -> Said,
}

/// How things are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// A word with a mark, where it is well or not well.
    pub tag: Option<(Mood, String)>,
    /// One line.
    pub line: String,
}

impl Said {
    pub fn plain(line: impl Into<String>) -> Self {
        Self { tag: None, line: line.into() }
    }

    pub fn marked(mood: Mood, word: impl Into<String>, line: impl Into<String>) -> Self {
        Self { tag: Some((mood, word.into())), line: line.into() }
    }
}

struct Group {
    title: fn(Text) -> &'static str,
    ways: &'static [Way],
}

/// In the order of the page. One without ways is not shown.
const GROUPS: [Group; 3] = [
    Group {
        title: Text::system_settings,
        ways: &[
            Way { href: host_name::PATH, name: Text::host_name_title, state: host_name::said },
            Way { href: time::PATH, name: Text::time_title, state: time::said },
            Way { href: proxy::PATH, name: Text::proxy_title, state: proxy::said },
        ],
    },
    Group {
        title: Text::system_access,
        ways: &[
            Way { href: password::PATH, name: Text::password_title, state: password::said },
            Way { href: sessions::PATH, name: Text::sessions_title, state: sessions::said },
            Way { href: audit::PATH, name: Text::audit_title, state: audit::said },
            Way { href: certificate::PATH, name: Text::certificate_title, state: certificate::said },
        ],
    },
    Group {
        title: Text::system_care,
        ways: &[
            Way { href: alarms::PATH, name: Text::alarms_title, state: alarms::said },
            Way { href: logs::PATH, name: Text::logs_title, state: logs::said },
            Way { href: power::PATH, name: Text::power_title, state: power::said },
            Way { href: support::PATH, name: Text::support_title, state: support::said },
            Way { href: seed::PATH, name: Text::seed_title, state: seed::said },
            Way { href: reset::PATH, name: Text::reset_title, state: reset::said },
            Way { href: about::PATH, name: Text::about_title, state: about::said },
        ],
    },
];

pub fn routes() -> Router<App> {
    Router::new()
        .route("/system", get(show))
        .merge(host_name::routes())
        .merge(time::routes())
        .merge(proxy::routes())
        .merge(power::routes())
        .merge(password::routes())
        .merge(sessions::routes())
        .merge(audit::routes())
        .merge(seed::routes())
        .merge(reset::routes())
        .merge(certificate::routes())
        .merge(support::routes())
        .merge(about::routes())
        .merge(alarms::routes())
        .merge(logs::routes())
}

async fn show(State(app): State<App>, visitor: Visitor) -> Response {
    match app.agent.overview(&visitor.caller).await {
        Ok(overview) => {
            render(StatusCode::OK, || page(frame_for(&visitor, &overview, Place::System, "/system"), &overview))
        }
        Err(refusal) => refused(&visitor, &refusal),
    }
}

pub fn page(frame: Frame, overview: &Overview) -> impl IntoView + use<> {
    let text = frame.text;
    let state = state(text, overview);
    view! {
        <Shell frame=frame>
            <div class="lead"><h1>{text.nav_system()}</h1><p class="muted">{text.system_why()}</p></div>
            {state}
        </Shell>
    }
}

/// All of the page but its heading: one live piece.
pub fn state(text: Text, overview: &Overview) -> impl IntoView + use<> {
    // most boxes never see a seed
    let shown = |way: &&Way| way.href != seed::PATH || !overview.seed.is_empty();
    let groups = GROUPS.iter().filter(|group| group.ways.iter().any(|way| shown(&way))).map(|group| {
        let ways = group.ways.iter().filter(shown).map(|way| line(text, way, overview)).collect_view();
        view! { <Card title=(group.title)(text)><ul class="ports-list">{ways}</ul></Card> }
    });
    let groups = groups.collect_view();
    let its = its(text, overview);
    view! { <div class="cols" id="system">{groups}<Card title=text.system_box()>{its}</Card></div> }
}

fn line(text: Text, way: &Way, overview: &Overview) -> impl IntoView + use<> {
    let (name, Said { tag: marked, line }) = ((way.name)(text), (way.state)(text, overview));
    let marked = marked.map(|(mood, word)| tag(mood, &word));
    view! {
        <li>
            <a class="link" href=way.href>{name}</a>
            {marked}
            <span class="at">{line}</span>
        </li>
    }
}

/// What the box's clock shows, with its zone.
fn shown(overview: &Overview) -> String {
    let clock = &overview.settings.clock;
    let zone = if clock.zone.is_empty() { "UTC" } else { &clock.zone };
    format!("{} {zone}", moment(overview, overview.now))
}

/// A point in time as the box's clock showed it.
fn moment(overview: &Overview, at: UnixSeconds) -> String {
    Civil::of(at, overview.settings.clock.offset).to_string()
}

/// A page that came back, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Came {
    pub saved: bool,
    pub refusal: Option<Refusal>,
}

impl Came {
    /// What is wrong with a field.
    fn problem(&self, text: Text, overview: &Overview, field: Field, typed: &str) -> Option<String> {
        let Fault::Invalid { issues } = &self.refusal.as_ref()?.fault else { return None };
        let found = issues.iter().find(|issue| issue.field == field)?;
        Some(issue(text, found, typed, Ports(&overview.network)))
    }

    /// What else was refused, or that it is saved.
    fn note(&self, text: Text) -> Option<AnyView> {
        if self.saved {
            return Some(view! { <Note mood=Mood::Ok title=text.system_saved() role="status"><p>{text.system_saved_why()}</p></Note> }.into_any());
        }
        let refusal = self.refusal.as_ref().filter(|r| !matches!(r.fault, Fault::Invalid { .. }))?;
        Some(fault::note(text, refusal).into_any())
    }
}

/// The top of a sub-page.
fn lead(text: Text, title: &'static str, why: &'static str) -> impl IntoView {
    view! {
        <div class="lead">
            <p class="small"><a class="link" href="/system">{text.nav_system()}</a></p>
            <h1>{title}</h1>
            <p class="muted">{why}</p>
        </div>
    }
}

/// `?saved`, where a form leads to when it is saved.
#[derive(Debug, Deserialize)]
struct After {
    saved: Option<String>,
}

async fn overview(app: &App, visitor: &Visitor) -> Result<Overview, Response> {
    app.agent.overview(&visitor.caller).await.map_err(|refusal| refused(visitor, &refusal))
}

fn its(text: Text, overview: &Overview) -> impl IntoView + use<> {
    let rows = [
        (text.system_model(), Fact::Text(overview.model.clone())),
        (text.system_serial(), Fact::Text(overview.serial.clone())),
        (text.system_host_name(), Fact::Text(overview.host_name.clone())),
        (text.system_clock(), Fact::Text(shown(overview))),
        (text.system_software(), Fact::Text(text.overview_version(&overview.version))),
        (text.system_support(), Fact::text(overview.support.clone())),
    ];
    facts(rows.map(|(term, fact)| (term.to_owned(), fact)).into())
}
