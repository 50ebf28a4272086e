//! Dates and times as people write them.

use domain::{civil::Civil, time::UnixSeconds};
use proptest::prelude::*;

fn utc(text: &str) -> i64 {
    text.parse::<Civil>().expect("a date and a time").as_utc()
}

#[test]
fn seconds_since_1970_are_those_of_date_1() {
    for (text, seconds) in [
        ("1970-01-01 00:00:00", 0),
        ("1970-03-01T00:00", 5_097_600),
        ("2000-02-29 12:34:56", 951_827_696),
        ("2024-12-31T23:59:59", 1_735_689_599),
        ("2026-11-25 14:30", 1_795_617_000),
        ("2100-03-01 00:00", 4_107_542_400),
        ("9999-12-31 23:59:59", 253_402_300_799),
    ] {
        assert_eq!(utc(text), seconds, "{text}");
    }
}

#[test]
fn what_is_no_date_or_time_is_refused() {
    for text in [
        "",
        "2026-11-25",
        "14:30",
        "2026-02-29 10:00",
        "2100-02-29 10:00",
        "2026-00-10 10:00",
        "2026-13-10 10:00",
        "2026-11-31 10:00",
        "2026-11-00 10:00",
        "1969-12-31 23:59",
        "2026-11-25 24:00",
        "2026-11-25 10:60",
        "2026-11-25 10:00:60",
        "26-11-25 10:00",
        "2026-1-5 10:00",
        "2026-11-25  10:00",
        "2026-11-25 10:00:00:00",
        "2026-11-25 10:00Z",
        "+026-11-25 10:00",
        "2026-11-25 -1:00",
        "２０２６-11-25 10:00",
        "2026-11-25\n10:00",
        "2026-11-25 10:00; reboot",
    ] {
        assert!(text.parse::<Civil>().is_err(), "{text:?}");
    }
}

#[test]
fn an_offset_moves_what_a_clock_shows() {
    let noon = UnixSeconds(1_795_608_000);
    assert_eq!(Civil::of(noon, 0).to_string(), "2026-11-25 12:00:00");
    assert_eq!(Civil::of(noon, 8 * 3600).to_string(), "2026-11-25 20:00:00");
    assert_eq!(Civil::of(noon, -(12 * 3600 + 1)).to_string(), "2026-11-24 23:59:59");
    assert_eq!(Civil::of(UnixSeconds(0), -3600).to_string(), "1969-12-31 23:00:00");
}

proptest! {
    #[test]
    fn what_is_shown_is_read_back(seconds in 0_u64..253_402_300_799) {
        let civil = Civil::of(UnixSeconds(seconds), 0);
        prop_assert_eq!(utc(&civil.to_string()), i64::try_from(seconds).expect("fits"));
    }

    #[test]
    fn any_time_can_be_shown(seconds: u64, offset: i32) {
        let _ = Civil::of(UnixSeconds(seconds), offset).to_string();
    }

    #[test]
    fn nothing_typed_is_too_much(text: String) {
        let _ = text.parse::<Civil>();
    }
}
