//! What is asked of the settings, as it was typed, and the rules that it must keep.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{
    MOST_TIME_SERVERS,
    host_name::HostName,
    proxy::{ProxySpec, ProxyUrl, is_word, looks_like_pem},
    time_server::TimeServer,
    zone::ZoneName,
};
use crate::{
    network::{
        hops::{BadTarget, Target},
        issue::{Field, Issue, Rule},
    },
    secret::Secret,
    time::UnixSeconds,
};

/// `POST /v1/settings/host-name`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostNameRequest {
    pub host_name: String,
}

/// `POST /v1/settings/time`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRequest {
    /// Empty: as the system has it.
    pub time_zone: String,
    /// Names and addresses with blanks, commas or line ends between.
    pub time_servers: String,
}

/// `POST /v1/settings/clock`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRequest {
    pub time: UnixSeconds,
}

/// `POST /v1/settings/proxy`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProxyRequest {
    /// Empty: no proxy.
    pub url: String,
    pub user: String,
    /// Empty: the one that is kept, where URL and user are still the same.
    pub password: Secret,
    pub ca: String,
    /// The host that the test asks the proxy for; see [`Target`].
    pub host: String,
    /// "Save it all the same": without a test.
    pub untested: bool,
}

/// How the proxy did, where it was tested.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxySaved {
    /// Milliseconds until it let us through.
    pub millis: Option<u32>,
}

/// A proxy that may be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedProxy {
    pub spec: ProxySpec,
    pub password: Password,
    pub host: Option<Target>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    None,
    Kept,
    New(Secret),
}

/// What this box is called and which addresses it has.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    pub name: &'a str,
    pub addresses: &'a [Ipv4Addr],
}

fn issue(field: Field, rule: Rule) -> Issue {
    Issue { port: None, field, rule }
}

impl HostNameRequest {
    /// # Errors
    /// The one thing that is wrong.
    pub fn check(&self) -> Result<HostName, Vec<Issue>> {
        match self.host_name.trim() {
            "" => Err(vec![issue(Field::HostName, Rule::Missing)]),
            name => name.parse().map_err(|_| vec![issue(Field::HostName, Rule::NotABoxName)]),
        }
    }
}

impl TimeRequest {
    /// # Errors
    /// All that is wrong.
    pub fn check(&self) -> Result<(Option<ZoneName>, Vec<TimeServer>), Vec<Issue>> {
        let mut issues = Vec::new();
        let zone = match self.time_zone.trim() {
            "" => None,
            zone => zone.parse().map_err(|_| issues.push(issue(Field::TimeZone, Rule::NotAZone))).ok(),
        };
        let typed = self.time_servers.split([' ', ',', '，', '、', '\n', '\r', '\t']).filter(|word| !word.is_empty());
        let mut servers: Vec<TimeServer> = Vec::new();
        for word in typed {
            match word.parse::<TimeServer>() {
                Ok(server) if servers.contains(&server) => {}
                Ok(server) => servers.push(server),
                Err(BadTarget(rule)) => {
                    issues.push(issue(Field::TimeServers, rule));
                    break;
                }
            }
        }
        if servers.len() > MOST_TIME_SERVERS {
            issues.push(issue(Field::TimeServers, Rule::TooMany { most: MOST_TIME_SERVERS }));
        }
        if issues.is_empty() { Ok((zone, servers)) } else { Err(issues) }
    }
}

impl ProxyRequest {
    /// `None`: there is to be no proxy.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn check(&self, saved: Option<&ProxySpec>, own: Own) -> Result<Option<WantedProxy>, Vec<Issue>> {
        let mut issues = Vec::new();
        let mut wrong = |field, rule| issues.push(issue(field, rule));
        let (user, ca) = (self.user.trim(), self.ca.trim());
        let url = match self.url.trim() {
            "" => None,
            url => match url.parse::<ProxyUrl>() {
                Ok(url) if url.is_own(own.addresses, own.name) => {
                    wrong(Field::ProxyUrl, Rule::ProxyIsOwn);
                    None
                }
                Ok(url) => Some(url),
                Err(BadTarget(rule)) => {
                    wrong(Field::ProxyUrl, rule);
                    None
                }
            },
        };
        let empty = self.url.trim().is_empty();
        if empty && !user.is_empty() {
            wrong(Field::ProxyUrl, Rule::Missing);
        }
        if !user.is_empty() && (!is_word(user) || user.contains(':')) {
            wrong(Field::ProxyUser, Rule::NotAWord);
        }
        let typed = self.password.expose();
        if !typed.is_empty() && !is_word(typed) {
            wrong(Field::ProxyPassword, Rule::NotAWord);
        }
        if !typed.is_empty() && user.is_empty() {
            wrong(Field::ProxyUser, Rule::Missing);
        }
        if !ca.is_empty() && !looks_like_pem(ca) {
            wrong(Field::ProxyCa, Rule::NotACertificate);
        }
        let host = Target::read(&self.host).unwrap_or_else(|BadTarget(rule)| {
            wrong(Field::Host, rule);
            None
        });
        let user = (!user.is_empty()).then(|| user.to_owned());
        // else whoever may set a proxy could have the password sent to one of their own
        let same = saved.is_some_and(|saved| Some(&saved.url) == url.as_ref() && saved.user == user);
        let password = match (&user, typed) {
            (None, _) => Password::None,
            (Some(_), "") if same => Password::Kept,
            (Some(_), "") => {
                wrong(Field::ProxyPassword, Rule::Missing);
                Password::None
            }
            (Some(_), _) => Password::New(self.password.clone()),
        };
        let ca = (!ca.is_empty()).then(|| format!("{}\n", ca.replace("\r\n", "\n")));
        if !issues.is_empty() {
            return Err(issues);
        }
        Ok(url.map(|url| WantedProxy { spec: ProxySpec { url, user, ca }, password, host }))
    }
}
