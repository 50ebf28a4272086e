//! `gatehouse network apply`: plan, ask, change, and wait for how it ends.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use clap::Args;

use super::{plan, wait};
use crate::{
    cli::{CliError, Context, ask, spec_file},
    domain::{
        api::{ApplyRequest, Caller, PlanRequest},
        network::transaction::Outcome,
    },
};

pub(super) const HELP: &str = "\
The command shows the plan, asks, makes the change and then waits until somebody keeps it: on the pages
at the new address, or with `gatehouse network confirm`. Otherwise the box undoes it after the window.
Ctrl-C ends the waiting, not the change.

Examples:
  gatehouse network apply net.toml
  gatehouse network apply net.toml --yes --window 300
  generate-spec | gatehouse network apply - --yes --no-wait && gatehouse network confirm

With --json it prints how the change ended, with --no-wait its number and secrets, and null if nothing would change.";

#[derive(Debug, Args)]
pub(in crate::cli) struct Apply {
    /// Spec file as `gatehouse network show --spec` prints it; `-` reads standard input
    file: PathBuf,
    /// Apply without a question; needed where nobody can answer
    #[arg(long, short)]
    yes: bool,
    /// Seconds to wait for somebody to keep the change, 90 if not given
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(10..=600))]
    window: Option<u64>,
    /// End once the change has been started
    #[arg(long)]
    no_wait: bool,
}

impl Apply {
    pub(super) async fn run(&self, context: &Context) -> Result<(), CliError> {
        let (caller, output) = (Caller::default(), context.output);
        let from_stdin = self.file.as_os_str() == "-";
        if !self.yes && (from_stdin || !io::stdin().is_terminal()) {
            return Err(CliError::NeedsYes);
        }
        let spec = spec_file::read(&self.file)?;
        let plan = context.agent.plan(&caller, &PlanRequest { spec: spec.clone() }).await?;
        if plan.is_empty() {
            return output.answer(&None::<Outcome>, |_| plan::text(&plan));
        }
        output.say(&plan::text(&plan))?;
        ask::agreed("Apply?", self.yes)?;
        let request = ApplyRequest { spec, base: plan.base, window: self.window };
        let applied = context.agent.apply(&caller, &request).await?;
        if self.no_wait {
            return output.answer(&applied, |a| format!("Change {} has been started.\n", a.tx.0));
        }
        match wait::until_over(context, applied.tx).await? {
            Outcome::Committed { tx } => {
                output.answer(&Outcome::Committed { tx }, |o| format!("{}\n", crate::cli::words::outcome(o)))
            }
            undone @ Outcome::RolledBack { .. } => Err(CliError::RolledBack(Box::new(undone))),
        }
    }
}
