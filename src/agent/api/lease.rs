//! A person renews a lease or gives it back.

use std::time::Duration;

use axum::{Json as Body, extract::State};
use tokio::time::timeout;

use super::{
    Json, Reply, Shared,
    audit::Remark,
    caller::{Admitted, Who},
};
use crate::network::{LeaseWish, Origin};
use domain::{
    api::{LeaseAsk, LeaseRequest},
    dhcp::client::{ClientView, StateName},
    fault::Fault,
    network::status::DhcpStatus,
};

/// For the server's answer. Shorter: the page shows what was before. Longer: a person waits for a server that is not there; the page
/// that is shown then goes on by itself.
const PATIENCE: Duration = Duration::from_millis(1_500);

pub(super) async fn lease(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
    remark: Remark,
    Json(ask): Json<LeaseRequest>,
) -> Reply<DhcpStatus> {
    let by = match (&who, who.origin()) {
        (Who::Web(_), Origin::Browser(connection)) => Some(connection.local.0),
        // where the browser is cannot be told, so nothing is known to be cut off
        (Who::Web(_), Origin::Console | Origin::Unknown) => None,
        (Who::Console, _) => ask.by,
    };
    let asked = match ask.ask {
        LeaseAsk::Renew => "renew",
        LeaseAsk::Release => "release",
    };
    remark.say(format!("{asked} {}", ask.port));
    let wish = match ask.ask {
        LeaseAsk::Renew => LeaseWish::Renew,
        LeaseAsk::Release => LeaseWish::Release { unless_at: by.filter(|_| !ask.sure) },
    };
    let mut watch = shared.tasks.network.watch();
    let view = |status: &domain::network::status::NetworkStatus| status.dhcp.get(&ask.port).cloned();
    let before = view(&watch.borrow_and_update().status).ok_or(Fault::NotByDhcp)?;
    shared.tasks.network.lease(ask.port.clone(), wish).await?;
    let done = |now: &DhcpStatus| match ask.ask {
        LeaseAsk::Renew => is_answered(&before.view, &now.view),
        LeaseAsk::Release => now.view.state == StateName::Released,
    };
    let answered = watch.wait_for(|published| view(&published.status).is_none_or(|now| done(&now)));
    // late or not: what is known by then
    drop(timeout(PATIENCE, answered).await);
    let now = view(&shared.tasks.network.published().status);
    Ok(Body(now.ok_or(Fault::NotByDhcp)?))
}

/// A lease that was asked for later, or a problem that was not there.
fn is_answered(before: &ClientView, now: &ClientView) -> bool {
    let obtained = |view: &ClientView| view.lease.as_ref().map(|lease| lease.obtained);
    let granted = now.state == StateName::Bound && obtained(now) > obtained(before);
    granted || now.problem.is_some() && now.problem != before.problem
}
