//! The domain's rules from outside: tables, properties and goldens, one module a subject.
//!
//! One binary for all of them, because each further one costs a link of the whole library.

#![allow(missing_debug_implementations)]

mod box_file;
mod contracts;
mod form;
mod guard;
mod model_kernel;
mod plan_cases;
mod plan_properties;
mod support;
mod transaction_properties;
mod transaction_start;
mod transaction_table;
mod validate;
