//! Certificates that are offered: what is read of them, and what is wrong with them.

use std::net::IpAddr;

use domain::{
    certificate::{
        CertificateProblem, CertificateView, Standing, WARN_BEFORE, judge, uncovered,
        x509::{Facts, KeyKind, Name},
    },
    time::UnixSeconds,
};
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
};

const WEAK: &str = include_str!("../certificates/weak.pem");
const OLD: &str = include_str!("../certificates/sha1.pem");
const RSA: &str = include_str!("../certificates/rsa.pem");
/// 2026-11-25
const NOW: UnixSeconds = UnixSeconds(1_795_608_000);

/// What stands between the lines of a PEM text; enough for files of our own.
fn der(pem: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let bits = text.bytes().filter_map(|byte| DIGITS.bytes().position(|digit| digit == byte));
    let (mut bytes, mut held, mut count) = (Vec::new(), 0_usize, 0);
    for digit in bits {
        held = held << 6 | digit;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(held >> count & 0xff).expect("byte"));
        }
    }
    bytes
}

fn params(names: &[&str]) -> CertificateParams {
    let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut params = CertificateParams::new(names).expect("names");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "box.example");
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    params
}

fn made(params: CertificateParams) -> Vec<u8> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("key");
    params.self_signed(&key).expect("certificate").der().to_vec()
}

fn facts(params: CertificateParams) -> Facts {
    Facts::read(&made(params)).expect("certificate")
}

#[test]
fn reads_what_browsers_look_at() {
    let read = facts(params(&["Box.Example", "*.site.example", "10.20.0.15", "2001:db8::15"]));
    let address = |text: &str| Name::Address(text.parse().expect("address"));
    let dns = |text: &str| Name::Dns(text.to_owned());
    assert_eq!(read.names, [dns("box.example"), dns("*.site.example"), address("10.20.0.15"), address("2001:db8::15")]);
    assert_eq!((read.subject.as_str(), read.issuer.as_str()), ("box.example", "box.example"));
    assert_eq!((read.not_before, read.not_after), (UnixSeconds(1_767_225_600), UnixSeconds(1_798_761_600)));
    assert_eq!((read.key, read.authority, read.broken_signature), (KeyKind::P256, false, false));

    let rsa = Facts::read(&der(RSA)).expect("of another program");
    assert_eq!(rsa.key, KeyKind::Rsa { bits: 2048 });
    assert_eq!(rsa.names.len(), 4, "the address of mail is none: {:?}", rsa.names);
    for (kind, expected) in [(&PKCS_ECDSA_P384_SHA384, KeyKind::P384), (&PKCS_ED25519, KeyKind::Ed25519)] {
        let key = KeyPair::generate_for(kind).expect("key");
        let made = params(&["box.example"]).self_signed(&key).expect("certificate");
        assert_eq!(Facts::read(made.der()).expect("certificate").key, expected);
    }
}

#[test]
fn a_year_with_four_digits_and_one_before_1970_are_read() {
    let mut long = params(&["box.example"]);
    (long.not_before, long.not_after) = (rcgen::date_time_ymd(1960, 1, 1), rcgen::date_time_ymd(2050, 1, 1));
    let read = facts(long);
    assert_eq!((read.not_before, read.not_after), (UnixSeconds(0), UnixSeconds(2_524_608_000)));
}

#[test]
fn a_star_is_one_label_and_no_address() {
    let star = Name::Dns("*.site.example".to_owned());
    for (host, covered) in [
        ("box.site.example", true),
        ("BOX.Site.Example", true),
        ("site.example", false),
        ("a.b.site.example", false),
        (".site.example", false),
        ("boxsite.example", false),
    ] {
        assert_eq!(star.covers_name(host), covered, "{host}");
    }
    assert!(!star.covers_address(IpAddr::from([10, 20, 0, 15])));
    assert!(!Name::Address(IpAddr::from([10, 20, 0, 15])).covers_name("10.20.0.15"));
}

#[test]
fn names_that_are_none_of_a_host_are_left_out() {
    for bad in
        ["<script>alert(1)</script>", "a b", "-a.example", "a..example", "*.*.example", "a.*.example", "*", "é.example"]
    {
        let Ok(name) = bad.to_owned().try_into() else { continue };
        let mut nasty = params(&["box.example"]);
        nasty.subject_alt_names.push(rcgen::SanType::DnsName(name));
        assert_eq!(facts(nasty).names, [Name::Dns("box.example".to_owned())], "{bad}");
    }
}

#[test]
fn what_plays_tricks_with_a_reader_is_left_out_of_a_subject() {
    let mut nasty = params(&["box.example"]);
    nasty.distinguished_name = DistinguishedName::new();
    nasty.distinguished_name.push(DnType::CommonName, format!("a\u{202e}b\u{200b}c\nd{}", "x".repeat(500)));
    let read = facts(nasty);
    assert!(read.subject.starts_with("abcdxxx") && read.subject.chars().count() == 64, "{:?}", read.subject);
}

#[test]
fn a_good_one_is_good() {
    assert_eq!(judge(&[facts(params(&["box.example"]))], NOW), Ok(()));
    assert_eq!(judge(&[Facts::read(&der(RSA)).expect("certificate")], NOW), Ok(()));
}

#[test]
fn what_a_browser_would_refuse_is_refused_with_its_reason() {
    let read = |pem| Facts::read(&der(pem)).expect("certificate");
    let good = || params(&["box.example"]);
    assert_eq!(judge(&[read(WEAK)], NOW), Err(CertificateProblem::WeakKey { bits: 1024 }));
    assert_eq!(judge(&[read(OLD)], NOW), Err(CertificateProblem::WeakSignature));
    let (begins, ends) = (UnixSeconds(1_767_225_600), UnixSeconds(1_798_761_600));
    for (now, expected) in [
        (ends, Err(CertificateProblem::Expired { at: ends })),
        (UnixSeconds(ends.0 - 1), Ok(())),
        (begins, Ok(())),
        (UnixSeconds(begins.0 - 1), Err(CertificateProblem::NotYetValid { at: begins })),
    ] {
        assert_eq!(judge(&[facts(good())], now), expected, "{now:?}");
    }
    assert_eq!(judge(&[facts(params(&[]))], NOW), Err(CertificateProblem::NoNames));
    assert_eq!(judge(&[], NOW), Err(CertificateProblem::NoCertificate));
    let other = Facts { key: KeyKind::Other, ..facts(good()) };
    assert_eq!(judge(&[other], NOW), Err(CertificateProblem::KeyUnreadable));
    let huge = Facts { key: KeyKind::Rsa { bits: 8192 }, ..facts(good()) };
    assert_eq!(judge(&[huge], NOW), Err(CertificateProblem::KeyUnreadable));
}

#[test]
fn a_chain_is_in_order() {
    let mut root = params(&[]);
    root.distinguished_name = DistinguishedName::new();
    root.distinguished_name.push(DnType::CommonName, "root");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("key");
    let above = Facts::read(root.self_signed(&root_key).expect("root").der()).expect("root");
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("key");
    let signed = params(&["box.example"]).signed_by(&key, &Issuer::new(root, root_key)).expect("leaf");
    let leaf = Facts::read(signed.der()).expect("leaf");
    assert!(above.authority && !leaf.authority);
    assert_eq!(leaf.issuer, "root");
    assert_eq!(judge(&[leaf.clone(), above.clone()], NOW), Ok(()));
    assert_eq!(judge(std::slice::from_ref(&leaf), NOW), Ok(()));
    assert_eq!(judge(&[above, leaf], NOW), Err(CertificateProblem::ChainOrder));
}

#[test]
fn what_of_the_box_is_not_covered_is_named() {
    let leaf = facts(params(&["box-a1.local", "10.20.0.15"]));
    let addresses = [[10, 20, 0, 15].into(), [192, 168, 100, 198].into()];
    assert_eq!(uncovered(&leaf, "box-a1", &addresses), ["192.168.100.198"]);
    assert_eq!(uncovered(&leaf, "box-a2", &addresses), ["box-a2.local", "192.168.100.198"]);
}

#[test]
fn people_are_told_thirty_days_before_it_ends() {
    let view = |names: &[&str]| CertificateView {
        names: facts(params(names)).names,
        subject: String::new(),
        issuer: String::new(),
        not_before: UnixSeconds(0),
        not_after: NOW,
        fingerprint: String::new(),
        chain: 1,
    };
    let before = |seconds: u64| view(&["box.example"]).standing(UnixSeconds(NOW.0 - seconds));
    assert_eq!(before(WARN_BEFORE), Standing::Good);
    assert_eq!(before(WARN_BEFORE - 1), Standing::Ending { days: 30 });
    assert_eq!(before(1), Standing::Ending { days: 1 });
    assert_eq!(before(0), Standing::Ended);
    let hosts = view(&["box.example", "*.site.example", "10.20.0.15"]).hosts("box-a1");
    assert_eq!(hosts, ["box.example", "box-a1.site.example"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_bytes_end_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        drop(Facts::read(&bytes));
    }

    #[test]
    fn a_certificate_with_a_byte_changed_ends_nothing(at in 0..800_usize, byte: u8, cut in 0..800_usize) {
        let mut bytes = der(RSA);
        let length = bytes.len();
        bytes[at % length] = byte;
        drop(Facts::read(&bytes));
        bytes.truncate(cut);
        prop_assert!(cut >= length || Facts::read(&bytes).is_none());
    }
}
