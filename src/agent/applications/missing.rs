//! What a manifest needs of the box and is not there: told before anything is kept.

use std::path::Path;

use domain::{
    application::{
        Manifest,
        api::Refusal,
        manifest::{ManifestIssue, Why},
        unit::PODMAN,
    },
    fault::Fault,
};

use super::runner::Runner;

/// A program of the system, or an image.
///
/// # Errors
/// With what is missing, or when nobody says whether it is. What is wrong with the manifest by itself is somebody else's to tell, first.
pub async fn look(runner: &Runner, manifest: &Manifest) -> Result<(), Fault> {
    if !manifest.issues().is_empty() {
        return Ok(());
    }
    let (field, why) = match (&manifest.image, manifest.command.first()) {
        (Some(_), _) if !Path::new(PODMAN).exists() => ("image", Why::NoPodman),
        (Some(image), _) => match runner.has_image(image).await {
            Ok(true) => return Ok(()),
            Ok(false) => ("image", Why::NoSuchImage),
            Err(why) => return Err(Fault::Internal { detail: format!("podman cannot be asked: {why}") }),
        },
        (None, Some(program)) if program.starts_with('/') && !Path::new(program).is_file() => {
            ("command", Why::NoSuchProgram)
        }
        (None, _) => return Ok(()),
    };
    let issues = vec![ManifestIssue { field: field.to_owned(), why }];
    Err(Fault::Application { why: Refusal::Unusable { issues } })
}
