//! The pages, rendered from boxes in fixed states without an agent.
//!
//! `PAGES_DIR=folder cargo test --test pages` writes them all as files, to look at them.

#[path = "pages/access.rs"]
mod access;
#[path = "pages/all.rs"]
mod all;
#[path = "pages/boxes.rs"]
mod boxes;
#[path = "pages/care.rs"]
mod care;
#[path = "pages/cellular.rs"]
mod cellular;
#[path = "pages/certificate.rs"]
mod certificate;
#[path = "pages/fleet.rs"]
mod fleet;
#[path = "pages/manual.rs"]
mod manual;
#[path = "pages/pair.rs"]
mod pair;
#[path = "pages/power.rs"]
mod power;
#[path = "pages/settings.rs"]
mod settings;
#[path = "pages/trouble.rs"]
mod trouble;

use std::{env, fs, net::IpAddr, path::Path};

use all::{
    change_page, change_view, ended, frame, pages, port_page, refusal, stays, test_page, wrong_form, wrong_host,
};
use gatehouse::{
    components::words::{
        Ports,
        alarms::{alarm, mend_alarm, severity},
        audit::call,
        cause, explain, issue, mend, seed_part, seed_problem, why,
    },
    domain::{
        alarms::{self, Kind},
        auth::password::PasswordRule,
        box_file::Mac,
        fault::Fault,
        network::{
            diff::Step,
            hops::Cause,
            issue::{Field, Issue, Rule},
            proof::Proof,
            transaction::{Actor, Outcome, TxId, Why},
        },
        seed::{Part, Problem, What},
    },
    pages::{
        activate::{Unreadable, read_photo},
        fault,
        live::pieces,
        render::to_html,
        system::proxy::ProxyFormView,
    },
    text::{Lang, Text},
};

const TEXTS: [Text; 2] = [Text(Lang::En), Text(Lang::ZhCn)];

#[test]
fn looks_as_it_did() {
    for text in TEXTS {
        for (name, html) in pages(text) {
            if let Some(folder) = env::var_os("PAGES_DIR") {
                let file = Path::new(&folder).join(format!("{name}.{}.html", text.0.tag()));
                fs::write(file, &html).expect("PAGES_DIR is a folder");
            }
            if matches!(
                name,
                "overview-troubled"
                    | "cellular-failed"
                    | "port-wrong"
                    | "port-plan-moves"
                    | "change-unwell"
                    | "login-slow"
            ) {
                insta::assert_snapshot!(format!("{name}.{}", text.0.tag()), readable(&html));
            }
        }
    }
}

/// One element a line, and without the names of assets, which change with their content.
fn readable(html: &str) -> String {
    let body = html.split_once("<body").map_or(html, |(_, body)| body);
    body.replace("<!>", "").replace("><", ">\n<")
}

#[test]
fn every_page_says_its_language_its_title_and_one_heading() {
    for text in TEXTS {
        for (name, html) in pages(text) {
            assert!(
                html.starts_with(&format!("<!DOCTYPE html><html lang=\"{}\"", text.0.tag())),
                "{name}: {}",
                &html[..80]
            );
            assert_eq!(html.matches("<h1").count(), 1, "{name}");
            assert!(html.contains("box-b6 – Gatehouse</title>"), "{name}");
            assert!(!html.contains(" style="), "{name} has a style attribute");
            assert!(!html.contains("<script>"), "{name} has an inline script");
            assert!(!html.contains("{seconds}") || html.contains("data-template"), "{name}");
        }
    }
}

#[test]
fn ids_are_unique() {
    for (name, html) in pages(TEXTS[0]) {
        let mut ids = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "{name}: {ids:?}");
    }
}

#[test]
fn a_form_with_problems_comes_back_with_values_and_all_of_them() {
    let html = port_page(TEXTS[0], &boxes::working_box(), 0, wrong_form());
    assert!(html.contains("<title>Error: Port 1"), "title");
    for (field, value) in [("address", "10.20.0.300"), ("gateway", "10.21.0.1")] {
        assert!(html.contains(&format!("href=\"#{field}\"")), "summary links to {field}");
        assert!(html.contains(&format!("value=\"{value}\"")), "{field} keeps its value");
        assert!(html.contains(&format!("aria-describedby=\"{field}-error")), "{field} is described by its problem");
    }
    assert_eq!(html.matches("aria-invalid=\"true\"").count(), 3);
}

#[test]
fn the_network_test_draws_the_broken_hop_and_says_what_mends_it() {
    for text in TEXTS {
        let all = pages(text);
        let page = |name| all.iter().find(|(its, _)| *its == name).map(|(_, html)| html.as_str()).expect("page");
        let classes = |html: &str| {
            ["passed", "broken", "skipped"].map(|class| html.matches(&format!("<li class=\"{class}\"")).count())
        };
        assert_eq!(classes(page("test-works")), [5, 0, 2]);
        assert_eq!(classes(page("test-broken")), [4, 1, 2]);
        assert_eq!(classes(page("test-unplugged")), [0, 1, 6]);
        assert!(page("test-broken").contains(text.hops_mend_open_firewall()));
        assert!(!page("test-broken").contains(">✗</span><span class=\"hop\"><b>DNS"));
        assert!(page("test-works").contains(&text.hops_dns_failing_why("10.20.0.53")));
        assert!(page("test-unplugged").contains("href=\"/network/lan1\""), "the port, to mend it");
        let wrong = page("test-wrong");
        assert!(wrong.contains("value=\"https://registry.example/\"") && wrong.contains("href=\"#host\""));
        assert!(!wrong.contains("class=\"hops\""));
    }
}

#[test]
fn every_cause_of_the_network_test_has_words_and_a_mend() {
    let ip = || "10.20.0.1".parse().expect("address");
    let name = || "registry.example".to_owned();
    for found in [
        Cause::NoInterface,
        Cause::NoCarrier,
        Cause::NoAddress,
        Cause::AddressConflict { address: ip(), mac: Mac([2, 0, 0, 0, 0, 1]) },
        Cause::DhcpSilent,
        Cause::DhcpRefused,
        Cause::GatewaySilent { gateway: ip() },
        Cause::GatewayOffLink { gateway: ip() },
        Cause::NoDnsServers,
        Cause::DnsTimeout { server: IpAddr::from(ip()).into() },
        Cause::DnsRefused { server: IpAddr::from(ip()).into(), rcode: 5 },
        Cause::NameUnknown { name: name() },
        Cause::TimeServersSilent,
        Cause::ClockOff { seconds: 400 },
        Cause::ClockOff { seconds: i64::MIN },
        Cause::ProxyNameUnknown,
        Cause::ProxyIsOwn,
        Cause::NoProxy,
        Cause::ProxyUnreachable,
        Cause::ProxyRefused,
        Cause::ProxyAuth,
        Cause::ProxyCertificate,
        Cause::ProxyForbids { status: 403 },
        Cause::HostUnreachable,
        Cause::HostRefused,
        Cause::TlsUntrusted,
        Cause::TlsExpired,
        Cause::TlsNotYetValid,
        Cause::TlsName,
        Cause::TlsFailed,
        Cause::HostStatus { status: 503 },
    ] {
        said(|text| cause(text, &found));
        said(|text| mend(text, found.mend()).to_owned());
    }
}

#[test]
fn names_with_markup_are_text() {
    let nasty = "\"><script>alert(1)</script><img src=x onerror=alert(1)>&amp;";
    let mut it = boxes::troubled_box();
    it.host_name = nasty.to_owned();
    it.model = nasty.to_owned();
    it.serial = nasty.to_owned();
    it.support = Some(nasty.to_owned());
    it.network.spec_problem = Some(nasty.to_owned());
    it.network.dns.foreign = Some(nasty.to_owned());
    for port in &mut it.network.ports {
        port.label = nasty.to_owned();
        if let Some(link) = &mut port.link {
            link.interface = nasty.to_owned();
            link.driver = Some(nasty.to_owned());
        }
    }
    it.network.transaction.last =
        Some(Outcome::RolledBack { tx: TxId(1), reason: Why::NotSaved { error: nasty.to_owned() } });
    it.seed = care::refused_seed(nasty);
    let mut wrong = wrong_form();
    wrong.form.address = nasty.to_owned();
    let mut all = vec![
        port_page(TEXTS[0], &it, 0, wrong),
        change_page(TEXTS[0], &it, &change_view(true, true, stays())),
        test_page(TEXTS[0], &it, wrong_host(nasty)),
        care::seed_page(TEXTS[0], &it),
        settings::proxy_page(
            TEXTS[0],
            &it,
            ProxyFormView { url: nasty.to_owned(), ca: format!("&lt;</textarea>{nasty}"), ..ProxyFormView::default() },
        ),
        to_html(|| {
            fault::page(frame(TEXTS[0], Some(&it), None), &refusal(Fault::Internal { detail: nasty.to_owned() }))
        }),
    ];
    all.extend(pieces(TEXTS[1], &it).into_iter().map(|(_, html)| html));
    assert!(all.iter().any(|html| html.contains("&amp;lt;&lt;/textarea>")), "what is typed comes back as it is");
    for html in all {
        assert!(!html.contains("<script>alert") && !html.contains("<img"), "{html}");
    }
}

#[test]
fn names_from_the_registry_are_text() {
    for text in TEXTS {
        for (name, html) in fleet::pages(text) {
            for markup in ["<img", "<b>plant", "<script>alert", "</textarea><script"] {
                assert!(!html.contains(markup), "{name}: {markup}");
            }
        }
    }
}

/// A page that a phone took: the code is turned, small or noisy; or there is none, or more than one, or no picture at all.
#[test]
fn a_code_in_a_picture_is_read_and_what_is_none_is_said() {
    let said = "GH1.AQAaaHR0cHM6Ly9yZWdpc3RyeS50ZXN0Ojk0NDM.h2b0vpmvfpXJds3htzCR5A";
    let drawn = picture(&[said]);
    assert_eq!(read_photo(&png(&drawn)), Ok(said.to_owned()));
    let turned = image::imageops::rotate90(&drawn);
    assert_eq!(read_photo(&png(&turned)), Ok(said.to_owned()), "turned");
    let mut noisy = image::imageops::resize(&drawn, 1_900, 1_900, image::imageops::FilterType::Triangle);
    for (x, y, pixel) in noisy.enumerate_pixels_mut() {
        pixel.0[0] = pixel.0[0].saturating_add(u8::try_from((x * 7 + y * 13) % 60).unwrap_or(0));
    }
    assert_eq!(read_photo(&png(&noisy)), Ok(said.to_owned()), "large and noisy");
    assert_eq!(read_photo(&png(&picture(&[said, "another"]))), Err(Unreadable::Several));
    assert_eq!(read_photo(&png(&image::GrayImage::from_pixel(300, 300, image::Luma([255])))), Err(Unreadable::NoCode));
    assert_eq!(read_photo(b"GIF89a no picture"), Err(Unreadable::Picture));
    let whole = png(&drawn);
    assert_eq!(read_photo(&whole[..whole.len() / 2]), Err(Unreadable::Picture));
    // a head that promises more than any memory holds
    let mut bomb = whole;
    bomb[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
    assert!(matches!(read_photo(&bomb), Err(Unreadable::TooLarge | Unreadable::Picture)));
    assert_eq!(read_photo(&vec![0; (12 << 20) + 1]), Err(Unreadable::TooLarge));
}

/// Codes side by side, eight pixels a module.
fn picture(texts: &[&str]) -> image::GrayImage {
    let codes = texts.iter().map(|text| qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Low).expect("code"));
    let codes = codes.collect::<Vec<_>>();
    let side = codes.iter().map(qrcodegen::QrCode::size).max().unwrap_or(0) + 8;
    let width = side * i32::try_from(codes.len()).expect("few");
    image::GrayImage::from_fn(
        u32::try_from(width * 8).expect("width"),
        u32::try_from(side * 8).expect("height"),
        |x, y| {
            let (x, y) = (i32::try_from(x / 8).expect("x"), i32::try_from(y / 8).expect("y"));
            let code = &codes[usize::try_from(x / side).expect("one of them")];
            image::Luma([if code.get_module(x % side - 4, y - 4) { 0 } else { 255 }])
        },
    )
}

fn png(picture: &image::GrayImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("encoded");
    bytes.into_inner()
}

#[test]
fn each_piece_is_one_element_with_its_id() {
    for text in TEXTS {
        for (id, html) in pieces(text, &boxes::working_box()) {
            let tag = html.split('>').next().unwrap_or_default();
            assert!(tag.contains(&format!("id=\"{id}\"")), "{id}: {tag}");
        }
    }
}

#[test]
fn only_who_applied_a_change_is_asked_to_keep_it() {
    let open = boxes::changing_box(boxes::awaiting(true));
    let keep = "action=\"/network/change/confirm\"";
    let page = |mine, service, landing| change_page(TEXTS[0], &open, &change_view(mine, service, landing));
    assert!(page(true, true, stays()).contains(keep));
    assert!(!page(false, true, stays()).contains(keep));
    assert!(page(false, true, stays()).contains("action=\"/network/change/rollback\""));
    let moves = page(true, false, all::moves());
    assert!(!moves.contains(keep), "kept at the new address, not here");
    assert!(moves.contains("href=\"https://10.30.0.15/handoff#decade.c0ffee\""));
    assert!(moves.contains("action=\"https://10.30.0.15/handoff\""));
    assert!(moves.contains("D8:42:FE:91:0B:66:A7:2C:"), "the fingerprint");
}

#[test]
fn it_is_kept_by_itself_only_when_all_is_well() {
    let page = |well, mine, landing| {
        change_page(TEXTS[0], &boxes::changing_box(boxes::awaiting(well)), &change_view(mine, true, landing))
    };
    assert!(page(true, true, stays()).contains("data-auto=\"1\""));
    assert!(!page(false, true, stays()).contains("data-auto"));
    assert!(page(false, true, stays()).contains("name=\"untested\""));
    assert!(!page(true, false, stays()).contains("data-auto"));
    assert!(!page(true, true, all::moves()).contains("data-auto"));
}

#[test]
fn a_page_without_a_change_still_says_how_the_last_one_ended() {
    let undone = ended(Some(Outcome::RolledBack { tx: TxId(7), reason: Why::Reboot }));
    let html = change_page(TEXTS[0], &undone, &change_view(false, false, stays()));
    assert!(html.contains(TEXTS[0].why_reboot()));
    assert!(html.contains("data-phase=\"none\""));
}

fn faults() -> Vec<Fault> {
    let text = || "x".to_owned();
    let mut faults = vec![
        Fault::NotSignedIn,
        Fault::WrongPassword,
        Fault::SlowDown { seconds: 5 },
        Fault::SetupFirst,
        Fault::SetupDone,
        Fault::ServicePortOnly,
        Fault::NoSuchSession { number: 7 },
        Fault::NoSuchAlarm { id: 7 },
        Fault::Invalid { issues: Vec::new() },
        Fault::PlanOutdated,
        Fault::NothingToDo,
        Fault::NoChangeOpen { last: None },
        Fault::NotNow,
        Fault::WrongToken,
        Fault::NeedsAPerson,
        Fault::NotSaved { error: text() },
        Fault::ClockNotSet { reason: None },
        Fault::ClockNotSet { reason: Some(text()) },
        Fault::ProxyFails { cause: Cause::ProxyAuth },
        Fault::Malformed { detail: text() },
        Fault::NotFound,
        Fault::Forbidden,
        Fault::AgentAway,
        Fault::Internal { detail: text() },
        Fault::ChangeOpen { by: Actor::Console, left: 0 },
        Fault::PowerRefused { reason: None },
        Fault::PowerRefused { reason: Some(text()) },
        Fault::GoingDown,
        Fault::SeedUnusable { problems: vec![Problem { line: Some(2), what: What::NotText }] },
        Fault::NoCandidate,
    ];
    faults.extend(fleet::faults());
    faults.extend(certificate::problems().map(|problem| Fault::BadCertificate { problem }));
    let rules = [
        PasswordRule::TooShort,
        PasswordRule::TooLong,
        PasswordRule::Common,
        PasswordRule::Monotonous,
        PasswordRule::Simple,
        PasswordRule::Unchanged,
    ];
    faults.extend(rules.map(|rule| Fault::BadPassword { rule }));
    let actors = [Actor::Console, Actor::Machine, Actor::Session { from: text() }];
    faults.extend(actors.clone().map(|by| Fault::Busy { by, left: 1 }));
    faults.extend(actors.map(|by| Fault::ChangeOpen { by, left: 5_000 }));
    let proofs = [Proof::ServicePort, Proof::OldConnection, Proof::OldAddress, Proof::FromTheBox, Proof::NotConnected];
    faults.extend(proofs.map(|proof| Fault::ProvesNothing { proof }));
    faults
}

fn chinese(said: &str) -> bool {
    said.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// Said in both languages, and each in its own.
#[track_caller]
fn said(say: impl Fn(Text) -> String) {
    let [en, zh] = TEXTS.map(say);
    assert!(!en.is_empty() && !chinese(&en), "{en}");
    assert!(chinese(&zh), "{zh}");
    assert!(!en.contains('{') && !zh.contains('{'), "{en} {zh}");
}

#[test]
fn every_fault_says_what_why_and_what_next() {
    for fault in faults() {
        said(|text| explain(text, &fault).what.to_owned());
        said(|text| explain(text, &fault).why);
        said(|text| explain(text, &fault).next.to_owned());
    }
}

#[test]
fn every_rule_has_words() {
    let net = "10.20.0.0/24".parse::<ipnet::Ipv4Net>().expect("net");
    let ip = "10.20.0.1".parse().expect("address");
    let port = boxes::name("lan2");
    let network = boxes::working_box().network;
    for rule in [
        Rule::Missing,
        Rule::NotAnAddress,
        Rule::NotAMask,
        Rule::PrefixOutOfRange,
        Rule::NotAHostAddress,
        Rule::IsNetworkAddress { network: net.into() },
        Rule::IsBroadcastAddress { network: net },
        Rule::GatewayOutside { network: net, first: ip, last: ip },
        Rule::GatewayIsOwnAddress,
        Rule::Overlaps { port: port.clone(), network: net.into() },
        Rule::OverlapsService { network: net },
        Rule::AddressTwice { port: port.clone() },
        Rule::DnsIsOwnAddress,
        Rule::NotAnUplink,
        Rule::PortAbsent,
        Rule::NamedTwice,
        Rule::TooMany { most: 3 },
        Rule::NotAChoice,
        Rule::NotAHostName,
        Rule::NotThisBox,
        Rule::PortOutOfRange,
        Rule::NotAnIpv6Address,
        Rule::NotAnIpAddress,
        Rule::Ipv6PrefixMissing,
        Rule::Ipv6PrefixOutOfRange,
        Rule::NotAnIpv6Host,
        Rule::Ipv6GatewayOutside { network: "2001:db8::/64".parse().expect("net") },
    ] {
        let json = serde_json::to_value(&rule).expect("JSON");
        assert_eq!(json["rule"], rule.name(), "the browser and the API name it alike");
        for field in [Field::Address, Field::Mask, Field::Gateway, Field::Ipv6Method, Field::Ipv6Address] {
            let found = Issue::new(&port, field, rule.clone());
            said(|text| issue(text, &found, "1.2.3", Ports(&network)));
        }
    }
}

/// A write without words would stand in the audit log as its path.
#[test]
fn every_write_of_the_agent_has_words_in_the_audit_log() {
    let source = include_str!("../src/agent/api/mod.rs");
    let calls = source.split(".route(\"/v1/").skip(1).filter_map(|rest| rest.split_once("\", post("));
    let calls = calls.map(|(call, _)| call).filter(|call| {
        !call.contains('"')
            && !matches!(
                *call,
                "network/plan" | "network/test" | "certificate/check" | "activation/preview" | "activation/check"
            )
    });
    let calls = calls.chain(["network/undone", "audit/broken"]).collect::<Vec<_>>();
    assert!(calls.len() > 12, "{calls:?}");
    for what in calls {
        assert_ne!(call(TEXTS[0], what), what, "give it words in components/words/audit.rs");
        said(|text| call(text, what));
    }
}

#[test]
fn every_problem_and_part_of_a_seed_has_words() {
    let network = boxes::working_box().network;
    let value = |field| What::Value { issue: Issue { port: None, field, rule: Rule::Missing } };
    for what in [
        What::NotAFile,
        What::TooLong { most: 9 },
        What::NotText,
        What::Unreadable { error: "x".to_owned() },
        What::Malformed { reason: "x".to_owned() },
        value(Field::RegistryCa),
        value(Field::TimeZone),
        value(Field::ProxyUrl),
        value(Field::UplinkOrder),
    ] {
        said(|text| seed_problem(text, &Problem { line: None, what: what.clone() }, Ports(&network)));
        let numbered = Problem { line: Some(7), what };
        said(|text| seed_problem(text, &numbered, Ports(&network)));
        assert!(seed_problem(TEXTS[0], &numbered, Ports(&network)).starts_with("Line 7: "));
    }
    for part in Part::ALL {
        said(|text| seed_part(text, part).to_owned());
    }
}

#[test]
fn every_alarm_has_words_and_a_mend() {
    for kind in Kind::ALL {
        said(|text| alarm(text, kind).to_owned());
        said(|text| severity(text, kind.severity()).1.to_owned());
        said(|text| mend_alarm(text, &alarms::Cause { kind, subject: None }).0.to_owned());
    }
}

#[test]
fn every_reason_has_words() {
    let network = boxes::working_box().network;
    for reason in [
        Why::NotConfirmed,
        Why::Asked { by: Actor::Console },
        Why::StepFailed {
            step: Step::Dns(gatehouse::domain::network::nameserver::Resolver::default()),
            error: "EPERM".to_owned(),
        },
        Why::NotInKernel,
        Why::VerifyTooLong,
        Why::Reboot,
        Why::AgentRestarted,
        Why::JournalUnreadable,
        Why::NotSaved { error: "ENOSPC".to_owned() },
    ] {
        said(|text| why(text, &reason, Ports(&network)));
    }
}

#[test]
fn while_a_change_is_open_there_is_no_button_to_restart() {
    for text in TEXTS {
        let all = pages(text);
        let page = |name| all.iter().find(|(its, _)| *its == name).map(|(_, html)| html.as_str()).expect("page");
        let go = format!("<button>{}</button>", text.power_restart_go());
        assert!(page("power-restart").contains(&go));
        assert!(!page("power-while-changing").contains(&go));
        assert!(page("power-while-changing").contains("href=\"/network/change\""));
        assert!(page("power-restarting").contains("http-equiv=\"refresh\" content=\"90;url=/\""));
        assert!(!page("reset-while-changing").contains("href=\"/system/reset/sure\""));
        assert!(page("reset").contains("href=\"/system/reset/sure\""));
        assert!(!page("reset-other-box").contains("<script>alert"), "what was typed is text");
        assert!(!page("power-switching-off").contains("http-equiv"), "it does not come back by itself");
    }
}

#[test]
fn stored_xss_a_certificate_whose_names_are_markup_is_text() {
    for text in TEXTS {
        for html in certificate::nasty(text) {
            assert!(!html.contains("<script>alert") && !html.contains("<img"), "{html}");
            assert!(html.contains("&lt;script&gt;alert"), "it is shown all the same");
        }
    }
}

#[test]
fn a_certificate_that_ends_is_told_on_the_overview_and_one_that_does_not_is_not() {
    for text in TEXTS {
        let all = pages(text);
        let page = |name| all.iter().find(|(its, _)| *its == name).map(|(_, html)| html.as_str()).expect("page");
        let told = text.attention_certificate_ending(text.time_days(1));
        assert!(page("overview-certificate-ending").contains(&told));
        assert!(page("overview-certificate-ended").contains(text.attention_certificate_ended()));
        assert!(!page("overview-late").contains(text.attention_certificate_why()));
        assert!(page("certificate-installed").contains("action=\"/system/certificate/remove\""));
        assert!(!page("certificate").contains("action=\"/system/certificate/remove\""));
        assert!(!page("certificate-refused").contains("PRIVATE KEY-----\n"), "a key never comes back");
    }
}
