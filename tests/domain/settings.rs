//! The box's own settings: names, proxies, time servers and the files that follow from them.

use std::net::Ipv4Addr;

use domain::{
    network::issue::{Field, Rule},
    secret::Secret,
    settings::{
        MOST_TIME_SERVERS, Settings,
        clock::{ClockStatus, Judgement, Measured},
        files,
        host_name::HostName,
        proxy::{ProxySpec, ProxyUrl, basic},
        request::{HostNameRequest, Own, Password, ProxyRequest, TimeRequest},
        time_server::TimeServer,
        zone::ZoneName,
    },
    time::{BootMillis, MADE, UnixSeconds},
};
use proptest::prelude::*;

const OWN: Own<'_> =
    Own { name: "box-a1", addresses: &[Ipv4Addr::new(10, 20, 0, 15), Ipv4Addr::new(192, 168, 100, 198)] };
/// Each would begin a line, a word or a command of its own somewhere.
const NASTY: [&str; 12] = [
    "a\nserver evil.example",
    "a\r\nX-Header: 1",
    "a b",
    "$(reboot)",
    "`reboot`",
    "a;reboot",
    "../../etc/passwd",
    "a\0b",
    "a#b",
    "\"a\"",
    "<script>",
    "a\u{2028}b",
];

#[test]
fn a_host_name_is_4_to_30_small_letters_digits_and_hyphens() {
    for good in ["box1", "box-a1", "1234", "a--b", &"a".repeat(30)] {
        assert!(good.parse::<HostName>().is_ok(), "{good}");
    }
    let bad = [
        "",
        "box",
        &"a".repeat(31),
        "Box1",
        "-box",
        "box-",
        "box.a",
        "box_a",
        "böx1",
        "盒子盒子",
        "localhost",
        "box1 ",
        "box1\n",
    ];
    for name in bad.into_iter().chain(NASTY) {
        assert!(name.parse::<HostName>().is_err(), "{name:?}");
    }
    let typed = |name: &str| HostNameRequest { host_name: name.to_owned() }.check();
    assert_eq!(typed(" box-a1 ").expect("blanks around it are nobody's intention").as_str(), "box-a1");
    assert_eq!(typed(" ").expect_err("nothing")[0].rule, Rule::Missing);
    assert_eq!(typed("Box").expect_err("capital")[0].rule, Rule::NotABoxName);
}

#[test]
fn a_zone_is_a_name_of_the_database_and_no_path() {
    for good in ["UTC", "Asia/Shanghai", "America/Argentina/Buenos_Aires", "Etc/GMT+8", "Asia/Hong_Kong", "Etc/GMT-14"]
    {
        assert!(good.parse::<ZoneName>().is_ok(), "{good}");
    }
    for bad in ["", "/UTC", "Asia/", "Asia//Shanghai", "./UTC", "Asia/../UTC", "a/b/c/d", "+8", &"a".repeat(65)]
        .into_iter()
        .chain(NASTY)
    {
        assert!(bad.parse::<ZoneName>().is_err(), "{bad:?}");
    }
}

#[test]
fn time_servers_are_read_with_anything_between_and_all_problems_are_told() {
    let read = |zone: &str, servers: &str| {
        TimeRequest { time_zone: zone.to_owned(), time_servers: servers.to_owned() }.check()
    };
    let (zone, servers) = read(" Asia/Shanghai ", "ntp.example, 10.20.0.1\n NTP.example、ntp2.example").expect("good");
    assert_eq!(zone.expect("zone").as_str(), "Asia/Shanghai");
    assert_eq!(
        servers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["ntp.example", "10.20.0.1", "ntp2.example"]
    );
    assert_eq!(read("", " ").expect("as the system has it"), (None, Vec::new()));

    let issues = read("nowhere!", "a..b").expect_err("both");
    let told = issues.iter().map(|issue| (issue.field, issue.rule.clone())).collect::<Vec<_>>();
    assert_eq!(told, [(Field::TimeZone, Rule::NotAZone), (Field::TimeServers, Rule::NotATimeServer)]);
    let five = (0..=MOST_TIME_SERVERS).map(|n| format!("ntp{n}.example")).collect::<Vec<_>>().join(" ");
    assert_eq!(read("", &five).expect_err("five")[0].rule, Rule::TooMany { most: MOST_TIME_SERVERS });
    for bad in ["ntp.example:123", "127.0.0.1", "224.0.0.1", "::1", "http://ntp.example", "-a"] {
        assert_eq!(read("", bad).expect_err("bad").len(), 1, "{bad}");
    }
}

#[test]
fn a_proxys_url_is_a_scheme_a_host_and_a_port() {
    for (typed, read) in [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("HTTP://Proxy.Example:3128/", "http://proxy.example:3128"),
        ("https://10.20.0.9", "https://10.20.0.9:443"),
        ("http://proxy", "http://proxy:80"),
    ] {
        assert_eq!(typed.parse::<ProxyUrl>().expect("good").to_string(), read);
    }
    for bad in [
        "",
        "proxy.example:3128",
        "socks5://proxy.example:1080",
        "http://user:secret@proxy.example:3128",
        "http://proxy.example:3128/path",
        "http://proxy.example:3128?x",
        "http://proxy.example:3128#x",
        "http://proxy.example:0",
        "http://proxy.example:65536",
        "http://[::1]:3128",
        "http://",
        "http:///",
        "http://a b",
        "http://127.0.0.1:3128",
        "http://0.0.0.0:3128",
        "http://proxy.example:3128\r\nHost: evil",
    ] {
        assert!(bad.parse::<ProxyUrl>().is_err(), "{bad:?}");
    }
}

fn request(url: &str) -> ProxyRequest {
    ProxyRequest { url: url.to_owned(), ..ProxyRequest::default() }
}

#[test]
fn the_proxy_is_not_the_box_itself() {
    for own in [
        "http://10.20.0.15:3128",
        "http://192.168.100.198",
        "http://localhost:3128",
        "http://x.localhost",
        "http://box-a1",
        "http://box-a1.local:8080",
        "https://gatehouse.local",
    ] {
        let issues = request(own).check(None, OWN).expect_err("own");
        assert_eq!((issues[0].field, &issues[0].rule), (Field::ProxyUrl, &Rule::ProxyIsOwn), "{own}");
    }
    assert!(request("http://10.20.0.16:3128").check(None, OWN).is_ok());
    assert_eq!(request(" ").check(None, OWN).expect("none"), None);
}

#[test]
fn all_problems_of_a_proxy_are_told_at_once() {
    let wrong = ProxyRequest {
        url: "proxy".into(),
        user: "a:b".into(),
        password: Secret::new("line\nline"),
        ca: "no certificate".into(),
        host: "https://x".into(),
        untested: true,
    };
    let fields = wrong.check(None, OWN).expect_err("wrong").iter().map(|issue| issue.field).collect::<Vec<_>>();
    assert_eq!(fields, [Field::ProxyUrl, Field::ProxyUser, Field::ProxyPassword, Field::ProxyCa, Field::Host]);
    let lonely = ProxyRequest { password: Secret::new("x"), ..request("http://proxy.example") };
    assert_eq!(lonely.check(None, OWN).expect_err("no user")[0].field, Field::ProxyUser);
}

#[test]
fn a_kept_password_goes_only_where_it_went_before() {
    let saved =
        ProxySpec { url: "http://proxy.example:3128".parse().expect("URL"), user: Some("box".into()), ca: None };
    let ask = |url: &str, user: &str, password: &str| {
        let request = ProxyRequest { user: user.into(), password: Secret::new(password), ..request(url) };
        request.check(Some(&saved), OWN).map(|wanted| wanted.expect("a proxy").password)
    };
    assert_eq!(ask("http://proxy.example:3128/", "box", ""), Ok(Password::Kept));
    assert_eq!(ask("http://proxy.example:3128", "box", "new"), Ok(Password::New(Secret::new("new"))));
    assert_eq!(ask("http://proxy.example:3128", "", ""), Ok(Password::None));
    for (url, user) in [
        ("http://evil.example:3128", "box"),
        ("http://proxy.example:3129", "box"),
        ("https://proxy.example:3128", "box"),
        ("http://proxy.example:3128", "other"),
    ] {
        let issues = ask(url, user, "").expect_err("typed again");
        assert_eq!((issues[0].field, &issues[0].rule), (Field::ProxyPassword, &Rule::Missing), "{url} {user}");
    }
}

#[test]
fn basic_is_as_in_the_rfc() {
    // RFC 7617, section 2
    assert_eq!(basic("Aladdin", "open sesame"), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(basic("test", "123\u{a3}"), "dGVzdDoxMjPCow==");
    assert_eq!([basic("", ""), basic("a", ""), basic("a", "b")], ["Og==", "YTo=", "YTpi"]);
}

#[test]
fn files_of_others_have_one_line_for_each_server() {
    let servers = ["ntp.example", "10.20.0.1"].map(|s| s.parse::<TimeServer>().expect("server"));
    let lines = |text: String| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(files::timesyncd(&servers)), ["[Time]", "NTP=ntp.example 10.20.0.1"]);
    assert_eq!(lines(files::chrony(&servers)), ["server ntp.example iburst", "server 10.20.0.1 iburst"]);
}

#[test]
fn hosts_keeps_what_is_not_the_boxs_own_line() {
    let name = "box-a1".parse::<HostName>().expect("name");
    let old =
        "127.0.0.1 localhost\n127.0.1.1\tgatehouse-1 old\n10.20.0.9 printer # mine\n127.0.1.1 twice\n::1 localhost\n";
    let new = "127.0.0.1 localhost\n127.0.1.1 box-a1\n10.20.0.9 printer # mine\n::1 localhost\n";
    assert_eq!(files::hosts(old, name.as_str()), new);
    assert_eq!(files::hosts(new, name.as_str()), new);
    assert_eq!(files::hosts("", name.as_str()), "127.0.1.1 box-a1\n");
}

#[test]
fn the_clock_is_judged_by_a_server_or_else_by_the_softwares_age() {
    let measured =
        |ahead| Some(Measured { server: Ipv4Addr::new(10, 20, 0, 1).into(), ahead, stratum: 2, at: BootMillis(5) });
    let now = UnixSeconds(MADE.0 + 1_000);
    let judge =
        |measured, silent_since, now| ClockStatus { measured, silent_since, ..ClockStatus::default() }.judge(now, MADE);
    assert_eq!(judge(None, None, now), Judgement::Unchecked);
    assert_eq!(judge(None, Some(BootMillis(1)), now), Judgement::Silent);
    assert_eq!(judge(None, None, UnixSeconds(MADE.0 - 1)), Judgement::BeforeBuild);
    assert_eq!(judge(None, Some(BootMillis(1)), UnixSeconds(0)), Judgement::BeforeBuild);
    assert_eq!(judge(measured(3), None, now), Judgement::Right { ahead: 3 });
    assert_eq!(judge(measured(-60_000), None, now), Judgement::Right { ahead: -60_000 });
    assert_eq!(judge(measured(60_001), None, now), Judgement::Wrong { ahead: 60_001 });
    assert_eq!(judge(measured(-60_001), None, now), Judgement::Wrong { ahead: -60_001 });
    // what a server said once is not what it says now
    assert_eq!(judge(measured(60_001), Some(BootMillis(9)), now), Judgement::Silent);
}

proptest! {
    /// Nothing that can be typed begins a line of its own in a file that is generated, and what is saved is read back.
    #[test]
    fn nothing_typed_gets_out_of_its_place(text in "[\\PC\n\r\t ]{0,40}", at in 0_usize..NASTY.len()) {
        for typed in [text.as_str(), NASTY[at]] {
            if let Ok(name) = (HostNameRequest { host_name: typed.into() }).check() {
                prop_assert_eq!(files::hosts("127.0.0.1 localhost\n", name.as_str()).lines().count(), 2);
            }
            let time = TimeRequest { time_zone: typed.into(), time_servers: typed.into() };
            if let Ok((zone, servers)) = time.check() {
                prop_assert_eq!(files::timesyncd(&servers).lines().count(), 3);
                prop_assert_eq!(files::chrony(&servers).lines().count(), 1 + servers.len());
                let settings = Settings { time_zone: zone, time_servers: servers, ..Settings::default() };
                let file = toml::to_string(&settings).expect("written");
                prop_assert_eq!(toml::from_str::<Settings>(&file).expect("read"), settings);
            }
            let proxy = ProxyRequest { url: format!("http://{typed}"), user: typed.into(), password: Secret::new(typed), ..ProxyRequest::default() };
            if let Ok(Some(wanted)) = proxy.check(None, OWN) {
                prop_assert!(!wanted.spec.url.to_string().contains(char::is_whitespace));
                prop_assert!(!wanted.spec.user.unwrap_or_default().contains(char::is_control));
            }
        }
    }

    #[test]
    fn base_64_is_of_its_alphabet_and_length(user in "[ -~]{0,20}", password in "\\PC{0,20}") {
        let text = basic(&user, &password);
        prop_assert_eq!(text.len(), format!("{user}:{password}").len().div_ceil(3) * 4);
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)));
    }
}
