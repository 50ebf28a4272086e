//! Cellular: the modem in the box's SIM slot as one more uplink.
//!
//! ModemManager speaks to the modem, and the agent to ModemManager. What it says becomes [`modem::Seen`], what is to be done about it
//! [`machine::step`] decides, and what the mobile network gives becomes a port of the network engine in [`bearer::link`], which takes the
//! rest from there: addresses, routes, DNS, and which uplink is used.

pub mod api;
pub mod apn;
pub mod bearer;
pub mod cause;
pub mod checklist;
pub mod ids;
pub mod machine;
pub mod modem;
pub mod pin;
pub mod request;
pub mod signal;
pub mod spec;
mod told;
pub mod usage;
