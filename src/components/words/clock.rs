//! The clock: whether it is right, by whom, and how far off.

use crate::{
    components::{format::duration, tag::Mood},
    domain::{
        settings::clock::{ClockStatus, Judgement},
        time::{MADE, UnixSeconds},
    },
    text::Text,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    pub mood: Mood,
    pub word: &'static str,
    pub line: String,
}

pub fn clock(text: Text, clock: &ClockStatus, now: UnixSeconds) -> Clock {
    let server = clock.measured.as_ref().map(|m| m.server.to_string()).unwrap_or_default();
    let (mood, word, line) = match clock.judge(now, MADE) {
        Judgement::Right { ahead } => (Mood::Ok, text.clock_right(), text.clock_right_by(way_off(text, ahead), server)),
        Judgement::Wrong { ahead } => {
            (Mood::Bad, text.clock_wrong(), text.clock_wrong_by(way_off(text, ahead), server))
        }
        Judgement::BeforeBuild => (Mood::Bad, text.clock_wrong(), text.clock_before().to_owned()),
        Judgement::Silent => (Mood::Warn, text.clock_unchecked(), text.clock_silent().to_owned()),
        Judgement::Unchecked => (Mood::Calm, text.clock_unchecked(), text.clock_nobody().to_owned()),
    };
    Clock { mood, word, line }
}

/// `3 ms fast`, `2 hours slow`; the nearest second or millisecond says more than both.
pub fn way_off(text: Text, ahead: i64) -> String {
    let millis = ahead.unsigned_abs();
    let time = if millis < 1000 { format!("{millis} ms") } else { duration(text, millis / 1000) };
    if ahead >= 0 { text.clock_fast(time) } else { text.clock_slow(time) }
}
