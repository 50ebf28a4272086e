//! Codes, as they are typed, and what the registry tells of them.

use domain::{
    activation::{
        api::{CodeSeen, Offered},
        code::Code,
        ledger::Trust,
        short::ShortCode,
    },
    cluster::{api::PreviewAsk, calls},
    fault::Fault,
    secret::Secret,
};
use os::clock;

use super::own::{Identified, Own};
use crate::registry::{Failed, With};

/// A code that can be read; whether it is good its registry says.
#[derive(Clone, Debug)]
pub struct Typed {
    pub text: Secret,
    pub seen: CodeSeen,
    pub trust: Trust,
}

/// What a code says, and whom to trust.
///
/// # Errors
/// When it is none, or a short one where the box knows no registry.
pub fn read(typed: &Secret, preset: Option<&Trust>) -> Result<Typed, Fault> {
    let text = typed.expose().trim();
    let mut letters = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '－' | '‐' | '–'));
    let short = text.len() < 64 && !text.is_empty() && letters.all(char::is_numeric);
    if short {
        let code = text.parse::<ShortCode>().map_err(|why| Fault::CodeUnreadable { why })?;
        let trust = preset.ok_or(Fault::NoPresetRegistry)?.clone();
        let seen = CodeSeen {
            short: true,
            urls: trust.urls.clone(),
            token: None,
            account: None,
            cluster: None,
            model: None,
            expires: None,
        };
        return Ok(Typed { text: code.digits().clone(), seen, trust });
    }
    let code = Code::parse(text).map_err(|why| Fault::CodeUnreadable { why })?;
    let (text, payload) = (code.text().clone(), code.payload);
    let trust = Trust::of(&payload);
    let seen = CodeSeen {
        short: false,
        urls: payload.urls,
        token: Some(payload.token),
        account: Some(payload.account),
        cluster: payload.cluster,
        model: payload.model,
        expires: Some(payload.expires),
    };
    Ok(Typed { text, seen, trust })
}

/// What the registry tells of a code.
///
/// # Errors
/// When it refuses, or cannot be asked.
pub async fn ask(own: &Own, me: &Identified, code: &Secret, trust: &Trust) -> Result<Offered, Failed> {
    let registry = own.registry(trust).ok_or_else(super::steps::no_registry)?;
    let ask = PreviewAsk { code: code.clone(), serial: me.serial.clone(), model: me.model.clone() };
    let preview = registry.call::<calls::PreviewActivation>(With::default(), &ask).await?;
    Ok(Offered { at: clock::wall(), preview })
}

/// The same, for whoever waits for it.
///
/// # Errors
/// When it refuses, or cannot be asked.
pub async fn preview(own: &Own, me: &Identified, code: &Secret, trust: &Trust) -> Result<Offered, Fault> {
    ask(own, me, code, trust).await.map_err(fault)
}

pub fn fault(failed: Failed) -> Fault {
    match failed {
        Failed::Away(why) => Fault::RegistryAway { why },
        Failed::Refused(refused) => Fault::Registry { problem: refused.problem, registry_operation: refused.operation },
    }
}
