//! `/network/order`: which uplink is used first. Each button moves one uplink, and the plan stands beside the new order.

mod handlers;

use leptos::prelude::*;

pub use handlers::routes;

use super::{
    fault,
    preview::{Applies, Preview, preview},
};
use crate::{
    components::{
        card::Card,
        frame::{Frame, Shell},
        words::{Ports, uplink_why},
    },
    domain::{api::Overview, fault::Refusal, name::PortName, network::status::NetworkStatus},
    text::Text,
};

/// What the page shows besides the network itself.
#[derive(Clone, Debug, Default)]
pub struct OrderView {
    /// From first choice to last.
    pub order: Vec<PortName>,
    pub preview: Option<Preview>,
    pub refusal: Option<Refusal>,
}

pub fn page(frame: Frame, overview: &Overview, view: &OrderView) -> impl IntoView + use<> {
    let text = frame.text;
    let network = &overview.network;
    let refusal = view.refusal.as_ref().map(|refusal| fault::note(text, refusal));
    let applies = Applies {
        action: "/network/order/apply".to_owned(),
        back: "/network/order".to_owned(),
        fields: vec![("order".into(), joined(&view.order))],
    };
    let preview = view.preview.as_ref().map(|p| preview(text, network, applies, p));
    let form = form(text, network, &view.order);
    let shape = if preview.is_some() { "cols planned" } else { "cols" };
    let title = text.network_order().to_owned();
    let frame = Frame { title: title.clone(), path: "/network/order".to_owned(), ..frame };
    view! {
        <Shell frame=frame>
            <div class="lead">
                <p class="small"><a class="link" href="/network">{text.nav_network()}</a></p>
                <h1>{title}</h1>
                <p class="muted">{text.network_order_why()}</p>
            </div>
            {refusal}
            <div class=shape>{preview}{form}</div>
        </Shell>
    }
}

fn form(text: Text, network: &NetworkStatus, order: &[PortName]) -> impl IntoView + use<> {
    let ports = Ports(network);
    let rows = order.iter().enumerate().map(|(i, name)| {
        let port = ports.say(text, name);
        let ranked = network.failover.uplinks.iter().find(|r| r.uplink == *name);
        let state = ranked.map(|r| uplink_why(text, r.why, network.at));
        let label = text.order_up(&port);
        // the first one cannot move further; the button stays, so that the others don't jump
        let up = (i > 0).then(|| {
            view! { <button class="plain" name="up" value=name.to_string() aria-label=label>{text.order_up_short()}</button> }
        });
        view! { <li><b>{i + 1}</b><span>{port}" · "{state}</span>{up}</li> }
    });
    let rows = rows.collect::<Vec<_>>();
    let order = joined(order);
    view! {
        <Card title=text.order_title()>
            <form method="post" action="/network/order">
                <input type="hidden" name="order" value=order />
                <ol class="order movable">{rows}</ol>
            </form>
        </Card>
    }
}

fn joined(order: &[PortName]) -> String {
    order.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
