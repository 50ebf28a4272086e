//! What the box is and does, once or as a stream of lines.

use std::{convert::Infallible, time::Duration};

use axum::{Json as Body, body::Body as Stream, extract::State, response::Response};
use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::{
    Refused, Reply, Shared, Watched,
    caller::{Admitted, Who},
};
use crate::auth::AuthState;
use domain::{
    activation::api::Activation,
    api::{Hello, Overview},
    network::transaction::Digest,
    security_txt,
    system::SystemStatus,
};
use os::clock;

/// A stream looks this often whether its session is still alive.
const CHECK_SESSION: Duration = Duration::from_secs(5);

pub(super) async fn hello(State(shared): State<Shared>, _: Who) -> Body<Hello> {
    Body(shared.hello.borrow().clone())
}

pub(super) async fn hello_events(State(shared): State<Shared>, _: Who) -> Response {
    let receiver = shared.hello.subscribe();
    let lines = stream::unfold((receiver, true), |(mut receiver, first)| async move {
        if !first {
            receiver.changed().await.ok()?;
        }
        let line = line(&*receiver.borrow_and_update());
        Some((line, (receiver, false)))
    });
    ndjson(lines)
}

pub(super) async fn overview(State(shared): State<Shared>, _: Admitted) -> Reply<Overview> {
    Ok(Body(shared.overview()))
}

pub(super) async fn events(State(shared): State<Shared>, Admitted(who): Admitted) -> Result<Response, Refused> {
    let watcher = Watcher {
        network: shared.tasks.network.watch(),
        settings: shared.tasks.settings.watch(),
        power: shared.tasks.power.watch(),
        alarms: shared.tasks.alarms.watch(),
        auth: shared.tasks.auth.watch(),
        audit: shared.tasks.audit.watch(),
        certificates: shared.tasks.certificates.watch(),
        activation: shared.tasks.activation.watch(),
        cellular: shared.tasks.cellular.watch(),
        pairs: shared.tasks.pairs.watch(),
        watched: shared.watched.clone(),
        digest: who.digest(),
        shared,
    };
    let lines = stream::unfold((watcher, true), |(mut watcher, first)| async move {
        if !first {
            watcher.changed().await?;
        }
        Some((line(&watcher.shared.overview()), (watcher, false)))
    });
    Ok(ndjson(lines))
}

/// What the activation tells: one line at once, and one for each change. Ends with the session.
pub(super) async fn activation_events(
    State(shared): State<Shared>,
    Admitted(who): Admitted,
) -> Result<Response, Refused> {
    let watch = shared.tasks.activation.watch();
    let lines = stream::unfold((watch, shared, who.digest(), true), |(mut watch, shared, digest, first)| async move {
        let mut news = first;
        while !news {
            let heard = tokio::select! {
                changed = watch.changed() => changed.ok().map(|()| true),
                () = tokio::time::sleep(CHECK_SESSION) => Some(false),
            };
            alive(&shared, digest.as_ref()).await?;
            news = heard?;
        }
        let line = line(&watch.borrow_and_update().now());
        Some((line, (watch, shared, digest, false)))
    });
    Ok(ndjson(lines))
}

struct Watcher {
    network: tokio::sync::watch::Receiver<std::sync::Arc<crate::network::Published>>,
    settings: tokio::sync::watch::Receiver<domain::settings::SettingsStatus>,
    power: tokio::sync::watch::Receiver<domain::power::PowerStatus>,
    alarms: tokio::sync::watch::Receiver<domain::alarms::AlarmCount>,
    auth: tokio::sync::watch::Receiver<AuthState>,
    audit: tokio::sync::watch::Receiver<domain::audit::AuditState>,
    certificates: tokio::sync::watch::Receiver<crate::certificate::Published>,
    activation: tokio::sync::watch::Receiver<crate::activation::Told>,
    cellular: tokio::sync::watch::Receiver<std::sync::Arc<domain::cellular::api::CellularStatus>>,
    pairs: tokio::sync::watch::Receiver<domain::pair::api::PairStatus>,
    watched: Watched,
    /// `None` on the console.
    digest: Option<Digest>,
    shared: Shared,
}

impl Watcher {
    /// `None` when the session has ended: nothing is told after that.
    async fn changed(&mut self) -> Option<()> {
        loop {
            let news = tokio::select! {
                result = self.network.changed() => result.ok().map(|()| true),
                result = self.settings.changed() => result.ok().map(|()| true),
                result = self.power.changed() => result.ok().map(|()| true),
                result = self.alarms.changed() => result.ok().map(|()| true),
                result = self.auth.changed() => result.ok().map(|()| true),
                result = self.audit.changed() => result.ok().map(|()| true),
                result = self.certificates.changed() => result.ok().map(|()| true),
                result = self.activation.changed() => result.ok().map(|()| true),
                result = self.cellular.changed() => result.ok().map(|()| true),
                result = self.pairs.changed() => result.ok().map(|()| true),
                result = self.watched.load.changed() => result.ok().map(|()| true),
                result = self.watched.service_port.changed() => result.ok().map(|()| true),
                result = self.watched.seed.changed() => result.ok().map(|()| true),
                () = tokio::time::sleep(CHECK_SESSION) => Some(false),
            };
            alive(&self.shared, self.digest.as_ref()).await?;
            if news? {
                return Some(());
            }
        }
    }
}

/// `None` when the session has ended.
async fn alive(shared: &Shared, digest: Option<&Digest>) -> Option<()> {
    match digest {
        Some(digest) => shared.tasks.auth.left(digest.clone()).await.ok().map(drop),
        None => Some(()),
    }
}

fn line<T: Serialize>(value: &T) -> Vec<u8> {
    // our own types always serialise; an empty line would only be skipped
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}

fn ndjson(lines: impl futures_util::Stream<Item = Vec<u8>> + Send + 'static) -> Response {
    let body = Stream::from_stream(lines.map(Ok::<_, Infallible>));
    Response::builder()
        .header("content-type", "application/x-ndjson")
        .body(body)
        .unwrap_or_else(|_| Response::new(Stream::empty()))
}

impl Shared {
    fn pair(&self) -> domain::pair::api::PairStatus {
        let mut pair = self.tasks.pairs.status();
        pair.history.truncate(1);
        pair
    }

    pub(super) fn overview(&self) -> Overview {
        Overview {
            model: self.own.board.model.clone(),
            serial: self.own.board.serial.clone(),
            host_name: host_name(),
            support: self.own.board.support.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            network: self.tasks.network.published().at(clock::now()),
            load: *self.watched.load.borrow(),
            service_port: self.watched.service_port.borrow().clone(),
            settings: self.tasks.settings.status(),
            power: self.tasks.power.status(),
            seed: self.watched.seed.borrow().clone(),
            certificate: self.tasks.certificates.status(),
            activation: Activation { offered: None, request: None, ..self.tasks.activation.view() },
            cellular: self.tasks.cellular.brief(clock::now()),
            pair: self.pair(),
            system: self.system(),
            now: clock::wall(),
        }
    }
}

impl Shared {
    fn system(&self) -> SystemStatus {
        let AuthState { password, sessions } = self.tasks.auth.state();
        SystemStatus { audit: self.tasks.audit.state(), alarms: self.tasks.alarms.count(), password, sessions }
    }
}

pub(super) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Keeps the public greeting up to date.
pub(super) async fn keep_hello(shared: Shared) {
    let mut network = shared.tasks.network.watch();
    let mut ready = shared.tasks.auth.watch_ready();
    // the host name is one
    let mut settings = shared.tasks.settings.watch();
    let mut certificates = shared.tasks.certificates.watch();
    let contact = shared.own.board.support.as_deref().and_then(security_txt::contact);
    loop {
        let (listen, cut) = {
            let published = network.borrow_and_update();
            (published.listen.clone(), published.cut)
        };
        let language = settings.borrow_and_update().language;
        let generation = shared.own.generation.clone();
        let installed = certificates.borrow_and_update().status.installed.clone();
        let names = installed.as_ref().map(|view| view.hosts(&host_name())).unwrap_or_default();
        let certificate = installed.map(|view| view.fingerprint);
        let hello = Hello {
            ready: *ready.borrow_and_update(),
            host_name: host_name(),
            listen,
            cut,
            language,
            generation,
            names,
            certificate,
            contact: contact.clone(),
        };
        shared.hello.send_if_modified(|old| {
            let changed = *old != hello;
            *old = hello;
            changed
        });
        let changed = tokio::select! {
            changed = network.changed() => changed,
            changed = ready.changed() => changed,
            changed = settings.changed() => changed,
            changed = certificates.changed() => changed,
        };
        if changed.is_err() {
            return;
        }
    }
}
