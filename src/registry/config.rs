//! `registry.toml`: where the registry listens, and what codes say of where it is.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use domain::activation::{code::MOST_URLS, url::RegistryUrl};
use serde::Deserialize;

/// Unknown keys are refused: a setting that is mistyped would otherwise be none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// For boxes and administrators.
    #[serde(default = "everywhere")]
    pub listen: Vec<SocketAddr>,
    /// What codes carry: one to four, tried by boxes in this order.
    pub urls: Vec<RegistryUrl>,
    /// Further names and addresses of the server's certificate; those of `urls` are in it anyway.
    #[serde(default)]
    pub names: Vec<String>,
    /// Where metrics are told, without TLS; nowhere unless said.
    #[serde(default)]
    pub metrics: Option<SocketAddr>,
}

fn everywhere() -> Vec<SocketAddr> {
    vec![SocketAddr::from((std::net::Ipv6Addr::UNSPECIFIED, domain::activation::url::PORT))]
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path} cannot be read")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} cannot be used")]
    Parse { path: PathBuf, source: Box<toml::de::Error> },
    #[error("{path}: urls has one to {MOST_URLS} entries")]
    Urls { path: PathBuf },
    #[error("{path}: listen has no address")]
    Nowhere { path: PathBuf },
}

impl Config {
    /// # Errors
    /// When the file is not there, or not what it should be.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let config: Self = toml::from_str(&text)
            .map_err(|source| ConfigError::Parse { path: path.to_owned(), source: Box::new(source) })?;
        if config.urls.is_empty() || config.urls.len() > MOST_URLS {
            return Err(ConfigError::Urls { path: path.to_owned() });
        }
        if config.listen.is_empty() {
            return Err(ConfigError::Nowhere { path: path.to_owned() });
        }
        Ok(config)
    }

    /// All names that the server's certificate is for.
    pub fn all_names(&self) -> Vec<String> {
        let mut names = self.urls.iter().map(|url| url.host().to_owned()).collect::<Vec<_>>();
        names.extend(self.names.iter().cloned());
        names.sort();
        names.dedup();
        names
    }
}
