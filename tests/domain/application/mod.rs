//! Applications: manifests, what they become for systemd, and the life of one that runs.

mod copies;
mod life;
mod manifest;
mod unit;
