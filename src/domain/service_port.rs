//! When the box gives a laptop on the service port its address, and when it keeps quiet.
//!
//! A service port that hangs on the site's network by mistake must not answer there: a second DHCP server takes a site down. So the
//! box asks first (DISCOVER), serves only where nobody answers, and goes on asking while it serves.
//!
//! ```text
//! NoLink ─► Checking ─► Serving ◄─► Silent (another server answers: an alarm)
//!               ▲           │
//!               └─ Failed ◄─┘  the server ended or cannot be started: an alarm
//! ```

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::time::BootMillis;

/// What laptops get: the first and the last address. A laptop with the documented fixed address, .197, and the box itself, .198, are
/// outside.
pub const RANGE: (Ipv4Addr, Ipv4Addr) = (Ipv4Addr::new(192, 168, 100, 100), Ipv4Addr::new(192, 168, 100, 190));
/// Seconds. Shorter: two minutes are the least that dnsmasq gives, and laptops would renew all the time. Longer: a bench at which box
/// after box is set up from many laptops runs out of addresses.
pub const LEASE_TIME: u32 = 600;

/// For another server's answer. Shorter: a server that pings an address for 3 s before it offers it (dnsmasq) is missed, and so is
/// one whose first answer was lost. Longer: whoever plugs in waits for an address, and Windows gives up after a minute.
pub const CHECK_WINDOW: u64 = 5_000;
/// From the start of serving to the next check. Shorter: a switch's port that has just come up hears nobody for 30 s (spanning tree),
/// and the first check said nothing. Longer: a site has two servers for as long.
pub const FIRST_RECHECK: u64 = 35_000;
/// Between two checks after that, while serving. Shorter: needless broadcasts. Longer: a site has two servers for as long.
pub const RECHECK: u64 = 60_000;
/// Between two checks while silent. Shorter: needless broadcasts. Longer: the alarm outlives its cause, and a person who has just
/// moved the cable waits.
pub const SILENT_RECHECK: u64 = 20_000;
/// Added at random: two boxes on one switch that both serve must not both ask, and both fall silent, at the same moment for ever.
pub const SPREAD: u64 = 5_000;
/// After the first failure, before the next try; each further one waits twice as long. Shorter: a server that always ends keeps a core
/// busy. Longer: one that was killed by hand is missed.
pub const FIRST_PAUSE: u64 = 1_000;
/// The longest of these. Longer: whoever installs what is missing waits.
pub const LONGEST_PAUSE: u64 = 60_000;
/// A server that ran for this long had no trouble: its end counts as the first failure. Shorter: one that ends each minute is started
/// each minute. Longer: an old trouble makes a new one worse.
pub const STEADY: u64 = 120_000;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// No cable, nobody at its other end, or the port does not have its address yet.
    #[default]
    NoLink,
    /// Asks before it serves for the first time on this link, or again after a failure.
    Checking {
        trouble: Option<Trouble>,
    },
    Serving {
        since: BootMillis,
        check: Check,
        trouble: Option<Trouble>,
    },
    /// Another server is on the wire.
    Silent {
        other: Option<Ipv4Addr>,
        since: BootMillis,
        check: Check,
    },
    Failed {
        trouble: Trouble,
        retry_at: BootMillis,
    },
}

/// The check beside what is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    At(BootMillis),
    Running,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub why: Failure,
    /// How often in a row; at least 1.
    pub times: u32,
}

/// Why nobody is served although nobody else serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "failure", rename_all = "snake_case")]
pub enum Failure {
    /// The program is not there.
    NotInstalled,
    CannotStart {
        reason: String,
    },
    /// It ran and ended by itself.
    Ended {
        reason: String,
    },
    /// Nothing can be sent or received on the port.
    CannotCheck {
        reason: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    LinkUp,
    LinkDown,
    /// What came of [`Effect::Check`].
    Checked(Answer),
    /// The server is not there any more, or never was.
    ServerEnded(Failure),
    /// Time has passed; sent when [`State::deadline`] comes.
    Tick,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Nobody,
    /// Its identifier, if it told one.
    Server(Option<Ipv4Addr>),
    Failed {
        reason: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask whether another server is there; [`Event::Checked`] follows.
    Check,
    /// Its answer is not wanted any more.
    DropCheck,
    StartServer,
    StopServer,
}

/// One transition. `random` is any number, another one each time.
pub fn step(state: State, event: Event, now: BootMillis, random: u64) -> (State, Vec<Effect>) {
    let next_check = |after: u64| Check::At(now.plus(after + random % SPREAD));
    let silent = |other, since| State::Silent { other, since, check: next_check(SILENT_RECHECK) };
    match (state, event) {
        (State::NoLink, Event::LinkUp) => (State::Checking { trouble: None }, vec![Effect::Check]),
        (State::NoLink, Event::LinkDown | Event::Checked(_) | Event::ServerEnded(_) | Event::Tick) => {
            (State::NoLink, Vec::new())
        }
        (state, Event::LinkDown) => (State::NoLink, state.undone()),

        (State::Checking { trouble }, Event::Checked(Answer::Nobody)) => {
            let serving = State::Serving { since: now, check: next_check(FIRST_RECHECK), trouble };
            (serving, vec![Effect::StartServer])
        }
        (State::Checking { .. }, Event::Checked(Answer::Server(other))) => (silent(other, now), Vec::new()),
        // never serve on a guess
        (State::Checking { trouble }, Event::Checked(Answer::Failed { reason })) => {
            (failed(trouble.as_ref(), Failure::CannotCheck { reason }, now), Vec::new())
        }

        (State::Serving { since, check: Check::Running, trouble }, Event::Checked(answer)) => match answer {
            Answer::Server(other) => (silent(other, now), vec![Effect::StopServer]),
            Answer::Nobody | Answer::Failed { .. } => {
                (State::Serving { since, check: next_check(RECHECK), trouble }, Vec::new())
            }
        },
        (State::Serving { since, check: Check::At(at), trouble }, Event::Tick) if at <= now => {
            (State::Serving { since, check: Check::Running, trouble }, vec![Effect::Check])
        }
        (State::Serving { since, check, trouble }, Event::ServerEnded(why)) => {
            let trouble = trouble.filter(|_| now.left(since) < STEADY);
            let effects = if check == Check::Running { vec![Effect::DropCheck] } else { Vec::new() };
            (failed(trouble.as_ref(), why, now), effects)
        }

        (State::Silent { since, check: Check::Running, other }, Event::Checked(answer)) => match answer {
            Answer::Server(other) => (silent(other, since), Vec::new()),
            Answer::Failed { .. } => (silent(other, since), Vec::new()),
            Answer::Nobody => {
                let serving = State::Serving { since: now, check: next_check(FIRST_RECHECK), trouble: None };
                (serving, vec![Effect::StartServer])
            }
        },
        (State::Silent { other, since, check: Check::At(at) }, Event::Tick) if at <= now => {
            (State::Silent { other, since, check: Check::Running }, vec![Effect::Check])
        }

        (State::Failed { trouble, retry_at }, Event::Tick) if retry_at <= now => {
            (State::Checking { trouble: Some(trouble) }, vec![Effect::Check])
        }

        // known, too early, or not asked for
        (
            state @ (State::Checking { .. } | State::Serving { .. } | State::Silent { .. } | State::Failed { .. }),
            Event::LinkUp | Event::Tick,
        )
        | (state @ (State::Checking { .. } | State::Silent { .. } | State::Failed { .. }), Event::ServerEnded(_))
        | (state @ (State::Serving { .. } | State::Silent { .. } | State::Failed { .. }), Event::Checked(_)) => {
            (state, Vec::new())
        }
    }
}

fn failed(before: Option<&Trouble>, why: Failure, now: BootMillis) -> State {
    let times = before.map_or(0, |trouble| trouble.times).saturating_add(1);
    let pause = (FIRST_PAUSE << (times - 1).min(6)).min(LONGEST_PAUSE);
    State::Failed { trouble: Trouble { why, times }, retry_at: now.plus(pause) }
}

impl State {
    /// When a [`Event::Tick`] is due.
    pub fn deadline(&self) -> Option<BootMillis> {
        match self {
            Self::Serving { check: Check::At(at), .. } | Self::Silent { check: Check::At(at), .. } => Some(*at),
            Self::Failed { retry_at, .. } => Some(*retry_at),
            Self::NoLink
            | Self::Checking { .. }
            | Self::Serving { check: Check::Running, .. }
            | Self::Silent { check: Check::Running, .. } => None,
        }
    }

    /// Whether an answer to a check is waited for.
    pub fn is_checking(&self) -> bool {
        matches!(
            self,
            Self::Checking { .. }
                | Self::Serving { check: Check::Running, .. }
                | Self::Silent { check: Check::Running, .. }
        )
    }

    pub fn is_serving(&self) -> bool {
        matches!(self, Self::Serving { .. })
    }

    /// What is to end with the link.
    fn undone(&self) -> Vec<Effect> {
        let check = self.is_checking().then_some(Effect::DropCheck);
        check.into_iter().chain(self.is_serving().then_some(Effect::StopServer)).collect()
    }

    /// What people are told. A trouble stays an alarm until somebody is served again.
    pub fn status(&self) -> ServicePortStatus {
        match self {
            Self::NoLink => ServicePortStatus::NoLink,
            Self::Checking { trouble: None } => ServicePortStatus::Checking,
            Self::Serving { since, .. } => ServicePortStatus::Serving { since: *since },
            Self::Silent { other, since, .. } => ServicePortStatus::Silent { other: *other, since: *since },
            Self::Checking { trouble: Some(trouble) } | Self::Failed { trouble, .. } => {
                ServicePortStatus::Failed { why: trouble.why.clone() }
            }
        }
    }
}

/// Whether a laptop on the service port gets an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ServicePortStatus {
    #[default]
    NoLink,
    Checking,
    Serving {
        since: BootMillis,
    },
    /// Another DHCP server, by its identifier, answers on the wire: the cable is probably in the wrong port.
    Silent {
        other: Option<Ipv4Addr>,
        since: BootMillis,
    },
    Failed {
        why: Failure,
    },
}
