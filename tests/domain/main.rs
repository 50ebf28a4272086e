//! The domain's rules from outside: tables, properties and goldens, one module a subject.
//!
//! One binary for all of them, because each further one costs a link of the whole library.

#![allow(missing_debug_implementations)]

mod acd;
mod activation;
mod activation_ledger;
mod activation_wizard;
mod alarms;
mod application;
mod box_file;
mod care;
mod cellular;
mod certificate;
mod civil;
mod cluster;
mod contracts;
mod dhcp;
mod failover;
mod failover_properties;
mod form;
mod fuzz;
mod guard;
mod hops;
mod hops_begin;
mod hops_target;
mod ipv6;
mod mdns;
mod model_kernel;
mod pair;
mod plan_cases;
mod plan_properties;
mod rdnss;
mod seed;
mod service_port;
mod settings;
mod sntp;
mod support;
mod transaction_properties;
mod transaction_start;
mod transaction_table;
mod validate;
