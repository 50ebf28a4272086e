//! The form of what is set of the pair: typed values stay, and all that is wrong is told at once.

use leptos::prelude::*;
use serde::Deserialize;

use super::{PairView, SETTINGS};
use crate::{
    components::{
        field::{Field, field},
        select::{Select, select},
        summary::{Problem, problems},
        words::{Ports, pair},
    },
    domain::{
        api::Overview,
        box_file::Role,
        fault::Fault,
        name::PortName,
        network::{form, issue},
        pair::{
            api::{PairStatus, Refusal, SettingsRequest},
            settings::{Nearness, SettingsIssue, VirtualIp},
        },
    },
    text::Text,
};

/// As it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub address: String,
    pub mask: String,
    pub port: String,
    pub heartbeat: String,
    pub registry: String,
}

impl Typed {
    fn of(status: &PairStatus, overview: &Overview) -> Self {
        let settings = &status.settings;
        let net = settings.virtual_ip.as_ref().map(|virtual_ip| virtual_ip.address);
        let port = settings.virtual_ip.as_ref().map(|virtual_ip| virtual_ip.port.to_string());
        let first = || ports(overview, Role::Uplink).next().map(|(value, _)| value).unwrap_or_default();
        let mask = net.map_or_else(|| "255.255.255.0".to_owned(), |net| net.netmask().to_string());
        Self {
            address: net.map(|net| net.addr().to_string()).unwrap_or_default(),
            mask,
            port: port.unwrap_or_else(first),
            heartbeat: settings.heartbeat.as_ref().map(ToString::to_string).unwrap_or_default(),
            registry: match settings.registry {
                Nearness::Site => "site",
                Nearness::Wan => "wan",
            }
            .to_owned(),
        }
    }

    /// # Errors
    /// What cannot be read, by field.
    pub(super) fn request(&self, text: Text) -> Result<SettingsRequest, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut problem = |field: &str, message: &str| {
            problems.push(Problem { field: Some(field.to_owned()), message: message.to_owned() });
        };
        let typed = form::plain(&self.address);
        let address = if typed.is_empty() { None } else { Some(form::address_and_mask(&typed, &self.mask)) };
        for (field, _) in address.iter().filter_map(|read| read.as_ref().err()).flatten() {
            match field {
                issue::Field::Mask => problem("mask", text.pair_bad_mask()),
                _ => problem("address", text.pair_bad_address()),
            }
        }
        // both are chosen from a list
        let port = self.port.parse::<PortName>().ok();
        if address.is_some() && port.is_none() {
            problem("port", text.pair_bad_port());
        }
        let heartbeat = if self.heartbeat.is_empty() { Some(None) } else { self.heartbeat.parse().ok().map(Some) };
        if heartbeat.is_none() {
            problem("heartbeat", text.pair_bad_port());
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let virtual_ip = address.and_then(Result::ok).zip(port).map(|(address, port)| VirtualIp { address, port });
        let registry = if self.registry == "wan" { Nearness::Wan } else { Nearness::Site };
        Ok(SettingsRequest { virtual_ip, heartbeat: heartbeat.flatten(), registry })
    }
}

pub(in crate::pages) fn ports(overview: &Overview, role: Role) -> impl Iterator<Item = (String, String)> {
    let of = overview.network.ports.iter().filter(move |port| port.role == role);
    of.map(|port| (port.name.to_string(), port.label.clone()))
}

pub(super) fn form(
    text: Text,
    overview: &Overview,
    status: &PairStatus,
    view: &PairView,
) -> (impl IntoView + use<>, Vec<Problem>) {
    let typed = view.typed.clone().unwrap_or_else(|| Typed::of(status, overview));
    let told = told(text, overview, view);
    let of = |name: &'static str, label: &str, hint: Option<&str>, value: &str| Field {
        name: name.into(),
        label: label.to_owned(),
        hint: hint.map(str::to_owned),
        value: value.to_owned(),
        problem: told.iter().find(|it| it.field.as_deref() == Some(name)).map(|it| it.message.clone()),
        ..Field::default()
    };
    let address = of("address", text.pair_settings_address(), Some(text.pair_settings_address_hint()), &typed.address);
    let mask = of("mask", text.pair_settings_mask(), None, &typed.mask);
    let others = told.iter().filter(|it| !matches!(it.field.as_deref(), Some("address" | "mask"))).cloned();
    let problems = problems([&address, &mask]).into_iter().chain(others).collect::<Vec<_>>();
    let port = Select {
        name: "port",
        label: text.pair_settings_port().to_owned(),
        options: ports(overview, Role::Uplink).collect(),
        chosen: typed.port,
    };
    let none = (String::new(), text.pair_settings_none().to_owned());
    let heartbeat = Select {
        name: "heartbeat",
        label: text.pair_settings_heartbeat().to_owned(),
        options: std::iter::once(none).chain(ports(overview, Role::Heartbeat)).collect(),
        chosen: typed.heartbeat,
    };
    let registry = Select {
        name: "registry",
        label: text.pair_settings_registry().to_owned(),
        options: vec![
            ("site".into(), text.pair_settings_site().to_owned()),
            ("wan".into(), text.pair_settings_wan().to_owned()),
        ],
        chosen: typed.registry,
    };
    let form = view! {
        <form class="stack port-form" method="post" action=SETTINGS novalidate>
            <div class="pair">{field(address).into_any()}{field(mask).into_any()}</div>
            <div class="pair">{select(port)}{select(heartbeat)}</div>
            {select(registry)}
            <p class="actions"><button>{text.pair_settings_save()}</button></p>
        </form>
    };
    (form, problems)
}

/// What the boxes say of the settings, each at its field.
fn told(text: Text, overview: &Overview, view: &PairView) -> Vec<Problem> {
    if let Some(Err(problems)) = view.typed.as_ref().map(|typed| typed.request(text)) {
        return problems;
    }
    let Some(Fault::Pair { why }) = view.refusal.as_ref().map(|refusal| &refusal.fault) else { return Vec::new() };
    let (of, issues) = match why {
        Refusal::Unusable { issues } => (None, issues),
        Refusal::UnusableOnPeer { peer, issues } => (Some(peer), issues),
        Refusal::NoPair
        | Refusal::PeerAway { .. }
        | Refusal::PeerNotFit { .. }
        | Refusal::NobodyActive
        | Refusal::UnderWay
        | Refusal::NotFenced
        | Refusal::Network { .. } => return Vec::new(),
    };
    let one = |issue: &SettingsIssue| {
        let problem = problem(text, overview, issue, ["address", "port", "heartbeat"]);
        let message = of.map_or_else(
            || problem.message.clone(),
            |peer| format!("{} {}", text.pair_refused_peer(peer), problem.message),
        );
        Problem { message, ..problem }
    };
    issues.iter().map(one).collect()
}

/// What is wrong, at the field that it is about: of address, port and heartbeat port.
pub(in crate::pages) fn problem(
    text: Text,
    overview: &Overview,
    issue: &SettingsIssue,
    [address, port, heartbeat]: [&str; 3],
) -> Problem {
    let field = match issue {
        SettingsIssue::NoSuchPort { .. } | SettingsIssue::PortHasNoAddress { .. } => port,
        SettingsIssue::NoHeartbeatPort { .. } => heartbeat,
        SettingsIssue::OutsideNetwork { .. }
        | SettingsIssue::OwnAddress { .. }
        | SettingsIssue::Gateway { .. }
        | SettingsIssue::NotAHost { .. }
        | SettingsIssue::Taken { .. } => address,
    };
    Problem { field: Some(field.to_owned()), message: pair::issue(text, issue, Ports(&overview.network)) }
}
