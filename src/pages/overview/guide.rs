//! The guide: what is left to do on a new box. It goes when all of it is done.

use leptos::prelude::*;

use super::headline::configured;
use crate::{
    components::{
        card::Card,
        tag::{Mood, tag},
        words::Ports,
    },
    domain::{activation::api::Stage, api::Overview, box_file::Role},
    text::Text,
};

pub fn guide(text: Text, overview: &Overview) -> impl IntoView + use<> {
    let network = &overview.network;
    let connected = network.uplink_in_use.is_some();
    let stage = overview.activation.stage;
    let done = connected && stage == Stage::Active;
    let steps = (!done).then(|| {
        let started = configured(network).next().is_some();
        let (mood, word) =
            if started { (Mood::Warn, text.guide_not_connected()) } else { (Mood::Calm, text.guide_not_set()) };
        // the first choice, or else one with a cable in it, is where most begin
        let order = Ports(network).uplinks_in_order();
        let uplinks = || order.iter().filter_map(|name| network.port(name)).filter(|p| p.role == Role::Uplink);
        let first = uplinks().find(|p| p.has_carrier()).or_else(|| uplinks().next());
        let href = first.map_or_else(|| "/network".to_owned(), |p| format!("/network/{}", p.name));
        let by_sim = overview.cellular.slot.is_some().then(|| {
            view! { <p class="by"><a class="link" href="/cellular">{text.guide_wired_or_cellular()}</a></p> }
        });
        let wired = if connected {
            view! {
                <li class="done">
                    <span class="mark" aria-hidden="true">"✓"</span>
                    <div><h3>{text.guide_wired()}</h3></div>
                    {tag(Mood::Ok, text.guide_done())}
                </li>
            }
            .into_any()
        } else {
            view! {
                <li>
                    <span class="mark" aria-hidden="true">"2"</span>
                    <div class="stack">
                        <div><h3>{text.guide_wired()}</h3><p class="muted">{text.guide_wired_why()}</p></div>
                        <div>{tag(mood, word)}</div>
                    </div>
                    <a class="button" href=href>{text.guide_go()}</a>
                    {by_sim}
                </li>
            }
            .into_any()
        };
        let activation = match stage {
            Stage::Working => (Mood::Info, text.guide_activation_waits()),
            Stage::Answering => (Mood::Warn, text.guide_activation_begun()),
            Stage::Unopened | Stage::Left | Stage::Active => (Mood::Calm, text.guide_activation_not()),
        };
        view! {
            <Card title=text.guide_title()>
                <ol class="guide">
                    <li class="done">
                        <span class="mark" aria-hidden="true">"✓"</span>
                        <div><h3>{text.guide_password()}</h3><p class="muted">{text.guide_password_done()}</p></div>
                        {tag(Mood::Ok, text.guide_done())}
                    </li>
                    {wired}
                    <li>
                        <span class="mark" aria-hidden="true">"3"</span>
                        <div class="stack">
                            <div><h3>{text.guide_activation()}</h3><p class="muted">{text.guide_activation_why()}</p></div>
                            <div>{tag(activation.0, activation.1)}</div>
                        </div>
                        <a class="button" href="/activate">{text.guide_go()}</a>
                    </li>
                </ol>
            </Card>
        }
    });
    view! { <div id="guide" hidden=done>{steps}</div> }
}
