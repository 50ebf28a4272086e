//! `/system/time`: the clock, its zone and its servers, and the setting by hand.

use axum::{
    Form, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{After, Came, Said, lead, overview, shown};
use crate::{
    client::here,
    components::{
        card::{Card, Fact, facts},
        field::{Field, Kind, field},
        frame::{Frame, Shell},
        nav::Place,
        summary::{problems, summary},
        tag::tag,
        words::clock,
    },
    domain::{
        api::Overview,
        civil::Civil,
        fault::{Fault, Refusal},
        network::issue::{self, Issue, Rule},
        settings::{
            clock::{Keeper, ServersFrom},
            request::{ClockRequest, TimeRequest},
            zone::OFFERED,
        },
        time::UnixSeconds,
    },
    islands::DeviceClock,
    pages::{frame as frame_for, refused, render::render, status},
    text::Text,
    web::{App, Visitor},
};

pub(super) const PATH: &str = "/system/time";
const CLOCK: &str = "/system/time/clock";

pub(super) fn said(text: Text, overview: &Overview) -> Said {
    let clock = clock(text, &overview.settings.clock, overview.now);
    Said::marked(clock.mood, clock.word, format!("{} · {}", shown(overview), clock.line))
}

/// What the forms show.
#[derive(Clone, Debug, Default)]
pub struct TimeView {
    pub zone: String,
    pub servers: String,
    /// The date and the time to set the clock to.
    pub moment: String,
    pub came: Came,
}

impl TimeView {
    pub fn of(overview: &Overview) -> Self {
        let settings = &overview.settings;
        let servers = settings.time_servers.iter().map(ToString::to_string).collect::<Vec<_>>();
        Self { zone: settings.clock.zone.clone(), servers: servers.join(" "), ..Self::default() }
    }
}

#[derive(Debug, Deserialize)]
struct Typed {
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    time_servers: String,
}

#[derive(Debug, Deserialize)]
struct Moment {
    #[serde(default)]
    clock: String,
    /// Seconds since 1970 of the visiting device, which a script puts there.
    #[serde(default)]
    device: String,
    /// Where the form was, if not here.
    #[serde(default)]
    back: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(show).post(save)).route(CLOCK, post(set))
}

async fn show(State(app): State<App>, visitor: Visitor, Query(after): Query<After>) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let came = Came { saved: after.saved.is_some(), refusal: None };
    Ok(answer(&visitor, &overview, StatusCode::OK, TimeView { came, ..TimeView::of(&overview) }))
}

async fn save(State(app): State<App>, visitor: Visitor, Form(typed): Form<Typed>) -> Result<Response, Response> {
    let Typed { time_zone, time_servers } = typed;
    let request = TimeRequest { time_zone: time_zone.clone(), time_servers: time_servers.clone() };
    let Err(refusal) = app.agent.set_time(&visitor.caller, &request).await else { return Ok(saved()) };
    let view = |came| TimeView { zone: time_zone, servers: time_servers, came, moment: String::new() };
    come_back(&app, &visitor, refusal, view).await
}

async fn set(State(app): State<App>, visitor: Visitor, Form(typed): Form<Moment>) -> Result<Response, Response> {
    let now = overview(&app, &visitor).await?;
    let done = if let Some(time) = moment(&typed, now.settings.clock.offset) {
        app.agent.set_clock(&visitor.caller, &ClockRequest { time }).await
    } else {
        let issues = vec![Issue { port: None, field: issue::Field::Clock, rule: Rule::NotATime }];
        Err(here(Fault::Invalid { issues }))
    };
    let Err(refusal) = done else {
        // the pre-flight of the activation, which found the clock wrong
        return Ok(if typed.back == "activate" { Redirect::to("/activate/check").into_response() } else { saved() });
    };
    let view = |came| TimeView { moment: typed.clock, came, ..TimeView::of(&now) };
    come_back(&app, &visitor, refusal, view).await
}

/// What was typed is meant in the box's zone; what a device tells needs none.
fn moment(typed: &Moment, offset: i32) -> Option<UnixSeconds> {
    let seconds = if typed.device.is_empty() {
        typed.clock.parse::<Civil>().ok()?.as_utc() - i64::from(offset)
    } else {
        typed.device.parse::<u32>().ok()?.into()
    };
    u64::try_from(seconds).ok().map(UnixSeconds)
}

fn saved() -> Response {
    Redirect::to("/system/time?saved").into_response()
}

async fn come_back(
    app: &App,
    visitor: &Visitor,
    refusal: Refusal,
    view: impl FnOnce(Came) -> TimeView,
) -> Result<Response, Response> {
    if refusal.fault == Fault::NotSignedIn {
        return Err(refused(visitor, &refusal));
    }
    let code = status(&refusal);
    let overview = overview(app, visitor).await?;
    Ok(answer(visitor, &overview, code, view(Came { saved: false, refusal: Some(refusal) })))
}

fn answer(visitor: &Visitor, overview: &Overview, code: StatusCode, view: TimeView) -> Response {
    render(code, || page(frame_for(visitor, overview, Place::System, PATH), overview, view))
}

pub fn page(frame: Frame, overview: &Overview, view: TimeView) -> impl IntoView + use<> {
    let text = frame.text;
    let TimeView { zone, servers, moment, came } = view;
    let problem = |field, typed: &str| came.problem(text, overview, field, typed);
    let zone = Field {
        name: "time_zone".into(),
        label: text.time_zone().to_owned(),
        hint: Some(text.time_zone_hint().to_owned()),
        problem: problem(issue::Field::TimeZone, &zone),
        value: zone,
        offers: OFFERED.map(Into::into).into(),
        ..Field::default()
    };
    let servers = Field {
        name: "time_servers".into(),
        label: text.time_servers().to_owned(),
        hint: Some(text.time_servers_hint().to_owned()),
        problem: problem(issue::Field::TimeServers, &servers),
        value: servers,
        ..Field::default()
    };
    let moment = Field {
        name: "clock".into(),
        label: text.time_moment().to_owned(),
        hint: Some(text.time_moment_hint(&overview.settings.clock.zone)),
        problem: problem(issue::Field::Clock, &moment),
        value: moment,
        kind: Kind::Moment,
        ..Field::default()
    };
    let problems = problems([&zone, &servers, &moment]);
    let frame =
        Frame { title: text.time_title().to_owned(), problem: !problems.is_empty(), path: PATH.to_owned(), ..frame };
    let (state, note) = (state(text, overview), came.note(text));
    let device = view! {
        <DeviceClock>
            <p class="actions" data-device hidden><button name="device" value="">{text.time_device()}</button></p>
        </DeviceClock>
    };
    view! {
        <Shell frame=frame>
            {lead(text, text.time_title(), text.time_why())}
            {summary(text, &problems)}
            {note}
            <div class="cols">
                {state}
                <Card title=text.system_settings()>
                    <form class="stack" method="post" action=PATH novalidate>
                        {field(zone)}
                        {field(servers)}
                        <p class="actions"><button>{text.system_save()}</button></p>
                    </form>
                </Card>
                <Card title=text.time_set()>
                    <p class="muted">{text.time_set_why()}</p>
                    <form class="stack" method="post" action=CLOCK novalidate>{device}</form>
                    <form class="stack" method="post" action=CLOCK novalidate>
                        {field(moment)}
                        <p class="actions"><button class="plain">{text.time_set_go()}</button></p>
                    </form>
                </Card>
            </div>
        </Shell>
    }
}

/// The clock: one live piece.
pub fn state(text: Text, overview: &Overview) -> impl IntoView + use<> {
    let its = &overview.settings.clock;
    let said = clock(text, its, overview.now);
    let servers = its.servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let from = match its.from {
        ServersFrom::Nobody => text.time_from_nobody(),
        ServersFrom::Settings => text.time_from_settings(),
        ServersFrom::Dhcp => text.time_from_dhcp(),
    };
    let keeper = match its.keeper {
        Some(Keeper::Timesyncd) => "systemd-timesyncd",
        Some(Keeper::Chrony) => "chrony",
        None => text.time_keeper_none(),
    };
    let rows = vec![
        (text.time_now(), Fact::Text(shown(overview))),
        (text.time_state(), Fact::Text(said.line.clone())),
        (text.time_servers_used(), Fact::code((!servers.is_empty()).then_some(servers))),
        (text.time_from(), Fact::Text(from.to_owned())),
        (text.time_stratum(), Fact::text(its.measured.as_ref().map(|m| m.stratum.to_string()))),
        (text.time_keeper(), Fact::Text(keeper.to_owned())),
    ];
    let rows = rows.into_iter().map(|(term, fact)| (term.to_owned(), fact)).collect();
    let end = tag(said.mood, said.word).into_any();
    view! { <Card title=text.system_clock() id="clock-state" end=end>{facts(rows)}</Card> }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(clock: &str, device: &str, offset: i32) -> Option<u64> {
        moment(&Moment { clock: clock.to_owned(), device: device.to_owned(), back: String::new() }, offset).map(|t| t.0)
    }

    #[test]
    fn what_is_typed_is_meant_in_the_boxs_zone() {
        assert_eq!(read("2026-11-25T20:00", "", 8 * 3600), Some(1_795_608_000));
        assert_eq!(read("2026-11-25 12:00:00", "", 0), Some(1_795_608_000));
        assert_eq!(read("1970-01-01 00:00", "", 3600), None);
    }

    #[test]
    fn a_devices_time_needs_no_zone_and_is_a_number() {
        assert_eq!(read("ignored", "1795608000", 8 * 3600), Some(1_795_608_000));
        for nonsense in ["-1", "1e9", "99999999999999999999", " 1", "0x10", "1795608000; date"] {
            assert_eq!(read("2026-11-25 12:00", nonsense, 0), None, "{nonsense}");
        }
    }
}
