//! How busy the box is: figures first, bars beside them.

use leptos::prelude::*;

use crate::{
    components::{
        card::Card,
        format::{bytes, duration, percent},
    },
    domain::api::Overview,
    text::Text,
};

/// From here on a bar is shown as hot.
const HOT: u64 = 90;

pub fn load(text: Text, overview: &Overview) -> impl IntoView + use<> {
    let load = overview.load;
    let share = |used, total| (percent(used, total), text.load_of(bytes(total), bytes(used)));
    let cpu = u64::from(load.cpu_percent);
    let meters = [
        (text.load_cpu(), (cpu, format!("{cpu} %"))),
        (text.load_memory(), share(load.memory_used, load.memory_total)),
        (text.load_storage(), share(load.storage_used, load.storage_total)),
    ];
    let meters = meters.map(|(name, (value, said))| {
        let hot = (value >= HOT).then_some("hot");
        view! {
            <div class="meter">
                <span>{name}</span><span class="muted">{said}</span>
                <progress class=hot max="100" value=value.to_string() aria-hidden="true"></progress>
            </div>
        }
    });
    let uptime = text.load_uptime(duration(text, load.uptime));
    view! {
        <Card title=text.load_title() id="load">
            <div class="meters">{Vec::from(meters)}</div>
            <p class="muted">{uptime}</p>
        </Card>
    }
}
