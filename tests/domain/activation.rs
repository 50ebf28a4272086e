//! Codes, requests and answers: what was written is read, and what was not is refused with what a person can mend.

use domain::{
    activation::{
        Kind, Malformed, base64url,
        code::{Code, Payload},
        offline::{Answer, PeerKey, Request, Signed, Unfit},
        short::ShortCode,
        url::RegistryUrl,
        validity::{Standing, Validity},
    },
    time::UnixSeconds,
};
use proptest::{collection::vec, prelude::*};

fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect(text)
}

fn payload() -> Payload {
    Payload {
        urls: vec![parse("https://registry.example:9443"), parse("https://[2001:db8::1]:9443")],
        authority: [7; 32],
        token: parse("t-0123456789abcdef"),
        expires: UnixSeconds(1_800_000_000),
        account: parse("acme"),
        cluster: Some(parse("c-1")),
        model: None,
    }
}

fn request() -> Request {
    Request {
        serial: parse("EB1-0001"),
        model: parse("EB-1 标准型"),
        name: Some(parse("box-one")),
        csr: vec![0x30; 250],
        nonce: [9; 16],
    }
}

fn answer() -> Answer {
    Answer {
        serial: parse("EB1-0001"),
        nonce: [9; 16],
        expires: UnixSeconds(1_800_000_000),
        name: parse("box-one"),
        account: parse("acme"),
        cluster: Some((parse("c-1"), parse("一号站"))),
        peer: Some(PeerKey { serial: parse("EB1-0002"), key: [3; 32] }),
        urls: vec![parse("https://registry.example")],
        validity: Validity { not_before: UnixSeconds(1), not_after: UnixSeconds(2) },
        certificate: vec![1; 400],
        authority: vec![2; 400],
    }
}

#[test]
fn a_code_survives_mail_and_screen() {
    let code = Code::write(payload(), [5; 16]);
    let text = code.text().expose();
    assert!(text.starts_with("GH1.") && text.len() < 330, "{} characters: {text}", text.len());
    let folded = text.as_bytes().chunks(60).map(|l| String::from_utf8_lossy(l).into_owned()).collect::<Vec<_>>();
    let pasted = format!("  {}\u{200b}\r\n ", folded.join("\r\n"));
    assert_eq!(Code::parse(&pasted), Ok(code.clone()));
    assert!(!format!("{code:?}").contains(text), "a code does not print its secret");
}

#[test]
fn what_is_wrong_with_a_code_is_said() {
    let code = Code::write(payload(), [5; 16]);
    let text = code.text().expose();
    let cut = |n: usize| &text[..text.len() - n];
    for (typed, wrong) in [
        ("", Malformed::Empty),
        (" \n", Malformed::Empty),
        ("hello", Malformed::NotOurs(Kind::Code)),
        ("GH1R.AAAA", Malformed::NotOurs(Kind::Code)),
        ("GH2.AAAA.BBBB", Malformed::Newer),
        ("GH1.AAAA", Malformed::CutOff),
        (cut(1), Malformed::CutOff),
        (cut(10), Malformed::CutOff),
        (cut(30), Malformed::CutOff),
        (&format!("{text}AAAA"), Malformed::Content),
        (&text.replacen('A', "ä", 1), Malformed::Character),
        (&"A".repeat(3000), Malformed::TooLong),
    ] {
        assert_eq!(Code::parse(typed), Err(wrong), "{typed}");
    }
}

#[test]
fn a_short_code_finds_every_wrong_digit_and_every_swap() {
    let code = ShortCode::new(123_456_789_012_345);
    let spoken = code.spoken();
    assert_eq!(spoken.len(), 19, "{spoken}");
    let digits = code.digits().expose().to_owned();
    assert_eq!(spoken.replace(' ', ""), digits);
    for typed in [spoken.clone(), spoken.replace(' ', "-"), digits.chars().map(full_width).collect()] {
        assert_eq!(typed.parse::<ShortCode>(), Ok(code.clone()), "{typed}");
    }
    for at in 0..16 {
        let before = digits.as_bytes()[at];
        for digit in (b'0'..=b'9').filter(|digit| *digit != before) {
            let mut wrong = digits.clone().into_bytes();
            wrong[at] = digit;
            let wrong = String::from_utf8(wrong).expect("digits");
            assert_eq!(wrong.parse::<ShortCode>(), Err(Malformed::CheckDigit), "{wrong}");
        }
        let mut swapped = digits.clone().into_bytes();
        if at < 15 && swapped[at] != swapped[at + 1] {
            swapped.swap(at, at + 1);
            let swapped = String::from_utf8(swapped).expect("digits");
            assert_eq!(swapped.parse::<ShortCode>(), Err(Malformed::CheckDigit), "{swapped}");
        }
    }
    assert_eq!("1234".parse::<ShortCode>(), Err(Malformed::Digits));
    assert_eq!("GH1.x".parse::<ShortCode>(), Err(Malformed::Character));
}

fn full_width(c: char) -> char {
    char::from_u32(u32::from('０') + c.to_digit(10).expect("digit")).expect("full-width digit")
}

#[test]
fn requests_and_answers_go_by_hand_and_come_back() {
    let request = request();
    assert_eq!(Request::parse(&request.write()), Ok(request.clone()));
    assert!(request.write().len() < 600, "a QR code of it can still be read from a screen");
    let text = Signed::write(&answer(), |text| text.as_bytes()[..4].to_vec());
    let signed = Signed::parse(&text).expect("parses");
    assert_eq!(signed.answer, answer());
    assert_eq!((signed.signature.as_slice(), text.starts_with(&signed.text)), (b"GH1A".as_slice(), true));
    assert_eq!(Request::parse(&text), Err(Malformed::NotOurs(Kind::Request)));
    assert_eq!(Signed::parse(&text[..400]), Err(Malformed::CutOff));
}

#[test]
fn an_answer_fits_one_box_one_request_one_registry_and_not_for_ever() {
    let (pending, answer, now) = (request(), answer(), UnixSeconds(1_799_999_999));
    let fits = |answer: &Answer, shown: u8, now| answer.fits(&pending, [1; 32], [shown; 32], now);
    assert_eq!(fits(&answer, 1, now), Ok(()));
    assert_eq!(fits(&answer, 2, now), Err(Unfit::OtherAuthority));
    assert_eq!(fits(&Answer { serial: parse("X"), ..answer.clone() }, 1, now), Err(Unfit::OtherBox));
    assert_eq!(fits(&Answer { nonce: [0; 16], ..answer.clone() }, 1, now), Err(Unfit::OtherRequest));
    assert_eq!(fits(&answer, 1, UnixSeconds(1_800_000_001)), Err(Unfit::Expired));
}

#[test]
fn a_registry_url_hides_nothing() {
    for (text, shown) in [
        ("https://registry.example", "https://registry.example:9443"),
        ("https://Registry.Example:443/", "https://registry.example:443"),
        ("https://10.0.0.1", "https://10.0.0.1:9443"),
        ("https://[2001:db8::1]:1", "https://[2001:db8::1]:1"),
    ] {
        assert_eq!(parse::<RegistryUrl>(text).to_string(), shown);
    }
    for bad in [
        "http://registry.example",
        "https://",
        "https://a@b",
        "https://a/b",
        "https://a?b",
        "https://a#b",
        "https://a:0",
        "https://a:70000",
        "https://a:+1",
        "https://a b",
        "https://[10.0.0.1]",
        "https://[::1",
        "https://1.2.3",
        "https://2130706433",
        "https://a..b",
        "https://-a",
        "https://a\\b",
        "https://a:1:2",
        "https://\u{0430}.example",
    ] {
        assert!(bad.parse::<RegistryUrl>().is_err(), "{bad}");
    }
}

#[test]
fn certificates_are_renewed_at_two_thirds_of_their_life() {
    let validity = Validity::of_box(UnixSeconds(1_000_000_000));
    let day = |n: u64| UnixSeconds(1_000_000_000 + n * 86_400);
    assert_eq!(validity.standing(UnixSeconds(999_999_000)), Standing::NotYet);
    assert_eq!(validity.standing(day(59)), Standing::Good);
    assert_eq!(validity.standing(day(60)), Standing::Renew);
    assert_eq!(validity.standing(day(91)), Standing::Expired);
}

proptest! {
    #[test]
    fn base64url_goes_round_and_has_one_form(bytes in vec(any::<u8>(), 0..80), text in "[A-Za-z0-9_-]{0,12}") {
        prop_assert_eq!(base64url::decode(&base64url::encode(&bytes)), Some(bytes));
        if let Some(read) = base64url::decode(&text) {
            prop_assert_eq!(base64url::encode(&read), text);
        }
    }

    #[test]
    fn hostile_texts_are_refused_and_nothing_else_happens(text in "(GH1[RA]?\\.)?[A-Za-z0-9._-]{0,200}", noise in vec(any::<u8>(), 0..300)) {
        let made = format!("GH1.{}.{}", base64url::encode(&noise), "A".repeat(22));
        for hostile in [text, made] {
            if let Ok(code) = Code::parse(&hostile) {
                prop_assert_eq!(Code::parse(code.text().expose()), Ok(code));
            }
            drop(Request::parse(&hostile));
            drop(Signed::parse(&hostile));
            drop(hostile.parse::<ShortCode>());
        }
    }

    #[test]
    fn an_altered_code_is_another_text(at in 0..300_usize, letter in "[A-Za-z0-9_-]") {
        let code = Code::write(payload(), [5; 16]);
        let mut text = code.text().expose().to_owned();
        let at = 4 + at % (text.len() - 4);
        text.replace_range(at..=at, &letter);
        // whatever is read of it, its text, over which the hash is, is what was typed
        if let Ok(read) = Code::parse(&text) {
            prop_assert_eq!(read.text().expose(), text.as_str());
        }
    }
}
