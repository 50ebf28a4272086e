//! What a manifest needs of the box and is not there: told before anything is kept.

use std::{path::Path, time::Duration};

use domain::{
    application::{
        Manifest,
        api::Refusal,
        manifest::{ManifestIssue, Why},
    },
    fault::Fault,
};
use tokio::{process::Command, time::timeout};

const PODMAN: &str = "/usr/bin/podman";
/// For podman's answer. It locks its store, which may be busy.
const LIMIT: Duration = Duration::from_secs(10);

/// A program of the system, or an image.
///
/// # Errors
/// With what is missing. What is wrong with the manifest by itself is somebody else's to tell, first.
pub async fn look(manifest: &Manifest) -> Result<(), Fault> {
    if !manifest.issues().is_empty() {
        return Ok(());
    }
    let (field, why) = match (&manifest.image, manifest.command.first()) {
        (Some(_), _) if !Path::new(PODMAN).exists() => ("image", Why::NoPodman),
        (Some(image), _) if !has(image).await => ("image", Why::NoSuchImage),
        (None, Some(program)) if program.starts_with('/') && !Path::new(program).is_file() => {
            ("command", Why::NoSuchProgram)
        }
        _ => return Ok(()),
    };
    let issues = vec![ManifestIssue { field: field.to_owned(), why }];
    Err(Fault::Application { why: Refusal::Unusable { issues } })
}

async fn has(image: &str) -> bool {
    let mut podman = Command::new(PODMAN);
    podman.args(["image", "exists", "--", image]).kill_on_drop(true);
    matches!(timeout(LIMIT, podman.status()).await, Ok(Ok(status)) if status.success())
}
