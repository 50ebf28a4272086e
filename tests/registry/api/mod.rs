//! The registry's cases, through its API.

mod codes;
mod document;
mod lab;
mod life;
mod pairs;
