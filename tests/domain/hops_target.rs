//! The host of the network test, as it is typed.

use domain::network::{
    hops::{BadTarget, Host, Target},
    issue::Rule,
};
use proptest::prelude::*;

#[test]
fn names_and_addresses_with_and_without_a_port() {
    for (typed, shown, port) in [
        ("registry.example", "registry.example", 443),
        ("  Registry.EXAMPLE.:8443 ", "registry.example:8443", 8443),
        ("gateway", "gateway", 443),
        ("3com.example", "3com.example", 443),
        ("xn--fiqs8s", "xn--fiqs8s", 443),
        ("203.0.113.7:443", "203.0.113.7", 443),
        ("203.0.113.7:1", "203.0.113.7:1", 1),
    ] {
        let read = Target::read(typed).expect(typed).expect("something");
        assert_eq!((read.to_string().as_str(), read.port), (shown, port), "{typed}");
        let json = serde_json::to_string(&read).expect("json");
        assert_eq!(json, format!("\"{shown}\""));
        assert_eq!(serde_json::from_str::<Target>(&json).expect("reads"), read);
    }
    assert_eq!(Target::read(" \t"), Ok(None));
    assert_eq!("203.0.113.7".parse::<Target>().map(|t| t.host), Ok(Host::Address([203, 0, 113, 7].into())));
}

#[test]
fn what_is_no_host_is_refused_with_its_rule() {
    let label = "a".repeat(64);
    let long = vec!["a".repeat(63); 4].join(".");
    for (typed, rule) in [
        ("https://registry.example", Rule::NotAHostName),
        ("registry.example/path", Rule::NotAHostName),
        ("user@registry.example", Rule::NotAHostName),
        ("two words", Rule::NotAHostName),
        ("new\nline", Rule::NotAHostName),
        ("a..b", Rule::NotAHostName),
        (".", Rule::NotAHostName),
        ("-a.example", Rule::NotAHostName),
        ("a-.example", Rule::NotAHostName),
        ("名称.example", Rule::NotAHostName),
        ("fe80::1", Rule::NotAHostName),
        ("[::1]:443", Rule::NotAHostName),
        ("host:", Rule::NotAHostName),
        ("host:+80", Rule::NotAHostName),
        (&label, Rule::NotAHostName),
        (&long, Rule::NotAHostName),
        ("host:0", Rule::PortOutOfRange),
        ("host:65536", Rule::PortOutOfRange),
        ("10.20.0.999", Rule::NotAnAddress),
        ("10.20.0", Rule::NotAnAddress),
        ("2130706433", Rule::NotAnAddress),
        ("127.0.0.1", Rule::NotAHostAddress),
        ("0.0.0.0:80", Rule::NotAHostAddress),
        ("224.0.0.1", Rule::NotAHostAddress),
        ("255.255.255.255", Rule::NotAHostAddress),
    ] {
        assert_eq!(Target::read(typed), Err(BadTarget(rule)), "{typed:?}");
    }
}

proptest! {
    #[test]
    fn what_is_read_is_a_host(typed in "[ -~é]{0,80}") {
        if let Ok(Some(target)) = Target::read(&typed) {
            prop_assert_eq!(target.to_string().parse::<Target>(), Ok(target.clone()));
            if let Host::Name(name) = &target.host {
                prop_assert!(name.len() <= 253 && name.split('.').all(|label| (1..=63).contains(&label.len())));
            }
        }
    }
}
