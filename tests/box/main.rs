//! The built program on a box of the harness: agent and web as two processes of two users, behind the real kernel.

mod access;
mod activation;
mod alarms;
mod applications;
mod attacks;
mod audit;
mod bus;
mod cellular;
mod certificate;
mod console;
mod disk;
mod doors;
mod files;
mod guard;
mod lab;
mod logs;
mod network_test;
mod pair;
mod power;
mod reset;
mod seed;
mod service_port;
mod settings;
mod support;
mod window;
