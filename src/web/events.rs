//! `GET /events`: the pages' live parts, as the box changes (server-sent events).
//!
//! | event | data |
//! |---|---|
//! | `piece` | an element's id, a line end, its new HTML |
//! | `ended` | `ended`: the session is over, no use in coming back |
//!
//! The stream outlives the agent: it waits for a new one, because a browser gives an event source up for good at the first answer
//! that is none.

use std::{collections::HashMap, convert::Infallible, pin::Pin, time::Duration};

use axum::{
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt, stream};
use os::places::{Place, Room};
use sha2::{Digest, Sha256};

use super::{App, Visitor};
use crate::domain::{
    api::Overview,
    fault::{Fault, Refusal},
};

/// Tabs of one session, and streams of all: each holds a connection to the agent.
const ROOM: Room = Room { all: 64, each: 4 };
/// Shorter: a box on battery-backed cellular talks for nothing. Longer: middleboxes forget the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Between two attempts to reach the agent.
const RETRY: Duration = Duration::from_secs(1);

/// Names a session in memory without being its token.
pub(super) type SessionKey = [u8; 32];

type Overviews = Pin<Box<dyn Stream<Item = Overview> + Send>>;

pub(super) async fn stream(State(app): State<App>, visitor: Visitor) -> Response {
    match app.has_password().await {
        Ok(true) if visitor.caller.session.is_some() => {}
        Ok(_) => return over(),
        Err(refusal) => return app.refused(&visitor, &refusal),
    }
    let token = visitor.caller.session.as_ref().map(|s| s.expose().to_owned()).unwrap_or_default();
    let Some(place) = app.streams.take(Sha256::digest(token).into(), ROOM) else {
        return (StatusCode::TOO_MANY_REQUESTS, "too many event streams\n").into_response();
    };
    let overviews = match app.agent.events(&visitor.caller).await {
        Ok(overviews) => Some(Box::pin(overviews) as Overviews),
        Err(Refusal { fault: Fault::NotSignedIn, .. }) => return over(),
        Err(refusal) => return app.refused(&visitor, &refusal),
    };
    let feed = Feed { app, visitor, overviews, shown: HashMap::new(), waiting: Vec::new(), _place: place };
    let events = stream::unfold(Some(feed), |feed| async { feed?.next().await });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

/// A stream that says that there is nobody to tell.
fn over() -> Response {
    Sse::new(stream::iter([Ok::<_, Infallible>(ended())])).into_response()
}

fn ended() -> Event {
    Event::default().event("ended").data("ended")
}

struct Feed {
    app: App,
    visitor: Visitor,
    /// `None` while the agent is away.
    overviews: Option<Overviews>,
    /// What the browser has, by element id.
    shown: HashMap<String, String>,
    waiting: Vec<Event>,
    _place: Place<SessionKey>,
}

impl Feed {
    /// The next event, and the feed unless that was the last one.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Option<Self>)> {
        loop {
            if let Some(event) = self.waiting.pop() {
                return Some((Ok(event), Some(self)));
            }
            let overview = match &mut self.overviews {
                Some(overviews) => overviews.next().await,
                None => None,
            };
            if let Some(overview) = overview {
                self.show(&overview);
                continue;
            }
            match self.app.agent.events(&self.visitor.caller).await {
                Ok(overviews) => self.overviews = Some(Box::pin(overviews)),
                Err(Refusal { fault: Fault::NotSignedIn, .. }) => {
                    return Some((Ok(ended()), None));
                }
                Err(_) => self.overviews = None,
            }
            // Also after a success: an agent that ends each stream at once must not be asked in a circle.
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Queues the pieces that are not as the browser has them.
    fn show(&mut self, overview: &Overview) {
        for (id, html) in (self.app.pages.pieces)(self.visitor.text, overview).into_iter().rev() {
            if self.shown.get(&id) != Some(&html) {
                // A carriage return ends a line of the stream, as a line feed does.
                let data = format!("{id}\n{html}").replace('\r', "");
                self.waiting.push(Event::default().event("piece").data(data));
                self.shown.insert(id, html);
            }
        }
    }
}
