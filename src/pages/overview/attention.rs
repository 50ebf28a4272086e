//! What needs a person: each with its reason and, where there are any, the places to mend it.

use leptos::prelude::*;

use super::headline::configured;
use crate::{
    components::{
        card::Card,
        note::Note,
        tag::{Mood, tag},
        words::{
            Ports, cellular_action, cellular_cause, clock, dhcp_problem, outcome, pair, port_title, rival,
            service_failure,
        },
    },
    domain::{
        api::Overview,
        box_file::Role,
        cellular::{cause::Action, usage::Limit},
        certificate::{CertificateStatus, Standing},
        network::{
            failover::Why,
            status::{NetworkStatus, PortStatus},
            transaction::{Outcome, PhaseView},
        },
        pair::readiness::{self, Weight},
        service_port::ServicePortStatus,
    },
    text::Text,
};

struct Alert {
    mood: Mood,
    title: String,
    why: String,
    places: Vec<Place>,
}

type Place = (String, &'static str);

pub fn attention(text: Text, overview: &Overview) -> impl IntoView + use<> {
    let mut alerts = alerts(text, &overview.network);
    alerts.extend(service(text, overview));
    alerts.extend(its_cellular(text, overview));
    alerts.extend(its_pair(text, overview));
    alerts.extend(its_clock(text, overview));
    alerts.extend(its_certificate(text, overview));
    alerts.extend(its_password(text, overview));
    alerts.sort_by_key(|alert| std::cmp::Reverse(alert.mood));
    let count = alerts.len();
    let end = if count == 0 { tag(Mood::Ok, text.attention_none()) } else { tag(alerts[0].mood, &count.to_string()) };
    let body = if count == 0 {
        view! { <p class="muted">{text.attention_none_why()}</p> }.into_any()
    } else {
        view! { <ul class="notes">{alerts.into_iter().map(one).collect_view()}</ul> }.into_any()
    };
    let open = overview.system.alarms.open as u64;
    let count = (open > 0).then(|| view! { <span class="muted">{text.alarms_count(open)}</span>" " });
    let all =
        view! { <p class="small">{count}<a class="link" href="/system/alarms">{text.attention_to_alarms()}</a></p> };
    view! { <Card title=text.attention_title() id="attention" end=end.into_any()>{body}{all}</Card> }
}

fn one(alert: Alert) -> impl IntoView {
    let place = |(href, label)| view! { <a href=href>{label}</a> };
    let places = alert.places.into_iter().map(place).collect::<Vec<_>>();
    let places = (!places.is_empty()).then(|| view! { <p class="actions">{places}</p> });
    view! { <li><Note mood=alert.mood title=alert.title><p>{alert.why}</p>{places}</Note></li> }
}

fn alerts(text: Text, network: &NetworkStatus) -> Vec<Alert> {
    let mut alerts = change(text, network);
    let mut push = |mood, title: String, why: String, places: Vec<Place>| {
        alerts.push(Alert { mood, title, why, places });
    };
    if let Some(problem) = &network.spec_problem {
        push(Mood::Bad, text.attention_spec().to_owned(), text.attention_spec_why(problem), Vec::new());
    }
    for port in configured(network) {
        let mood = if network.uplink_in_use.is_some() { Mood::Warn } else { Mood::Bad };
        let place = || vec![(format!("/network/{}", port.name), text.attention_to_port())];
        if port.link.is_none() {
            push(
                Mood::Bad,
                text.attention_absent(port_title(text, port)),
                text.attention_absent_why().to_owned(),
                place(),
            );
        } else if !port.has_carrier() {
            push(
                mood,
                text.attention_no_link(port_title(text, port)),
                text.attention_no_link_why().to_owned(),
                place(),
            );
        }
    }
    for conflict in &network.conflicts {
        if let Some(port) = network.port(&conflict.port) {
            let places = vec![(format!("/network/{}", port.name), text.attention_to_port())];
            let why = text.attention_conflict_why(conflict.address, conflict.with);
            push(Mood::Bad, text.attention_conflict(port_title(text, port)), why, places);
        }
    }
    for (name, dhcp) in &network.dhcp {
        let problem = dhcp.view.problem.as_ref().filter(|_| dhcp.view.lease.is_none());
        if let (Some(port), Some(problem)) = (network.port(name).filter(|p| p.has_carrier()), problem) {
            let places = vec![(format!("/network/{name}"), text.attention_to_port())];
            push(Mood::Bad, text.attention_no_lease(port_title(text, port)), dhcp_problem(text, problem), places);
        }
    }
    let test_place = || ("/network/test".to_owned(), text.hops_to_test());
    for ranked in &network.failover.uplinks {
        let silent = matches!(ranked.why, Why::GatewaySilent { .. } | Why::InUseThoughSilent { .. });
        if let Some(port) = network.port(&ranked.uplink).filter(|_| silent) {
            let mood = if ranked.why.is_in_use() { Mood::Bad } else { Mood::Warn };
            let places = vec![(format!("/network/{}", port.name), text.attention_to_port()), test_place()];
            push(mood, text.attention_silent(port_title(text, port)), text.attention_silent_why().to_owned(), places);
        }
    }
    let network_place = || ("/network".to_owned(), text.fault_to_network());
    if network.uplink_in_use.is_none() && configured(network).any(PortStatus::has_carrier) {
        push(
            Mood::Bad,
            text.attention_no_route().to_owned(),
            text.attention_no_route_why().to_owned(),
            vec![network_place(), test_place()],
        );
    }
    if network.drift > 0 {
        let why = text.attention_drift_why(network.drift as u64);
        push(Mood::Warn, text.attention_drift().to_owned(), why, Vec::new());
    }
    if let Some(owner) = &network.dns.foreign {
        push(Mood::Warn, text.attention_dns_foreign().to_owned(), text.attention_dns_foreign_why(owner), Vec::new());
    } else if network.uplink_in_use.is_some() && network.dns.servers.is_empty() {
        push(
            Mood::Warn,
            text.attention_no_dns().to_owned(),
            text.attention_no_dns_why().to_owned(),
            vec![network_place()],
        );
    }
    alerts
}

/// What keeps a SIM that is to be used from being of use, and what it may cost. What mends itself is no alert.
/// The first reason, where the pair is not protected; the others are on its page.
fn its_pair(text: Text, overview: &Overview) -> Option<Alert> {
    let reasons = &overview.pair.reasons;
    let weight = readiness::heaviest(reasons).filter(|weight| *weight >= Weight::Weakened)?;
    let first = reasons.iter().find(|reason| reason.weight() == weight)?;
    let (mood, state) = pair::protection(text, Some(weight));
    let (why, mend) = pair::reason(text, first, Ports(&overview.network));
    Some(Alert {
        mood,
        title: text.pair_attention(state),
        why: format!("{why} {mend}"),
        places: vec![("/cluster/pair".to_owned(), text.pair_open())],
    })
}

fn its_cellular(text: Text, overview: &Overview) -> Vec<Alert> {
    let cellular = &overview.cellular;
    let place = || vec![("/cellular".to_owned(), text.attention_cellular_where())];
    let alert =
        |mood, title: &str, why: &str| Alert { mood, title: title.to_owned(), why: why.to_owned(), places: place() };
    let problem = cellular.problem.as_ref().filter(|problem| cellular.on && problem.action != Action::Wait);
    let problem = problem.map(|problem| {
        let mood = if overview.network.uplink_in_use.is_some() { Mood::Warn } else { Mood::Bad };
        alert(mood, cellular_cause(text, &problem.cause).0, cellular_action(text, problem.action))
    });
    let swapped = cellular.sim_changed.then(|| alert(Mood::Warn, text.alarm_sim_changed(), text.mend_sim_changed()));
    let limit = match cellular.limit {
        Some(Limit::Near) => Some(alert(Mood::Warn, text.alarm_data_limit_near(), text.mend_data_limit())),
        Some(Limit::Reached) => Some(alert(Mood::Warn, text.alarm_data_limit_reached(), text.mend_data_limit())),
        Some(Limit::Far) | None => None,
    };
    problem.into_iter().chain(swapped).chain(limit).collect()
}

fn its_clock(text: Text, overview: &Overview) -> Option<Alert> {
    let said = clock(text, &overview.settings.clock, overview.now);
    let places = vec![("/system/time".to_owned(), text.attention_to_time())];
    let why = text.attention_clock_why(said.line);
    (said.mood == Mood::Bad).then(|| Alert { mood: Mood::Warn, title: text.attention_clock().to_owned(), why, places })
}

/// The owner's own, which nobody renews by itself.
fn its_certificate(text: Text, overview: &Overview) -> Option<Alert> {
    let places = vec![("/system/certificate".to_owned(), text.attention_to_certificate())];
    let (mood, title) = match &overview.certificate {
        CertificateStatus { installed: Some(view), .. } => match view.standing(overview.now) {
            Standing::Good => return None,
            Standing::Ending { days } => (Mood::Warn, text.attention_certificate_ending(text.time_days(days))),
            Standing::Ended => (Mood::Bad, text.attention_certificate_ended().to_owned()),
        },
        CertificateStatus { trouble: Some(_), .. } => (Mood::Bad, text.certificate_trouble().to_owned()),
        CertificateStatus { .. } => return None,
    };
    Some(Alert { mood, title, why: text.attention_certificate_why().to_owned(), places })
}

fn its_password(text: Text, overview: &Overview) -> Option<Alert> {
    let days = overview.system.password.old(overview.now)?;
    let places = vec![("/system/password".to_owned(), text.password_title())];
    let (title, why) = (text.password_old().to_owned(), text.password_old_why(days));
    Some(Alert { mood: Mood::Warn, title, why, places })
}

/// A cable in the wrong port disturbs the whole site, or a laptop gets no address.
fn service(text: Text, overview: &Overview) -> Option<Alert> {
    let port = overview.network.ports.iter().find(|p| p.role == Role::Service);
    let places = port.map(|port| (format!("/network/{}", port.name), text.attention_to_port())).into_iter().collect();
    match &overview.service_port {
        ServicePortStatus::NoLink | ServicePortStatus::Checking | ServicePortStatus::Serving { .. } => None,
        ServicePortStatus::Silent { other, .. } => {
            let (title, why) =
                (text.attention_service_silent(), text.attention_service_silent_why(rival(text, *other)));
            Some(Alert { mood: Mood::Bad, title: title.to_owned(), why, places })
        }
        ServicePortStatus::Failed { why } => {
            let (title, why) =
                (text.attention_service_failed(), text.attention_service_failed_why(service_failure(text, why)));
            Some(Alert { mood: Mood::Warn, title: title.to_owned(), why, places })
        }
    }
}

fn change(text: Text, network: &NetworkStatus) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let page = || vec![("/network/change".to_owned(), text.fault_to_change())];
    if let Some(open) = &network.transaction.open {
        let (mood, title, why) = match open.phase {
            PhaseView::AwaitingConfirm { .. } => (Mood::Warn, text.headline_awaiting(), text.headline_awaiting_why()),
            _ => (Mood::Info, text.headline_changing(), text.headline_changing_why()),
        };
        alerts.push(Alert { mood, title: title.to_owned(), why: why.to_owned(), places: page() });
    }
    if network.transaction.degraded > 0 {
        let why = text.attention_degraded_why(network.transaction.degraded as u64);
        alerts.push(Alert { mood: Mood::Bad, title: text.attention_degraded().to_owned(), why, places: Vec::new() });
    }
    if let Some(last @ Outcome::RolledBack { .. }) = &network.transaction.last {
        let why = outcome(text, last, Ports(network));
        alerts.push(Alert { mood: Mood::Warn, title: text.attention_undone().to_owned(), why, places: page() });
    }
    alerts
}
