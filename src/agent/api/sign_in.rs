//! First visit, sign-in, sign-out, and the password.

use axum::{Json as Body, extract::State};

use super::{
    Json, Refused, Reply, Shared,
    audit::Remark,
    caller::{Admitted, Who},
};
use crate::auth::Opened;
use domain::{
    api::{ChangePassword, Login, Session, SessionInfo, SetPassword},
    fault::Fault,
};
use os::clock;

pub(super) async fn setup(
    State(shared): State<Shared>,
    who: Who,
    remark: Remark,
    Json(ask): Json<SetPassword>,
) -> Reply<Session> {
    let source = who.source(&shared);
    let opened = shared.tasks.auth.setup(ask.password, source).await?;
    Ok(begun(&shared, &remark, opened))
}

pub(super) fn begun(shared: &Shared, remark: &Remark, Opened { token, number }: Opened) -> Body<Session> {
    remark.session(number);
    Body(Session { token, password_age: shared.tasks.auth.state().password.old(clock::wall()) })
}

/// The browser's session from before, if it has one, ends: a token that somebody else put there is of no use to them.
pub(super) async fn login(
    State(shared): State<Shared>,
    who: Who,
    remark: Remark,
    Json(ask): Json<Login>,
) -> Reply<Session> {
    let source = who.source(&shared);
    let opened = shared.tasks.auth.login(ask.password, source).await?;
    if let Some(before) = who.digest() {
        shared.tasks.auth.logout(before).await?;
    }
    Ok(begun(&shared, &remark, opened))
}

pub(super) async fn logout(State(shared): State<Shared>, who: Who) -> Reply<()> {
    if let Some(digest) = who.digest() {
        shared.tasks.auth.logout(digest).await?;
    }
    Ok(Body(()))
}

pub(super) async fn session(State(shared): State<Shared>, who: Who) -> Reply<SessionInfo> {
    let digest = who.digest().ok_or(Fault::NotSignedIn)?;
    Ok(Body(shared.tasks.auth.left(digest).await?))
}

/// Whoever is root on the box may set a new password without the old one.
pub(super) async fn password(State(shared): State<Shared>, who: Who, Json(ask): Json<SetPassword>) -> Reply<()> {
    match who {
        Who::Console => {
            shared.tasks.auth.set_password(ask.password).await?;
            Ok(Body(()))
        }
        Who::Web(_) => Err(Refused::from(Fault::Forbidden)),
    }
}

pub(super) async fn change(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
    remark: Remark,
    Json(ask): Json<ChangePassword>,
) -> Reply<Session> {
    // the console has no session that could go on
    let digest = who.digest().ok_or(Fault::Forbidden)?;
    let source = who.source(&shared);
    let opened = shared.tasks.auth.change(digest, ask.old, ask.new, source).await?;
    Ok(begun(&shared, &remark, opened))
}
