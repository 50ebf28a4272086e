//! The faults of a pair by name, each with what a host of the site saw of it.
