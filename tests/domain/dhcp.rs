//! DHCP from outside: the client's states, what it takes of a lease, and its messages as bytes.

mod client;
mod discover;
mod frame;
mod lease;
mod properties;
mod support;
mod table;
mod wire;
