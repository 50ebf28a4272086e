//! The domain's values in the reader's language. Each match is total, so a new value without words does not compile.

pub mod alarms;
pub mod application;
pub mod audit;
mod cellular;
mod certificate;
mod change;
mod clock;
mod dhcp;
mod fault;
mod hops;
pub mod pair;
mod port;
pub mod registry;
mod rule;
mod seed;
mod service_port;
mod uplink;

pub use cellular::{cellular_action, cellular_cause, cellular_item, cellular_place, cellular_step, pin_tries, tries};
pub use change::{actor, item, outcome, phase, why};
pub use clock::{Clock, clock, way_off};
pub use dhcp::{dhcp_problem, dhcp_refusal, dhcp_state};
pub use fault::{Explained, explain, password_rule};
pub use hops::{cause, hop, hop_detail, hop_skip, mend, mended_at_port};
pub use port::{PortState, Ports, port_title};
pub use rule::{Figures, issue, message};
pub use seed::{seed_part, seed_problem};
pub use service_port::{rival, service_failure, service_port};
pub use uplink::{switch, uplink_why};
