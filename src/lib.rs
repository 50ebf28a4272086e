//! Gatehouse: the local management platform of an edge appliance. ARCHITECTURE.md is the map.

#[cfg(feature = "ssr")]
pub mod client;
pub mod domain;
#[cfg(feature = "ssr")]
pub mod web;
