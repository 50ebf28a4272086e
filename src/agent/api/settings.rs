//! The box's own settings: what was typed is checked here, and handed to the task that owns them.

use std::net::Ipv4Addr;

use axum::{Json as Body, extract::State};
use ipnet::IpNet;

use super::{Json, Refused, Reply, Shared, audit::Remark, caller::Admitted};
use crate::{
    hops::dns,
    proxy::{self, Found, Here, Proxy},
};
use domain::{
    fault::Fault,
    network::{
        hops::{Asked, Findings, Hop, Outcome, evaluate},
        issue::{Field, Issue, Rule},
        status::NetworkStatus,
    },
    settings::{
        SettingsStatus,
        proxy::ProxySpec,
        request::{ClockRequest, HostNameRequest, Own, Password, ProxyRequest, ProxySaved, TimeRequest, WantedProxy},
    },
    time::UnixSeconds,
};

/// What a clock can be set to: people who set one to 1970 or to 2200 have mistyped it.
const SENSIBLE: std::ops::Range<u64> = 1_577_836_800..4_102_444_800;

pub(super) async fn show(State(shared): State<Shared>, _: Admitted) -> Reply<SettingsStatus> {
    Ok(Body(shared.tasks.settings.status()))
}

pub(super) async fn host_name(
    State(shared): State<Shared>,
    _: Admitted,
    remark: Remark,
    Json(ask): Json<HostNameRequest>,
) -> Reply<()> {
    let name = ask.check().map_err(invalid)?;
    remark.say(name.to_string());
    Ok(Body(shared.tasks.settings.set_host_name(name).await?))
}

pub(super) async fn time(
    State(shared): State<Shared>,
    _: Admitted,
    remark: Remark,
    Json(ask): Json<TimeRequest>,
) -> Reply<()> {
    let (zone, servers) = ask.check().map_err(invalid)?;
    let named = servers.iter().map(ToString::to_string);
    remark.say(zone.iter().map(ToString::to_string).chain(named).collect::<Vec<_>>().join(" "));
    Ok(Body(shared.tasks.settings.set_time(zone, servers).await?))
}

pub(super) async fn clock(State(shared): State<Shared>, _: Admitted, Json(ask): Json<ClockRequest>) -> Reply<()> {
    let UnixSeconds(seconds) = ask.time;
    if !SENSIBLE.contains(&seconds) {
        return Err(invalid(vec![Issue { port: None, field: Field::Clock, rule: Rule::NotATime }]));
    }
    Ok(Body(shared.tasks.settings.set_clock(ask.time).await?))
}

pub(super) async fn proxy(
    State(shared): State<Shared>,
    _: Admitted,
    remark: Remark,
    Json(ask): Json<ProxyRequest>,
) -> Reply<ProxySaved> {
    let network = shared.tasks.network.published().status.clone();
    let (name, addresses) = (super::status::host_name(), own_addresses(&network));
    let current = shared.tasks.settings.proxy();
    let saved = current.as_ref().map(|proxy| &proxy.spec);
    let wanted = ask.check(saved, Own { name: &name, addresses: &addresses }).map_err(invalid)?;
    let Some(WantedProxy { spec, password, host }) = wanted else {
        remark.say("none");
        shared.tasks.settings.set_proxy(None).await?;
        return Ok(Body(ProxySaved::default()));
    };
    usable(&spec)?;
    remark.say(spec.url.to_string());
    let secret = match &password {
        Password::None => None,
        Password::Kept => current.as_ref().and_then(|proxy| proxy.password.clone()),
        Password::New(secret) => Some(secret.clone()),
    };
    let candidate = Proxy { spec: spec.clone(), password: secret };
    let resolvers = dns::resolvers(&network);
    let here = Here { dns: &resolvers, own: &addresses };
    let millis = if ask.untested { None } else { works(proxy::try_out(&candidate, here, host.as_ref()).await)? };
    shared.tasks.settings.set_proxy(Some((spec, password))).await?;
    Ok(Body(ProxySaved { millis }))
}

/// Milliseconds until it let us through.
fn works(found: Found) -> Result<Option<u32>, Fault> {
    // judged by the rules of the network test: a proxy is broken here if it is broken there
    let host = found.host.map_or(Asked::NotTested, Asked::Found);
    let path = evaluate(Findings { proxy: Asked::Found(found.proxy), host, ..Findings::default() });
    match (path.hop(Hop::Proxy), path.hop(Hop::Host)) {
        (Some(Outcome::Broken { cause }), _) | (_, Some(Outcome::Broken { cause })) => {
            Err(Fault::ProxyFails { cause: cause.clone() })
        }
        _ => Ok(found.proxy.millis()),
    }
}

fn usable(spec: &ProxySpec) -> Result<(), Refused> {
    match &spec.ca {
        Some(pem) if proxy::authorities(pem.as_bytes()).is_err() => {
            Err(invalid(vec![Issue { port: None, field: Field::ProxyCa, rule: Rule::NotACertificate }]))
        }
        _ => Ok(()),
    }
}

/// The addresses of all its ports.
pub(crate) fn own_addresses(network: &NetworkStatus) -> Vec<Ipv4Addr> {
    let all = network.ports.iter().flat_map(|port| &port.addresses);
    all.filter_map(|address| match address.net {
        IpNet::V4(net) => Some(net.addr()),
        IpNet::V6(_) => None,
    })
    .collect()
}

fn invalid(issues: Vec<Issue>) -> Refused {
    Fault::Invalid { issues }.into()
}
