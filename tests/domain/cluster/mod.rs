//! The registry's rules: named cases, and every interleaving that chance finds.

mod cases;
mod invariants;
mod properties;
mod support;
