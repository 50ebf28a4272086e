//! Activation codes: made, listed, revoked.

use domain::{
    activation::{
        code::{Code, HOURS, MOST_HOURS, Payload},
        short::{self, ShortCode},
    },
    cluster::{
        api::{CodeInfo, CodeMade, Done, NewCode},
        calls, codes,
        key::{Key, Prefix},
        names::TokenId,
        problem::Problem,
        record::{Token, TokenState},
    },
    secret::Secret,
    time::UnixSeconds,
};

use super::routes::{Asked, Routes};
use crate::engine::fresh;

pub fn add(routes: &mut Routes) {
    routes.on::<calls::ListCodes, _>(list);
    routes.on::<calls::CreateCode, _>(create);
    routes.on::<calls::RevokeCode, _>(revoke);
}

async fn create(asked: Asked, ask: NewCode) -> Result<CodeMade, Problem> {
    let most = if ask.short { short::HOURS } else { MOST_HOURS };
    let hours = ask.hours.unwrap_or(if ask.short { short::HOURS } else { HOURS });
    if !(1..=most).contains(&hours) {
        return Err(Problem::invalid("hours", format!("1 to {most}")));
    }
    let (id, account): (TokenId, _) = (fresh()?, asked.caller.account()?.clone());
    let expires = UnixSeconds(asked.now.0.saturating_add(u64::from(hours) * 3_600));
    let (text, shown, digest) = if ask.short {
        let code = ShortCode::new(getrandom::u64().map_err(|_| Problem::Internal)?);
        let digest = pki::hex_digest(code.digits().expose().as_bytes());
        (code.digits().clone(), Secret::new(code.spoken()), Some(digest))
    } else {
        let mut secret = [0; 16];
        getrandom::fill(&mut secret).map_err(|_| Problem::Internal)?;
        let payload = Payload {
            urls: asked.registry.0.urls.clone(),
            authority: asked.registry.0.authority.hash(),
            token: id.clone(),
            expires,
            account: account.clone(),
            cluster: ask.cluster.clone(),
            model: ask.model.clone(),
        };
        let code = Code::write(payload, secret);
        (code.text().clone(), code.text().clone(), None)
    };
    let token = Token {
        account,
        hash: pki::hex_digest(text.expose().as_bytes()),
        short: ask.short,
        cluster: ask.cluster,
        model: ask.model,
        label: ask.label,
        made: asked.now,
        by: asked.caller.user()?.to_string(),
        expires,
        state: TokenState::Open,
    };
    let call = asked.call();
    let engine = asked.registry.engine();
    engine.decide(|view| codes::create(view, &id, token.clone(), digest.clone(), &call)).await?;
    Ok(CodeMade { id, code: shown, expires })
}

async fn list(asked: Asked, (): ()) -> Result<Vec<CodeInfo>, Problem> {
    let account = asked.caller.account()?;
    let found = asked.registry.engine().look(|draft| draft.list::<Token>(Prefix::Tokens)).await?;
    let own = found.into_iter().filter(|(_, token)| token.account == *account);
    let mut codes = own.filter_map(|(key, token)| info(&key, token, asked.now)).collect::<Vec<_>>();
    codes.sort_by_key(|code| std::cmp::Reverse(code.made));
    Ok(codes)
}

fn info(key: &Key, token: Token, now: UnixSeconds) -> Option<CodeInfo> {
    let (state, serial) = match token.state {
        TokenState::Used { serial, .. } => ("used", Some(serial)),
        TokenState::Revoked { .. } => ("revoked", None),
        TokenState::Open if now > token.expires => ("expired", None),
        TokenState::Open => ("open", None),
    };
    Some(CodeInfo {
        id: key.leaf().parse().ok()?,
        short: token.short,
        state: state.to_owned(),
        serial,
        model: token.model,
        cluster: token.cluster,
        label: token.label,
        made: token.made,
        by: token.by,
        expires: token.expires,
    })
}

async fn revoke(asked: Asked, (): ()) -> Result<Done, Problem> {
    let (id, account, call) = (asked.named("id")?, asked.caller.account()?, asked.call());
    asked.registry.engine().decide(|view| codes::revoke(view, account, &id, &call)).await?;
    Ok(Done { now: asked.now })
}
