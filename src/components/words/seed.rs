//! Seeds: their parts, and what is wrong with a file.

use super::{Ports, issue};
use crate::{
    domain::{
        network::issue::{Field, Issue},
        seed::{Part, Problem, What},
    },
    text::Text,
};

pub fn seed_part(text: Text, part: Part) -> &'static str {
    match part {
        Part::Language => text.seed_part_language(),
        Part::HostName => text.system_host_name(),
        Part::Time => text.time_title(),
        Part::Proxy => text.proxy_title(),
        Part::Registry => text.seed_part_registry(),
        Part::Network => text.seed_part_network(),
        Part::Password => text.seed_part_password(),
    }
}

pub fn seed_problem(text: Text, problem: &Problem, ports: Ports) -> String {
    let what = match &problem.what {
        What::NotAFile => text.seed_not_a_file().to_owned(),
        What::TooLong { most } => text.seed_too_long(most),
        What::NotText => text.seed_not_text().to_owned(),
        What::Unreadable { error } => text.seed_unreadable(error),
        What::Malformed { reason } => text.seed_malformed(reason),
        What::Value { issue: found } => format!("{}: {}", place(text, found), issue(text, found, "…", ports)),
    };
    problem.line.map_or(what.clone(), |line| text.seed_line(line, what))
}

/// What is meant: the key of the file, or a part of it.
fn place(text: Text, issue: &Issue) -> String {
    match issue.field {
        Field::RegistryCa => text.seed_field_registry_ca().to_owned(),
        Field::TimeZone | Field::TimeServers => text.time_title().to_owned(),
        Field::ProxyUrl | Field::ProxyUser | Field::ProxyPassword | Field::ProxyCa => text.proxy_title().to_owned(),
        field => match &issue.port {
            Some(port) => format!("network.ports.{port}.{}", field.as_str()),
            None => field.as_str().to_owned(),
        },
    }
}
