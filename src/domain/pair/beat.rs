//! What the guards of a pair send each other, five times a second and whenever there is something to say: one datagram of fixed length.
//!
//! ```text
//!  0  "GHB1"          48  about: role, flags, epoch, revision, four digests, age of the data
//!  4  kind of message 108 zero
//!  8  run, sequence   112 HMAC-SHA-256 over all before it
//! 24  message
//! ```
//! Numbers are big-endian. The code is not looked into before its seal is right; what is replayed is either older than what was heard, or names a
//! question of another run ([`super::Stamp`]).

use serde::{Deserialize, Serialize};

use super::{Message, Role, Stamp};

pub const LENGTH: usize = 144;
/// The part that the seal is over.
pub const SEALED: usize = 112;
/// Milliseconds between two.
pub const EVERY: u64 = 200;
/// Nothing heard for so long: the peer is not there. Four that are missed in a row, on all ways.
pub const GONE: u64 = 1_000;

/// No epoch and no revision of any box's life comes to more; what is counted on from here does not run over.
pub const MOST: u64 = 1 << 48;

const MAGIC: &[u8; 4] = b"GHB1";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    pub run: u64,
    /// Grows within a run.
    pub sequence: u64,
    pub message: Option<Message>,
    pub about: About,
}

/// What each box wants the other one to know at any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "what is told, each of its own, and no state")]
pub struct About {
    pub role: Told,
    pub epoch: u64,
    /// It could take over.
    pub fit: bool,
    pub maintenance: bool,
    /// Its port of the virtual IP has a cable in it.
    pub carrier: bool,
    /// It reaches the registry.
    pub registry: bool,
    /// It gives up because somebody wants it: a switchover, or a drill.
    pub planned: bool,
    pub drill: bool,
    /// The registry's name leads to it: the registry is on one of the pair.
    pub registry_here: bool,
    /// It stays away from the lease until somebody says so.
    pub fenced: bool,
    /// Of the program's version, the settings and the applications, to compare.
    pub version: u64,
    pub settings: u64,
    pub applications: u64,
    /// Of the settings, and of the set of applications.
    pub revision: u64,
    pub set_revision: u64,
    /// Seconds by which its data is late: see [`crate::application::copies::lateness`].
    pub synced: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    #[default]
    Standby,
    Acquiring,
    Active,
    Stopping,
}

impl From<Role> for Told {
    fn from(role: Role) -> Self {
        match role {
            Role::Standby => Self::Standby,
            Role::Acquiring => Self::Acquiring,
            Role::Active { .. } => Self::Active,
            Role::Stopping { .. } => Self::Stopping,
        }
    }
}

impl Beat {
    /// Without its seal, which stays zero.
    pub fn to_bytes(self) -> [u8; LENGTH] {
        let mut out = Out { bytes: [0; LENGTH], at: 0 };
        out.put(MAGIC);
        let (kind, stamp, epoch) = match self.message {
            None => (0, Stamp::default(), 0),
            Some(Message::Ask { of, epoch }) => (1, of, epoch),
            Some(Message::Promise { to }) => (2, to, 0),
            Some(Message::Released { of, epoch }) => (3, of, epoch),
        };
        out.put(&[kind, 0, 0, 0]);
        for number in [self.run, self.sequence, stamp.run, stamp.number, epoch] {
            out.put(&number.to_be_bytes());
        }
        let about = self.about;
        let role = match about.role {
            Told::Standby => 0,
            Told::Acquiring => 1,
            Told::Active => 2,
            Told::Stopping => 3,
        };
        let flags = [
            about.fit,
            about.maintenance,
            about.carrier,
            about.registry,
            about.synced.is_some(),
            about.planned,
            about.drill,
            about.registry_here,
        ];
        let flags = flags.into_iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(flag));
        out.put(&[role, flags, u8::from(about.fenced), 0]);
        out.put(&about.synced.unwrap_or(0).to_be_bytes());
        let About { epoch, version, settings, applications, revision, set_revision, .. } = about;
        for number in [epoch, version, settings, applications, revision, set_revision] {
            out.put(&number.to_be_bytes());
        }
        out.bytes
    }

    /// Of one whose seal was right. `None`: of another version, or nonsense.
    pub fn from_bytes(bytes: &[u8; LENGTH]) -> Option<Self> {
        let mut rest = In { bytes, at: 0 };
        (rest.take::<4>()? == *MAGIC).then_some(())?;
        let [kind, ..] = rest.take::<4>()?;
        let (run, sequence) = (rest.number()?, rest.number()?);
        let (stamp, epoch) = (Stamp { run: rest.number()?, number: rest.number()? }, rest.number()?);
        let message = match kind {
            0 => None,
            1 => Some(Message::Ask { of: stamp, epoch }),
            2 => Some(Message::Promise { to: stamp }),
            3 => Some(Message::Released { of: stamp, epoch }),
            _ => return None,
        };
        let [role, flags, more, _] = rest.take::<4>()?;
        let role = match role {
            0 => Told::Standby,
            1 => Told::Acquiring,
            2 => Told::Active,
            3 => Told::Stopping,
            _ => return None,
        };
        let flag = |bit: u8| flags >> bit & 1 == 1;
        let age = u32::from_be_bytes(rest.take::<4>()?);
        let about = About {
            role,
            fit: flag(0),
            maintenance: flag(1),
            carrier: flag(2),
            registry: flag(3),
            synced: flag(4).then_some(age),
            planned: flag(5),
            drill: flag(6),
            registry_here: flag(7),
            fenced: more & 1 == 1,
            epoch: rest.number()?,
            version: rest.number()?,
            settings: rest.number()?,
            applications: rest.number()?,
            revision: rest.number()?,
            set_revision: rest.number()?,
        };
        let counts = [about.epoch, about.revision, about.set_revision, epoch];
        counts.iter().all(|count| *count <= MOST).then_some(Self { run, sequence, message, about })
    }
}

struct Out {
    bytes: [u8; LENGTH],
    at: usize,
}

impl Out {
    fn put(&mut self, more: &[u8]) {
        let end = self.at + more.len();
        if let Some(place) = self.bytes.get_mut(self.at..end) {
            place.copy_from_slice(more);
        }
        self.at = end;
    }
}

struct In<'a> {
    bytes: &'a [u8; LENGTH],
    at: usize,
}

impl In<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = self.bytes.get(self.at..self.at + N)?.try_into().ok();
        self.at += N;
        taken
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }
}
