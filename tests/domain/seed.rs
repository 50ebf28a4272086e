//! Seeds: what a hash must cost, which seed is for this box, and what must hold of it.

use domain::{
    activation::url::RegistryUrl,
    network::issue::{Field, Rule},
    seed::{Box, Part, PasswordHash, Seed, Verdict, check, judge, steps},
};

use crate::support::board;

const SALT: &str = "c2FsdHNhbHRzYWx0c2FsdA";
const HASH: &str = "aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";

fn seed(text: &str) -> Seed {
    toml::from_str(text).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn a_hash_is_argon2id_and_costs_neither_too_little_nor_too_much() {
    let phc = |costs: &str| format!("$argon2id$v=19${costs}${SALT}${HASH}");
    for (text, good) in [
        (phc("m=19456,t=2,p=1"), true),
        (phc("m=12288,t=3,p=1"), true),
        (phc("m=65536,t=10,p=4"), true),
        (phc("m=12288,t=2,p=1"), false),
        (phc("m=65537,t=2,p=1"), false),
        (phc("m=4294967295,t=2,p=1"), false),
        (phc("m=99999999999999999999,t=2,p=1"), false),
        (phc("m=19456,t=4294967295,p=1"), false),
        (phc("m=19456,t=0,p=1"), false),
        (phc("m=19456,t=2,p=0"), false),
        (phc("m=019456,t=2,p=1"), false),
        (phc("m=+19456,t=2,p=1"), false),
        (phc("t=2,m=19456,p=1"), false),
        (phc("m=19456,t=2,p=1,keyid=x"), false),
        (phc("m=19456,t=2,p=1").replace("argon2id", "argon2i"), false),
        (phc("m=19456,t=2,p=1").replace("v=19", "v=16"), false),
        (phc("m=19456,t=2,p=1").replace(SALT, "c2FsdA"), false),
        (phc("m=19456,t=2,p=1").replace(HASH, "aGFzaA"), false),
        (phc("m=19456,t=2,p=1").replace(HASH, &"=".repeat(43)), false),
        ("$6$salt$hash".to_owned(), false),
        ("correct horse battery".to_owned(), false),
        (String::new(), false),
    ] {
        assert_eq!(PasswordHash::parse(&text).is_ok(), good, "{text}");
    }
    let made = PasswordHash::parse(&phc("m=19456,t=2,p=1")).expect("hash");
    assert!(!format!("{made:?}").contains(HASH) && !made.to_string().contains(HASH));
}

#[test]
fn a_hash_that_this_program_makes_can_be_used_in_a_seed() {
    let made = agent::auth::hash(&domain::secret::Secret::new("purple crane")).expect("hash");
    assert!(PasswordHash::parse(&made).is_ok(), "{made}");
}

#[test]
fn a_seed_is_for_a_new_box_or_for_the_one_that_it_names() {
    let here = |set_up, applied| Box { serial: "7F3K", set_up, applied };
    let (any, mine, theirs) = (seed(""), seed("serial = \"7F3K\""), seed("serial = \"7F3L\""));
    let other = Verdict::OtherBox { serial: "7F3L".into() };
    for (seed, set_up, applied, verdict) in [
        (&any, false, None, Verdict::Apply),
        (&any, true, None, Verdict::NeedsSerial),
        (&mine, false, None, Verdict::Apply),
        (&mine, true, None, Verdict::Apply),
        (&theirs, false, None, other.clone()),
        (&theirs, true, None, other),
        (&any, true, Some("d1"), Verdict::Already),
        (&mine, false, Some("d1"), Verdict::Already),
        (&mine, true, Some("d0"), Verdict::Apply),
        (&any, true, Some("d0"), Verdict::NeedsSerial),
    ] {
        assert_eq!(judge(seed, "d1", here(set_up, applied)), verdict, "{seed:?} {set_up} {applied:?}");
    }
}

#[test]
fn the_password_is_the_last_step() {
    let all = format!(
        "language = \"en\"\nhost_name = \"box-a1\"\npassword_hash = \"$argon2id$v=19$m=19456,t=2,p=1${SALT}${HASH}\"\n\
         [time]\n[proxy]\nurl = \"http://p.example\"\n[registry]\nurl = \"https://r.example\"\n[network]\n"
    );
    assert_eq!(steps(&seed(&all)), Part::ALL);
    assert_eq!(Part::ALL.last(), Some(&Part::Password));
    assert_eq!(steps(&seed("")), []);
    assert_eq!(steps(&seed("host_name = \"box-a1\"")), [Part::HostName]);
}

#[test]
fn all_that_does_not_fit_is_told_at_once() {
    let text = "[time]\nservers = [\"10.0.0.1\", \"10.0.0.2\", \"10.0.0.3\", \"10.0.0.4\", \"10.0.0.5\"]\n\
                [proxy]\nurl = \"http://192.168.100.198:3128\"\nuser = \"a:b\"\n\
                [registry]\nurl = \"https://r.example\"\nca = \"none\"\n\
                [network.ports.lan1]\nipv4 = { method = \"static\", addresses = [\"192.168.100.7/24\"] }\n";
    let found = check(&seed(text), Some(&board()));
    let fields = found.iter().map(|issue| issue.field).collect::<Vec<_>>();
    assert!(found.iter().any(|issue| matches!(issue.rule, Rule::OverlapsService { .. })), "{found:?}");
    for field in [Field::Address, Field::TimeServers, Field::ProxyUrl, Field::ProxyUser, Field::RegistryCa] {
        assert!(fields.contains(&field), "{field:?} in {found:?}");
    }
    let elsewhere = check(&seed(text), None);
    assert!(!elsewhere.iter().any(|issue| issue.field == Field::Address), "no box, no ports: {elsewhere:?}");
    assert_eq!(check(&seed("[proxy]\n"), None)[0].rule, Rule::Missing, "a proxy has a URL");
}

#[test]
fn a_registry_is_reached_by_tls_and_has_no_path_to_lead_astray() {
    for (url, good) in [
        ("https://registry.example", true),
        ("https://registry.example:8443/", true),
        ("https://10.20.0.9", true),
        ("http://registry.example", false),
        ("https://user@registry.example", false),
        ("https://registry.example/a?b#c", false),
        ("https://registry.example\nx", false),
        ("file:///etc/passwd", false),
        ("", false),
    ] {
        assert_eq!(RegistryUrl::try_from(url.to_owned()).is_ok(), good, "{url}");
    }
}
