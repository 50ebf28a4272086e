//! The network engine against the real kernel, each test in namespaces of its own. Names carry the scenario's number.

mod addresses;
mod cellular;
mod clock;
mod confirmation;
mod dhcp;
mod dhcp_server;
mod disk;
mod faults;
mod hops;
mod hostile;
mod ipv6;
mod kill_points;
mod lab;
mod leases;
mod links;
mod uplinks;
