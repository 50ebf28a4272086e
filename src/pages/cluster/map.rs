//! Hosts of a cluster: as a map of pairs, and as a table. The map says nothing that the table does not.

use leptos::prelude::*;

use crate::{
    components::{
        format::moment,
        tag::{Mood, tag},
        words::registry::host_state,
    },
    domain::cluster::{api::HostInfo, names::Serial},
    text::Text,
};

/// Pairs side by side with the wire between them, single boxes, and places that are kept.
pub(super) fn drawn(text: Text, hosts: &[HostInfo], reserved: &[Serial], this: Option<&str>) -> impl IntoView + use<> {
    let first = |host: &&HostInfo| host.peer.as_ref().is_none_or(|peer| host.serial < *peer || !known(hosts, peer));
    let groups = hosts.iter().filter(first).map(|host| {
        let other = host.peer.as_ref().and_then(|peer| hosts.iter().find(|other| other.serial == *peer));
        let awaited = host.awaits.as_ref().map(|serial| place(serial.as_str(), text.cluster_expected().to_owned()));
        let wire = (other.is_some() || awaited.is_some()).then(|| view! { <span class="wire" aria-hidden="true"></span> });
        view! { <li class="pair">{one(text, host, this)}{wire}{other.map(|other| one(text, other, this))}{awaited}</li> }
    });
    let groups = groups.collect_view();
    let paired = hosts.iter().filter(|host| host.peer.is_some()).count();
    let summary = text.cluster_map_summary(reserved.len(), paired / 2, hosts.len() - paired);
    view! {
        <p class="muted">{summary}</p>
        <ul class="map" aria-label=text.cluster_map()>{groups}</ul>
    }
}

fn known(hosts: &[HostInfo], serial: &Serial) -> bool {
    hosts.iter().any(|host| host.serial == *serial)
}

fn one(text: Text, host: &HostInfo, this: Option<&str>) -> impl IntoView + use<> {
    let own = this == Some(host.serial.as_str());
    let class = if own { "node own" } else { "node" };
    let own = own.then(|| view! { <span class="small">{text.cluster_this()}</span> });
    view! {
        <span class=class>
            <b>{host.name.to_string()}</b>
            <span class="mono small">{host.serial.to_string()}</span>
            {tag(mood(host), &host_state(text, &host.state))}
            {own}
        </span>
    }
}

fn place(serial: &str, why: String) -> impl IntoView + use<> {
    let serial = serial.to_owned();
    view! { <span class="node kept"><span class="mono small">{serial}</span><span class="small muted">{why}</span></span> }
}

fn mood(host: &HostInfo) -> Mood {
    match host.state.as_str() {
        "active" => Mood::Ok,
        "draining" | "leaving" => Mood::Warn,
        _ => Mood::Calm,
    }
}

/// With what can be done to each, where somebody may.
pub(super) fn table(text: Text, hosts: &[HostInfo], this: Option<&str>, actions: bool) -> impl IntoView + use<> {
    if hosts.is_empty() {
        return view! { <p class="muted">{text.cluster_no_hosts()}</p> }.into_any();
    }
    let rows = hosts.iter().map(|host| row(text, host, this, actions)).collect_view();
    let last = actions.then(|| view! { <th scope="col">{text.cluster_col_actions()}</th> });
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=text.cluster_hosts()>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{text.cluster_col_host()}</th>
                        <th scope="col">{text.cluster_col_state()}</th>
                        <th scope="col">{text.cluster_col_model()}</th>
                        <th scope="col">{text.cluster_col_peer()}</th>
                        <th scope="col">{text.cluster_col_role()}</th>
                        <th scope="col">{text.cluster_col_seen()}</th>
                        {last}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(text: Text, host: &HostInfo, this: Option<&str>, actions: bool) -> impl IntoView + use<> {
    let peer = match (&host.peer, &host.awaits) {
        (Some(peer), _) => peer.to_string(),
        (None, Some(awaited)) => text.cluster_waits(awaited),
        (None, None) => text.cluster_no_peer().to_owned(),
    };
    let role = match (&host.peer, host.holds_lease) {
        (_, true) => text.cluster_role_active(),
        (Some(_), false) => text.cluster_role_standby(),
        (None, false) => text.cluster_role_none(),
    };
    let seen = host.last_seen.map_or_else(|| "–".to_owned(), moment);
    let own = (this == Some(host.serial.as_str())).then(|| format!(" ({})", text.cluster_this()));
    let todo = actions.then(|| view! { <td>{links(text, host)}</td> });
    view! {
        <tr>
            <th scope="row">{host.name.to_string()}{own}<br /><span class="mono small">{host.serial.to_string()}</span></th>
            <td>{tag(mood(host), &host_state(text, &host.state))}</td>
            <td>{host.model.to_string()}</td>
            <td class="mono">{peer}</td>
            <td>{role}</td>
            <td>{seen}</td>
            {todo}
        </tr>
    }
}

fn links(text: Text, host: &HostInfo) -> impl IntoView + use<> {
    let link = |what: &str, label: &'static str| {
        let href = format!("/cluster/do/{what}/{}", crate::domain::cluster::calls::encode(host.serial.as_str()));
        view! { <a class="link" href=href>{label}</a>" " }
    };
    let links = match host.state.as_str() {
        "active" => {
            let mut links = vec![link("remove", text.cluster_remove())];
            if host.cluster.is_some() {
                links.push(link("replace", text.cluster_replace_link()));
            }
            if host.peer.is_some() {
                links.push(link("unpair", text.cluster_unpair()));
            }
            links.push(link("agree", text.cluster_agree()));
            links
        }
        "draining" | "leaving" => vec![link("force", text.cluster_force())],
        _ => Vec::new(),
    };
    links.collect_view()
}
