//! Takes away what nobody needs any more: sign-ins that are over, codes that ran out long ago, and the log's oldest lines.

use std::time::Duration;

use domain::{
    cluster::{
        key::{Key, Prefix},
        problem::Problem,
        record::{Account, Audit, Session, Token, TokenState},
        view::Draft,
    },
    time::UnixSeconds,
};

use crate::api::Registry;

const EVERY: Duration = Duration::from_mins(10);
/// Codes that were never used are told in the list for so long after their end.
const CODES_STAY: u64 = 30 * 86_400;
/// Lines of an account's log; the oldest go.
const LINES: usize = 10_000;
/// Records of one transaction.
const AT_ONCE: usize = 100;

/// Sweeps for as long as the registry lives.
pub async fn keep(registry: Registry) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(problem) = sweep(&registry).await {
            tracing::warn!(%problem, "sweeping");
        }
    }
}

/// Once; answers how many records went.
///
/// # Errors
/// When the store cannot be used. What is left goes the next time.
pub async fn sweep(registry: &Registry) -> Result<usize, Problem> {
    let (engine, now) = (registry.engine(), registry.clock().wall());
    let mut old = engine
        .look(|draft| {
            let sessions = draft.list::<Session>(Prefix::Sessions)?;
            let over = sessions.into_iter().filter(|(_, session)| now > session.until).map(|(key, _)| key);
            let codes = draft.list::<Token>(Prefix::Tokens)?;
            let stale = codes.into_iter().filter(|(_, token)| {
                let end = UnixSeconds(token.expires.0.saturating_add(CODES_STAY));
                now > end && !matches!(token.state, TokenState::Used { .. })
            });
            Ok(over.chain(stale.map(|(key, _)| key)).collect::<Vec<Key>>())
        })
        .await?;
    let accounts = engine.look(|draft| draft.list::<Account>(Prefix::Accounts)).await?;
    for (key, _) in accounts {
        let Ok(account) = key.leaf().parse() else { continue };
        let prefix = Prefix::Audit(account);
        let lines = engine.look(|draft| draft.list::<Audit>(prefix.clone())).await?;
        let over = lines.len().saturating_sub(LINES);
        old.extend(lines.into_iter().take(over).map(|(key, _)| key));
    }
    for part in old.chunks(AT_ONCE) {
        let gone = engine.decide(|view| {
            let mut draft = Draft::new(view);
            for key in part {
                draft.delete(key.clone());
            }
            Ok(draft.done(None, ()))
        });
        gone.await?;
    }
    Ok(old.len())
}
