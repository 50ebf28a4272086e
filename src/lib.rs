//! Gatehouse, the local management platform of an edge appliance. ARCHITECTURE.md is the map.
//!
//! One library, built twice: with `ssr` for the box, with `hydrate` for the browser, which gets nothing but [`islands`] and the
//! rules of [`domain`] that they use.

#![recursion_limit = "256"]

#[cfg(feature = "ssr")]
pub use agent;
pub use domain;
#[cfg(feature = "ssr")]
pub use os::{clock, disk};

#[cfg(feature = "ssr")]
pub mod assets;
#[cfg(feature = "ssr")]
pub mod cli;
#[cfg(feature = "ssr")]
pub mod client;
#[cfg(feature = "ssr")]
pub mod components;
#[cfg(feature = "ssr")]
pub mod guard;
pub mod islands;
#[cfg(feature = "ssr")]
pub mod notices;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod text;
#[cfg(feature = "ssr")]
pub mod web;

/// Makes the islands ready; the boot module calls it once, before it hydrates each `leptos-island` of the page.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
