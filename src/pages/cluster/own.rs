//! The box's own cluster, as the registry told last.

use leptos::prelude::*;

use super::map;
use crate::{
    components::{
        card::{Card, Fact, facts},
        format::moment,
        note::Note,
        tag::Mood,
        words::registry,
    },
    domain::{
        activation::api::{OwnCluster, Stage},
        api::Overview,
    },
    text::Text,
};

pub(super) fn card(text: Text, overview: &Overview, own: &OwnCluster) -> impl IntoView + use<> {
    let activation = &overview.activation;
    let virtual_ip = activation.member.as_ref().and_then(|member| member.info.virtual_ip);
    let virtual_ip =
        virtual_ip.map(|ip| facts(vec![(text.activate_review_virtual_ip().to_owned(), Fact::code(Some(ip)))]));
    let body = match (activation.stage, &own.view) {
        (Stage::Active, Some(view)) => view! {
            <h3>{view.cluster.name.to_string()}</h3>
            {virtual_ip}
            {map::drawn(text, &view.hosts, &view.cluster.reserved, Some(&overview.serial))}
            {map::table(text, &view.hosts, Some(&overview.serial), false)}
        }
        .into_any(),
        (Stage::Active, None) => {
            let said = match activation.member.as_ref().and_then(|member| member.info.cluster_name.as_ref()) {
                Some(name) => format!("{name}: {}", text.cluster_never()),
                None => text.cluster_alone().to_owned(),
            };
            view! { <p>{said}</p> }.into_any()
        }
        (Stage::Left, _) => view! {
            <p>{text.activate_left_why()}</p>
            <p class="actions"><a class="button" href="/activate">{text.cluster_to_activate()}</a></p>
        }
        .into_any(),
        (Stage::Unopened | Stage::Answering | Stage::Working, _) => view! {
            <p>{text.cluster_not_activated()}</p>
            <p class="actions"><a class="button" href="/activate">{text.cluster_to_activate()}</a></p>
        }
        .into_any(),
    };
    let told = own.told.filter(|_| own.view.is_some()).map(|at| text.cluster_told(moment(at)));
    let away = own.away.as_ref().map(|away| {
        let title = text.cluster_away(moment(away.since));
        let (why, mend) = (registry::away(text, &away.why), registry::mend(text, &away.why));
        view! { <Note mood=Mood::Warn title=title><p>{why}" "{mend}</p></Note> }
    });
    view! {
        <Card title=text.cluster_own()>
            {body}
            {away}
            {told.map(|told| view! { <p class="small muted">{told}</p> })}
        </Card>
    }
}
