//! What is asked of cellular, as it was typed, and the rules that it must keep. Nothing that breaks one reaches the SIM.

use serde::{Deserialize, Serialize};

use super::{
    ids::{Apn, Pin, Plmn, Puk},
    spec::{Auth, CellularSpec, IpType, Technology},
};
use crate::{
    dhcp::lease::{LARGEST_MTU, SMALLEST_MTU},
    network::{
        issue::{Field, Issue, Rule},
        spec::SMALLEST_IPV6_MTU,
    },
    secret::Secret,
    settings::proxy::is_word,
};

/// Megabytes: ten terabytes.
pub const LARGEST_LIMIT: u32 = 10_000_000;

/// `POST /v1/cellular/set`. What is not said stays as it is; an empty text takes a setting back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SetRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Not said: the one that is kept, where the APN and the user stay the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// See [`Auth::name`], and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roaming: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technology: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<String>,
    /// Megabytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// `POST /v1/cellular/unlock`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnlockRequest {
    pub pin: Secret,
    /// Whether the box unlocks this SIM by itself from now on.
    #[serde(default = "yes")]
    pub keep: bool,
    /// "I know that this is the last try."
    #[serde(default)]
    pub last: bool,
}

/// `POST /v1/cellular/puk`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PukRequest {
    pub puk: Secret,
    pub new_pin: Secret,
    #[serde(default = "yes")]
    pub keep: bool,
    #[serde(default)]
    pub last: bool,
}

/// `POST /v1/cellular/pin`: what becomes of the SIM's PIN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum PinRequest {
    /// Another PIN.
    Change { pin: Secret, new_pin: Secret },
    /// The SIM asks for its PIN from the next start on.
    Enable { pin: Secret },
    /// It does not ask any more.
    Disable { pin: Secret },
    /// The box does not keep it any more.
    Forget,
}

fn yes() -> bool {
    true
}

/// What becomes of the password that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    None,
    Kept,
    New(Secret),
}

/// Settings that may be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub spec: CellularSpec,
    pub password: Password,
}

fn issue(field: Field, rule: Rule) -> Issue {
    Issue { port: None, field, rule }
}

impl SetRequest {
    /// What is said, by name: `apn roaming`. No value, since one of them is a password.
    pub fn named(&self) -> Vec<&'static str> {
        let Self { on, apn, user, password, auth, ip_type, roaming, operator, technology, mtu, limit } = self;
        let said = [
            ("on", on.is_some()),
            ("apn", apn.is_some()),
            ("user", user.is_some()),
            ("password", password.is_some()),
            ("auth", auth.is_some()),
            ("ip_type", ip_type.is_some()),
            ("roaming", roaming.is_some()),
            ("operator", operator.is_some()),
            ("technology", technology.is_some()),
            ("mtu", mtu.is_some()),
            ("limit", limit.is_some()),
        ];
        said.into_iter().filter_map(|(name, said)| said.then_some(name)).collect()
    }

    /// # Errors
    /// All that is wrong.
    pub fn check(&self, saved: &CellularSpec) -> Result<Wanted, Vec<Issue>> {
        let mut issues = Vec::new();
        let mut spec = saved.clone();
        spec.on = self.on.unwrap_or(spec.on);
        spec.roaming = self.roaming.unwrap_or(spec.roaming);
        let mut wrong = |field, rule| issues.push(issue(field, rule));
        if let Some(apn) = &self.apn {
            spec.apn = optional(apn, |apn| apn.parse::<Apn>().ok())
                .unwrap_or_else(|()| refuse(&mut wrong, Field::Apn, Rule::NotAnApn));
        }
        if let Some(user) = &self.user {
            spec.user = optional(user, |user| is_word(user).then(|| user.to_owned()))
                .unwrap_or_else(|()| refuse(&mut wrong, Field::CellularUser, Rule::NotAWord));
        }
        if let Some(auth) = &self.auth {
            spec.auth = Auth::parse(auth).unwrap_or_else(|| refuse(&mut wrong, Field::CellularAuth, Rule::NotAChoice));
        }
        if let Some(ip_type) = &self.ip_type {
            spec.ip_type =
                IpType::parse(ip_type).unwrap_or_else(|| refuse(&mut wrong, Field::IpType, Rule::NotAChoice));
        }
        if let Some(operator) = &self.operator {
            spec.operator = optional(operator, |operator| operator.parse::<Plmn>().ok())
                .unwrap_or_else(|()| refuse(&mut wrong, Field::Operator, Rule::NotAnOperator));
        }
        if let Some(technology) = &self.technology {
            spec.technology = optional(technology, Technology::parse)
                .unwrap_or_else(|()| refuse(&mut wrong, Field::Technology, Rule::NotAChoice));
        }
        let least = if spec.ip_type == IpType::Ipv4 { SMALLEST_MTU } else { SMALLEST_IPV6_MTU };
        if let Some(mtu) = &self.mtu {
            let fits = |mtu: &str| mtu.parse().ok().filter(|mtu| (least..=LARGEST_MTU).contains(mtu));
            let out = Rule::MtuOutOfRange { least, most: LARGEST_MTU };
            spec.mtu = optional(mtu, fits).unwrap_or_else(|()| refuse(&mut wrong, Field::CellularMtu, out));
        } else if spec.mtu.is_some_and(|mtu| mtu < least) {
            wrong(Field::CellularMtu, Rule::MtuOutOfRange { least, most: LARGEST_MTU });
        }
        if let Some(limit) = &self.limit {
            let fits = |limit: &str| limit.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit));
            let out = Rule::NumberOutOfRange { least: 1, most: LARGEST_LIMIT };
            spec.limit = optional(limit, fits).unwrap_or_else(|()| refuse(&mut wrong, Field::DataLimit, out));
        }
        if self.password.as_ref().is_some_and(|p| !p.expose().is_empty() && !is_word(p.expose())) {
            wrong(Field::CellularPassword, Rule::NotAWord);
        }
        if spec.on && spec.apn.is_none() && !issues.iter().any(|i| i.field == Field::Apn) {
            issues.push(issue(Field::Apn, Rule::Missing));
        }
        let password = self.password(saved, &spec);
        if issues.is_empty() { Ok(Wanted { spec, password }) } else { Err(issues) }
    }

    /// One that was typed for one operator's APN is not told to another's.
    fn password(&self, saved: &CellularSpec, spec: &CellularSpec) -> Password {
        let same = saved.apn == spec.apn && saved.user == spec.user;
        match &self.password {
            None if same => Password::Kept,
            Some(typed) if !typed.expose().is_empty() => Password::New(typed.clone()),
            None | Some(_) => Password::None,
        }
    }
}

/// `Ok(None)` for an empty text.
fn optional<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, ()> {
    match text.trim() {
        "" => Ok(None),
        text => read(text).map(Some).ok_or(()),
    }
}

fn refuse<T: Default>(wrong: &mut impl FnMut(Field, Rule), field: Field, rule: Rule) -> T {
    wrong(field, rule);
    T::default()
}

fn pin(field: Field, typed: &Secret, issues: &mut Vec<Issue>) -> Option<Pin> {
    let rule = if typed.expose().is_empty() { Rule::Missing } else { Rule::NotAPin };
    Pin::try_from(typed.clone()).map_err(|_| issues.push(issue(field, rule))).ok()
}

impl UnlockRequest {
    /// # Errors
    /// All that is wrong.
    pub fn check(&self) -> Result<Pin, Vec<Issue>> {
        let mut issues = Vec::new();
        pin(Field::Pin, &self.pin, &mut issues).ok_or(issues)
    }
}

impl PukRequest {
    /// # Errors
    /// All that is wrong.
    pub fn check(&self) -> Result<(Puk, Pin), Vec<Issue>> {
        let mut issues = Vec::new();
        let rule = if self.puk.expose().is_empty() { Rule::Missing } else { Rule::NotAPuk };
        let puk = Puk::try_from(self.puk.clone()).map_err(|_| issues.push(issue(Field::Puk, rule))).ok();
        let pin = pin(Field::NewPin, &self.new_pin, &mut issues);
        puk.zip(pin).ok_or(issues)
    }
}

/// A change of the PIN with digits that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinChange {
    Change { pin: Pin, new_pin: Pin },
    Enable { pin: Pin },
    Disable { pin: Pin },
    Forget,
}

impl PinRequest {
    /// # Errors
    /// All that is wrong.
    pub fn check(&self) -> Result<PinChange, Vec<Issue>> {
        let mut issues = Vec::new();
        let checked = match self {
            Self::Change { pin: old, new_pin } => {
                let (old, new) = (pin(Field::Pin, old, &mut issues), pin(Field::NewPin, new_pin, &mut issues));
                old.zip(new).map(|(pin, new_pin)| PinChange::Change { pin, new_pin })
            }
            Self::Enable { pin: typed } => pin(Field::Pin, typed, &mut issues).map(|pin| PinChange::Enable { pin }),
            Self::Disable { pin: typed } => pin(Field::Pin, typed, &mut issues).map(|pin| PinChange::Disable { pin }),
            Self::Forget => Some(PinChange::Forget),
        };
        checked.ok_or(issues)
    }
}
