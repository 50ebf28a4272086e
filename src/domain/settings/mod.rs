//! The box's settings that cannot cut anybody off, and so are no part of the network's transaction: host name, time and proxy.
//!
//! One file, `settings.toml`, holds what was typed. The proxy's password is not in it.

pub mod clock;
pub mod files;
pub mod host_name;
pub mod proxy;
pub mod request;
pub mod time_server;
pub mod zone;

use serde::{Deserialize, Serialize};

use crate::seed::Language;
use clock::ClockStatus;
use host_name::HostName;
use proxy::{ProxySpec, ProxyView};
use time_server::TimeServer;
use zone::ZoneName;

/// More are refused: each is asked over and over.
pub const MOST_TIME_SERVERS: usize = 4;

/// What a person has set. What is not set here is as the system has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Of the pages, for who has not chosen one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_name: Option<HostName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<ZoneName>,
    /// Empty: those that DHCP names, or the system's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub time_servers: Vec<TimeServer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxySpec>,
}

/// What is set and how it is, for pages and scripts. There is no secret in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsStatus {
    pub host_name: Option<HostName>,
    pub time_zone: Option<ZoneName>,
    pub time_servers: Vec<TimeServer>,
    pub proxy: Option<ProxyView>,
    pub language: Option<Language>,
    pub clock: ClockStatus,
    /// Why the settings of the file are not in force: it is damaged, and was set aside.
    pub problem: Option<String>,
}
