//! The way to ModemManager. After each of its signals the whole of what it says is read, since one change comes as several signals; what
//! a signal says is never believed by itself.
//!
//! There are two connections: signals that pile up on one cannot hold up the answers that come over the other. That there is no message
//! bus, or no ModemManager on it, is a state like others.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, future::join_all};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use zbus::{
    Connection, DBusError, DynamicType, MatchRule, MessageStream, OwnedObjectPath, Type, connection::Builder, message,
};

use super::{
    properties::{Properties, number, object_number, signed},
    read::{self, BEARER, Interfaces, MODEM, SIGNAL, SIM},
};
use domain::cellular::{cause::Failure, modem::Seen};

pub(super) const SERVICE: &str = "org.freedesktop.ModemManager1";
pub(super) const ROOT: &str = "/org/freedesktop/ModemManager1";
const BUS: (&str, &str, &str) = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus");

/// For one reading. Shorter: a busy box does not make it. Longer: what is told is old.
const READ_LIMIT: Duration = Duration::from_secs(8);
/// Until a bus that is not there is looked for again.
const AGAIN: Duration = Duration::from_secs(3);
/// From a signal to the reading: what belongs to one change comes within it.
const SETTLE: Duration = Duration::from_millis(30);
/// Without a signal, all is read so often: some properties change without one.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Signals that may wait; the bus's own limits come before.
const QUEUE: usize = 256;
/// Seconds between two measurements of the signal.
const MEASURE_EVERY: u32 = 30;
/// `MMModemState`: it measures nothing before.
const ENABLED: i32 = 6;

/// Where the modem is looked for.
#[derive(Clone, Debug, Default)]
pub struct Where {
    /// A bus other than the system's.
    pub bus: Option<String>,
    /// The modem with this IMEI; `None`: the first one.
    pub imei: Option<String>,
}

/// All that ModemManager said at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// Grows with each reading that is begun: an older one that is late is not news.
    pub number: u64,
    pub seen: Seen,
    pub paths: Option<Paths>,
}

/// What operations are asked of.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    pub modem: String,
    pub sim: Option<String>,
}

/// Clones share the connection for calls.
#[derive(Clone, Debug)]
pub(super) struct Manager(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    at: Where,
    calls: tokio::sync::Mutex<Option<Connection>>,
    readings: AtomicU64,
    /// The name of whoever is ModemManager on the bus, and the number of such names so far.
    owner: Mutex<(String, u64)>,
    /// The modem that was told to measure.
    measures: Mutex<Option<String>>,
}

impl Manager {
    pub(super) fn new(at: Where) -> Self {
        let (calls, readings, owner, measures) = Default::default();
        Self(Arc::new(Inner { at, calls, readings, owner, measures }))
    }

    /// Tells at once and after each change, until nobody listens.
    pub(super) async fn watch(self, tell: mpsc::Sender<Reading>) {
        let mut silent = false;
        while !tell.is_closed() {
            if let Err(error) = self.follow(&tell).await
                && !silent
            {
                // once: a box without a message bus has none for as long as it runs
                tracing::info!(%error, "there is no message bus to reach ModemManager by; it is looked for again and again");
                silent = true;
            }
            let nothing = Reading { number: self.begin(), ..Reading::default() };
            drop(tell.send(nothing).await);
            sleep(AGAIN).await;
        }
    }

    async fn follow(&self, tell: &mpsc::Sender<Reading>) -> zbus::Result<()> {
        let bus = self.connect().await?;
        let signals = MatchRule::builder().msg_type(message::Type::Signal).path_namespace(ROOT).build()?;
        let comings = MatchRule::builder()
            .msg_type(message::Type::Signal)
            .sender(BUS.0)
            .member("NameOwnerChanged")
            .arg(0, SERVICE)
            .build()?;
        let queue = NonZeroUsize::new(QUEUE);
        let mut signals = MessageStream::for_match_rule(signals, &bus, queue).await?;
        let mut comings = MessageStream::for_match_rule(comings, &bus, queue).await?;
        loop {
            if let Some(reading) = self.read().await
                && tell.send(reading).await.is_err()
            {
                return Ok(());
            }
            let heard = tokio::select! {
                heard = signals.next() => heard,
                heard = comings.next() => heard,
                () = sleep(LOOK_EVERY) => continue,
            };
            let Some(heard) = heard else { return Ok(()) };
            heard?;
            sleep(SETTLE).await;
            while let Some(Some(_)) = signals.next().now_or_never() {}
        }
    }

    /// `None` where nobody knows: it takes too long.
    pub(super) async fn read(&self) -> Option<Reading> {
        let number = self.begin();
        match timeout(READ_LIMIT, self.look(number)).await {
            Ok(Ok(reading)) => Some(reading),
            Ok(Err(failure)) => {
                tracing::debug!(?failure, "ModemManager was not read");
                (failure == Failure::Gone).then(|| Reading { number, ..Reading::default() })
            }
            Err(_) => {
                tracing::warn!("ModemManager does not answer within {} s", READ_LIMIT.as_secs());
                None
            }
        }
    }

    fn begin(&self) -> u64 {
        self.0.readings.fetch_add(1, Ordering::Relaxed) + 1
    }

    async fn look(&self, number: u64) -> Result<Reading, Failure> {
        // one that is not running is not asked anything: the bus would start it
        let owner: String = match self.ask(BUS.0, BUS.1, BUS.2, "GetNameOwner", &SERVICE).await {
            Ok(owner) => owner,
            Err(Failure::Gone) => return Ok(Reading { number, ..Reading::default() }),
            Err(other) => return Err(other),
        };
        let manager = Some(self.number_of(owner));
        let objects: std::collections::HashMap<OwnedObjectPath, Interfaces> =
            self.ask(SERVICE, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &()).await?;
        let mut modems: Vec<_> = objects
            .iter()
            .filter(|(_, object)| self.is_ours(object))
            .map(|(at, object)| (at.as_str(), object))
            .collect();
        modems.sort_by_key(|(at, _)| object_number(at));
        let Some((at, object)) = modems.first() else {
            return Ok(Reading { number, seen: Seen { manager, modem: None }, paths: None });
        };
        self.measure(at, object).await;
        let sim_path = read::sim_path(object);
        let sim = match &sim_path {
            Some(path) => self.properties(path, SIM).await,
            None => None,
        };
        let bearers = read::bearer_paths(object);
        let properties = join_all(bearers.iter().map(|path| self.properties(path, BEARER))).await;
        let bearers: Vec<_> =
            bearers.into_iter().zip(properties).filter_map(|(path, properties)| Some((path, properties?))).collect();
        let modem = read::modem(at, object, sim.as_ref(), &bearers);
        let paths = Some(Paths { modem: (*at).to_owned(), sim: sim_path });
        Ok(Reading { number, seen: Seen { manager, modem: Some(modem) }, paths })
    }

    fn is_ours(&self, object: &Interfaces) -> bool {
        object.contains_key(MODEM)
            && self.0.at.imei.as_ref().is_none_or(|imei| read::equipment(object).as_ref() == Some(imei))
    }

    fn number_of(&self, owner: String) -> u64 {
        let mut known = self.0.owner.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != owner {
            *known = (owner, known.1 + 1);
        }
        known.1
    }

    /// Modems measure the signal only when told to. One that cannot is told once.
    async fn measure(&self, at: &str, object: &Interfaces) {
        let enabled = object.get(MODEM).and_then(|modem| signed(modem, "State")).is_some_and(|state| state >= ENABLED);
        let idle = object.get(SIGNAL).is_some_and(|signal| number(signal, "Rate") == Some(0));
        if !enabled || !idle {
            return;
        }
        let before = self.0.measures.lock().unwrap_or_else(PoisonError::into_inner).replace(at.to_owned());
        if before.as_deref() != Some(at) {
            let told: Result<(), _> = self.ask(SERVICE, at, SIGNAL, "Setup", &MEASURE_EVERY).await;
            if let Err(failure) = told {
                tracing::info!(?failure, "the modem does not measure its signal");
            }
        }
    }

    /// `None` for an object that went away.
    async fn properties(&self, path: &str, interface: &str) -> Option<Properties> {
        self.ask(SERVICE, path, "org.freedesktop.DBus.Properties", "GetAll", &interface).await.ok()
    }

    /// A call of a method, as long as it takes.
    pub(super) async fn ask<B, T>(
        &self,
        service: &str,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<T, Failure>
    where
        B: Serialize + DynamicType + Sync,
        T: DeserializeOwned + Type,
    {
        let bus = self.bus().await.map_err(|_| Failure::Gone)?;
        let answer = bus.call_method(Some(service), path, Some(interface), method, body).await;
        let answer = answer.map_err(|error| failure(&error))?;
        answer.body().deserialize().map_err(|error| failure(&error))
    }

    /// A bus that was restarted is connected to anew.
    async fn bus(&self) -> zbus::Result<Connection> {
        let mut held = self.0.calls.lock().await;
        if let Some(connection) = held.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        Ok(held.insert(self.connect().await?).clone())
    }

    async fn connect(&self) -> zbus::Result<Connection> {
        match &self.0.at.bus {
            Some(address) => Builder::address(address.as_str()).build().await,
            None => Builder::system().build().await,
        }
    }
}

fn failure(error: &zbus::Error) -> Failure {
    match error {
        zbus::Error::MethodError(name, ..) => Failure::refused(name.as_str()),
        zbus::Error::FDO(error) => Failure::refused(error.name().as_str()),
        zbus::Error::InputOutput(_) => Failure::Gone,
        other => Failure::Refused { error: domain::plain::plain(&other.to_string()) },
    }
}
