//! Reads a seed file, which anybody may have written: opened so that nothing but a plain file is read, and no more of it than a seed has.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::Path,
};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use serde::{Deserialize, de::IgnoredAny};
use sha2::{Digest as _, Sha256};
use toml::Spanned;

use crate::{config, proxy, settings::time};
use domain::{
    box_file::BoxFile,
    network::issue::{Field, Issue, Rule},
    seed::{LONGEST, Problem, Seed, What, check},
};

/// A seed that may be applied.
#[derive(Clone, Debug)]
pub struct SeedFile {
    pub seed: Seed,
    pub text: String,
    pub digest: String,
}

/// Reads the file.
///
/// # Errors
/// What is wrong with the file itself.
pub fn read(path: &Path) -> Result<String, Problem> {
    let whole = |what| Problem { line: None, what };
    let unreadable = |error: &io::Error| whole(What::Unreadable { error: error.to_string() });
    // no link anywhere in the path; a pipe opens without waiting for who writes
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::LOOP) => return Err(whole(What::NotAFile)),
        Err(error) => return Err(unreadable(&error.into())),
    };
    let meta = file.metadata().map_err(|error| unreadable(&error))?;
    if !meta.is_file() {
        return Err(whole(What::NotAFile));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() > LONGEST {
        return Err(whole(What::TooLong { most: LONGEST }));
    }
    // what Windows' editors begin a file with
    let text = String::from_utf8(bytes).map_err(|_| whole(What::NotText))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Checks all of it. Without a box file the names of ports are not looked at.
///
/// # Errors
/// All that is wrong; of what is malformed, the first.
pub fn parse(text: String, board: Option<&BoxFile>) -> Result<SeedFile, Vec<Problem>> {
    let seed = config::toml::<Seed>(&text)
        .map_err(|p| vec![Problem { line: Some(p.line), what: What::Malformed { reason: p.reason } }])?;
    let mut issues = check(&seed, board);
    issues.extend(on_this_box(&seed));
    if issues.is_empty() {
        let digest = hex::encode(Sha256::digest(text.as_bytes()));
        return Ok(SeedFile { seed, text, digest });
    }
    let spots = toml::from_str::<Spots>(&text).unwrap_or_default();
    let line = |issue: &Issue| spots.of(issue).map(|at| 1 + text.get(..at).unwrap_or_default().matches('\n').count());
    Err(issues.into_iter().map(|issue| Problem { line: line(&issue), what: What::Value { issue } }).collect())
}

/// What only the box itself knows.
fn on_this_box(seed: &Seed) -> Vec<Issue> {
    let of = |field, rule| Issue { port: None, field, rule };
    let zone = seed.time.as_ref().and_then(|time| time.zone.as_ref());
    let zone = zone.filter(|zone| !time::is_zone(zone)).map(|_| of(Field::TimeZone, Rule::NotAZone));
    let bad = |pem: Option<&str>| pem.is_some_and(|pem| !pem.is_empty() && proxy::authorities(pem.as_bytes()).is_err());
    let ca = bad(seed.proxy.as_ref().map(|proxy| proxy.ca.as_str())).then(|| of(Field::ProxyCa, Rule::NotACertificate));
    let registry = seed.registry.as_ref().and_then(|registry| registry.ca.as_deref());
    let registry = bad(registry).then(|| of(Field::RegistryCa, Rule::NotACertificate));
    zone.into_iter().chain(ca).chain(registry).collect()
}

/// Where in the file things stand, for messages.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spots {
    network: Option<NetworkSpots>,
    time: Option<Spanned<IgnoredAny>>,
    proxy: Option<Spanned<IgnoredAny>>,
    registry: Option<Spanned<IgnoredAny>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NetworkSpots {
    uplink_order: Option<Spanned<IgnoredAny>>,
    ports: BTreeMap<String, Spanned<IgnoredAny>>,
}

impl Spots {
    fn of(&self, issue: &Issue) -> Option<usize> {
        let start = |spot: &Option<Spanned<IgnoredAny>>| spot.as_ref().map(|spot| spot.span().start);
        match issue.field {
            Field::TimeZone | Field::TimeServers => start(&self.time),
            Field::ProxyUrl | Field::ProxyUser | Field::ProxyPassword | Field::ProxyCa => start(&self.proxy),
            Field::RegistryCa => start(&self.registry),
            Field::UplinkOrder => start(&self.network.as_ref()?.uplink_order),
            _ => Some(self.network.as_ref()?.ports.get(issue.port.as_ref()?.as_str())?.span().start),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{FileTypeExt, symlink},
    };

    use super::*;

    #[test]
    fn only_a_plain_file_of_sensible_length_is_read() {
        let dir = tempfile::tempdir().expect("tempdir");
        let dir = fs::canonicalize(dir.path()).expect("path");
        let at = |name: &str| dir.join(name);
        fs::write(at("good"), "\u{feff}language = \"en\"\n").expect("write");
        assert_eq!(read(&at("good")).expect("text"), "language = \"en\"\n");

        symlink(at("good"), at("link")).expect("link");
        fs::create_dir(at("folder")).expect("folder");
        symlink(at("folder"), at("way")).expect("link");
        fs::write(at("folder/good"), "").expect("write");
        rustix::fs::mknodat(CWD, at("pipe"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).expect("pipe");
        assert!(fs::metadata(at("pipe")).expect("pipe").file_type().is_fifo());
        for name in ["link", "folder", "way/good", "pipe"] {
            assert_eq!(read(&at(name)).expect_err(name).what, What::NotAFile, "{name}");
        }
        assert_eq!(read(Path::new("/dev/zero")).expect_err("device").what, What::NotAFile);

        fs::write(at("long"), vec![b'#'; LONGEST + 1]).expect("write");
        assert_eq!(read(&at("long")).expect_err("long").what, What::TooLong { most: LONGEST });
        fs::write(at("bytes"), [b'#', 0xff, 0xfe]).expect("write");
        assert_eq!(read(&at("bytes")).expect_err("bytes").what, What::NotText);
        assert!(matches!(read(&at("none")).expect_err("none").what, What::Unreadable { .. }));
    }

    fn lines(text: &str) -> Vec<(Option<usize>, String)> {
        let problems = parse(text.to_owned(), None).expect_err("refused");
        problems.into_iter().map(|p| (p.line, p.to_string())).collect()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_without_secrets() {
        for (text, line, part) in [
            ("language = \"en\"\nhost_nam = \"box-a1\"\n", 2, "unknown field `host_nam`"),
            ("\n\nlanguage = \"fr\"\n", 3, "unknown variant `fr`"),
            ("language = \"en\"\nhost_name = \"-x\"\n", 2, "4 to 30"),
            ("password_hash = \"hunter22hunter\"\n", 1, "gatehouse password hash"),
            ("password_hash = 4711081500\n", 1, "quotation marks"),
            ("[registry]\nurl = \"https://r.example\"\ncode = 4711081500\n", 3, "quotation marks"),
            ("[registry]\nurl = \"http://r.example\"\n", 2, "https://"),
            ("[time]\nservers = 99999999999999999999999\n", 2, ""),
            ("[proxy]\nurl = \"http://proxy.example\"\npassword = 4711081500\n", 3, "quotation marks"),
            ("[network.ports.lan1]\nmtu = 99999999999\nipv4 = { method = \"dhcp\" }\n", 2, ""),
            ("host_name = \"box-a1\"\nhost_name = \"box-a2\"\n", 2, "duplicate"),
            ("[network\n", 1, ""),
        ] {
            let told = lines(text);
            assert_eq!(told[0].0, Some(line), "{text}: {told:?}");
            assert!(told[0].1.contains(part), "{text}: {told:?}");
            assert!(!told[0].1.contains("hunter") && !told[0].1.contains("47110815"), "{told:?}");
        }
    }

    #[test]
    fn values_that_do_not_fit_the_box_are_all_told_with_the_line_of_their_table() {
        let ca = "ca = \"-----BEGIN CERTIFICATE-----\\nnone\\n-----END CERTIFICATE-----\"";
        let text = format!(
            "[time]\nzone = \"Mars/Base\"\n[proxy]\nurl = \"http://192.168.100.198\"\n[registry]\nurl = \"https://r.example\"\n{ca}\n"
        );
        let told = lines(&text);
        assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [Some(3), Some(1), Some(5)], "{told:?}");
    }
}
