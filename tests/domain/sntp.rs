//! What a time server says of our clock.

use domain::sntp::{Answer, LENGTH, Question};
use proptest::prelude::*;

const COOKIE: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
/// 2026-11-25 12:00:00 UTC, in milliseconds since 1970.
const NOON: i64 = 1_795_608_000_000;

fn stamp(millis: i64) -> [u8; 8] {
    let seconds = u32::try_from((millis.div_euclid(1000) + 2_208_988_800) & 0xffff_ffff).expect("32 bits");
    let fraction = u32::try_from((millis.rem_euclid(1000) << 32) / 1000).expect("a fraction");
    [seconds.to_be_bytes(), fraction.to_be_bytes()].concat().try_into().expect("8")
}

/// A server of stratum 2 that had the question at `received` and answered at `sent`.
fn packet(received: i64, sent: i64) -> [u8; LENGTH] {
    let mut packet = [0; LENGTH];
    packet[..2].copy_from_slice(&[0x24, 2]);
    packet[24..32].copy_from_slice(&COOKIE);
    packet[32..40].copy_from_slice(&stamp(received));
    packet[40..].copy_from_slice(&stamp(sent));
    packet
}

fn question() -> Question {
    Question::new(COOKIE, NOON)
}

#[test]
fn the_question_tells_nothing_but_its_cookie() {
    let bytes = question().to_bytes();
    assert_eq!(bytes[0], 0x23);
    assert_eq!(bytes[40..], COOKIE);
    assert!(bytes[1..40].iter().all(|b| *b == 0));
}

#[test]
fn how_far_off_is_reckoned_without_the_way() {
    for (received, sent, heard, ahead) in [
        // 20 ms there, 4 ms within, 20 ms back
        (20, 24, 44, 0),
        (5_020, 5_024, 44, -5_000),
        (-5_000 + 20, -5_000 + 24, 44, 5_000),
        // a year
        (31_536_000_000, 31_536_000_000, 0, -31_536_000_000),
    ] {
        let answer = question().answer(&packet(NOON + received, NOON + sent), NOON + heard);
        let Some(Answer::Time { ahead: found, stratum: 2 }) = answer else { panic!("{answer:?}") };
        assert!((found - ahead).abs() <= 1, "{found} {ahead}");
    }
}

#[test]
fn the_count_that_begins_anew_in_2036_goes_on() {
    let later = 2_100_000_000_000;
    let answer = Question::new(COOKIE, later).answer(&packet(later, later), later);
    assert!(matches!(answer, Some(Answer::Time { ahead: -1..=1, .. })), "{answer:?}");
}

#[test]
fn what_is_no_answer_to_the_question_is_nothing() {
    let good = packet(NOON, NOON);
    let with = |at: usize, byte: u8| {
        let mut packet = good;
        packet[at] = byte;
        question().answer(&packet, NOON)
    };
    assert!(matches!(question().answer(&good, NOON), Some(Answer::Time { .. })));
    assert_eq!(question().answer(&good[..47], NOON), None);
    assert_eq!(with(0, 0x23), None, "a question");
    assert_eq!(with(0, 0x25), None, "a broadcast");
    assert_eq!(with(0, 0x14), None, "version 2");
    assert_eq!(with(31, 0), None, "another one's");
    assert_eq!(with(0, 0xe4), Some(Answer::Unable), "its clock is not set");
    assert_eq!(with(1, 0), Some(Answer::Unable), "a kiss of death");
    assert_eq!(with(1, 16), Some(Answer::Unable));
    let mut empty = good;
    empty[32..].fill(0);
    assert_eq!(question().answer(&empty, NOON), Some(Answer::Unable));
}

proptest! {
    #[test]
    fn any_packet_is_borne(bytes: Vec<u8>, heard: i32) {
        let _ = question().answer(&bytes, heard.into());
    }

    #[test]
    fn any_answer_is_borne(bytes: [u8; LENGTH], sent: u32, heard: u32) {
        let mut packet = bytes;
        packet[0] = 0x24;
        packet[24..32].copy_from_slice(&COOKIE);
        let _ = Question::new(COOKIE, i64::from(sent) * 1000).answer(&packet, i64::from(heard) * 1000);
    }
}
