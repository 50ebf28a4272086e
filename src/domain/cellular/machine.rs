//! What the box does with its modem, from one moment to the next.
//!
//! ```text
//! no ModemManager → no modem → failed (no SIM) → locked (PIN, PUK) → disabled → enabled → searching → registered → connecting → connected
//! ```
//!
//! These states are ModemManager's, and only it knows them: so the whole of what it says is read after each of its signals and brought here
//! as [`Event::Seen`], and what there is to do is chosen from that alone. One operation is under way at a time; it comes back as
//! [`Event::Done`]. Nothing here waits for a state that it has asked for: it looks.
//!
//! [`step`] is total and synchronous. Its caller owns the bus, the disk and the clock.

use serde::{Deserialize, Serialize};

use super::{
    cause::{Cause, Failure},
    ids::{Iccid, Pin, Puk},
    modem::{Modem, Seen},
    pin::{KeptPin, Memory},
    request::PinChange,
    spec::{CellularSpec, Modes},
};
use crate::{fault::Fault, secret::Secret, time::BootMillis};

mod choose;
mod rules;
mod view;

pub use rules::step;
pub use view::{Phase, SimChange};

/// From the first failure to the next try; doubled after each further one. Shorter: a network that is busy is bothered. Longer: people
/// wait after a moment without signal.
pub const FIRST_PAUSE: u64 = 2_000;
/// The longest pause, and the one where a person has to mend something first. Longer: a box in a cellar is offline for longer than needed.
pub const LONGEST_PAUSE: u64 = 300_000;
/// A connection that lasted so long was a good one: its end begins a new count of failures.
pub const STEADY: u64 = 60_000;
/// Without a network for so long counts as a failure. Shorter than ModemManager's own minute, it would cut searches off.
pub const SEARCH_LIMIT: u64 = 180_000;
/// Failures in a row after which the modem is reset, where it may be to blame.
pub const RESET_AFTER: u32 = 4;
/// From one reset to the next. Shorter: a modem takes half a minute to come back, and more to find its network.
pub const RESET_PAUSE: u64 = 900_000;
/// Failures in a row after which people are told.
pub const ALARM_AFTER: u32 = 3;
/// What an operation may take beyond its own limit until it counts as lost.
const MARGIN: u64 = 10_000;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    spec: CellularSpec,
    password: Option<Secret>,
    pins: Vec<KeptPin>,
    memory: Memory,
    seen: Seen,
    doing: Option<Doing>,
    /// Of the last operation.
    number: u64,
    /// The bearer that is ours.
    held: Option<u32>,
    up_since: Option<BootMillis>,
    /// It was made with other settings.
    stale: bool,
    /// Why there is no connection, and how often in a row there was none.
    failed: Option<Cause>,
    failures: u32,
    /// Nothing is tried before.
    next: Option<BootMillis>,
    searching_since: Option<BootMillis>,
    last_reset: Option<BootMillis>,
    /// A person has asked for an end, until a person asks for a connection.
    paused: bool,
    /// A preferred technology was taken back.
    freed: bool,
    /// What was last set: a modem that does not do it is not asked again.
    modes_set: Option<Modes>,
    /// Why what the network gave is not used.
    unfit: Option<Cause>,
}

#[derive(Clone, Debug, PartialEq)]
struct Doing {
    number: u64,
    operation: Operation,
    since: BootMillis,
    /// Somebody waits for the answer.
    asked: bool,
    /// It begins when what must be remembered is on the disk.
    unwritten: bool,
}

/// What is saved, at the start.
#[derive(Clone, Debug, Default)]
pub struct Saved {
    pub spec: CellularSpec,
    pub password: Option<Secret>,
    pub pins: Vec<KeptPin>,
    /// Of this boot.
    pub memory: Memory,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Seen(Box<Seen>),
    Done {
        number: u64,
        result: Result<Success, Failure>,
    },
    /// Other settings are saved.
    Set {
        spec: Box<CellularSpec>,
        password: Option<Secret>,
    },
    /// A person asks. Exactly one [`Effect::Answer`] follows, at once or later.
    Ask(Ask),
    /// What [`Effect::Keep`] asked for is on the disk, or is not.
    Kept(bool),
    /// What the network engine makes of the connection.
    Fits(Option<Cause>),
    /// Time has passed; sent at the time that [`State::deadline`] names.
    Tick,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Success {
    Done,
    /// Of [`Operation::Connect`]: ModemManager's number of the bearer.
    Connected(u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    Connect,
    Disconnect,
    Unlock {
        pin: Pin,
        keep: bool,
        last: bool,
    },
    Puk {
        puk: Puk,
        pin: Pin,
        keep: bool,
        last: bool,
    },
    Pin(PinChange),
    /// "Yes, this is another SIM."
    NoteSim,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Write it, and say [`Event::Kept`].
    Keep(Memory),
    KeepPins(Vec<KeptPin>),
    /// Begin it; one that is under way is given up. Say [`Event::Done`] with the number.
    Perform {
        number: u64,
        operation: Operation,
    },
    Answer(Result<(), Fault>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    Enable,
    SetModes(Modes),
    SendPin {
        pin: Pin,
        sim: Option<Iccid>,
        keep: bool,
    },
    SendPuk {
        puk: Puk,
        pin: Pin,
        sim: Option<Iccid>,
        keep: bool,
    },
    /// Never [`PinChange::Forget`].
    Pin {
        change: PinChange,
        sim: Option<Iccid>,
    },
    DeleteBearer(u32),
    Connect(Box<Connect>),
    /// All connections.
    Disconnect,
    Reset,
}

/// What `Simple.Connect` is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Connect {
    pub spec: CellularSpec,
    pub password: Option<Secret>,
}

impl Operation {
    /// Milliseconds that it has. Shorter: slow modems never do it. Longer: one that hangs holds everything up.
    pub fn limit(&self) -> u64 {
        match self {
            // ModemManager gives the network three minutes
            Self::Connect(_) => 190_000,
            Self::Enable | Self::SetModes(_) | Self::Reset => 60_000,
            Self::SendPin { .. } | Self::SendPuk { .. } | Self::Pin { .. } | Self::Disconnect => 45_000,
            Self::DeleteBearer(_) => 30_000,
        }
    }
}

/// So that no operation's PIN or password can be printed by accident, this is what logs say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Enable,
    SetModes,
    SendPin,
    SendPuk,
    ChangePin,
    DeleteBearer,
    Connect,
    Disconnect,
    Reset,
}

impl Operation {
    pub fn what(&self) -> What {
        match self {
            Self::Enable => What::Enable,
            Self::SetModes(_) => What::SetModes,
            Self::SendPin { .. } => What::SendPin,
            Self::SendPuk { .. } => What::SendPuk,
            Self::Pin { .. } => What::ChangePin,
            Self::DeleteBearer(_) => What::DeleteBearer,
            Self::Connect(_) => What::Connect,
            Self::Disconnect => What::Disconnect,
            Self::Reset => What::Reset,
        }
    }
}

impl State {
    pub fn new(saved: Saved) -> Self {
        let Saved { spec, password, pins, memory } = saved;
        Self { spec, password, pins, memory, ..Self::default() }
    }

    pub fn spec(&self) -> &CellularSpec {
        &self.spec
    }

    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    pub fn modem(&self) -> Option<&Modem> {
        self.seen.modem.as_ref()
    }

    /// Whether the box keeps the PIN of the SIM at hand.
    pub fn keeps_pin(&self) -> bool {
        self.modem().and_then(Modem::iccid).is_some_and(|iccid| self.pins.iter().any(|kept| kept.iccid == *iccid))
    }

    /// When an [`Event::Tick`] is due.
    pub fn deadline(&self) -> Option<BootMillis> {
        let doing = self.doing.as_ref().map(Doing::over);
        let searching = self.searching_since.map(|since| since.plus(SEARCH_LIMIT));
        [doing, searching, self.next].into_iter().flatten().min()
    }

    /// Whether the box is to be online by cellular now.
    fn wants(&self) -> bool {
        self.spec.on && !self.paused
    }
}

impl Doing {
    fn over(&self) -> BootMillis {
        self.since.plus(self.operation.limit() + MARGIN)
    }
}
