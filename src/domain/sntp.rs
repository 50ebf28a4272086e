//! What a time server says of our clock: one question and one answer of NTP (RFC 5905, section 14; SNTP).
//!
//! This only looks. What sets the clock is systemd-timesyncd or chrony.

pub const PORT: u16 = 123;
pub const LENGTH: usize = 48;
/// From 1900 to 1970.
const EPOCH: i64 = 2_208_988_800;
const CLIENT: u8 = 3;
const SERVER: u8 = 4;
const VERSION: u8 = 4;
/// Nobody is further from a clock than that.
const DEEPEST: u8 = 15;

/// One question. Times are milliseconds since 1970 of our clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Drawn by lot: who has not seen it cannot answer it, and it does not tell what our clock shows.
    cookie: [u8; 8],
    sent: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Time {
        /// Milliseconds that our clock is ahead of the server's.
        ahead: i64,
        stratum: u8,
    },
    /// It does not know the time itself, or will not say.
    Unable,
}

impl Question {
    pub fn new(cookie: [u8; 8], sent: i64) -> Self {
        Self { cookie, sent }
    }

    pub fn to_bytes(self) -> [u8; LENGTH] {
        let mut packet = [0; LENGTH];
        packet[0] = VERSION << 3 | CLIENT;
        packet[40..].copy_from_slice(&self.cookie);
        packet
    }

    /// `None` for what is no answer to it.
    pub fn answer(self, packet: &[u8], heard: i64) -> Option<Answer> {
        let packet = packet.first_chunk::<LENGTH>()?;
        let (leap, version, mode) = (packet[0] >> 6, packet[0] >> 3 & 7, packet[0] & 7);
        if mode != SERVER || !(3..=4).contains(&version) || packet[24..32] != self.cookie {
            return None;
        }
        let stratum = packet[1];
        let (received, sent) = (time(&packet[32..40]), time(&packet[40..48]));
        // 3: its clock is not set; stratum 0: a kiss of death
        let able = leap != 3 && (1..=DEEPEST).contains(&stratum);
        match (received, sent) {
            (Some(received), Some(sent)) if able => {
                let behind = i64::midpoint(received - self.sent, sent - heard);
                Some(Answer::Time { ahead: -behind, stratum })
            }
            _ => Some(Answer::Unable),
        }
    }
}

/// Seconds since 1900 and their fraction, as milliseconds since 1970. The count begins anew in 2036: small ones are of then. `None`
/// where none is told.
fn time(bytes: &[u8]) -> Option<i64> {
    let (seconds, fraction) = bytes.split_first_chunk::<4>()?;
    let (seconds, fraction) = (u32::from_be_bytes(*seconds), u32::from_be_bytes(*fraction.first_chunk::<4>()?));
    if seconds == 0 && fraction == 0 {
        return None;
    }
    let era = if seconds & 0x8000_0000 == 0 { 1_i64 << 32 } else { 0 };
    let millis = (i64::from(fraction) * 1000) >> 32;
    Some((i64::from(seconds) + era - EPOCH) * 1000 + millis)
}
