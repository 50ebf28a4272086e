//! The privileged daemon: it owns every effect on the box and decides who may ask for one.
//!
//! One task owns each resource: `network` the kernel's network state, the spec and the journal; `auth` the password and the
//! sessions; `audit` the log of who did what; `alarms` what is wrong; `load` the samples of `/proc`; `service_port` the DHCP server for a laptop; `settings` name,
//! time and proxy; `cellular` modem and SIM; `power` going down; `certificate` the one that the owner has installed; `seed` the file that sets up a box with nobody
//! there. The API only sends them messages; nothing runs on a request's future.

pub mod acd;
pub mod activation;
pub mod alarms;
pub mod api;
pub mod applications;
pub mod arp;
pub mod audit;
pub mod auth;
pub mod bus;
pub mod cellular;
pub mod certificate;
pub mod config;
mod defence;
pub mod dhcp;
mod factory;
pub mod gateway;
mod guard;
pub mod hops;
pub mod kernel;
mod life;
pub mod load;
pub mod logs;
pub mod network;
pub mod packet;
pub mod pair;
pub mod power;
pub mod proxy;
pub mod registry;
pub mod secrets;
pub mod seed;
pub mod service_port;
pub mod settings;
pub mod support;

use std::{path::PathBuf, pin::Pin};

use os::disk;
use tokio::sync::watch;

/// Where the agent finds and keeps its things.
#[derive(Clone, Debug)]
pub struct AgentOptions {
    /// `gatehouse.toml`; `box.toml` lies beside it.
    pub config: PathBuf,
    /// What survives a restart: spec, journal, password.
    pub state_dir: PathBuf,
    /// What does not: socket, sessions, DNS file.
    pub runtime_dir: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    #[error(transparent)]
    Network(#[from] network::StartError),
    #[error(transparent)]
    Activation(#[from] activation::StartError),
    #[error(transparent)]
    Auth(#[from] auth::StartError),
    #[error("a factory reset that has begun cannot go on")]
    Reset(#[source] std::io::Error),
    #[error("a factory reset has been asked for: the next start does it")]
    StartAnew,
    #[error("the {task} task ended")]
    TaskEnded { task: &'static str },
    #[error("the API cannot be served at {path}")]
    Serve { path: PathBuf, source: std::io::Error },
}

/// Runs the agent until a signal ends it.
///
/// # Errors
/// Only what makes a start impossible: no usable box file, no netlink, no socket, a password file that is there and cannot
/// be read. A bad spec does not.
pub async fn run(options: AgentOptions) -> Result<(), AgentError> {
    let config = config::Config::read(&options.config)?;
    let board = config::box_file(&options.config.with_file_name("box.toml"))?;
    disk::make_private_dir(&options.state_dir)
        .and_then(|()| disk::make_shared_dir(&options.runtime_dir))
        .map_err(|source| AgentError::Serve { path: options.runtime_dir.clone(), source })?;
    let bus = bus::Bus::default();
    let factory = factory::Factory::new(&options.state_dir);
    factory.finish(&options.runtime_dir, &bus).await.map_err(AgentError::Reset)?;
    factory.remember();
    let generation = factory.generation().unwrap_or_else(|error| {
        tracing::error!(%error, "this life of the box has no name");
        String::new()
    });
    let paths = network::Paths::new(&options.state_dir, &options.runtime_dir);
    let guard = Some(options.runtime_dir.join(domain::guard::SOCKET));
    let network = network::start(network::Options { board: board.clone(), paths, guard, before_write: None }).await?;
    let audit = audit::start(&options.state_dir);
    let auth = auth::start(&options.state_dir, &options.runtime_dir, config.password)?;
    let load = load::start(options.state_dir.clone());
    let service_port = service_port::start(network.watch(), options.runtime_dir.clone());
    let settings = settings::start(&options.state_dir, network.watch(), bus.clone());
    let power = power::start(network.watch(), bus.clone(), factory);
    let certificates = certificate::start(&options.state_dir);
    let cellular = cellular::start(&options.state_dir, &board, network.clone());
    let filled = (network.clone(), auth.clone(), settings.clone(), audit.clone());
    let seed = seed::start(&options.state_dir, config.seed_paths.clone(), board.clone(), filled);
    let (holds, held) = watch::channel(None);
    let around = activation::Around {
        network: network.watch(),
        settings: settings.clone(),
        seed: seed.clone(),
        audit: audit.clone(),
        holds: held,
    };
    let activation = activation::start(&options.state_dir, &board, around)?;
    tokio::spawn(activation::keep_fleet(activation.fleet.clone(), auth.clone()));
    let apps = applications::start(&options.state_dir, options.runtime_dir.clone(), bus.clone());
    let around = pair::Around { network: network.watch(), activation: activation.clone(), apps: apps.clone(), holds };
    let pairs = pair::start(&options.state_dir, options.runtime_dir.clone(), &board, around);
    let (network_watch, auth_watch, power_watch, proof) =
        (network.clone(), auth.clone(), power.clone(), network.clone());
    let own = api::Own { board, web_uid: config.web_uid(), generation, state_dir: options.state_dir.clone() };
    let sources = alarms::Sources {
        network: network.watch(),
        settings: settings.watch(),
        service_port: service_port.clone(),
        load: load.clone(),
        audit: audit.watch(),
        auth: auth.watch(),
        activation: activation.watch(),
        cellular: cellular.watch(),
        pair: pairs.watch(),
    };
    let alarms = alarms::start(&options.state_dir, sources);
    let logs = logs::Logs::new(&options.runtime_dir);
    let others = Others {
        alarms: alarms.clone(),
        settings: settings.clone(),
        power: power.clone(),
        certificates: certificates.clone(),
        activation: activation.clone(),
        cellular: cellular.clone(),
        pairs: pairs.clone(),
        apps: apps.clone(),
    };
    let tasks = api::Tasks {
        audit: audit.clone(),
        alarms,
        logs,
        network,
        auth,
        settings,
        power,
        certificates,
        activation,
        cellular,
        pairs,
        apps,
    };
    tokio::spawn(audit::undone::keep(audit.clone(), network_watch.watch()));
    let shared = api::Shared::new(own, tasks, api::Watched { load, service_port, seed });
    let path = options.runtime_dir.join("agent.sock");
    // a task that died would leave an open change open for ever: whoever supervises starts the agent anew, which undoes it
    let ended = tokio::select! {
        result = api::serve(&path, shared) => result.map_err(|source| AgentError::Serve { path, source }),
        () = network_watch.ended() => Err(AgentError::TaskEnded { task: "network" }),
        never = life::keep_telling(&proof, &path) => match never {},
        () = power_watch.start_anew() => Err(AgentError::StartAnew),
        () = auth_watch.ended() => Err(AgentError::TaskEnded { task: "sign-in" }),
        () = audit.ended() => Err(AgentError::TaskEnded { task: "audit" }),
        task = others.ended() => Err(AgentError::TaskEnded { task }),
    };
    audit.flush().await;
    ended
}

/// Tasks that nobody would miss until somebody asks them.
struct Others {
    alarms: alarms::AlarmTask,
    settings: settings::Settings,
    power: power::Power,
    certificates: certificate::Certificates,
    activation: activation::Activations,
    cellular: cellular::Cellular,
    pairs: pair::Pairs,
    apps: applications::Applications,
}

impl Others {
    /// The name of the first that ends, which none should.
    async fn ended(&self) -> &'static str {
        tokio::select! {
            () = self.alarms.ended() => "alarms",
            () = self.settings.ended() => "settings",
            () = self.power.ended() => "power",
            () = self.certificates.ended() => "certificate",
            () = self.activation.ended() => "activation",
            () = self.cellular.ended() => "cellular",
            () = self.pairs.ended() => "pair",
            () = self.apps.ended() => "applications",
        }
    }
}

/// The result of what is under way, once; never, if nothing is.
async fn done<T>(under_way: &mut Option<Pin<Box<dyn Future<Output = T> + Send>>>) -> T {
    match under_way {
        Some(future) => {
            let result = future.await;
            *under_way = None;
            result
        }
        None => std::future::pending().await,
    }
}
