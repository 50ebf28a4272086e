//! The package on a booted Debian: units, sandboxes, watchdog and power cuts as they ship. Needs root and `systemd-nspawn`.
//!
//! The image is made once by debootstrap (`packaging/lab/image.sh`) and kept outside the clone. What needs no systemd is tested
//! faster in `tests/box`.

mod containers;
mod lab;
mod package;
mod pair;
mod power;
mod registry;
mod runner;
mod units;
