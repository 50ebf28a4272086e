//! Who of a pair is active.

mod cases;
mod model;
mod random;
mod readiness;
mod wire;
mod world;
