//! What a box asks about itself, by its certificate.

use domain::cluster::{
    activate,
    api::{BoxInfo, ClusterView, Done, EpochAsk, LeaseAsk, LeaseInfo, Removal, RenewAsk, Renewed},
    calls,
    key::Key,
    lease,
    leave::{self, Step},
    problem::Problem,
    record::Host,
};

use super::{
    enrol, fleet,
    routes::{Asked, Routes},
};

pub fn add(routes: &mut Routes) {
    routes.on::<calls::GetBox, _>(show);
    routes.on::<calls::GetBoxCluster, _>(cluster);
    routes.on::<calls::RenewCertificate, _>(renew);
    routes.on::<calls::BoxDrained, _>(|asked, ()| step(asked, Step::Drained));
    routes.on::<calls::BoxLeft, _>(|asked, ()| step(asked, Step::Left));
    routes.on::<calls::AcquireLease, _>(acquire);
    routes.on::<calls::RenewLease, _>(renew_lease);
    routes.on::<calls::ReleaseLease, _>(release);
}

async fn show(asked: Asked, (): ()) -> Result<BoxInfo, Problem> {
    let serial = asked.caller.serial()?;
    let told = asked.registry.engine().look(|draft| activate::tell(draft, serial)).await?;
    Ok(enrol::info(&asked.registry, serial.clone(), told, asked.now))
}

async fn cluster(asked: Asked, (): ()) -> Result<ClusterView, Problem> {
    let (serial, account) = (asked.caller.serial()?, asked.caller.account()?);
    let host = asked.registry.engine().look(|draft| draft.get::<Host>(Key::Host(serial.clone()))).await?;
    let id = host.and_then(|host| host.cluster).ok_or(Problem::NotFound)?;
    fleet::view(&asked, account, &id).await
}

async fn renew(asked: Asked, ask: RenewAsk) -> Result<Renewed, Problem> {
    let serial = asked.caller.serial()?.clone();
    let signed = enrol::renewal(&ask.csr)?;
    enrol::renewed(&asked, &signed, &serial, &asked.call()).await
}

async fn step(asked: Asked, step: Step) -> Result<Removal, Problem> {
    let (serial, account, call) = (asked.caller.serial()?, asked.caller.account()?, asked.call());
    let state = asked.registry.engine().decide(|view| leave::step(view, account, serial, step, &call)).await?;
    Ok(Removal { state: state.word().to_owned() })
}

/// The store's lease is made first; one that the rule did not take is given back.
async fn acquire(asked: Asked, ask: LeaseAsk) -> Result<LeaseInfo, Problem> {
    if !lease::SECONDS.contains(&ask.seconds) {
        return Err(Problem::invalid("seconds", "a lease has 2 to 60 seconds"));
    }
    let (serial, call, engine) = (asked.caller.serial()?, asked.call(), asked.registry.engine());
    let granted = engine.store().grant(ask.seconds).await.map_err(|_| Problem::Unknown)?;
    let decided = engine.decide(|view| lease::acquire(view, serial, granted, ask.released, &call)).await;
    if decided.is_err() && engine.store().revoke(granted).await.is_err() {
        tracing::warn!(lease = granted, "a lease that nobody holds ends by itself");
    }
    Ok(LeaseInfo { epoch: decided?.epoch })
}

async fn renew_lease(asked: Asked, ask: EpochAsk) -> Result<LeaseInfo, Problem> {
    let (serial, engine) = (asked.caller.serial()?, asked.registry.engine());
    let hold = engine.decide(|view| lease::held(view, serial, ask.epoch)).await?;
    match engine.store().keep_alive(hold.lease).await {
        Ok(true) => Ok(LeaseInfo { epoch: hold.epoch }),
        Ok(false) => Err(Problem::LeaseLost { epoch: hold.epoch }),
        Err(_) => Err(Problem::Unknown),
    }
}

async fn release(asked: Asked, ask: EpochAsk) -> Result<Done, Problem> {
    let serial = asked.caller.serial()?;
    asked.registry.engine().decide(|view| lease::release(view, serial, ask.epoch)).await?;
    Ok(Done { now: asked.now })
}
