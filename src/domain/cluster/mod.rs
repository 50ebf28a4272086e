//! Who owns which box, and which boxes belong together: the rules of the registry, pure.
//!
//! A rule is a function over a [`view::View`], which holds records as they were read, each with its revision. What it has not
//! been given yet it asks for and is called again; what it has read becomes the guards of the transaction that it answers. So
//! no rule knows a store, none waits, and two that cannot both be right cannot both be committed.
//!
//! ```text
//! rule(view) ─► Need(keys) ─► read them ─► rule(view) ─► Refused(problem)
//!                                                     └► Decision { guards, ops, audit, answer } ─► store
//! ```

pub mod account;
pub mod activate;
pub mod api;
pub mod association;
pub mod calls;
pub mod clusters;
pub mod codes;
pub mod key;
pub mod lease;
pub mod leave;
pub mod names;
pub mod pairs;
pub mod prepared;
pub mod problem;
pub mod record;
pub mod renew;
pub mod shape;
pub mod view;
