//! Figures for people. Units are the same in both languages; words are not.

use crate::{
    domain::{civil::Civil, time::UnixSeconds},
    text::{Lang, Text},
};

const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];

/// `3.4 GiB`; three digits at most.
pub fn bytes(count: u64) -> String {
    let mut whole = count;
    let mut rest = 0;
    let mut unit = 0;
    while whole >= 1024 && unit + 1 < UNITS.len() {
        rest = whole % 1024;
        whole /= 1024;
        unit += 1;
    }
    if unit == 0 || whole >= 10 {
        format!("{whole} {}", UNITS[unit])
    } else {
        format!("{whole}.{} {}", rest * 10 / 1024, UNITS[unit])
    }
}

/// The two largest units: `3 days 4 hours`, `1 minute 5 seconds`.
pub fn duration(text: Text, seconds: u64) -> String {
    let parts = [
        (seconds / 86_400, Text::time_days as fn(Text, u64) -> String),
        (seconds / 3_600 % 24, Text::time_hours),
        (seconds / 60 % 60, Text::time_minutes),
        (seconds % 60, Text::time_seconds),
    ];
    let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(parts.len() - 1);
    let said = parts.iter().skip(first).take(2).enumerate().filter(|(i, (count, _))| *i == 0 || *count > 0);
    said.map(|(_, (count, word))| word(text, *count)).collect::<Vec<_>>().join(" ")
}

/// `1 Gbit/s`, `2.5 Gbit/s`, `100 Mbit/s`.
pub fn speed(mbits: u32) -> String {
    match (mbits / 1000, mbits % 1000 / 100) {
        (0, _) => format!("{mbits} Mbit/s"),
        (whole, 0) => format!("{whole} Gbit/s"),
        (whole, tenth) => format!("{whole}.{tenth} Gbit/s"),
    }
}

/// `1,234,567`, as both languages write it.
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `port 1, port 2`.
pub fn list(text: Text, items: &[String]) -> String {
    items.join(if text.0 == Lang::ZhCn { "、" } else { ", " })
}

/// `2026-11-26 10:40 UTC`, where the box's own zone is not at hand.
pub fn moment(at: UnixSeconds) -> String {
    let civil = Civil::of(at, 0).to_string();
    format!("{} UTC", civil.rsplit_once(':').map_or(civil.as_str(), |(minutes, _)| minutes))
}

/// Share of the whole, 0 to 100.
pub fn percent(part: u64, whole: u64) -> u64 {
    if whole == 0 { 0 } else { u64::try_from((u128::from(part) * 100 / u128::from(whole)).min(100)).unwrap_or(100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_three_digits_at_most() {
        for (count, said) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (10 << 20, "10 MiB"),
            ((3 << 30) + (1 << 29), "3.5 GiB"),
            (u64::MAX, "16777215 TiB"),
        ] {
            assert_eq!(bytes(count), said);
        }
    }

    #[test]
    fn durations_say_two_units() {
        let en = |s| duration(Text(Lang::En), s);
        assert_eq!(en(0), "0 seconds");
        assert_eq!(en(61), "1 minute 1 second");
        assert_eq!(en(3600), "1 hour");
        assert_eq!(en(90_061), "1 day 1 hour");
        assert_eq!(duration(Text(Lang::ZhCn), 7_260), "2 小时 1 分钟");
    }

    #[test]
    fn speeds_and_numbers() {
        assert_eq!([100, 1000, 2500, 10_000].map(speed), ["100 Mbit/s", "1 Gbit/s", "2.5 Gbit/s", "10 Gbit/s"]);
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([percent(0, 0), percent(1, 3), percent(u64::MAX, 1)], [0, 33, 100]);
    }
}
