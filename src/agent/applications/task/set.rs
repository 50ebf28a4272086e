//! The set: what is added, removed, wanted, and taken over from the peer. Everything is looked at before anything is kept.

use super::{
    App, ApplicationName, Bundle, Copied, Event, Fault, FileContent, MOST, ManifestIssue, Refusal, Set, SetOf, Task,
    Why, base64url, clock, no_such, not_saved,
};

impl Task {
    /// Everything is looked at before anything is kept.
    pub(super) fn add(&mut self, bundle: Bundle, revision: Option<u64>) -> Result<(), Fault> {
        let Bundle { manifest, files } = bundle;
        let files = files.into_iter().map(|FileContent { path, content }| {
            let content = base64url::decode(&content)
                .ok_or_else(|| Fault::Malformed { detail: format!("{path} is no base64url") })?;
            Ok((path, content))
        });
        let files = files.collect::<Result<Vec<(String, Vec<u8>)>, Fault>>()?;
        let came: Vec<_> = files
            .iter()
            .map(|(path, content)| {
                (path.clone(), u64::try_from(content.len()).unwrap_or(u64::MAX), pki::hex_digest(content))
            })
            .collect();
        let mut issues = manifest.issues();
        issues.extend(manifest.files_issues(&came));
        if self.apps.len() >= MOST && !self.apps.contains_key(&manifest.name) {
            issues.push(ManifestIssue {
                field: "name".into(),
                why: Why::TooMany { most: u32::try_from(MOST).unwrap_or(0) },
            });
        }
        if !issues.is_empty() {
            return Err(Fault::Application { why: Refusal::Unusable { issues } });
        }
        self.store.put(&manifest, &files).map_err(not_saved)?;
        let name = manifest.name.clone();
        let mut set = self.set.clone();
        set.revision = revision.unwrap_or(set.revision + 1);
        set.enabled.entry(name.clone()).or_insert(true);
        self.keep(set)?;
        // another one of the same name ends first
        self.drive(&name, Event::Unwanted);
        self.apps.insert(name, App { since: Some(clock::wall()), ..App::new(manifest) });
        self.start_if_here();
        Ok(())
    }

    pub(super) fn start_if_here(&mut self) {
        if self.here.is_some() {
            self.start_wanted(clock::now());
        }
    }

    pub(super) fn remove(&mut self, name: &ApplicationName) -> Result<(), Fault> {
        if !self.apps.contains_key(name) {
            return Err(no_such(name));
        }
        let mut set = self.set.clone();
        set.revision += 1;
        set.enabled.remove(name);
        self.keep(set)?;
        self.forget(name);
        Ok(())
    }

    pub(super) fn forget(&mut self, name: &ApplicationName) {
        self.drive(name, Event::Unwanted);
        self.apps.remove(name);
        if let Err(error) = self.store.remove(name) {
            tracing::warn!(%name, %error, "something of an application that was removed is still there");
        }
    }

    pub(super) fn enable(&mut self, name: &ApplicationName, on: bool) -> Result<(), Fault> {
        if !self.apps.contains_key(name) {
            return Err(no_such(name));
        }
        let mut set = self.set.clone();
        if set.enabled.insert(name.clone(), on) != Some(on) {
            set.revision += 1;
        }
        self.keep(set)?;
        if on {
            self.start_if_here();
        } else {
            self.drive(name, Event::Unwanted);
        }
        Ok(())
    }

    pub(super) fn park(&mut self) -> Result<(), Fault> {
        let mut set = self.set.clone();
        set.enabled.values_mut().for_each(|on| *on = false);
        if set.enabled != self.set.enabled {
            set.revision += 1;
            self.keep(set)?;
        }
        for name in self.apps.keys().cloned().collect::<Vec<_>>() {
            self.drive(&name, Event::Unwanted);
        }
        Ok(())
    }

    pub(super) fn export(&self, name: &ApplicationName) -> Result<Bundle, Fault> {
        let app = self.apps.get(name).ok_or_else(|| no_such(name))?;
        let files = self.store.read(&app.manifest).map_err(not_saved)?;
        let files = files.into_iter().map(|(path, content)| FileContent { path, content: base64url::encode(&content) });
        Ok(Bundle { manifest: app.manifest.clone(), files: files.collect() })
    }

    /// Once nothing is missing any more the set is the peer's, with its revision.
    pub(super) fn adopt(&mut self, set: &SetOf) -> Result<Vec<ApplicationName>, Fault> {
        let own = self.set_of();
        let missing =
            set.all.iter().filter(|(name, (manifest, _))| own.all.get(*name).is_none_or(|(own, _)| own != manifest));
        let missing: Vec<_> = missing.map(|(name, _)| name.clone()).collect();
        if !missing.is_empty() {
            return Ok(missing);
        }
        let gone: Vec<_> = self.apps.keys().filter(|name| !set.all.contains_key(*name)).cloned().collect();
        let enabled = set.all.iter().map(|(name, (_, enabled))| (name.clone(), *enabled)).collect();
        self.keep(Set { revision: set.revision, enabled })?;
        for name in &gone {
            self.forget(name);
        }
        Ok(Vec::new())
    }

    /// It holds where it cannot be saved; after a restart the data is then taken for older than it is.
    pub(super) fn copied(&mut self, name: ApplicationName, copied: Copied) {
        let mut all = self.copies.borrow().clone();
        all.insert(name, copied);
        if let Err(error) = self.store.save_copies(&all) {
            tracing::warn!(%error, "when data was copied cannot be saved");
        }
        self.copies.send_replace(all);
    }

    pub(super) fn keep(&mut self, set: Set) -> Result<(), Fault> {
        self.store.save(&set).map_err(not_saved)?;
        self.set = set;
        Ok(())
    }

    pub(super) fn set_of(&self) -> SetOf {
        let all = self.apps.iter().map(|(name, app)| {
            let enabled = self.set.enabled.get(name) == Some(&true);
            (name.clone(), (app.digest, enabled))
        });
        let copies = self.apps.iter().filter_map(|(name, app)| Some((name.clone(), app.manifest.copies()?)));
        SetOf { revision: self.set.revision, all: all.collect(), copies: copies.collect() }
    }
}
