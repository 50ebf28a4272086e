//! What changes on its own while a page is open, as HTML by id. The pages render the same pieces.

use leptos::prelude::*;

use super::{activate, cellular, network, overview, pair, port, render::to_html, system};
use crate::{domain::api::Overview, text::Text};

type Piece = fn(Text, &Overview) -> AnyView;

/// All pieces, each an element with its id. A page takes those that it has.
pub fn pieces(text: Text, overview: &Overview) -> Vec<(String, String)> {
    let fixed: [(&str, Piece); 12] = [
        ("headline", |t, o| overview::headline(t, o).into_any()),
        ("guide", |t, o| overview::guide(t, o).into_any()),
        ("faceplate", |t, o| overview::ports(t, o).into_any()),
        ("attention", |t, o| overview::attention(t, o).into_any()),
        ("uplink", |t, o| overview::uplink(t, o).into_any()),
        ("load", |t, o| overview::load(t, o).into_any()),
        ("cellular", |t, o| cellular::state(t, o).into_any()),
        ("pair", |t, o| pair::state(t, o).into_any()),
        ("network", |t, o| network::state(t, o).into_any()),
        ("clock-state", |t, o| system::time::state(t, o).into_any()),
        ("ledger", |t, o| activate::ledger(t, &o.activation).into_any()),
        ("system", |t, o| system::state(t, o).into_any()),
    ];
    let fixed = fixed.map(|(id, piece)| (id.to_owned(), to_html(|| piece(text, overview))));
    let ports = overview
        .network
        .ports
        .iter()
        .map(|its| (port::status_id(&its.name), to_html(|| port::status(text, its, overview))));
    fixed.into_iter().chain(ports).collect()
}
