//! Over real TLS: the box's client and the registry, each looking at the other's certificate.

mod backup;
mod fake;
mod identity;
mod limits;
mod process;
mod trust;
mod world;
