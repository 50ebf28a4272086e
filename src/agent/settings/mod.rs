//! Owns the box's own settings: one task that saves them, brings them into force, and keeps an eye on the clock.
//!
//! None of them can cut anybody off, so that there is nothing to confirm: what is saved is in force.

pub(super) mod host_name;
pub(super) mod measure;
mod store;
pub(super) mod time;

use std::{path::Path, pin::Pin, sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot, watch};

use self::store::Store;
use super::{bus::Bus, done, hops::dns, network::Published, proxy::Proxy};
use domain::{
    fault::Fault,
    network::issue::{Field, Issue, Rule},
    seed::Language,
    settings::{
        MOST_TIME_SERVERS, Settings as Saved, SettingsStatus,
        clock::{ClockStatus, Measured, ServersFrom},
        host_name::HostName,
        proxy::{ProxySpec, ProxyView},
        request::Password,
        time_server::TimeServer,
        zone::ZoneName,
    },
    time::UnixSeconds,
};
use os::clock;

const MAILBOX: usize = 16;
/// Between two looks at the clock. Shorter: public servers are bothered. Longer: a page shows an old figure.
const LOOK_EVERY: Duration = Duration::from_mins(5);
/// While no server answers: people who have just mended the way want to see it.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

type Answer<T> = oneshot::Sender<Result<T, Fault>>;

#[derive(Debug)]
enum Command {
    HostName { name: HostName, answer: Answer<()> },
    Time { zone: Option<ZoneName>, servers: Vec<TimeServer>, answer: Answer<()> },
    Clock { time: UnixSeconds, answer: Answer<()> },
    Proxy { proxy: Option<(ProxySpec, Password)>, answer: Answer<()> },
    Fill { value: Fill, answer: Answer<bool> },
}

/// What a seed gives. It is taken only where nobody has set anything.
#[derive(Debug)]
pub enum Fill {
    Language(Language),
    HostName(HostName),
    Time(Option<ZoneName>, Vec<TimeServer>),
    Proxy(ProxySpec, Password),
}

/// The way to the task.
#[derive(Clone, Debug)]
pub struct Settings {
    mailbox: mpsc::Sender<Command>,
    status: watch::Receiver<SettingsStatus>,
    proxy: watch::Receiver<Option<Arc<Proxy>>>,
}

impl Settings {
    pub fn watch(&self) -> watch::Receiver<SettingsStatus> {
        self.status.clone()
    }

    pub fn status(&self) -> SettingsStatus {
        self.status.borrow().clone()
    }

    /// The proxy in force, with its password.
    pub fn proxy(&self) -> Option<Arc<Proxy>> {
        self.proxy.borrow().clone()
    }

    pub async fn set_host_name(&self, name: HostName) -> Result<(), Fault> {
        self.ask(|answer| Command::HostName { name, answer }).await
    }

    pub async fn set_time(&self, zone: Option<ZoneName>, servers: Vec<TimeServer>) -> Result<(), Fault> {
        self.ask(|answer| Command::Time { zone, servers, answer }).await
    }

    pub async fn set_clock(&self, time: UnixSeconds) -> Result<(), Fault> {
        self.ask(|answer| Command::Clock { time, answer }).await
    }

    pub async fn set_proxy(&self, proxy: Option<(ProxySpec, Password)>) -> Result<(), Fault> {
        self.ask(|answer| Command::Proxy { proxy, answer }).await
    }

    /// Answers whether it is in force; `false` where somebody had set something else.
    pub async fn fill(&self, value: Fill) -> Result<bool, Fault> {
        self.ask(|answer| Command::Fill { value, answer }).await
    }

    /// Ends when the task does, which it never should.
    pub async fn ended(&self) {
        self.mailbox.closed().await;
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Fault> {
        let (answer, result) = oneshot::channel();
        self.mailbox.try_send(command(answer)).map_err(|_| Fault::SlowDown { seconds: 1 })?;
        result.await.unwrap_or_else(|_| Err(Fault::Internal { detail: "the settings task ended".into() }))
    }
}

/// Starts the task. What is saved comes into force beside: a bus that does not answer holds nothing up.
pub fn start(state_dir: &Path, network: watch::Receiver<Arc<Published>>, bus: Bus) -> Settings {
    let store = Store::new(state_dir);
    let (saved, problem) = store.load();
    let password = saved.proxy.as_ref().and_then(|proxy| proxy.user.as_ref()).and_then(|_| store.password());
    let in_force = saved.proxy.clone().map(|spec| Arc::new(Proxy { spec, password }));
    let (mailbox, commands) = mpsc::channel(MAILBOX);
    let (proxy, proxy_watch) = watch::channel(in_force);
    let (status, status_watch) = watch::channel(SettingsStatus::default());
    let clock = ClockStatus::default();
    let inputs = Inputs::of(&network.borrow());
    let task = Task { store, bus, saved, problem, proxy, status, clock, inputs };
    task.publish();
    tokio::spawn(task.run(commands, network));
    Settings { mailbox, status: status_watch, proxy: proxy_watch }
}

/// What the clock needs to know of the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Inputs {
    /// Of the leases in hand (option 42).
    dhcp: Vec<TimeServer>,
    dns: Vec<dns::Resolver>,
    /// Another way out may lead to servers that were silent.
    uplink: Option<domain::name::PortName>,
}

impl Inputs {
    fn of(published: &Published) -> Self {
        let status = &published.status;
        let given = status.dhcp.values().filter_map(|dhcp| dhcp.view.lease.as_ref()).flat_map(|lease| &lease.ntp);
        let mut dhcp: Vec<TimeServer> = Vec::new();
        for server in given.map(|address| TimeServer::from(*address)) {
            if !dhcp.contains(&server) && dhcp.len() < MOST_TIME_SERVERS {
                dhcp.push(server);
            }
        }
        let uplink = status.uplink_in_use.as_ref().map(|uplink| uplink.port.clone());
        Self { dhcp, dns: dns::resolvers(status), uplink }
    }
}

struct Task {
    store: Store,
    bus: Bus,
    saved: Saved,
    problem: Option<String>,
    proxy: watch::Sender<Option<Arc<Proxy>>>,
    status: watch::Sender<SettingsStatus>,
    clock: ClockStatus,
    inputs: Inputs,
}

type Measuring = Pin<Box<dyn Future<Output = Option<Measured>> + Send>>;

impl Task {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>, mut network: watch::Receiver<Arc<Published>>) {
        self.bring_into_force().await;
        let mut measuring = self.look().await;
        let mut next = tokio::time::Instant::now() + LOOK_EVERY;
        loop {
            let again = tokio::select! {
                command = commands.recv() => {
                    let Some(command) = command else { return };
                    self.perform(command).await
                }
                changed = network.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let inputs = Inputs::of(&network.borrow_and_update());
                    let changed = inputs != self.inputs;
                    self.inputs = inputs;
                    changed
                }
                measured = done(&mut measuring) => {
                    next = tokio::time::Instant::now() + if measured.is_some() { LOOK_EVERY } else { LOOK_AGAIN };
                    self.learn(measured);
                    false
                }
                () = tokio::time::sleep_until(next), if measuring.is_none() => true,
            };
            if again {
                measuring = self.look().await;
            }
            self.publish();
        }
    }

    /// Whether the clock is to be looked at anew.
    async fn perform(&mut self, command: Command) -> bool {
        match command {
            Command::HostName { name, answer } => {
                let result = self.set_host_name(name).await;
                self.publish();
                drop(answer.send(result));
                false
            }
            Command::Fill { value, answer } => {
                let result = self.fill(value).await;
                self.publish();
                drop(answer.send(result));
                true
            }
            Command::Time { zone, servers, answer } => {
                let result = self.set_time(zone, servers).await;
                self.publish();
                drop(answer.send(result));
                true
            }
            Command::Clock { time, answer } => {
                let result = time::set_clock(&self.bus, time).await;
                drop(answer.send(result));
                true
            }
            Command::Proxy { proxy, answer } => {
                let result = self.set_proxy(proxy);
                self.publish();
                drop(answer.send(result));
                false
            }
        }
    }

    async fn set_host_name(&mut self, name: HostName) -> Result<(), Fault> {
        self.save(Saved { host_name: Some(name.clone()), ..self.saved.clone() })?;
        host_name::apply(&self.bus, name.as_str()).await.map_err(not_saved)
    }

    async fn fill(&mut self, value: Fill) -> Result<bool, Fault> {
        match value {
            Fill::Language(language) => {
                let free = self.saved.language.is_none_or(|set| set == language);
                if free {
                    self.save(Saved { language: Some(language), ..self.saved.clone() })?;
                }
                Ok(free)
            }
            Fill::HostName(name) => {
                let free = self.saved.host_name.as_ref().is_none_or(|set| *set == name);
                if free {
                    self.set_host_name(name).await?;
                }
                Ok(free)
            }
            Fill::Time(zone, servers) => {
                let unset = self.saved.time_zone.is_none() && self.saved.time_servers.is_empty();
                let free = unset || (self.saved.time_zone == zone && self.saved.time_servers == servers);
                if free {
                    self.set_time(zone, servers).await?;
                }
                Ok(free)
            }
            Fill::Proxy(spec, password) => {
                let free = self.saved.proxy.as_ref().is_none_or(|set| *set == spec && self.has_password(&password));
                if free {
                    self.set_proxy(Some((spec, password)))?;
                }
                Ok(free)
            }
        }
    }

    fn has_password(&self, password: &Password) -> bool {
        let kept = self.proxy.borrow().as_ref().and_then(|proxy| proxy.password.clone());
        match password {
            Password::None => kept.is_none(),
            Password::Kept => true,
            Password::New(secret) => kept.as_ref() == Some(secret),
        }
    }

    async fn set_time(&mut self, zone: Option<ZoneName>, servers: Vec<TimeServer>) -> Result<(), Fault> {
        if let Some(zone) = &zone {
            if !time::is_zone(zone) {
                let issues = vec![Issue { port: None, field: Field::TimeZone, rule: Rule::NotAZone }];
                return Err(Fault::Invalid { issues });
            }
            time::set_zone(&self.bus, zone).await.map_err(not_saved)?;
        }
        self.save(Saved { time_zone: zone, time_servers: servers, ..self.saved.clone() })
    }

    fn set_proxy(&mut self, proxy: Option<(ProxySpec, Password)>) -> Result<(), Fault> {
        let (spec, password) = proxy.map_or((None, Password::None), |(spec, password)| (Some(spec), password));
        let kept = self.proxy.borrow().as_ref().and_then(|proxy| proxy.password.clone());
        let password = match password {
            Password::None => None,
            Password::Kept => kept,
            Password::New(secret) => Some(secret),
        };
        // the password first: without the rest it is of no use to anybody
        self.store.save_password(password.as_ref()).map_err(not_saved)?;
        self.save(Saved { proxy: spec.clone(), ..self.saved.clone() })?;
        self.proxy.send_replace(spec.map(|spec| Arc::new(Proxy { spec, password })));
        Ok(())
    }

    fn save(&mut self, wanted: Saved) -> Result<(), Fault> {
        self.store.save(&wanted).map_err(not_saved)?;
        self.saved = wanted;
        self.problem = None;
        Ok(())
    }

    async fn bring_into_force(&self) {
        if let Some(name) = &self.saved.host_name
            && let Err(error) = host_name::apply(&self.bus, name.as_str()).await
        {
            tracing::warn!(%error, "the host name is not in force");
        }
        if let Some(zone) = &self.saved.time_zone
            && time::zone(clock::wall()).0 != zone.as_str()
            && let Err(error) = time::set_zone(&self.bus, zone).await
        {
            tracing::warn!(%error, "the time zone is not in force");
        }
        self.publish();
    }

    fn servers(&self) -> (Vec<TimeServer>, ServersFrom) {
        if !self.saved.time_servers.is_empty() {
            (self.saved.time_servers.clone(), ServersFrom::Settings)
        } else if self.inputs.dhcp.is_empty() {
            (Vec::new(), ServersFrom::Nobody)
        } else {
            (self.inputs.dhcp.clone(), ServersFrom::Dhcp)
        }
    }

    /// Gives the servers to the service that sets the clock, and asks them ourselves.
    async fn look(&mut self) -> Option<Measuring> {
        let (servers, from) = self.servers();
        self.clock.keeper = time::keep_by(&self.bus, &servers).await;
        if servers != self.clock.servers {
            self.clock.measured = None;
            self.clock.silent_since = None;
        }
        (self.clock.servers, self.clock.from) = (servers.clone(), from);
        let dns = self.inputs.dns.clone();
        (!servers.is_empty()).then(|| Box::pin(async move { measure::measure(&servers, &dns).await }) as Measuring)
    }

    fn learn(&mut self, measured: Option<Measured>) {
        if measured.is_some() {
            self.clock.measured = measured;
            self.clock.silent_since = None;
        } else {
            self.clock.silent_since.get_or_insert_with(clock::now);
        }
    }

    fn publish(&self) {
        let (zone, offset) = time::zone(clock::wall());
        let proxy = self.saved.proxy.clone().map(|ProxySpec { url, user, ca }| {
            let password = self.proxy.borrow().as_ref().is_some_and(|proxy| proxy.password.is_some());
            ProxyView { url, user, password, ca }
        });
        let now = SettingsStatus {
            language: self.saved.language,
            host_name: self.saved.host_name.clone(),
            time_zone: self.saved.time_zone.clone(),
            time_servers: self.saved.time_servers.clone(),
            proxy,
            clock: ClockStatus { zone, offset, ..self.clock.clone() },
            problem: self.problem.clone(),
        };
        self.status.send_if_modified(|before| {
            let changed = *before != now;
            *before = now;
            changed
        });
    }
}

fn not_saved(error: std::io::Error) -> Fault {
    tracing::error!(%error, "settings");
    Fault::NotSaved { error: error.to_string() }
}
