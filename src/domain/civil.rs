//! A date and a time of day, as people write them, and the seconds since 1970 that they stand for. Without a zone: who has one gives its
//! offset.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::time::UnixSeconds;

const DAY: i64 = 86_400;
/// Years that can be typed. Before, the software was not there; after, four digits do not do.
const YEARS: std::ops::RangeInclusive<i64> = 1970..=9999;

/// In the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Civil {
    year: i64,
    month: i64,
    day: i64,
    /// Since midnight.
    seconds: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a date and a time look like 2026-11-25 14:30")]
pub struct NotCivil;

impl Civil {
    /// What a clock shows that is `offset` seconds ahead of UTC.
    pub fn of(time: UnixSeconds, offset: i32) -> Self {
        let local = i64::try_from(time.0).unwrap_or(i64::MAX / 2) + i64::from(offset);
        let (year, month, day) = date(local.div_euclid(DAY));
        Self { year, month, day, seconds: local.rem_euclid(DAY) }
    }

    /// Year and month.
    pub fn month(self) -> (i64, i64) {
        (self.year, self.month)
    }

    /// Seconds since 1970 if a clock that is right showed this in UTC; may be negative.
    pub fn as_utc(self) -> i64 {
        days(self.year, self.month, self.day) * DAY + self.seconds
    }
}

/// Days since 1970-01-01, and back: the calendar is counted from the first of March, so that the day that some years lack is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

impl FromStr for Civil {
    type Err = NotCivil;

    /// `2026-11-25 14:30`, with or without seconds; `T` in place of the blank, as browsers send it.
    fn from_str(text: &str) -> Result<Self, NotCivil> {
        let (date, time) = text.trim().split_once(['T', ' ']).ok_or(NotCivil)?;
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let time = if time.matches(':').count() == 1 { format!("{time}:00") } else { time.to_owned() };
        let [hour, minute, second] = numbers(&time, ':', [2, 2, 2])?;
        let whole = YEARS.contains(&year) && (1..=12).contains(&month) && hour < 24 && minute < 60 && second < 60;
        // the day is one of the month if it comes back
        if whole && day >= 1 && self::date(days(year, month, day)) == (year, month, day) {
            Ok(Self { year, month, day, seconds: hour * 3600 + minute * 60 + second })
        } else {
            Err(NotCivil)
        }
    }
}

fn numbers<const N: usize>(text: &str, between: char, widths: [usize; N]) -> Result<[i64; N], NotCivil> {
    let mut parts = text.split(between);
    let mut found = [0; N];
    for (number, width) in found.iter_mut().zip(widths) {
        let part = parts.next().filter(|p| p.len() == width && p.bytes().all(|b| b.is_ascii_digit()));
        *number = part.and_then(|p| p.parse().ok()).ok_or(NotCivil)?;
    }
    if parts.next().is_some() { Err(NotCivil) } else { Ok(found) }
}

/// `2026-11-25 14:30:00`
impl fmt::Display for Civil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, seconds } = self;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}
