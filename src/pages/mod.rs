//! The pages: one folder a feature. A handler awaits its data from the agent, then renders; forms are plain POSTs that answer
//! with the page again (422 with all problems) or lead on (303).
//!
//! Nothing in here decides about the box: what the agent refuses is shown with its reason.

pub mod activate;
pub mod applications;
pub mod cellular;
pub mod change;
pub mod cluster;
pub mod entry;
pub mod fault;
pub mod handoff;
pub mod hops;
pub mod landing;
pub mod live;
pub mod network;
mod offers;
pub mod order;
pub mod overview;
pub mod pair;
pub mod port;
pub mod preview;
pub mod render;
pub mod system;

use axum::{Router, http::StatusCode, response::Response};

use crate::{
    components::{frame::Frame, nav::Place},
    domain::{api::Overview, fault::Refusal},
    web::{App, Visitor},
};

/// All pages.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(entry::routes())
        .merge(overview::routes())
        .merge(network::routes())
        .merge(cellular::routes())
        .merge(order::routes())
        .merge(port::routes())
        .merge(hops::routes())
        .merge(system::routes())
        .merge(activate::routes())
        .merge(change::routes())
        .merge(cluster::routes())
        .merge(pair::routes())
        .merge(applications::routes())
        .merge(handoff::routes())
}

/// The page that says why not.
pub fn refused(visitor: &Visitor, refusal: &Refusal) -> Response {
    render::render(status(refusal), || fault::page(bare(visitor, "/"), refusal))
}

fn status(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.fault.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The frame for those who are signed in.
fn frame(visitor: &Visitor, overview: &Overview, place: Place, path: impl Into<String>) -> Frame {
    let text = visitor.text;
    let title = match place {
        Place::Overview => text.nav_overview(),
        Place::Network => text.nav_network(),
        Place::Cluster => text.nav_cluster(),
        Place::Applications => text.nav_applications(),
        Place::System => text.nav_system(),
    };
    Frame {
        text,
        title: title.to_owned(),
        problem: false,
        host: overview.host_name.clone(),
        product: Some((overview.model.clone(), overview.serial.clone())),
        place: Some(place),
        path: path.into(),
        islands: true,
        refresh: None,
    }
}

/// The frame that tells nothing but the name under which the box was reached.
fn bare(visitor: &Visitor, path: impl Into<String>) -> Frame {
    Frame {
        text: visitor.text,
        title: String::new(),
        problem: false,
        host: visitor.host.clone(),
        product: None,
        place: None,
        path: path.into(),
        islands: false,
        refresh: None,
    }
}
