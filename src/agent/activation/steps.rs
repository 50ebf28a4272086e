//! The ledger's steps, done; and codes, requests and answers, read.

use std::sync::Arc;

use domain::{
    activation::{
        api::{Away, CodeSeen, Offered, Step, Unusable},
        base64url,
        code::Code,
        ledger::{Ended, Ledger, Trust},
        offline::{Request, Signed},
        short::ShortCode,
    },
    cluster::{
        api::{ActivateAsk, BoxInfo, PreviewAsk, Time},
        calls,
        problem::Problem,
    },
    fault::Fault,
    secret::Secret,
};
use os::clock;

use super::{Outcome, Own, Preset, pending, store::Store};
use crate::registry::{self, Failed, Identity, With};

/// A code as it was typed: what it says, and whom to trust.
///
/// # Errors
/// When it is none, or a short one where the box knows no registry.
pub fn read_code(typed: &Secret, preset: Option<&Preset>) -> Result<(CodeSeen, Trust), Fault> {
    let text = typed.expose().trim();
    let digits = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '－' | '‐' | '–'));
    let short = text.len() < 64 && !text.is_empty() && digits.clone().all(char::is_numeric);
    if short {
        text.parse::<ShortCode>().map_err(|why| Fault::CodeUnreadable { why })?;
        let Some(Preset(trust)) = preset else { return Err(Fault::NoPresetRegistry) };
        let seen = CodeSeen {
            short: true,
            urls: trust.urls.clone(),
            token: None,
            account: None,
            cluster: None,
            model: None,
            expires: None,
        };
        return Ok((seen, trust.clone()));
    }
    let code = Code::parse(text).map_err(|why| Fault::CodeUnreadable { why })?;
    let trust = Trust::of(&code.payload);
    let seen = CodeSeen {
        short: false,
        urls: code.payload.urls,
        token: Some(code.payload.token),
        account: Some(code.payload.account),
        cluster: code.payload.cluster,
        model: code.payload.model,
        expires: Some(code.payload.expires),
    };
    Ok((seen, trust))
}

/// What the registry tells of a code.
///
/// # Errors
/// When it refuses, or cannot be asked.
pub async fn ask_preview(own: &Own, code: &Secret, trust: &Trust) -> Result<Offered, Fault> {
    let registry = own.registry(trust).ok_or(Fault::NotActivated)?;
    let ask = PreviewAsk { code: code.clone(), serial: own.serial.clone(), model: own.model.clone() };
    let preview = registry.call::<calls::PreviewActivation>(With::default(), &ask).await.map_err(fault)?;
    Ok(Offered { at: clock::wall(), preview })
}

/// The same; a registry that is away is asked later.
///
/// # Errors
/// When it refuses the code, or is not the one that the code names.
pub async fn preview(own: &Own, code: &Secret, trust: &Trust) -> Result<Option<Offered>, Fault> {
    match ask_preview(own, code, trust).await {
        Ok(offered) => Ok(Some(offered)),
        Err(Fault::RegistryAway { why: why @ Away::OtherAuthority { .. } }) => Err(Fault::RegistryAway { why }),
        Err(Fault::RegistryAway { .. }) => Ok(None),
        Err(refused) => Err(refused),
    }
}

pub fn fault(failed: Failed) -> Fault {
    match failed {
        Failed::Away(why) => Fault::RegistryAway { why },
        Failed::Refused(refused) => Fault::Registry { problem: refused.problem, registry_operation: refused.operation },
    }
}

fn ended(failed: Failed) -> Ended {
    match failed {
        Failed::Away(away) => Ended::Away(away),
        Failed::Refused(refused) => match refused.problem {
            // whoever comes too often comes later
            problem @ Problem::SlowDown { .. } => Ended::Away(Away::Unwell { problem }),
            problem => Ended::Refused(problem),
        },
    }
}

/// Does a step. Whatever it finds done already it finds done.
pub async fn perform(own: Arc<Own>, store: Store, ledger: Ledger, step: Step) -> Outcome {
    let ended = match step {
        Step::Key => match store.key_or_new() {
            Ok(_) => Ended::Done,
            Err(error) => here(&error),
        },
        Step::Registry => reach(&own, &ledger).await,
        Step::Activate => activate(&own, &store, &ledger).await,
        Step::Certificate => certificate(&own, &store, &ledger),
        Step::HostName => host_name(&own, &ledger).await,
        Step::Confirm => confirm(&own, &store, &ledger).await,
    };
    Outcome::Step(step, ended)
}

/// What is wrong is on this box: tried again, as everything is.
fn here(error: &dyn std::fmt::Display) -> Ended {
    tracing::error!(%error, "a step of the activation");
    Ended::Away(Away::Here { detail: error.to_string() })
}

async fn reach(own: &Own, ledger: &Ledger) -> Ended {
    let Some(registry) = ledger.trust.as_ref().and_then(|trust| own.registry(trust)) else {
        return Ended::Refused(Problem::CodeUnknown);
    };
    match registry.call::<calls::GetTime>(With::default(), &()).await {
        Ok(Time { now }) => registry::off(now).map_or(Ended::Done, Ended::Away),
        Err(failed) => ended(failed),
    }
}

async fn activate(own: &Own, store: &Store, ledger: &Ledger) -> Ended {
    let (Some(code), Some(name), Some(association), Some(work)) =
        (&ledger.code, &ledger.draft.name, &ledger.draft.association, &ledger.work)
    else {
        return Ended::Refused(Problem::CodeUnknown);
    };
    let Some(registry) = ledger.trust.as_ref().and_then(|trust| own.registry(trust)) else {
        return Ended::Refused(Problem::CodeUnknown);
    };
    let csr = store.key_or_new().and_then(|key| pki::request::make(&key, &own.serial).map_err(std::io::Error::other));
    let csr = match csr {
        Ok(csr) => base64url::encode(&csr),
        Err(error) => return here(&error),
    };
    let ask = ActivateAsk {
        request: work.request.clone(),
        code: code.clone(),
        serial: own.serial.clone(),
        model: own.model.clone(),
        name: name.clone(),
        csr,
        association: association.clone(),
    };
    match registry.call::<calls::Activate>(With::default(), &ask).await {
        Ok(info) => Ended::Taken(Box::new(info)),
        Err(failed) => ended(failed),
    }
}

/// Nothing that the registry says is believed unseen.
fn certificate(own: &Own, store: &Store, ledger: &Ledger) -> Ended {
    let Some(info) = ledger.work.as_ref().and_then(|work| work.answer.as_ref()) else {
        return Ended::Refused(Problem::Internal);
    };
    let key = store.key_or_new().and_then(|key| pki::key::public(&key).map_err(std::io::Error::other));
    let key = match key {
        Ok(key) => key,
        Err(error) => return here(&error),
    };
    let trusted = ledger.trust.as_ref().map(|trust| trust.authority.as_str());
    let (Some(certificate), Some(authority)) =
        (base64url::decode(&info.certificate), base64url::decode(&info.authority))
    else {
        return wrong("no base64url");
    };
    if trusted != Some(&pki::hex_digest(&authority)) {
        return wrong("another authority than the code's");
    }
    match pki::certificate::check(&certificate, &authority, &own.serial, &key, clock::wall()) {
        Ok(_) => Ended::Done,
        Err(unusable) => wrong(&unusable.to_string()),
    }
}

/// A registry that answers so is not well; it is asked again, by hand or by itself.
fn wrong(detail: &str) -> Ended {
    tracing::error!(detail, "the registry's certificate for this box cannot be used");
    Ended::Away(Away::BadCertificate { detail: detail.to_owned() })
}

async fn host_name(own: &Own, ledger: &Ledger) -> Ended {
    let Some(name) = ledger.work.as_ref().and_then(|work| Some(work.answer.as_ref()?.name.clone())) else {
        return Ended::Refused(Problem::Internal);
    };
    match own.settings.set_host_name(name).await {
        Ok(()) => Ended::Done,
        Err(fault) => here(&fault),
    }
}

async fn confirm(own: &Own, store: &Store, ledger: &Ledger) -> Ended {
    let info = ledger.work.as_ref().and_then(|work| work.answer.as_ref());
    let Some((registry, info)) = ledger.trust.as_ref().and_then(|trust| own.registry(trust)).zip(info) else {
        return Ended::Refused(Problem::Internal);
    };
    let identity = match identity(store, info) {
        Ok(identity) => identity,
        Err(error) => return here(&error),
    };
    let registry = registry::Registry { identity: Some(Arc::new(identity)), ..registry };
    match registry.call::<calls::GetBox>(With::default(), &()).await {
        Ok(_) => Ended::Done,
        Err(failed) => ended(failed),
    }
}

/// The box's certificate with its key.
///
/// # Errors
/// When there is none that can be read.
pub fn identity(store: &Store, info: &BoxInfo) -> std::io::Result<Identity> {
    let key = store.key()?.ok_or_else(|| std::io::Error::other("the box's key is gone"))?;
    let certificate = base64url::decode(&info.certificate).ok_or_else(|| std::io::Error::other("no certificate"))?;
    Ok(Identity { certificate, key })
}

/// A request to carry out by hand, with a nonce of its own.
///
/// # Errors
/// When there is no key, or no random bytes.
pub fn request(own: &Own, store: &Store, ledger: &Ledger) -> Result<Request, Fault> {
    let internal = |error: &dyn std::fmt::Display| Fault::Internal { detail: error.to_string() };
    let key = store.key_or_new().map_err(|error| Fault::NotSaved { error: error.to_string() })?;
    let csr = pki::request::make(&key, &own.serial).map_err(|error| internal(&error))?;
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|error| internal(&error))?;
    let (serial, model) = (own.serial.clone(), own.model.clone());
    Ok(Request { serial, model, name: ledger.draft.name.clone(), csr, nonce })
}

/// An answer that was brought: for this box and this request, and of an authority that is trusted.
///
/// A box that was never told whom to trust believes whoever answers its nonce: only who has seen the request can, and its person has
/// carried it there.
///
/// # Errors
/// With the first thing that is wrong.
pub fn brought(own: &Own, ledger: &Ledger, text: &str) -> Result<(BoxInfo, Trust), Fault> {
    let unusable = |why| Fault::BroughtUnusable { why };
    let signed = Signed::parse(text).map_err(|why| unusable(Unusable::Malformed { why }))?;
    let pending = pending(ledger).ok_or(unusable(Unusable::NoRequest))?;
    let answer = signed.answer;
    let shown = pki::digest(&answer.authority);
    let preset = own.preset.as_ref().map(|Preset(trust)| trust);
    let known = ledger.trust.as_ref().or(preset).and_then(|trust| hex::decode(&trust.authority).ok()?.try_into().ok());
    answer
        .fits(&pending, known.unwrap_or(shown), shown, clock::wall())
        .map_err(|why| unusable(Unusable::Unfit { why }))?;
    let authority = pki::certificate::authority_key(&answer.authority).ok_or(unusable(Unusable::Signature))?;
    if !authority.verifies(signed.text.as_bytes(), &signed.signature) {
        return Err(unusable(Unusable::Signature));
    }
    let (cluster, cluster_name) = answer.cluster.unzip();
    let (peer, peer_key) = answer.peer.map(|peer| (peer.serial, hex::encode(peer.key))).unzip();
    let info = BoxInfo {
        serial: answer.serial,
        name: answer.name,
        account: answer.account,
        state: "active".into(),
        cluster,
        cluster_name,
        peer,
        peer_key,
        pair: None,
        awaits: None,
        virtual_ip: None,
        certificate: base64url::encode(&answer.certificate),
        authority: base64url::encode(&answer.authority),
        not_before: answer.validity.not_before,
        not_after: answer.validity.not_after,
        urls: answer.urls.clone(),
        now: clock::wall(),
    };
    Ok((info, Trust { urls: answer.urls, authority: hex::encode(shown) }))
}
