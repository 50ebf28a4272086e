//! The box's ports as they look from outside. All that the lamps show is written beside them.

use leptos::prelude::*;

use super::words::{PortState, port_title};
use crate::{
    domain::{
        box_file::Role,
        network::status::{NetworkStatus, PortStatus},
    },
    text::Text,
};

pub fn faceplate(text: Text, network: &NetworkStatus) -> impl IntoView + use<> {
    let ports = network.ports.iter().map(|port| one(text, port, network)).collect_view();
    view! { <div class="chassis"><ul class="faceplate">{ports}</ul></div> }
}

fn one(text: Text, port: &PortStatus, network: &NetworkStatus) -> impl IntoView + use<> {
    let state = PortState::of(port, network);
    let lamp = match state {
        PortState::Absent | PortState::NoLink if port.role == Role::Uplink => "lamp bad-lit",
        PortState::Absent | PortState::NoLink => "lamp",
        PortState::InUse | PortState::Linked | PortState::Standby => "lamp lit",
    };
    let speed = if state == PortState::Absent || !port.has_carrier() { "lamp" } else { "lamp lit" };
    let class = (state == PortState::InUse).then_some("used");
    let address = port.ipv4().map_or_else(|| "–".to_owned(), |net| net.addr().to_string());
    let (hole, pins) = if port.role == Role::Sim {
        // a card with its contacts in a slot
        ("M20 58V30h38l14 12v16z", "M31 38h14v13H31zM31 44.5h14M38 38v13")
    } else {
        ("M17 58V27h14v-8h30v8h14v31z", "M31 58V47m6 11V47m6 11V47m6 11V47m6 11V47m6 11V47")
    };
    let hole = view! { <path class="hole" d=hole /><path class="pins" d=pins /> };
    view! {
        <li>
            <a href=format!("/network/{}", port.name) class=class>
                <span class="name">{port_title(text, port)}</span>
                <svg viewBox="0 0 92 66" aria-hidden="true">
                    <rect class="jack" x="1" y="1" width="90" height="64" rx="7" />
                    {hole}
                    <rect class=lamp x="7" y="8" width="13" height="8" rx="2" />
                    <rect class=speed x="72" y="8" width="13" height="8" rx="2" />
                </svg>
                <span class="mono small">{address}</span>
                <span class="small muted">{state.word(text)}</span>
            </a>
        </li>
    }
}
