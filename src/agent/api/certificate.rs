//! The certificate that the owner has installed.

use axum::{Json as Body, extract::State};

use super::{
    Json, Refused, Reply, Shared,
    audit::Remark,
    caller::{Admitted, Who},
    settings::own_addresses,
};
use domain::{
    certificate::{CertificateStatus, InstallRequest, Offered, Preview, Serving, uncovered},
    fault::Fault,
};
use os::clock;

pub(super) async fn show(State(shared): State<Shared>, _: Admitted) -> Reply<CertificateStatus> {
    Ok(Body(shared.tasks.certificates.status()))
}

pub(super) async fn check(State(shared): State<Shared>, _: Admitted, Json(ask): Json<Offered>) -> Reply<Preview> {
    let checked = shared.tasks.certificates.check(ask, clock::wall()).await?;
    let addresses = own_addresses(&shared.tasks.network.published().status);
    let uncovered = uncovered(&checked.leaf, &super::status::host_name(), &addresses);
    let view = checked.view.clone();
    let candidate = shared.tasks.certificates.keep(checked).await?;
    Ok(Body(Preview { candidate, view, uncovered }))
}

pub(super) async fn install(
    State(shared): State<Shared>,
    _: Admitted,
    remark: Remark,
    Json(ask): Json<InstallRequest>,
) -> Reply<()> {
    let installed = shared.tasks.certificates.install(ask.candidate).await?;
    remark.say(installed.fingerprint);
    Ok(Body(()))
}

pub(super) async fn remove(State(shared): State<Shared>, _: Admitted) -> Reply<()> {
    Ok(Body(shared.tasks.certificates.remove().await?))
}

/// For the process that shakes hands with it, and for nobody who is signed in: no page shows a key.
pub(super) async fn serving(State(shared): State<Shared>, who: Who) -> Reply<Option<Serving>> {
    match who {
        Who::Web(caller) if caller.session.is_some() => Err(Refused::from(Fault::Forbidden)),
        Who::Web(_) | Who::Console => {
            Ok(Body(shared.tasks.certificates.serving().map(|serving| Serving::clone(&serving))))
        }
    }
}
