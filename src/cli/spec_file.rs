//! Spec files: the wanted network as TOML, from a file or from standard input. A malformed one is never sent.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::content;
use crate::domain::network::spec::NetworkSpec;

#[derive(Debug, thiserror::Error)]
pub enum SpecFileError {
    #[error("{path} cannot be read")]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("line {line}, column {column}: {reason}")]
    Malformed { line: usize, column: usize, reason: String },
}

/// Reads the file; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<NetworkSpec, SpecFileError> {
    read_text(&content(path).map_err(|source| SpecFileError::Read { path: path.to_owned(), source })?)
}

pub(super) fn read_text(text: &str) -> Result<NetworkSpec, SpecFileError> {
    toml::from_str(text).map_err(|error| {
        let before = text.get(..error.span().map_or(0, |s| s.start)).unwrap_or_default();
        SpecFileError::Malformed {
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|c| *c != '\n').count() + 1,
            reason: error.message().lines().collect::<Vec<_>>().join(" "),
        }
    })
}

/// The spec as a file to edit.
pub(super) fn write(spec: &NetworkSpec) -> Result<String, io::Error> {
    toml::to_string(spec).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = r#"uplink_order = ["lan1"]

[ports.lan1]
dns = ["9.9.9.9"]
default_route = true
manage = true

[ports.lan1.ipv4]
method = "static"
addresses = ["10.20.0.15/24"]
gateway = "10.20.0.1"
"#;

    #[test]
    fn a_written_spec_reads_back_and_reads_well() {
        let spec = read_text(SPEC).expect("spec");
        assert_eq!(write(&spec).expect("toml"), SPEC);
        assert_eq!(read_text("").expect("an empty file turns all uplinks off"), NetworkSpec::default());
    }

    #[test]
    fn a_malformed_file_is_told_with_line_and_column() {
        for (text, line, column) in [
            ("uplink_order = [", 1, 17),
            ("\n[ports.lan1]\nipv4 = 7", 3, 8),
            ("[ports.LAN1]\nipv4 = { method = 'off' }", 1, 8),
            ("colour = 'red'", 1, 1),
            ("[ports.lan1]\nipv4 = { method = 'static', addresses = ['10.0.0.300/24'] }", 2, 8),
        ] {
            match read_text(text) {
                Err(SpecFileError::Malformed { line: at, column: of, reason }) => {
                    assert_eq!((at, of), (line, column), "{text}: {reason}");
                    assert!(!reason.is_empty());
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
