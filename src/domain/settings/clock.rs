//! How the clock is: what it is set by, and how far off it is.

use serde::{Deserialize, Serialize};

use super::time_server::TimeServer;
use crate::{
    network::hops::CLOCK_TOLERANCE,
    time::{BootMillis, UnixSeconds},
};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClockStatus {
    /// The zone in force.
    pub zone: String,
    /// Seconds that local time is ahead of UTC now.
    pub offset: i32,
    /// The servers that are asked.
    pub servers: Vec<TimeServer>,
    pub from: ServersFrom,
    /// The last answer of a time server.
    pub measured: Option<Measured>,
    /// Since when none has answered. `None` while one does, and before the first was asked.
    pub silent_since: Option<BootMillis>,
    /// What sets the clock by the servers: `systemd-timesyncd` or `chrony`. `None`: nothing does.
    pub keeper: Option<Keeper>,
}

/// Who named the servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServersFrom {
    #[default]
    Nobody,
    /// They were typed.
    Settings,
    /// Option 42 of the uplinks' leases.
    Dhcp,
}

/// The service that sets the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeper {
    Timesyncd,
    Chrony,
}

/// What one server's answer says of our clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    pub server: TimeServer,
    /// Milliseconds that this box's clock is ahead of the server's; negative where it is behind.
    pub ahead: i64,
    /// Of the server: 1 has a clock of its own, each further one asked another.
    pub stratum: u8,
    pub at: BootMillis,
}

/// What the clock is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// By a server, within the tolerance.
    Right { ahead: i64 },
    /// By a server, further off than certificates and logs bear.
    Wrong { ahead: i64 },
    /// No server can tell, but it shows a time before this software was made.
    BeforeBuild,
    /// None of the servers answers.
    Silent,
    /// Nobody is asked.
    Unchecked,
}

impl ClockStatus {
    /// `built`: no clock that is right shows less.
    pub fn judge(&self, now: UnixSeconds, built: UnixSeconds) -> Judgement {
        match &self.measured {
            Some(measured) if self.silent_since.is_none() => {
                let ahead = measured.ahead;
                if ahead.unsigned_abs() > CLOCK_TOLERANCE * 1000 {
                    Judgement::Wrong { ahead }
                } else {
                    Judgement::Right { ahead }
                }
            }
            _ if now < built => Judgement::BeforeBuild,
            _ if self.silent_since.is_some() => Judgement::Silent,
            _ => Judgement::Unchecked,
        }
    }
}
