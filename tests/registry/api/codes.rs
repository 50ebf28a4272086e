//! Codes and identities: forged, expired, reused, altered, cut off; other boxes' serials and keys.

use domain::cluster::{
    api::{NewCode, PreviewAsk},
    calls,
    problem::Problem,
};
use domain::{activation::Malformed, secret::Secret};

use super::lab::{Caller, Lab, Unit, alone, parse};

const LONG: NewCode = NewCode { model: None, cluster: None, hours: None, label: None, short: false };

#[tokio::test]
async fn a_preview_tells_what_there_is_and_uses_nothing_up() {
    let lab = Lab::new().await;
    let (code, it) = (lab.code().await, Unit::new("7F3K-1"));
    let ask = PreviewAsk { code: code.clone(), serial: it.serial.clone(), model: parse("B-012") };
    for _ in 0..3 {
        let preview = lab.ask::<calls::PreviewActivation>(&Caller::default(), &[], &ask).await.expect("preview");
        assert!(preview.service && !preview.used && preview.account == parse("demo"));
    }
    lab.activate(&it, &code, alone()).await.expect("still good");
}

#[tokio::test]
async fn a_code_is_good_once_and_for_the_same_box_again() {
    let lab = Lab::new().await;
    let (code, first, second) = (lab.code().await, Unit::new("7F3K-1"), Unit::new("7F3K-2"));
    let told = lab.activate(&first, &code, alone()).await.expect("first");
    // a lost reply: the same box asks again
    let again = lab.activate(&first, &code, alone()).await.expect("again");
    assert_eq!((told.certificate, told.serial), (again.certificate, again.serial));
    let refused = lab.activate(&second, &code, alone()).await.expect_err("used");
    assert_eq!(refused, Problem::CodeUsed { serial: first.serial });
}

#[tokio::test]
async fn altered_expired_revoked_and_cut_off_codes_are_refused_and_change_nothing() {
    let lab = Lab::new().await;
    let it = Unit::new("7F3K-1");
    let good = lab.code().await;
    let text = good.expose();
    // the payload names another account: the hash over all of it no longer fits
    let altered = Secret::new(text.replace("ZW1v.", "ZW1w."));
    assert_ne!(altered.expose(), text, "the account stands in it");
    let last = if text.ends_with('A') { "Q" } else { "A" };
    let guessed = Secret::new(format!("{}{last}", &text[..text.len() - 1]));
    for wrong in [&altered, &guessed] {
        let refused = lab.activate(&it, wrong, alone()).await.expect_err("altered");
        assert!(matches!(refused, Problem::CodeUnknown | Problem::CodeMalformed { .. }), "{refused}");
    }
    let cut = Secret::new(&text[..text.len() - 8]);
    let refused = lab.activate(&it, &cut, alone()).await.expect_err("cut off");
    assert_eq!(refused, Problem::CodeMalformed { why: Malformed::CutOff });

    let made = lab.code_of("demo", LONG).await;
    let admin = lab.sign_in("admin@demo").await;
    lab.ask::<calls::RevokeCode>(&admin, &[made.id.as_str()], &()).await.expect("revoked");
    assert_eq!(lab.activate(&it, &made.code, alone()).await.expect_err("revoked"), Problem::CodeRevoked);

    lab.hand.forward_millis(73 * 3_600 * 1_000);
    let refused = lab.activate(&it, &good, alone()).await.expect_err("expired");
    assert!(matches!(refused, Problem::CodeExpired { .. }), "{refused}");
    let admin = lab.sign_in("admin@demo").await;
    assert_eq!(lab.ask::<calls::ListHosts>(&admin, &[], &()).await.expect("hosts"), []);
}

#[tokio::test]
async fn a_cloned_serial_is_refused_until_the_first_is_removed() {
    let lab = Lab::new().await;
    let (first, clone) = (Unit::new("7F3K-1"), Unit::new("7F3K-1"));
    lab.activate(&first, &lab.code().await, alone()).await.expect("first");
    let code = lab.code().await;
    let refused = lab.activate(&clone, &code, alone()).await.expect_err("another key");
    assert_eq!(refused, Problem::OtherKey { serial: first.serial.clone() });
    assert_eq!(lab.ask::<calls::GetBox>(&clone.caller(), &[], &()).await.expect_err("no key"), Problem::NoCertificate);
    let admin = lab.sign_in("admin@demo").await;
    for force in [false, true] {
        let ask = domain::cluster::api::RemoveAsk { force };
        lab.ask::<calls::RemoveHost>(&admin, &["7F3K-1"], &ask).await.expect("removed");
    }
    lab.activate(&clone, &code, alone()).await.expect("now");
}

#[tokio::test]
async fn who_guesses_short_codes_is_slowed_down_and_who_has_one_is_not() {
    let lab = Lab::new().await;
    let made = lab.code_of("demo", NewCode { short: true, ..LONG }).await;
    assert_eq!(made.code.expose().len(), 19, "in fours");
    let guess = |n: u64| domain::activation::short::ShortCode::new(n).digits().clone();
    let stranger = Caller { host: 66, ..Caller::default() };
    let ask = |code| PreviewAsk { code, serial: parse("7F3K-9"), model: parse("B-012") };
    let mut slowed = None;
    for n in 0..30 {
        let refused = lab.ask::<calls::PreviewActivation>(&stranger, &[], &ask(guess(n))).await.expect_err("a guess");
        if let Problem::SlowDown { seconds } = refused {
            slowed = Some((n, seconds));
            break;
        }
        assert_eq!(refused, Problem::CodeUnknown);
    }
    let (after, seconds) = slowed.expect("slowed down");
    assert!((5..=15).contains(&after) && seconds > 0, "{slowed:?}");
    lab.activate(&Unit::new("7F3K-1"), &made.code, alone()).await.expect("from elsewhere, and right");
}

#[tokio::test]
async fn hostile_csrs_and_hostile_names_are_refused_and_a_csr_names_nobody() {
    let lab = Lab::new().await;
    let (code, it, other) = (lab.code().await, Unit::new("7F3K-1"), Unit::new("7F3K-VICTIM"));
    for csr in ["", "!!", "AAAA", &it.csr()[..40]] {
        let mut ask = it.ask(&code, alone());
        ask.csr = csr.into();
        let refused = lab.ask::<calls::Activate>(&Caller::default(), &[], &ask).await.expect_err(csr);
        assert!(matches!(refused, Problem::BadSigningRequest { .. }), "{refused}");
    }
    // a request that names another box: the certificate names the one that was judged
    let mut ask = it.ask(&code, alone());
    ask.csr = domain::activation::base64url::encode(&pki::request::make(&it.key, &other.serial).expect("request"));
    let told = lab.ask::<calls::Activate>(&Caller::default(), &[], &ask).await.expect("activated");
    let der = domain::activation::base64url::decode(&told.certificate).expect("der");
    let holder = pki::certificate::holder(&der).expect("a certificate");
    assert_eq!(holder.serial, it.serial);
    for (field, value) in [("serial", "a/b"), ("serial", "x\n"), ("model", "a/b"), ("name", "UPPER"), ("name", "a")] {
        let mut body = serde_json::to_value(it.ask(&code, alone())).expect("json");
        body[field] = value.into();
        let bytes = serde_json::to_vec(&body).expect("json");
        let (status, answer) = lab.raw(&Caller::default(), "POST", "/v1/enrol/activate", bytes).await;
        assert_eq!((status.as_u16(), answer["code"].as_str()), (400, Some("GH-805")), "{field} {value:?}");
    }
}

#[tokio::test]
async fn a_request_by_hand_is_answered_once_and_a_replay_for_another_key_is_refused() {
    let lab = Lab::new().await;
    let it = Unit::new("7F3K-1");
    let request = |key: &Unit| domain::activation::offline::Request {
        serial: it.serial.clone(),
        model: parse("B-012"),
        name: Some(parse("box-a1")),
        csr: pki::request::make(&key.key, &key.serial).expect("request"),
        nonce: [7; 16],
    };
    let admin = lab.sign_in("admin@demo").await;
    let ask = |request: String| domain::cluster::api::OfflineAsk { request, name: None, association: alone() };
    let done = lab.ask::<calls::ActivateOffline>(&admin, &[], &ask(request(&it).write())).await.expect("answered");
    let signed = domain::activation::offline::Signed::parse(&done.answer).expect("an answer");
    let authority = pki::certificate::authority_key(&signed.answer.authority).expect("key");
    assert!(authority.verifies(signed.text.as_bytes(), &signed.signature));
    assert_eq!(pki::digest(&signed.answer.authority), lab.authority.hash());
    // the answer was lost on its way: the same request is answered the same
    let again = lab.ask::<calls::ActivateOffline>(&admin, &[], &ask(request(&it).write())).await.expect("again");
    let again = domain::activation::offline::Signed::parse(&again.answer).expect("an answer");
    assert_eq!(again.answer.certificate, signed.answer.certificate);
    let clone = Unit::new("7F3K-1");
    let refused = lab.ask::<calls::ActivateOffline>(&admin, &[], &ask(request(&clone).write())).await;
    assert_eq!(refused.expect_err("another key"), Problem::OtherKey { serial: it.serial.clone() });
    // after the removal the old request is a replay
    for force in [false, true] {
        let ask = domain::cluster::api::RemoveAsk { force };
        lab.ask::<calls::RemoveHost>(&admin, &["7F3K-1"], &ask).await.expect("removed");
    }
    let refused = lab.ask::<calls::ActivateOffline>(&admin, &[], &ask(request(&it).write())).await;
    assert_eq!(refused.expect_err("a replay"), Problem::Replayed);
}
