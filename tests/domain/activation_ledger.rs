//! The activation's ledger: whatever is stopped, lost, cut off or refused, the registry is asked for one box once, and no answer is lost.

mod member;
mod properties;
mod refused;
mod steps;
mod support;
mod taken;
