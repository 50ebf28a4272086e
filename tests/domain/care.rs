//! Names of support bundles and of what is in them; whom to tell of a weakness.

use domain::{
    name::DomainName,
    security_txt,
    settings::{files, host_name::HostName, time_server::TimeServer, zone::ZoneName},
    support::{archive_name, is_archive_name, is_entry_name},
    time::UnixSeconds,
};
use proptest::prelude::*;

const NOW: UnixSeconds = UnixSeconds(1_795_608_000);

#[test]
fn a_bundle_is_named_after_box_and_time_whatever_the_box_is_called() {
    assert_eq!(archive_name("box-a1", "7F3K-2219", NOW), "gatehouse-box-a1-7F3K-2219-20261125120000.tar.gz");
    assert_eq!(archive_name("", "\"; rm -rf /", NOW), "gatehouse-box-rm--rf-20261125120000.tar.gz");
    assert_eq!(
        archive_name("../../x", "a\r\nset-cookie: b", NOW),
        "gatehouse-x-a--set-cookie--b-20261125120000.tar.gz"
    );
}

proptest! {
    #[test]
    fn no_name_of_a_box_makes_a_name_that_could_do_harm(host in ".{0,80}", serial in ".{0,80}") {
        let name = archive_name(&host, &serial, NOW);
        prop_assert!(is_archive_name(&name), "{}", name);
        prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.'));
    }
}

proptest! {
    /// Half of them are nearly good: a name with something in or behind it.
    #[test]
    fn nothing_that_is_taken_begins_a_line_in_a_file_of_another_program(
        text in prop_oneof![".{0,40}", "[a-z0-9.-]{4,20}[\\PC\n\r\t\u{0}\u{2028}]{0,3}[a-z0-9. #=\n-]{0,20}"]
    ) {
        let one_word = |word: &str| word.bytes().all(|b| b.is_ascii_graphic()) && !word.contains(['#', '=', '"', '\\']);
        if let Ok(name) = text.parse::<HostName>() {
            prop_assert!(one_word(name.as_str()));
            prop_assert_eq!(files::hosts("127.0.0.1 localhost\n", name.as_str()).lines().count(), 2);
        }
        if let Ok(server) = text.parse::<TimeServer>() {
            prop_assert!(one_word(&server.to_string()));
            let servers = [server];
            prop_assert_eq!(files::timesyncd(&servers).lines().count(), 3);
            prop_assert_eq!(files::chrony(&servers).lines().count(), 2);
        }
        if let Ok(domain) = text.parse::<DomainName>() {
            prop_assert!(one_word(&domain.to_string()));
        }
        if let Ok(zone) = text.parse::<ZoneName>() {
            prop_assert!(one_word(zone.as_str()) && !zone.as_str().contains(".."));
        }
    }
}

#[test]
fn a_name_that_is_told_is_believed_only_if_it_is_one() {
    for bad in [
        "",
        "gatehouse-.tar.gz",
        "x.tar.gz",
        "gatehouse-a/../b.tar.gz",
        "gatehouse-a\".tar.gz",
        "gatehouse-a\n.tar.gz",
        "gatehouse-a.tar.gz.sh",
    ] {
        assert!(!is_archive_name(bad), "{bad:?}");
    }
    for (name, good) in [
        ("a", true),
        ("system/net-dev", true),
        ("a.b_c", true),
        ("", false),
        ("/a", false),
        ("a/", false),
        ("a//b", false),
        ("..", false),
        ("a/../b", false),
        (".a", false),
        ("-a", false),
        ("A", false),
        ("a b", false),
        ("a\\b", false),
        ("网", false),
    ] {
        assert_eq!(is_entry_name(name), good, "{name:?}");
    }
}

#[test]
fn a_support_contact_becomes_a_uri_or_is_none() {
    for (support, uri) in [
        ("400-810-0000", Some("tel:4008100000")),
        ("+86 (21) 5555 0100", Some("tel:+862155550100")),
        ("security@vendor.example", Some("mailto:security@vendor.example")),
        (" https://vendor.example/security ", Some("https://vendor.example/security")),
        ("mailto:security@vendor.example", Some("mailto:security@vendor.example")),
        ("", None),
        ("call the vendor", None),
        ("http://vendor.example", None),
        ("javascript:alert(1)", None),
        ("a@b@c", None),
        ("@", None),
        ("12", None),
        ("https://vendor.example/\nContact: mailto:evil@evil.example", None),
    ] {
        assert_eq!(security_txt::contact(support).as_deref(), uri, "{support:?}");
    }
}

#[test]
fn the_text_for_finders_is_as_rfc_9116_wants_it() {
    let text = security_txt::text("tel:4008100000", NOW);
    assert_eq!(text, "Contact: tel:4008100000\nExpires: 2027-05-24T12:00:00Z\nPreferred-Languages: zh, en\n");
}
