//! Plans and changes. A handler only hands over to the network task: a browser that goes away in the middle changes nothing.

use std::{collections::BTreeMap, time::Duration};

use axum::{Json as Body, extract::State};
use futures_util::future::join_all;
use tokio::time::timeout;

use super::{
    Json, Refused, Reply, Shared,
    audit::Remark,
    caller::{Admitted, Who},
    sign_in::begun,
};
use crate::{
    dhcp, hops,
    network::{Apply, Confirm},
    secrets,
};
use domain::{
    api::{Applied, ApplyRequest, ConfirmRequest, HandoffRequest, PlanRequest, Session, TestRequest},
    dhcp::{
        discover::{Offer, WINDOW},
        lease::Lease,
    },
    fault::Fault,
    name::PortName,
    network::{
        effective::{Leases, dhcp_ports},
        hops::{Report, Target},
        issue::{Field, Issue},
        plan::Plan,
        spec::NetworkSpec,
        status::LinkStatus,
        transaction::{CONFIRM_WINDOW, LONGEST_WINDOW, Outcome},
    },
};

/// Shorter than this nobody can answer.
const SHORTEST_WINDOW: u64 = 10_000;
/// For a test that somebody else makes to end. Shorter: two people cannot test at once. Longer: with the test itself it is more
/// than callers wait for an answer.
const TURN_LIMIT: Duration = Duration::from_secs(7);

pub(super) async fn plan(State(shared): State<Shared>, _: Admitted, Json(ask): Json<PlanRequest>) -> Reply<Plan> {
    bears_the_virtual_ip(&shared, &ask.spec)?;
    let mut plan = shared.tasks.network.plan(ask.spec.clone(), Leases::new()).await?;
    let offers = offers(&shared, &ask.spec).await;
    if !offers.is_empty() {
        let leases = offers.iter().filter_map(|(port, all)| Some((port.clone(), best(all)?.clone()))).collect();
        plan = Plan { offers, ..shared.tasks.network.plan(ask.spec, leases).await? };
    }
    Ok(Body(plan))
}

fn bears_the_virtual_ip(shared: &Shared, spec: &NetworkSpec) -> Result<(), Fault> {
    shared.tasks.pairs.bears(&shared.own.board, spec, &shared.tasks.network.published().status)
}

/// What DHCP servers would give on the ports that the spec changes to DHCP. An empty list: nobody answered.
async fn offers(shared: &Shared, spec: &NetworkSpec) -> BTreeMap<PortName, Vec<Offer>> {
    let status = shared.tasks.network.published().status.clone();
    let new = dhcp_ports(spec).difference(&dhcp_ports(&status.spec)).cloned().collect::<Vec<_>>();
    // one search at a time: who asks again and again waits, and the network is not flooded
    let _turn = if new.is_empty() { None } else { Some(shared.searching.lock().await) };
    let asked = new.into_iter().map(|name| {
        let link = status.port(&name).and_then(|port| port.link.clone());
        async move {
            let found = match link {
                Some(LinkStatus { index, interface, mac: Some(mac), carrier: true, .. }) => {
                    dhcp::offers(index, &interface, &dhcp::settings(mac), WINDOW).await
                }
                Some(_) | None => Ok(Vec::new()),
            };
            let found =
                found.inspect_err(|error| tracing::warn!(port = %name, %error, "no DHCP server can be looked for"));
            (name, found.unwrap_or_default())
        }
    });
    join_all(asked).await.into_iter().collect()
}

/// The one that the client would take.
fn best(offers: &[Offer]) -> Option<&Lease> {
    offers.iter().find_map(|offer| offer.lease.as_ref().ok())
}

pub(super) async fn apply(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
    remark: Remark,
    Json(ask): Json<ApplyRequest>,
) -> Reply<Applied> {
    bears_the_virtual_ip(&shared, &ask.spec)?;
    let secret = || secrets::token().map_err(|e| Fault::Internal { detail: e.to_string() });
    let (confirm, handoff) = (secret()?, secret()?);
    let window = ask.window.map_or(CONFIRM_WINDOW, |s| s.saturating_mul(1000).clamp(SHORTEST_WINDOW, LONGEST_WINDOW));
    let apply = Apply {
        spec: ask.spec,
        base: ask.base,
        by: who.actor(),
        session: who.digest(),
        confirm: secrets::digest(&confirm),
        handoff: secrets::digest(&handoff),
        window,
    };
    let tx = shared.tasks.network.apply(apply).await?;
    remark.say(format!("change {}", tx.0));
    Ok(Body(Applied { tx, confirm, handoff }))
}

pub(super) async fn confirm(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
    remark: Remark,
    Json(ask): Json<ConfirmRequest>,
) -> Reply<Outcome> {
    let token = ask.token.as_ref().map(secrets::digest);
    let confirm = Confirm { tx: ask.tx, token, origin: who.origin(), automatic: ask.automatic, untested: ask.untested };
    let outcome = shared.tasks.network.confirm(confirm).await?;
    remark.say(ended(&outcome));
    Ok(Body(outcome))
}

/// Without a session: the handoff is what lets the browser in at the new address.
pub(super) async fn handoff(
    State(shared): State<Shared>,
    who: Who,
    remark: Remark,
    Json(ask): Json<HandoffRequest>,
) -> Reply<Session> {
    if !matches!(who, Who::Web(_)) {
        return Err(Refused::from(Fault::Forbidden));
    }
    let parent = shared.tasks.network.handoff(secrets::digest(&ask.handoff), who.origin()).await?;
    let opened = shared.tasks.auth.mint(who.source(&shared), parent.ok_or(Fault::NotSignedIn)?).await?;
    Ok(begun(&shared, &remark, opened))
}

pub(super) async fn rollback(State(shared): State<Shared>, Admitted(who): Admitted, remark: Remark) -> Reply<Outcome> {
    let outcome = shared.tasks.network.go_back(who.actor()).await?;
    remark.say(ended(&outcome));
    Ok(Body(outcome))
}

fn ended(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Committed { tx } => format!("change {} kept", tx.0),
        Outcome::RolledBack { tx, .. } => format!("change {} undone", tx.0),
    }
}

pub(super) async fn more_time(State(shared): State<Shared>, _: Admitted) -> Reply<()> {
    shared.tasks.network.more_time().await?;
    Ok(Body(()))
}

/// One test at a time: who asks again and again waits, and the network is not flooded. It ends with the request: it changes nothing.
pub(super) async fn test(State(shared): State<Shared>, _: Admitted, Json(ask): Json<TestRequest>) -> Reply<Report> {
    let host = Target::read(ask.host.as_deref().unwrap_or_default());
    let issue = |rule| Fault::Invalid { issues: vec![Issue { port: None, field: Field::Host, rule }] };
    let host = host.map_err(|bad| issue(bad.0))?;
    Ok(Body(look_along(&shared, host).await?))
}

/// The path to a host, hop by hop.
pub(super) async fn look_along(shared: &Shared, host: Option<Target>) -> Result<Report, Refused> {
    let Ok(_turn) = timeout(TURN_LIMIT, shared.testing.lock()).await else {
        return Err(Refused::from(Fault::SlowDown { seconds: TURN_LIMIT.as_secs() }));
    };
    let status = shared.tasks.network.published().status.clone();
    let late = |_| Fault::Internal { detail: "the network test took too long".to_owned() };
    let proxy = shared.tasks.settings.proxy();
    let settings = hops::Settings {
        time_servers: &shared.tasks.settings.status().clock.servers,
        proxy: proxy.as_deref(),
        own: &super::settings::own_addresses(&status),
    };
    Ok(timeout(hops::LONGEST, hops::test(&status, settings, host)).await.map_err(late)?)
}
