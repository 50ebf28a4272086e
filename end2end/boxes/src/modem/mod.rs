//! A modem in a box, without hardware: Debian's ModemManager runs in the box, and what it speaks with is ours.
//!
//! ```text
//!  box: ModemManager ── ttyUSB0, ttyUSB1 ── pseudo terminals ── `boxes modem-hardware`, outside: the modem and its SIM
//!       wwan0 ────────────────────────────────────────────────── the operator's network: gateway, DNS, DHCP
//! ```
//! The simulated modem is a process of its own, so that it knows nothing of who drives it; [`Modem`] does that by a socket. It lasts
//! over restarts of the box, as a SIM's used-up tries do. ModemManager sees a `/sys` and a `/dev` of its own (`trees`), and the
//! rest of the box sees none of it.
//!
//! - [`SimSpec`], [`Air`]: what can be told of the SIM and of the network.
//! - [`Asked`]: the same by the control socket.
//! - `card`, `state`, `at`: the modem, as values and rules; `simulator`: its process.
//! - `manager`: ModemManager's way into the box; `polkit`: whom it asks for permission; `operator`: who answers beyond the modem.

mod asked;
mod at;
mod card;
mod handle;
pub mod manager;
mod operator;
mod polkit;
mod simulated;
pub mod simulator;
mod spec;
mod state;
mod trees;

pub(crate) use asked::answer;
pub use asked::{Asked, Holder};
pub use handle::Modem;
pub(crate) use handle::Plugged;
pub use spec::{Addressing, Air, Apn, Registration, Signal, SimSpec, Visible};
