//! `gatehouse app …`: applications of this box, or of its pair.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use sha2::{Digest, Sha256};

use super::{CliError, Context, ask, table};
use crate::domain::{
    activation::base64url,
    api::Caller,
    application::{
        ApplicationName, Manifest,
        api::{ApplicationStatus, Applications, Bundle, FileContent, LogsAsk, Named, RunState},
        manifest::DataState,
    },
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the applications and how they are
    List,
    /// Add an application, or replace the one of that name
    Add {
        /// The manifest, as TOML; its files lie beside it
        file: PathBuf,
    },
    /// Remove an application; its data stays
    Remove(RemoveArgs),
    /// Let an application run, here and wherever the pair is active
    Start { name: ApplicationName },
    /// Stop an application, and keep it from being started
    Stop { name: ApplicationName },
    /// Show what an application has printed last
    Logs(LogsArgs),
    /// Show whether an application is healthy; the exit code says it, too
    Health { name: ApplicationName },
}

#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    name: ApplicationName,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct LogsArgs {
    name: ApplicationName,
    /// How many lines
    #[arg(long, default_value_t = 100)]
    lines: u32,
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    let (agent, caller) = (&context.agent, Caller::default());
    let done = match command {
        Command::List => return context.output.answer(&agent.applications(&caller).await?, list),
        Command::Add { file } => {
            agent.add_application(&caller, &bundle(&file)?).await?;
            "Added. See `gatehouse app list` for how it is."
        }
        Command::Remove(RemoveArgs { name, yes }) => {
            ask::agreed("Remove the application? It ends now; its data stays.", yes)?;
            agent.remove_application(&caller, &Named { name }).await?;
            "Removed."
        }
        Command::Start { name } => {
            agent.start_application(&caller, &Named { name }).await?;
            "It starts."
        }
        Command::Stop { name } => {
            agent.stop_application(&caller, &Named { name }).await?;
            "It ends."
        }
        Command::Logs(LogsArgs { name, lines }) => {
            let logs = agent.application_logs(&caller, &LogsAsk { name, lines: Some(lines) }).await?;
            return context.output.answer(&logs, |logs| logs.lines.join("\n"));
        }
        Command::Health { name } => {
            let all = agent.applications(&caller).await?.all;
            let found = all.into_iter().find(|app| app.name == name);
            let found = found.ok_or_else(|| CliError::Usage(format!("there is no application {name}")))?;
            context.output.answer(&found, state)?;
            return if found.state == RunState::Running { Ok(()) } else { Err(CliError::NotHealthy) };
        }
    };
    context.output.answer(&(), |()| done.to_owned())
}

/// The manifest with its files. A hash that it does not name is worked out: what was meant is what lies there.
fn bundle(file: &Path) -> Result<Bundle, CliError> {
    let read =
        |path: &Path| std::fs::read(path).map_err(|error| CliError::Usage(format!("{}: {error}", path.display())));
    let text = String::from_utf8(read(file)?).map_err(|_| CliError::Usage(format!("{} is no text", file.display())))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut manifest: Manifest =
        toml::from_str(&text).map_err(|error| CliError::Usage(format!("{}: {error}", file.display())))?;
    // a path that leads elsewhere is told by the agent, and not read
    let plain = manifest.issues().iter().all(|issue| !matches!(issue.field.rsplit_once('.'), Some((_, "path"))));
    let mut files = Vec::new();
    for named in manifest.files.iter_mut().filter(|_| plain) {
        let content = read(&folder.join(&named.path))?;
        if named.sha256.is_empty() {
            named.sha256 = hex::encode(Sha256::digest(&content));
        }
        files.push(FileContent { path: named.path.clone(), content: base64url::encode(&content) });
    }
    Ok(Bundle { manifest, files })
}

fn list(applications: &Applications) -> String {
    if applications.all.is_empty() {
        return "There are no applications.\n".to_owned();
    }
    let head = ["NAME", "STATE", "DATA", "ABOUT"].map(str::to_owned);
    let rows = applications.all.iter().map(|app| {
        let data = match &app.data {
            DataState::None => "–".to_owned(),
            DataState::Rsync(_) => {
                app.synced.map_or_else(|| "copied never yet".to_owned(), |s| format!("copied {s} s ago"))
            }
            DataState::External(whence) => format!("elsewhere: {whence}"),
        };
        [app.name.to_string(), state(app), data, app.about.clone().unwrap_or_default()]
    });
    let here = if applications.here { "" } else { "They run on the other box, or would.\n" };
    format!("{here}{}", table::aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>()))
}

fn state(app: &ApplicationStatus) -> String {
    let word = match app.state {
        RunState::Stopped if !app.enabled => "stopped by hand",
        RunState::Stopped => "not here",
        RunState::Starting => "starting",
        RunState::Running => "running",
        RunState::Restarting => "restarting",
        RunState::Failed => "failed",
    };
    match app.reason.as_ref().filter(|_| app.state != RunState::Running) {
        Some(reason) => format!("{word}: {reason}"),
        None => word.to_owned(),
    }
}
