//! One file a command.

mod events;
mod in_use;
pub mod lab;
pub mod reach;
pub mod run;
pub mod up;
