//! Suggestions by the SIM's operator.

use domain::cellular::apn::suggestions;
use proptest::prelude::*;

const LIST: &str = r#"<?xml version="1.0"?><!DOCTYPE x SYSTEM "x.dtd"><!-- <provider> -->
<serviceproviders format="2.0">
<country code="de"><name>Germany</name>
<provider><name>Some &amp; Co &lt;b&gt;</name><gsm>
  <network-id mcc="262" mnc="03"/><network-id mcc='262' mnc='07'/>
  <voicemail>333</voicemail>
  <apn value="internet.some.example"><plan type="postpaid"/><usage type="internet"/><name>Internet</name>
     <username>some</username><password>secret&amp;</password><dns>10.0.0.1</dns></apn>
  <apn value="mms"><usage type="mms"/></apn>
  <apn value="old"><usage type="wap"/></apn>
  <apn value="not an apn"><usage type="internet"/></apn>
</gsm></provider>
<provider><name>Other</name><gsm><network-id mcc="262" mnc="01"/><apn value="other.example"><usage type="internet"/></apn></gsm></provider>
</country></serviceproviders>"#;

fn found(sim: &str, list: &str) -> Vec<String> {
    suggestions(&sim.parse().expect("number"), list).into_iter().map(|s| s.apn.to_string()).collect()
}

#[test]
fn the_list_of_the_box_is_read() {
    let suggested = suggestions(&"26207".parse().expect("number"), LIST);
    assert_eq!(suggested.len(), 1);
    assert_eq!(suggested[0].apn.as_str(), "internet.some.example");
    assert_eq!(suggested[0].operator, "Some & Co <b>");
    assert_eq!((suggested[0].user.as_deref(), suggested[0].password.as_deref()), (Some("some"), Some("secret&")));
    assert_eq!(found("26299", LIST), [""; 0]);
}

#[test]
fn operators_that_the_list_lacks_are_known() {
    for (sim, expected) in [
        ("46000", vec!["cmnet"]),
        ("46007", vec!["cmnet"]),
        ("46006", vec!["3gnet"]),
        ("46003", vec!["ctnet", "ctlte"]),
        ("46011", vec!["ctnet", "ctlte"]),
        ("46015", vec!["cbnet"]),
    ] {
        assert_eq!(found(sim, ""), expected, "{sim}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(text in ".{0,200}", cut in 0..1500_usize) {
        let cut = LIST.char_indices().map(|(at, _)| at).rfind(|at| *at <= cut).unwrap_or(0);
        found("26207", &text);
        found("26207", &LIST[..cut]);
        found("26207", &format!("{}{text}{}", &LIST[..cut], &LIST[cut..]));
    }
}
