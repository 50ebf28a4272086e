//! Who may go on to the pages: one place for all of them, and what is not named here is closed.
//!
//! It looks at the route that the router has chosen, not at the path's text: there is no second reading of a path that `%2e` or
//! `//` could lead astray.

use axum::{
    http::{Method, request::Parts},
    response::Redirect,
};

use super::{
    App, HANDOFF, Visitor,
    admission::{Admission, route},
};
use crate::{
    client::here,
    domain::fault::{Fault, Refusal},
};

const LOGIN: &str = "/login";
const SETUP: &str = "/setup";
const EVENTS: &str = "/events";
/// Say nothing about the box and ask nothing of the agent.
pub(super) const ALWAYS: [&str; 4] = ["/healthz", "/assets/{name}", "/language", super::SECURITY_TXT];
/// Without a session, on a box that has a password. The event stream says itself that nobody is signed in, also on a box that has no
/// password any more: a browser complains about one that leads to a page.
const SIGNED_OUT: [&str; 4] = [LOGIN, SETUP, HANDOFF, EVENTS];

/// Before a password is set, only the page that sets it, over the service port; then only with a session.
pub(super) async fn check(app: &App, visitor: &Visitor, parts: &Parts) -> Admission<()> {
    let route = route(parts);
    if ALWAYS.contains(&route) {
        return Ok(());
    }
    match judge(app, visitor, route, parts.method == Method::POST).await {
        Ok(None) => Ok(()),
        Ok(Some(elsewhere)) => Err(Redirect::to(elsewhere).into()),
        Err(refusal) => Err(app.refused(visitor, &refusal).into()),
    }
}

/// `Ok(None)`: go on; `Ok(Some(path))`: see there (303).
async fn judge(app: &App, visitor: &Visitor, route: &str, write: bool) -> Result<Option<&'static str>, Refusal> {
    if !app.has_password().await? {
        return match (route == SETUP, visitor.service, write) {
            (true, true, _) => Ok(None),
            (true, false, _) => Err(here(Fault::ServicePortOnly)),
            (false, _, true) => Err(here(Fault::SetupFirst)),
            (false, _, false) if route == EVENTS => Ok(None),
            (false, _, false) => Ok(Some(SETUP)),
        };
    }
    if route == SETUP && !write {
        return Ok(Some(LOGIN));
    }
    if SIGNED_OUT.contains(&route) {
        return Ok(None);
    }
    if visitor.caller.session.is_none() {
        return if write { Err(here(Fault::NotSignedIn)) } else { Ok(Some(LOGIN)) };
    }
    match app.agent.session(&visitor.caller).await {
        Ok(_) => Ok(None),
        Err(Refusal { fault: Fault::NotSignedIn, .. }) if !write => Ok(Some(LOGIN)),
        Err(refusal) => Err(refusal),
    }
}
