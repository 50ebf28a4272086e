//! The seed: a file that sets up a box with nobody there, from a stick or from cloud-init.
//!
//! A seed fills in what nobody has set. It never replaces what a person set, and it is taken whole or not at all: all of it is checked
//! before anything is done. `docs/seed-file.md` is its manual.

mod hash;
mod registry;
mod rules;
mod status;

use serde::{Deserialize, Serialize};

pub use hash::{BadHash, PasswordHash};
pub use registry::{ActivationCode, BadCode, RegistrySeed};
pub use rules::{Box, Verdict, check, judge, steps};
pub use status::{Applied, Came, Part, Problem, Refused, Report, SeedStatus, What, WhyNot};

use crate::{
    network::spec::NetworkSpec,
    secret::{self, Secret},
    settings::{host_name::HostName, time_server::TimeServer, zone::ZoneName},
};

/// Of the file on a stick.
pub const FILE_NAME: &str = "gatehouse-seed.toml";
/// Bytes of the file; longer ones are refused. Two chains of certificates and the routes of all ports fit.
pub const LONGEST: usize = 128 * 1024;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    #[serde(rename = "en")]
    En,
    #[serde(rename = "zh-CN")]
    ZhCn,
}

impl Language {
    /// RFC 5646.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }
}

/// The file's content. All of it is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// The one box that it is for. Without it, it is for any box that has no password yet.
    pub serial: Option<String>,
    pub language: Option<Language>,
    pub password_hash: Option<PasswordHash>,
    pub host_name: Option<HostName>,
    pub time: Option<TimeSeed>,
    pub proxy: Option<ProxySeed>,
    pub registry: Option<RegistrySeed>,
    pub network: Option<NetworkSpec>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeSeed {
    pub zone: Option<ZoneName>,
    pub servers: Vec<TimeServer>,
}

/// As it is typed on the page; the same rules hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProxySeed {
    pub url: String,
    pub user: String,
    #[serde(deserialize_with = "secret::hidden")]
    pub password: Secret,
    pub ca: String,
}
