//! The one harness that makes boxes: for `make run`, for the Rust tests and for Playwright.
//!
//! Everything lives in namespaces that it makes, and nothing is left behind, even if the runner is killed: networks are
//! held by file descriptors, a box ends when the runner's socket closes, and a second process removes the files.
//!
//! - [`Ns`]: an anonymous network namespace, for tests of the network engine alone.
//! - [`Site`]: what a box is plugged into.
//! - [`Appliance`]: a box with the roles of Gatehouse running in it.
//! - [`Modem`]: a modem in one, with a SIM.
//! - [`Registry`]: who activates them.
//! - [`Scratch`]: a folder that goes away.
//! - [`control`]: the same by a socket.
//!
//! It needs root, `ip` and, for [`Appliance`] and [`Scratch`], the program `boxes` beside the tests (`cargo build -p boxes`).

mod appliance;
mod bus;
mod config;
pub mod control;
mod daemon;
pub mod debian;
mod dhcp;
mod errands;
mod error;
mod helper;
pub mod inside;
mod logind;
pub mod modem;
mod ns;
mod proxy;
mod registry;
mod roles;
mod running;
mod scratch;
mod site;
mod trace;

pub use appliance::{Appliance, Builder};
pub use daemon::{Daemon, leash};
pub use errands::Ended;
pub use error::{Error, Result, chain};
pub use logind::{Asked, Logind, Manner, obey};
pub use modem::{Addressing, Air, Apn, Modem, Registration, Signal as RadioSignal, SimSpec, Visible};
pub use ns::Ns;
pub use proxy::Proxy;
pub use registry::{FLEET_PASSWORD, FLEET_USER, MODELS, REGISTRY_ADDRESS, REGISTRY_NAME, REGISTRY_URL, Registry};
pub use roles::{Role, RoleStatus, Signal};
pub use scratch::{Scratch, janitor};
pub use site::{BRIDGE, INTERNET, Leg, Network, SERVICE_ADDRESS, Site, TECHNICIAN, Uplink};
pub use trace::{Traced, kill_at};
