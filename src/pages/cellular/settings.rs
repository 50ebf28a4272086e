//! `/cellular/settings`: all that is set of the connection.

use leptos::prelude::*;
use serde::Deserialize;

use super::{SETTINGS, lead, other, problem};
use crate::{
    components::{
        card::Card,
        choice::{Choice, choice},
        field::{Field, Kind, field},
        format::list,
        frame::{Frame, Shell},
        note::Note,
        select::{Select, select},
        summary::{problems, summary},
        tag::Mood,
    },
    domain::{
        api::Overview,
        cellular::{
            api::CellularStatus,
            request::SetRequest,
            spec::{Auth, CellularSpec, IpType, Technology},
        },
        fault::Refusal,
        network::issue,
        secret::Secret,
    },
    text::Text,
};

/// As it was typed; never a password.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub on: Option<String>,
    pub apn: String,
    pub user: String,
    pub auth: String,
    pub ip_type: String,
    pub roaming: Option<String>,
    pub operator: String,
    pub technology: String,
    pub mtu: String,
    pub limit: String,
}

impl Typed {
    pub fn of(spec: &CellularSpec) -> Self {
        let tick = |on: bool| on.then(|| "yes".to_owned());
        let text = |value: Option<String>| value.unwrap_or_default();
        Self {
            on: tick(spec.on),
            apn: text(spec.apn.as_ref().map(ToString::to_string)),
            user: text(spec.user.clone()),
            auth: spec.auth.name().to_owned(),
            ip_type: spec.ip_type.name().to_owned(),
            roaming: tick(spec.roaming),
            operator: text(spec.operator.as_ref().map(ToString::to_string)),
            technology: spec.technology.map(Technology::name).unwrap_or_default().to_owned(),
            mtu: text(spec.mtu.map(|mtu| mtu.to_string())),
            limit: text(spec.limit.map(|limit| limit.to_string())),
        }
    }

    /// An empty password keeps the one that is there.
    pub(super) fn request(self, password: Secret) -> SetRequest {
        SetRequest {
            on: Some(self.on.is_some()),
            apn: Some(self.apn),
            user: Some(self.user),
            password: Some(password).filter(|password| !password.expose().is_empty()),
            auth: Some(self.auth),
            ip_type: Some(self.ip_type),
            roaming: Some(self.roaming.is_some()),
            operator: Some(self.operator),
            technology: Some(self.technology),
            mtu: Some(self.mtu),
            limit: Some(self.limit),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct SettingsView {
    /// What was typed and refused; `None`: what is saved.
    pub typed: Option<Typed>,
    pub saved: bool,
    pub refusal: Option<Refusal>,
}

pub fn settings_page(
    frame: Frame,
    overview: &Overview,
    status: &CellularStatus,
    view: SettingsView,
) -> impl IntoView + use<> {
    let text = frame.text;
    let refusal = view.refusal.as_ref();
    let problem = |field, typed: &str| problem(text, overview, refusal, field, typed);
    let typed = view.typed.clone().unwrap_or_else(|| Typed::of(&status.spec));
    let (apn, [user, password, operator, mtu, limit]) = fields(text, status, &typed, &view, problem);
    let problems = problems([&apn, &user, &password, &operator, &mtu, &limit]);
    let more = !problems.is_empty() || [&typed.operator, &typed.technology, &typed.mtu].iter().any(|t| !t.is_empty());
    let (on, roaming) = ticks(text, &typed);
    let (auth, ip_type, technology) = choices(text, &typed);
    let frame = Frame {
        title: text.cellular_settings_title().to_owned(),
        problem: !problems.is_empty(),
        path: SETTINGS.to_owned(),
        ..frame
    };
    let saved = view.saved.then(|| {
        view! {
            <Note mood=Mood::Ok title=text.cellular_said_saved() role="status">
                <p>{text.cellular_said_saved_why()}</p>
                <p><a class="link" href=super::PATH>{text.cellular_title()}</a></p>
            </Note>
        }
    });
    let other = other(text, refusal);
    view! {
        <Shell frame=frame>
            {lead(text, text.cellular_settings_title(), text.cellular_settings_why())}
            {summary(text, &problems)}
            {other}
            {saved}
            <Card title=text.cellular_settings_card()>
                <form class="stack port-form" method="post" action=SETTINGS novalidate>
                    {choice(on)}
                    {field(apn)}
                    <div class="pair">{field(user).into_any()}{field(password).into_any()}</div>
                    <div class="pair">{select(auth)}{select(ip_type)}</div>
                    {choice(roaming)}
                    {field(limit)}
                    <details class="part" open=more>
                        <summary>{text.cellular_more()}</summary>
                        <div class="stack">{field(operator)}{select(technology)}{field(mtu)}</div>
                    </details>
                    <p class="actions"><button>{text.cellular_save()}</button></p>
                </form>
            </Card>
        </Shell>
    }
}

type Fields = (Field, [Field; 5]);

fn fields(
    text: Text,
    status: &CellularStatus,
    typed: &Typed,
    view: &SettingsView,
    problem: impl Fn(issue::Field, &str) -> Option<String>,
) -> Fields {
    let one = |name: &'static str, label: &str, hint: Option<String>, about, value: &str| Field {
        name: name.into(),
        label: label.to_owned(),
        hint,
        problem: problem(about, value),
        value: value.to_owned(),
        ..Field::default()
    };
    // a suggestion is in the field for whoever saves it, and nobody else has set it
    let first = status.suggestions.first().filter(|_| typed.apn.is_empty() && view.typed.is_none());
    let apns = status.suggestions.iter().map(|suggestion| suggestion.apn.to_string()).collect::<Vec<_>>();
    let hint = match first {
        Some(suggestion) => text.cellular_apn_hint_prefilled(&suggestion.operator),
        None if apns.is_empty() => text.cellular_apn_hint_none().to_owned(),
        None => text.cellular_apn_hint(list(text, &apns)),
    };
    let value = first.map_or_else(|| typed.apn.clone(), |suggestion| suggestion.apn.to_string());
    let mut apn = one("apn", text.cellular_apn(), Some(hint), issue::Field::Apn, &value);
    apn.offers = apns.into_iter().map(Into::into).collect();
    let kept = status.password.then(|| text.cellular_password_kept().to_owned());
    let password = one("password", text.cellular_password(), kept, issue::Field::CellularPassword, "");
    let hinted = |hint: &str| Some(hint.to_owned());
    let rest = [
        one("user", text.cellular_user(), None, issue::Field::CellularUser, &typed.user),
        Field { kind: Kind::Secret, ..password },
        one(
            "operator",
            text.cellular_operator(),
            hinted(text.cellular_operator_hint()),
            issue::Field::Operator,
            &typed.operator,
        ),
        one("mtu", text.cellular_mtu(), hinted(text.cellular_mtu_hint()), issue::Field::CellularMtu, &typed.mtu),
        one("limit", text.cellular_limit(), hinted(text.cellular_limit_hint()), issue::Field::DataLimit, &typed.limit),
    ];
    (apn, rest)
}

fn ticks(text: Text, typed: &Typed) -> (Choice, Choice) {
    let tick = |name, label: &str, why: &str, chosen| Choice {
        kind: "checkbox",
        name,
        value: "yes",
        label: label.to_owned(),
        why: Some(why.to_owned()),
        chosen,
    };
    (
        tick("on", text.cellular_on(), text.cellular_on_why(), typed.on.is_some()),
        tick("roaming", text.cellular_roaming(), text.cellular_roaming_why(), typed.roaming.is_some()),
    )
}

fn choices(text: Text, typed: &Typed) -> (Select, Select, Select) {
    let auth = Auth::ALL.map(|auth| {
        let said = match auth {
            Auth::None => text.cellular_auth_none(),
            Auth::Pap => "PAP",
            Auth::Chap => "CHAP",
            Auth::Both => text.cellular_auth_both(),
        };
        (auth.name().to_owned(), said.to_owned())
    });
    let ip_type = IpType::ALL.map(|ip_type| {
        let said = match ip_type {
            IpType::Ipv4 => "IPv4",
            IpType::Ipv6 => "IPv6",
            IpType::Ipv4v6 => text.cellular_ip_both(),
        };
        (ip_type.name().to_owned(), said.to_owned())
    });
    let automatic = (String::new(), text.cellular_automatic().to_owned());
    let technologies = Technology::ALL.map(|technology| {
        let name = technology.name();
        (name.to_owned(), name.to_uppercase())
    });
    let technology = std::iter::once(automatic).chain(technologies).collect();
    let one = |name, label: &str, options: Vec<_>, chosen: &str| Select {
        name,
        label: label.to_owned(),
        options,
        chosen: chosen.to_owned(),
    };
    (
        one("auth", text.cellular_auth(), auth.into(), &typed.auth),
        one("ip_type", text.cellular_ip_type(), ip_type.into(), &typed.ip_type),
        one("technology", text.cellular_technology(), technology, &typed.technology),
    )
}
