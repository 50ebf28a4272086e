//! Everything on one page. With a prepared record the wizard is this page alone.

use leptos::prelude::*;

use super::{WizardView, check::away_note, network::prepared, progress::refused_note};
use crate::{
    components::{
        card::{Card, Fact, facts},
        note::Note,
        tag::Mood,
        words::Ports,
    },
    domain::{
        api::Overview,
        cluster::api::{AssociationKind, Preview},
        pair::settings::HeartbeatPort,
    },
    text::Text,
};

pub(super) fn view(text: Text, overview: &Overview, view: &WizardView) -> impl IntoView + use<> {
    let activation = &view.activation;
    let draft = &activation.draft;
    let preview = activation.offered.as_ref().map(|offered| &offered.preview);
    let code = draft.code.as_ref();
    let account = preview.map(|preview| preview.account_name.to_string());
    let account = account.or_else(|| code?.account.as_ref().map(ToString::to_string));
    let mut rows = vec![
        (text.activate_confirm_model().to_owned(), Fact::Text(overview.model.clone())),
        (text.activate_confirm_serial().to_owned(), Fact::Code(overview.serial.clone())),
        (text.activate_confirm_account().to_owned(), Fact::text(account)),
        (text.activate_review_name().to_owned(), Fact::code(draft.name.as_ref())),
        (text.activate_review_cluster().to_owned(), Fact::Text(cluster(text, activation, preview))),
    ];
    if let Some(association) = draft.association.as_ref().filter(|a| a.kind == AssociationKind::Manual) {
        let none = || text.activate_review_no_peer().to_owned();
        let peer = association.peer.as_ref().map_or_else(none, ToString::to_string);
        rows.push((text.activate_review_peer().to_owned(), Fact::Text(peer)));
        rows.push((text.activate_review_virtual_ip().to_owned(), Fact::code(association.virtual_ip)));
        let label = |port| Ports(&overview.network).say(text, port);
        if let Some(port) = &draft.ports.virtual_ip {
            rows.push((text.pair_settings_port().to_owned(), Fact::Text(label(port))));
        }
        let heartbeat = match &draft.ports.heartbeat {
            HeartbeatPort::Automatic => None,
            HeartbeatPort::None => Some(text.activate_heartbeat_none().to_owned()),
            HeartbeatPort::Port(port) => Some(label(port)),
        };
        rows.extend(heartbeat.map(|port| (text.pair_settings_heartbeat().to_owned(), Fact::Text(port))));
    }
    let refused = activation.refused.as_ref().map(|problem| refused_note(text, problem));
    let away = view.refusal.as_ref().and_then(|refusal| match &refusal.fault {
        crate::domain::fault::Fault::RegistryAway { why } => Some(away_note(text, why)),
        _ => None,
    });
    let network = prepared(activation).map(|_| {
        view! {
            <Note mood=Mood::Info title=text.activate_network()>
                <p>{text.activate_network_why()}</p>
                <p class="actions"><a href="/activate/network">{text.activate_network_look()}</a></p>
            </Note>
        }
    });
    view! {
        <p class="muted">{text.activate_review_why()}</p>
        {refused}
        {away}
        <Card title=text.activate_review()>
            {facts(rows)}
            <p class="actions"><a class="link" href="/activate/cluster">{text.activate_review_change()}</a></p>
        </Card>
        {network}
        <form method="post" action="/activate/review">
            <p class="actions"><button>{text.activate_go()}</button></p>
        </form>
    }
}

fn cluster(text: Text, activation: &crate::domain::activation::api::Activation, preview: Option<&Preview>) -> String {
    let Some(association) = &activation.draft.association else { return text.activate_review_none().to_owned() };
    match association.kind {
        AssociationKind::None => text.activate_review_none().to_owned(),
        AssociationKind::Automatic => text.activate_review_automatic().to_owned(),
        AssociationKind::Manual => match (&association.new_cluster, &association.cluster) {
            (Some(name), _) => text.activate_review_new(name),
            (None, Some(id)) => {
                let known = preview.and_then(|p| p.clusters.iter().find(|cluster| cluster.id == *id));
                known.map_or_else(|| id.to_string(), |cluster| cluster.name.to_string())
            }
            (None, None) => String::new(),
        },
    }
}
