//! The registry's HTTP API: each call of `domain::cluster::calls` has its handler here, and nothing else has one.

mod account;
mod answer;
mod boxes;
mod caller;
mod codes;
pub mod document;
mod enrol;
mod fleet;
mod limits;
mod metrics;
mod routes;
mod seen;

use std::sync::Arc;

use axum::Router;
use domain::activation::url::RegistryUrl;

pub use caller::{Connection, Presented};
pub use metrics::metrics;

use crate::{authority::Authority, clock::Clock, engine::Engine, store::Store};

/// Longest body that is read, in bytes: uplinks of a prepared box are the longest.
pub const BODY_LIMIT: usize = 64 * 1024;
/// Password checks at a time: each takes 19 MiB and most of a core.
const CHECKS: usize = 2;

/// What every call may use. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Registry(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    engine: Engine,
    authority: Arc<Authority>,
    clock: Clock,
    /// What codes and answers say of where the registry is.
    urls: Vec<RegistryUrl>,
    limits: limits::Limits,
    seen: seen::Seen,
    counts: metrics::Counts,
    checks: tokio::sync::Semaphore,
}

impl Registry {
    pub fn new(store: Arc<dyn Store>, authority: Arc<Authority>, clock: Clock, urls: Vec<RegistryUrl>) -> Self {
        Self(Arc::new(Shared {
            engine: Engine::new(store),
            authority,
            limits: limits::Limits::new(clock.clone()),
            clock,
            urls,
            seen: seen::Seen::default(),
            counts: metrics::Counts::default(),
            checks: tokio::sync::Semaphore::new(CHECKS),
        }))
    }

    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }
}

/// All calls.
pub fn router(registry: Registry) -> Router {
    let mut routes = routes::Routes::default();
    enrol::add(&mut routes);
    boxes::add(&mut routes);
    account::add(&mut routes);
    codes::add(&mut routes);
    fleet::add(&mut routes);
    routes.finish(registry)
}

/// Names of the calls that have a handler.
pub fn served() -> Vec<&'static str> {
    let mut routes = routes::Routes::default();
    enrol::add(&mut routes);
    boxes::add(&mut routes);
    account::add(&mut routes);
    codes::add(&mut routes);
    fleet::add(&mut routes);
    routes.names()
}
