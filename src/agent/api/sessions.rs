//! Who is signed in, and the end of it.

use axum::{Json as Body, extract::State};

use super::{Json, Refused, Reply, Shared, audit::Remark, caller::Admitted};
use crate::auth::Ending;
use domain::{
    api::{EndSessions, Ended},
    auth::session::SessionView,
    fault::Fault,
};

pub(super) async fn list(State(shared): State<Shared>, Admitted(who): Admitted) -> Reply<Vec<SessionView>> {
    Ok(Body(shared.tasks.auth.list(who.digest()).await?))
}

pub(super) async fn end(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
    remark: Remark,
    Json(ask): Json<EndSessions>,
) -> Reply<Ended> {
    let ending = match ask {
        EndSessions::One { number } => {
            remark.say(format!("session {number}"));
            Ending::Numbered(number)
        }
        EndSessions::Others => Ending::All { but: who.digest() },
    };
    let sessions = shared.tasks.auth.end(ending).await?;
    match ask {
        EndSessions::One { number } if sessions == 0 => Err(Refused::from(Fault::NoSuchSession { number })),
        EndSessions::One { .. } => Ok(Body(Ended { sessions })),
        EndSessions::Others => {
            remark.say(format!("{sessions} sessions"));
            Ok(Body(Ended { sessions }))
        }
    }
}
