//! The registry from outside: its store, and what is built on it.

#![allow(missing_debug_implementations)]

mod api;
mod conformance;
mod kill;
mod memory;
mod over_tls;
mod support;
