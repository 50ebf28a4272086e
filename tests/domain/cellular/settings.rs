//! What people type. Nothing that breaks a rule reaches the SIM.

use domain::{
    cellular::{
        ids::{Apn, Iccid, Pin, Plmn, Puk},
        request::{Password, PinChange, PinRequest, PukRequest, SetRequest, UnlockRequest},
        spec::{Auth, CellularSpec, IpType},
        usage::{Bytes, Counter, Limit, Usage, limit},
    },
    network::issue::{Field, Rule},
    secret::Secret,
    time::UnixSeconds,
};

use super::world::spec;

#[test]
fn only_digits_of_the_right_length_are_a_pin() {
    let pin = |text: &str| Pin::try_from(Secret::new(text)).is_ok();
    for good in ["1234", "00000", "12345678"] {
        assert!(pin(good), "{good}");
    }
    for bad in ["", "123", "123456789", "12a4", "１２３４", "1234\n", " 1234", "+123", "-1234", "12 34", "12,34"] {
        assert!(!pin(bad), "{bad:?}");
        let refused = UnlockRequest { pin: Secret::new(bad), ..UnlockRequest::default() }.check();
        let rule = if bad.is_empty() { Rule::Missing } else { Rule::NotAPin };
        assert_eq!(refused.map_err(|issues| (issues[0].field, issues[0].rule.clone())), Err((Field::Pin, rule)));
    }
    assert!(Puk::try_from(Secret::new("12345678")).is_ok());
    assert!(["1234567", "123456789", "1234567x"].iter().all(|puk| Puk::try_from(Secret::new(*puk)).is_err()));
}

#[test]
fn an_apn_is_labels_with_dots_between() {
    for good in ["cmnet", "3gnet", "iot.1nce.net", "a-b.c", "lacrosse.example", &"a".repeat(62)] {
        assert!(good.parse::<Apn>().is_ok(), "{good}");
    }
    let long = "a".repeat(63);
    for bad in [
        "",
        ".",
        "a..b",
        "-a",
        "a-",
        "a_b",
        "a b",
        "a\nb",
        "<b>cmnet</b>",
        "网",
        "x.gprs",
        "lac12",
        "rac1.y",
        "\"",
        "a;b",
        "AT+CPIN=1",
        &long,
    ] {
        assert!(bad.parse::<Apn>().is_err(), "{bad:?}");
    }
}

#[test]
fn numbers_of_sims_and_operators() {
    assert_eq!("8986001234567890123F".parse::<Iccid>().expect("good").as_str(), "8986001234567890123");
    for bad in ["", "898600", "8986001234567890123x", "../../../../etc/pass"] {
        assert!(bad.parse::<Iccid>().is_err(), "{bad}");
    }
    for (text, fits) in [("46000", true), ("310260", true), ("4600", false), ("4600000", false), ("46a00", false)] {
        assert_eq!(text.parse::<Plmn>().is_ok(), fits, "{text}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let text = |text: &str| Some(text.to_owned());
    let ask = SetRequest {
        apn: text("a b"),
        user: text("\u{7}"),
        password: Some(Secret::new("x\ny")),
        auth: text("md5"),
        ip_type: text("ipx"),
        operator: text("<script>"),
        technology: text("6g"),
        mtu: text("99999"),
        limit: text("0"),
        ..SetRequest::default()
    };
    let issues = ask.check(&CellularSpec::default()).expect_err("nothing of it is right");
    let fields = issues.iter().map(|issue| issue.field).collect::<Vec<_>>();
    assert_eq!(
        fields,
        [
            Field::Apn,
            Field::CellularUser,
            Field::CellularAuth,
            Field::IpType,
            Field::Operator,
            Field::Technology,
            Field::CellularMtu,
            Field::DataLimit,
            Field::CellularPassword,
        ]
    );
    let on = SetRequest { on: Some(true), ..SetRequest::default() }.check(&CellularSpec::default());
    assert_eq!(on.map_err(|issues| issues[0].rule.clone()), Err(Rule::Missing));
}

#[test]
fn what_is_not_said_stays_and_what_is_empty_goes() {
    let saved = CellularSpec { user: Some("u".to_owned()), auth: Auth::Pap, mtu: Some(1400), ..spec() };
    let wanted = SetRequest::default().check(&saved).expect("nothing is asked");
    assert_eq!((&wanted.spec, &wanted.password), (&saved, &Password::Kept));
    let ask = SetRequest { mtu: Some(String::new()), ip_type: Some("ipv4v6".to_owned()), ..SetRequest::default() };
    let wanted = ask.check(&saved).expect("fine");
    assert_eq!((wanted.spec.mtu, wanted.spec.ip_type), (None, IpType::Ipv4v6));
    // IPv6 needs 1280
    let ask = SetRequest { ip_type: Some("ipv6".to_owned()), mtu: Some("1200".to_owned()), ..SetRequest::default() };
    assert!(ask.check(&saved).is_err());
}

#[test]
fn a_password_is_not_told_to_another_apn() {
    let saved = CellularSpec { user: Some("u".to_owned()), ..spec() };
    let apn = |apn: &str| SetRequest { apn: Some(apn.to_owned()), ..SetRequest::default() };
    assert_eq!(apn("evil.example").check(&saved).expect("fine").password, Password::None);
    assert_eq!(apn("cmnet").check(&saved).expect("fine").password, Password::Kept);
    let emptied = SetRequest { password: Some(Secret::default()), ..SetRequest::default() };
    assert_eq!(emptied.check(&saved).expect("fine").password, Password::None);
}

#[test]
fn a_change_of_the_pin_is_checked_before_it_costs_a_try() {
    let change = |old: &str, new: &str| PinRequest::Change { pin: Secret::new(old), new_pin: Secret::new(new) }.check();
    assert!(matches!(change("1234", "4321"), Ok(PinChange::Change { .. })));
    assert_eq!(change("12", "x").expect_err("both").len(), 2);
    let puk = PukRequest { puk: Secret::new("1234"), new_pin: Secret::new("1"), ..PukRequest::default() };
    let rules = puk.check().expect_err("both").into_iter().map(|issue| issue.rule).collect::<Vec<_>>();
    assert_eq!(rules, [Rule::NotAPuk, Rule::NotAPin]);
}

#[test]
fn data_is_counted_over_restarts_and_boots() {
    let november = UnixSeconds(1_795_700_000);
    let december = UnixSeconds(1_796_700_000);
    let mut usage = Usage::default();
    let count = |usage: &mut Usage, boot_id, index, rx, at| {
        usage.count(Counter { boot_id, index, bytes: Bytes { rx, tx: 0 } }, at);
        usage.this_month(at).rx
    };
    assert_eq!(count(&mut usage, "a", 4, 100, november), 100);
    assert_eq!(count(&mut usage, "a", 4, 150, november), 150);
    // the agent was restarted: it reads what was kept
    let mut usage: Usage = serde_json::from_str(&serde_json::to_string(&usage).expect("json")).expect("back");
    assert_eq!(count(&mut usage, "a", 4, 170, november), 170);
    // the interface was made anew; the box was restarted; a counter began again
    assert_eq!(count(&mut usage, "a", 5, 10, november), 180);
    assert_eq!(count(&mut usage, "b", 5, 30, november), 210);
    assert_eq!(count(&mut usage, "b", 5, 5, november), 215);
    assert_eq!(count(&mut usage, "b", 5, 6, december), 1);
    assert_eq!(usage.months.len(), 2);
    // a clock that was never set does not open a month of 1970
    assert_eq!(count(&mut usage, "b", 5, 8, UnixSeconds(0)), 217);
}

#[test]
fn the_limit_warns_before_it_is_reached() {
    let used = |rx| Bytes { rx, tx: 0 };
    for (bytes, most, expected) in [
        (899_999_999, Some(1_000), Limit::Far),
        (900_000_000, Some(1_000), Limit::Near),
        (1_000_000_000, Some(1_000), Limit::Reached),
        (u64::MAX, None, Limit::Far),
        (u64::MAX, Some(10_000_000), Limit::Reached),
    ] {
        assert_eq!(limit(used(bytes), most), expected, "{bytes} of {most:?}");
    }
}
