//! `/handoff`: the same person at the box's new address. Cookies do not cross addresses, so a secret is carried over: in the
//! URL's fragment by a script, or by a form of the page at the old address.

use axum::{
    Form, Router,
    extract::State,
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
    routing::get,
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{bare, change, refused, render::render};
use crate::{
    components::{
        countdown::busy,
        frame::{Frame, Shell},
    },
    domain::{
        api::{Caller, HandoffRequest},
        secret::Secret,
    },
    islands::Handoff,
    web::{App, Visitor, cookies},
};

pub fn routes() -> Router<App> {
    Router::new().route("/handoff", get(show).post(arrive))
}

#[derive(Debug, Deserialize)]
struct Carried {
    #[serde(default)]
    handoff: Secret,
    #[serde(default)]
    confirm: Secret,
}

async fn show(visitor: Visitor) -> Response {
    render(StatusCode::OK, || page(bare(&visitor, "/handoff")))
}

/// A fragment never reaches the server: the island reads it. Without scripts the old page's form leads here instead.
pub fn page(frame: Frame) -> impl IntoView {
    let text = frame.text;
    let frame = Frame { title: text.handoff_title().to_owned(), islands: true, ..frame };
    view! {
        <Shell frame=frame>
            <section class="card">
                <h1>{text.handoff_title()}</h1>
                <Handoff>
                    <div class="stack">
                        <div data-busy hidden>{busy(text.handoff_busy())}</div>
                        <p data-failed hidden role="alert">{text.handoff_failed()}</p>
                        <p data-plain>{text.handoff_plain()}</p>
                    </div>
                </Handoff>
                <p class="actions"><a class="button plain" href="/login">{text.login_title()}</a></p>
            </section>
        </Shell>
    }
}

/// Answers with the page itself: a `SameSite=Strict` cookie is not sent along on a redirect that began at another site.
async fn arrive(State(app): State<App>, mut visitor: Visitor, Form(carried): Form<Carried>) -> Response {
    let nobody = Caller { session: None, connection: visitor.caller.connection };
    let session = match app.agent.handoff(&nobody, &HandoffRequest { handoff: carried.handoff.clone() }).await {
        Ok(session) => session,
        Err(refusal) => return refused(&visitor, &refusal),
    };
    visitor.caller.session = Some(session.token.clone());
    let secrets = cookies::ChangeSecrets { confirm: carried.confirm, handoff: carried.handoff };
    let set = [cookies::set_session(&session.token), cookies::set_change(&secrets)];
    visitor.change = Some(secrets);
    let page = change::show_to(&app, &visitor, None).await;
    (AppendHeaders(set.map(|value| (header::SET_COOKIE, value))), page).into_response()
}
