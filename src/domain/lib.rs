//! The rules of a box: pure, synchronous, the same code on the box and in the browser.
//!
//! Nothing in here reads a file, a clock or a socket: time, randomness and observations come in as arguments, and what is
//! to be done goes out as values. `tests/architecture.rs` checks that.

pub mod activation;
pub mod alarms;
pub mod api;
pub mod application;
pub mod audit;
pub mod auth;
pub mod box_file;
pub mod cellular;
pub mod certificate;
pub mod civil;
pub mod cluster;
pub mod dhcp;
pub mod fault;
pub mod guard;
pub mod load;
pub mod logs;
pub mod mdns;
pub mod name;
pub mod network;
pub mod pair;
pub mod plain;
pub mod power;
pub mod reset;
pub mod secret;
pub mod security_txt;
pub mod seed;
pub mod service_port;
pub mod settings;
pub mod sntp;
pub mod support;
pub mod system;
pub mod time;
