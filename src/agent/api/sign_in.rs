//! First visit, sign-in, sign-out.

use axum::{Json as Body, extract::State};

use super::{Json, Refused, Reply, Shared, audit::Remark, caller::Who};
use crate::auth::Opened;
use domain::{
    api::{Login, Session, SessionInfo, SetPassword},
    fault::Fault,
};

pub(super) async fn setup(
    State(shared): State<Shared>,
    who: Who,
    remark: Remark,
    Json(ask): Json<SetPassword>,
) -> Reply<Session> {
    let source = who.source(&shared);
    Ok(begun(&remark, shared.tasks.auth.setup(ask.password, source).await?))
}

pub(super) fn begun(remark: &Remark, Opened { token, number }: Opened) -> Body<Session> {
    remark.session(number);
    Body(Session { token })
}

pub(super) async fn login(
    State(shared): State<Shared>,
    who: Who,
    remark: Remark,
    Json(ask): Json<Login>,
) -> Reply<Session> {
    let source = who.source(&shared);
    Ok(begun(&remark, shared.tasks.auth.login(ask.password, source).await?))
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
