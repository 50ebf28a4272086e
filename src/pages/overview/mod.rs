//! The overview: how the box is, in words first.

mod attention;
mod guide;
mod handlers;
mod headline;
mod load;
mod uplink;

use leptos::prelude::*;

pub use attention::attention;
pub use guide::guide;
pub use handlers::routes;
pub use headline::headline;
pub use load::load;
pub use uplink::uplink;

use crate::{
    components::{
        card::Card,
        faceplate::faceplate,
        frame::{Frame, Shell},
    },
    domain::api::Overview,
    text::Text,
};

pub fn page(frame: Frame, overview: &Overview) -> impl IntoView + use<> {
    let text = frame.text;
    let (headline, guide, ports) = (headline(text, overview), guide(text, overview), ports(text, overview));
    let (attention, uplink, load) = (attention(text, overview), uplink(text, overview), load(text, overview));
    let about = about(text, overview);
    view! {
        <Shell frame=frame>
            {headline}
            {guide}
            {ports}
            <div class="cols">{attention}{uplink}{load}</div>
            {about}
        </Shell>
    }
}

pub fn ports(text: Text, overview: &Overview) -> impl IntoView + use<> {
    let plate = faceplate(text, &overview.network);
    view! { <Card title=text.overview_ports() id="faceplate">{plate}</Card> }
}

fn about(text: Text, overview: &Overview) -> impl IntoView + use<> {
    let support = overview.support.as_ref().map(|support| format!(" · {}", text.overview_support(support)));
    let version = text.overview_version(&overview.version);
    view! { <p class="small muted">{version}{support}</p> }
}
