//! The cellular task with a ModemManager of the tests' own, which says what the real one was recorded to say: what the simulated modem cannot
//! show (another bus, a modem that hangs, raw IP, IPv6), and what every moment reads as.

mod operations;
mod peer;
mod reading;
mod trace;

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};

use self::{
    peer::{Bus, Peer},
    trace::Trace,
};
use super::{Cellular, Engine, start_on};
use crate::network::{Dialled, Published};
use domain::{
    box_file::BoxFile,
    cellular::{api::CellularStatus, request::SetRequest},
};

/// A test that reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

struct World {
    cellular: Cellular,
    peer: Option<Peer>,
    /// What the network engine was told.
    dialled: watch::Sender<Vec<Dialled>>,
    bus: Bus,
    folder: tempfile::TempDir,
    _published: watch::Sender<Arc<Published>>,
}

fn board() -> BoxFile {
    let text = r#"
model = "B-012"
serial = "7F3K-2219"
[[port]]
name = "lan3"
label = "LAN3"
role = "service"
device = { name = "lan3" }
[[port]]
name = "sim"
label = "SIM"
role = "sim"
device = { modem = "any" }
"#;
    toml::from_str(text).expect("a box")
}

impl World {
    /// A box that sees a modem as in the trace; `None`: nobody is ModemManager.
    async fn new(trace: impl Into<Option<Trace>>) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let bus = Bus::start(folder.path());
        let peer = match trace.into() {
            Some(trace) => Some(Peer::start(&bus.address, trace).await),
            None => None,
        };
        let dialled = watch::Sender::new(Vec::new());
        let told = dialled.clone();
        let (publish, published) = watch::channel(Arc::<Published>::default());
        let dial = Arc::new(move |dialled| -> super::uplink::Pending<super::uplink::Told> {
            told.send_modify(|all| all.push(dialled));
            Box::pin(async { Ok(Ok(())) })
        });
        let cellular = start_on(Some(bus.address.clone()), folder.path(), &board(), Engine { dial, published });
        Self { cellular, peer, dialled, bus, folder, _published: publish }
    }

    fn peer(&self) -> &Peer {
        self.peer.as_ref().expect("a ModemManager")
    }

    async fn on(&self, apn: &str) {
        let set = SetRequest { on: Some(true), apn: Some(apn.to_owned()), ..SetRequest::default() };
        self.cellular.set(set).await.expect("saved");
    }

    async fn until(&self, what: &str, look: impl Fn(&CellularStatus) -> bool) -> CellularStatus {
        (*found(what, self.cellular.watch(), |status| look(status)).await).clone()
    }

    /// What the network engine was told last, when it is as it should be.
    async fn told(&self, what: &str, look: impl Fn(&Dialled) -> bool) -> Dialled {
        let told = found(what, self.dialled.subscribe(), |all: &Vec<_>| all.last().is_some_and(&look)).await;
        told.last().cloned().expect("told")
    }

    /// The calls of a method, when there are any.
    async fn called(&self, method: &str) -> Vec<String> {
        let name = format!("{method} ");
        let of = |all: &Vec<String>| all.iter().filter(|call| call.starts_with(&name)).cloned().collect::<Vec<_>>();
        of(&found(method, self.peer().calls(), |all| !of(all).is_empty()).await)
    }

    async fn code(&self, code: &str) -> CellularStatus {
        self.until(code, |status| status.problem.as_ref().is_some_and(|problem| problem.code == code)).await
    }

    async fn connected(&self) -> CellularStatus {
        self.until("a connection", |status| status.connected_since.is_some()).await
    }
}

async fn found<T: Clone + std::fmt::Debug>(what: &str, mut watch: watch::Receiver<T>, look: impl Fn(&T) -> bool) -> T {
    let seen = timeout(PATIENCE, watch.wait_for(|now| look(now))).await.map(|found| found.map(|found| found.clone()));
    match seen {
        Ok(Ok(found)) => found,
        _ => panic!("never: {what}: {:?}", *watch.borrow()),
    }
}
