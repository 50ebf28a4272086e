//! The system page and the box's own settings.

use gatehouse::{
    components::nav::Place,
    domain::{
        api::Overview,
        fault::Fault,
        network::{
            hops::Cause,
            issue::{Field, Issue, Rule},
        },
    },
    pages::{
        render::to_html,
        system::{
            self, Came,
            host_name::{self, HostNameView},
            proxy::{self, ProxyFormView},
            time::{self, TimeView},
        },
    },
    text::Text,
};

use super::{
    all::{frame, overview_page, refusal},
    boxes::{late_box, set_box, working_box},
};

fn wrong(issues: &[(Field, Rule)]) -> Came {
    let issues = issues.iter().map(|(field, rule)| Issue { port: None, field: *field, rule: rule.clone() }).collect();
    Came { saved: false, refusal: Some(refusal(Fault::Invalid { issues })) }
}

fn host_name_page(text: Text, overview: &Overview, typed: &str, came: Came) -> String {
    let view = HostNameView { typed: typed.to_owned(), came };
    to_html(|| host_name::page(frame(text, Some(overview), Some(Place::System)), overview, view))
}

fn time_page(text: Text, overview: &Overview, view: TimeView) -> String {
    to_html(|| time::page(frame(text, Some(overview), Some(Place::System)), overview, view))
}

pub fn proxy_page(text: Text, overview: &Overview, view: ProxyFormView) -> String {
    to_html(|| proxy::page(frame(text, Some(overview), Some(Place::System)), overview, view))
}

pub fn pages(text: Text) -> Vec<(&'static str, String)> {
    let (working, set, late) = (working_box(), set_box(), late_box());
    let refused = |fault| Some(refusal(fault));
    vec![
        ("system", to_html(|| system::page(frame(text, Some(&set), Some(Place::System)), &set))),
        ("overview-late", overview_page(text, &late)),
        ("host-name", host_name_page(text, &set, "box-b6", Came::default())),
        ("host-name-wrong", host_name_page(text, &set, "Box_1", wrong(&[(Field::HostName, Rule::NotABoxName)]))),
        ("host-name-saved", host_name_page(text, &set, "box-b6", Came { saved: true, refusal: None })),
        ("time", time_page(text, &set, TimeView::of(&set))),
        ("time-unchecked", time_page(text, &working, TimeView::of(&working))),
        (
            "time-late",
            time_page(text, &late, TimeView { came: Came { saved: true, refusal: None }, ..TimeView::of(&late) }),
        ),
        ("time-wrong", {
            let issues = [
                (Field::TimeZone, Rule::NotAZone),
                (Field::TimeServers, Rule::NotATimeServer),
                (Field::Clock, Rule::NotATime),
            ];
            let (zone, servers, moment) = ("Mars/Base".to_owned(), "ntp example!".to_owned(), "yesterday".to_owned());
            time_page(text, &set, TimeView { zone, servers, moment, came: wrong(&issues) })
        }),
        ("time-nobody", {
            let came = Came { saved: false, refusal: refused(Fault::ClockNotSet { reason: None }) };
            time_page(text, &working, TimeView { came, ..TimeView::of(&working) })
        }),
        ("proxy-none", proxy_page(text, &working, ProxyFormView::default())),
        ("proxy", proxy_page(text, &set, ProxyFormView::of(&set))),
        ("proxy-fails", {
            let came = Came { saved: false, refusal: refused(Fault::ProxyFails { cause: Cause::ProxyAuth }) };
            proxy_page(text, &set, ProxyFormView { came, ..ProxyFormView::of(&set) })
        }),
        ("proxy-wrong", {
            let issues = [
                (Field::ProxyUrl, Rule::NotAProxyUrl),
                (Field::ProxyUser, Rule::NotAWord),
                (Field::ProxyPassword, Rule::Missing),
                (Field::ProxyCa, Rule::NotACertificate),
                (Field::Host, Rule::NotAHostName),
            ];
            let view = ProxyFormView {
                url: "proxy".to_owned(),
                user: "a:b".to_owned(),
                ca: "<b>".to_owned(),
                host: "a b".to_owned(),
                came: wrong(&issues),
            };
            proxy_page(text, &working, view)
        }),
    ]
}
