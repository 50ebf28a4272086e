//! The places of the box. Only what exists.

use leptos::prelude::*;

use crate::text::Text;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Overview,
    Network,
    Cluster,
    Applications,
    System,
}

impl Place {
    const ALL: [Self; 5] = [Self::Overview, Self::Network, Self::Cluster, Self::Applications, Self::System];

    fn href(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Network => "/network",
            Self::Cluster => "/cluster",
            Self::Applications => "/applications",
            Self::System => "/system",
        }
    }

    fn name(self, text: Text) -> &'static str {
        match self {
            Self::Overview => text.nav_overview(),
            Self::Network => text.nav_network(),
            Self::Cluster => text.nav_cluster(),
            Self::Applications => text.nav_applications(),
            Self::System => text.nav_system(),
        }
    }

    fn icon(self) -> impl IntoView {
        let strokes = match self {
            Self::Overview => "M3 11 12 4l9 7v9H3zM9 20v-6h6v6",
            Self::Network => "M3 6h18v12H3zM7 18v-5h3v5m4 0v-5h3v5",
            // two boxes and the wire between them
            Self::Cluster => "M3 5h8v6H3zM13 13h8v6h-8zM7 11v5h6M17 13V8h-6",
            // four tiles
            Self::Applications => "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
            // sliders
            Self::System => "M4 7h9m5 0h2M4 17h2m5 0h9M13 4.5h5v5h-5zM6 14.5h5v5H6z",
        };
        view! { <svg viewBox="0 0 24 24" aria-hidden="true"><path d=strokes /></svg> }
    }
}

/// `path` is that of the page: a page below a place is not the place itself.
pub fn places(text: Text, here: Option<Place>, path: &str) -> impl IntoView + use<> {
    let path = path.to_owned();
    let links = Place::ALL.map(|place| {
        let current = (here == Some(place)).then_some(if path == place.href() { "page" } else { "true" });
        view! { <li><a href=place.href() aria-current=current>{place.icon()}<span>{place.name(text)}</span></a></li> }
    });
    view! { <nav class="places" aria-label=text.nav_label()><ul>{Vec::from(links)}</ul></nav> }
}
