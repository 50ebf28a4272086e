//! What the settings task keeps on the disk: `settings.toml` with all that may be seen, and the proxy's password by itself, for root only.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::config;
use domain::{secret::Secret, settings::Settings};
use os::disk;

#[derive(Clone, Debug)]
pub struct Store {
    settings: PathBuf,
    password: PathBuf,
}

impl Store {
    pub fn new(state_dir: &Path) -> Self {
        Self { settings: state_dir.join("settings.toml"), password: state_dir.join("proxy-password") }
    }

    /// What is saved, and why not, where it is damaged: it is set aside then, for a person to look at.
    pub fn load(&self) -> (Settings, Option<String>) {
        let problem = match disk::read(&self.settings) {
            Ok(None) => return (Settings::default(), None),
            Ok(Some(text)) => match config::toml::<Settings>(&text) {
                Ok(settings) => return (settings, None),
                Err(problem) => problem.to_string(),
            },
            Err(error) => error.to_string(),
        };
        let mut aside = self.settings.as_os_str().to_owned();
        aside.push(".bad");
        if let Err(error) = std::fs::rename(&self.settings, PathBuf::from(aside)) {
            tracing::warn!(%error, "settings.toml cannot be set aside");
        }
        tracing::error!(problem, "settings.toml cannot be used");
        (Settings::default(), Some(problem))
    }

    /// # Errors
    /// The file has its old content then.
    pub fn save(&self, settings: &Settings) -> io::Result<()> {
        let text = toml::to_string(settings).map_err(io::Error::other)?;
        disk::write(&self.settings, text.as_bytes(), 0o600)
    }

    pub fn password(&self) -> Option<Secret> {
        match disk::read(&self.password) {
            Ok(text) => text.map(Secret::new),
            Err(error) => {
                tracing::warn!(%error, "the proxy's password cannot be read");
                None
            }
        }
    }

    /// # Errors
    /// As [`Store::save`].
    pub fn save_password(&self, password: Option<&Secret>) -> io::Result<()> {
        match password {
            Some(password) => disk::write(&self.password, password.expose().as_bytes(), 0o600),
            None => disk::remove(&self.password),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn what_is_saved_is_read_back_and_the_password_is_apart() {
        let dir = tempfile::tempdir().expect("tempdir");
        let store = Store::new(dir.path());
        assert_eq!(store.load(), (Settings::default(), None));
        let text = "host_name = \"box-a1\"\ntime_servers = [\"ntp.example\", \"10.20.0.1\"]\n\
                    [proxy]\nurl = \"http://proxy.example:3128\"\nuser = \"box\"\n";
        let settings: Settings = toml::from_str(text).expect("settings");
        store.save(&settings).expect("save");
        store.save_password(Some(&Secret::new("open sesame"))).expect("save");
        assert_eq!(store.load(), (settings, None));
        assert_eq!(store.password().expect("kept").expose(), "open sesame");
        assert!(!fs::read_to_string(dir.path().join("settings.toml")).expect("file").contains("sesame"));
        for file in ["settings.toml", "proxy-password"] {
            let mode = fs::metadata(dir.path().join(file)).expect("file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        store.save_password(None).expect("removed");
        assert_eq!(store.password(), None);
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_told() {
        let dir = tempfile::tempdir().expect("tempdir");
        let store = Store::new(dir.path());
        for damaged in
            ["host_name = \"-x\"", "host_name = 1", "time_zone = \"../../etc/passwd\"", "x = 1", "[proxy", "\u{0}"]
        {
            fs::write(dir.path().join("settings.toml"), damaged).expect("write");
            let (settings, problem) = store.load();
            assert_eq!(settings, Settings::default());
            assert!(problem.is_some(), "{damaged}");
            assert!(dir.path().join("settings.toml.bad").exists(), "{damaged}");
        }
    }
}
