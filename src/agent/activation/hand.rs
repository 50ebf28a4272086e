//! What travels by hand: a request out of the box, and the answer to it.

use domain::{
    activation::{
        api::{Away, Unusable},
        base64url,
        code::MOST_URLS,
        ledger::{Ledger, Trust},
        offline::{Answer, Request, Signed, Unfit},
    },
    cluster::api::BoxInfo,
    fault::Fault,
};
use os::clock;
use pki::certificate;

use super::{own::Own, store::Store};

/// A request to carry out by hand, with a nonce of its own.
///
/// # Errors
/// When there is no key, or no random bytes.
pub fn request(own: &Own, store: &Store, ledger: &Ledger) -> Result<Request, Fault> {
    let internal = |error: &dyn std::fmt::Display| Fault::Internal { detail: error.to_string() };
    let me = own.me()?;
    let key = store.key_or_new().map_err(|error| Fault::NotSaved { error: error.to_string() })?;
    let csr = pki::request::make(&key, &me.serial).map_err(|error| internal(&error))?;
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|error| internal(&error))?;
    let (serial, model) = (me.serial.clone(), me.model.clone());
    Ok(Request { serial, model, name: ledger.draft.name.clone(), csr, nonce })
}

/// An answer that was brought: for this box, this request and this key, and of an authority that is trusted.
///
/// The authority is that of the code or the preset, where there is one. A box that was never told whom to trust takes the answer's
/// own: whoever is signed in has carried the request there and the answer back, as one pastes a code, which names its authority, too.
///
/// # Errors
/// With the first thing that is wrong. The request is still awaited then.
pub fn brought(own: &Own, store: &Store, ledger: &Ledger, text: &str) -> Result<(BoxInfo, Trust), Fault> {
    let unusable = |why| Fault::BroughtUnusable { why };
    let me = own.me()?;
    let signed = Signed::parse(text).map_err(|why| unusable(Unusable::Malformed { why }))?;
    let request = ledger.by_hand.as_ref().and_then(|request| Request::parse(&request.text).ok());
    let request = request.ok_or(unusable(Unusable::NoRequest))?;
    let answer = signed.answer;
    let shown = pki::digest(&answer.authority);
    let known = ledger.trust.clone().or_else(|| own.preset());
    let known = known.and_then(|trust| hex::decode(trust.authority).ok()?.try_into().ok());
    let now = clock::wall();
    // the signature first: what is wrong with a text that was altered is that it was altered
    let authority = certificate::authority_key(&answer.authority).ok_or(unusable(Unusable::Signature))?;
    if !authority.verifies(signed.text.as_bytes(), &signed.signature) {
        return Err(unusable(Unusable::Signature));
    }
    // a box that has been off for long may not know what time it is
    if now < answer.validity.not_before {
        let registry = answer.validity.not_before;
        let behind = i64::try_from(registry.0 - now.0).unwrap_or(i64::MAX);
        return Err(Fault::RegistryAway { why: Away::Clock { seconds: -behind, registry } });
    }
    let unfit = |why| unusable(Unusable::Unfit { why });
    answer.fits(&request, known.unwrap_or(shown), shown, now).map_err(unfit)?;
    let key = store.key().ok().flatten().and_then(|key| pki::key::public(&key).ok());
    let key = key.ok_or(unusable(Unusable::NoRequest))?;
    certificate::check(&answer.certificate, &answer.authority, &me.serial, &key, now).map_err(|wrong| match wrong {
        certificate::Unusable::OtherKey => unusable(Unusable::OtherKey),
        certificate::Unusable::OtherBox => unfit(Unfit::OtherBox),
        certificate::Unusable::Unreadable => unusable(Unusable::Signature),
        // one that was made in time has run out on its way, or the box's clock is wrong
        certificate::Unusable::NotVouchedFor => unfit(Unfit::Expired),
    })?;
    if answer.urls.is_empty() || answer.urls.len() > MOST_URLS {
        return Err(unusable(Unusable::Malformed { why: domain::activation::Malformed::Content }));
    }
    let trust = Trust { urls: answer.urls.clone(), authority: hex::encode(shown) };
    Ok((info(answer), trust))
}

/// As if it had come over the wire.
fn info(answer: Answer) -> BoxInfo {
    let (cluster, cluster_name) = answer.cluster.unzip();
    let (peer, peer_key) = answer.peer.map(|peer| (peer.serial, hex::encode(peer.key))).unzip();
    BoxInfo {
        serial: answer.serial,
        name: answer.name,
        account: answer.account,
        state: "active".into(),
        cluster,
        cluster_name,
        peer,
        peer_key,
        pair: None,
        pair_secret: None,
        awaits: None,
        virtual_ip: None,
        certificate: base64url::encode(&answer.certificate),
        authority: base64url::encode(&answer.authority),
        not_before: answer.validity.not_before,
        not_after: answer.validity.not_after,
        urls: answer.urls,
        now: clock::wall(),
    }
}
