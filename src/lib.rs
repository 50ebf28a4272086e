//! Gatehouse: the local management platform of an edge appliance. ARCHITECTURE.md is the map.

pub mod domain;
