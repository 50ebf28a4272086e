//! What the processes share of the machine they run on: the clocks, files that are whole or not there, names of requests, processes.

pub mod clock;
pub mod disk;
pub mod files;
pub mod notify;
pub mod operation;
pub mod password;
pub mod places;
pub mod process;
pub mod ring;
