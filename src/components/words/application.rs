//! Applications: how they are, and what is wrong with a manifest.

use super::fault::Explained;
use crate::{
    components::tag::Mood,
    domain::application::{
        api::{ApplicationStatus, Refusal, RunState},
        life::Reason,
        manifest::{DataState, ManifestIssue, Why},
    },
    text::Text,
};

pub fn state(text: Text, app: &ApplicationStatus) -> (Mood, &'static str) {
    match app.state {
        RunState::Stopped if !app.enabled => (Mood::Calm, text.app_state_disabled()),
        RunState::Stopped => (Mood::Calm, text.app_state_stopped()),
        RunState::Starting => (Mood::Info, text.app_state_starting()),
        RunState::Running => (Mood::Ok, text.app_state_running()),
        RunState::Restarting => (Mood::Warn, text.app_state_restarting()),
        RunState::Failed => (Mood::Bad, text.app_state_failed()),
    }
}

pub fn reason(text: Text, reason: &Reason) -> String {
    match reason {
        Reason::Exited { code } => text.app_reason_exited(code),
        Reason::Killed { signal } => text.app_reason_killed(signal),
        Reason::Ended => text.app_reason_ended().into(),
        Reason::NotHealthy { seconds, last } => text.app_reason_not_healthy(last, seconds),
        Reason::Unhealthy { last } => text.app_reason_unhealthy(last),
        Reason::NotStarted { why } => text.app_reason_not_started(why),
    }
}

pub fn data(text: Text, app: &ApplicationStatus) -> String {
    match (&app.data, app.synced) {
        (DataState::None, _) => text.app_data_none().into(),
        (DataState::Rsync(_), Some(seconds)) => text.app_data_synced(seconds),
        (DataState::Rsync(_), None) => text.app_data_never().into(),
        (DataState::External(whence), _) => text.app_data_external(whence),
    }
}

pub fn issue(text: Text, issue: &ManifestIssue) -> String {
    let t = text;
    let why = match &issue.why {
        Why::CommandOrImage => t.app_issue_command_or_image().to_owned(),
        Why::Program => t.app_issue_program().to_owned(),
        Why::NoSuchFile => t.app_issue_no_such_file().to_owned(),
        Why::Path => t.app_issue_path().to_owned(),
        Why::Twice => t.app_issue_twice().to_owned(),
        Why::Sha256 => t.app_issue_sha256().to_owned(),
        Why::OtherFile { is } => t.app_issue_other_file(is),
        Why::Missing => t.app_issue_missing().to_owned(),
        Why::Unnamed => t.app_issue_unnamed().to_owned(),
        Why::Variable => t.app_issue_variable().to_owned(),
        Why::Unprintable => t.app_issue_unprintable().to_owned(),
        Why::TooLong { most } => t.app_issue_too_long(most),
        Why::Range { least, most } => t.app_issue_range(least, most),
        Why::Image => t.app_issue_image().to_owned(),
        Why::NoSuchImage => t.app_issue_no_such_image().to_owned(),
        Why::NoPodman => t.app_issue_no_podman().to_owned(),
        Why::NoSuchProgram => t.app_issue_no_such_program().to_owned(),
        Why::TooLarge { most } => t.app_issue_too_large(most),
        Why::OfImage => t.app_issue_of_image().to_owned(),
        Why::TooMany { most } => t.app_issue_too_many(most),
    };
    t.app_issue_line(&issue.field, why)
}

pub(super) fn refused(text: Text, why: &Refusal) -> Explained {
    let t = text;
    match why {
        Refusal::Unusable { issues } => {
            let lines = issues.iter().map(|it| issue(t, it)).collect::<Vec<_>>().join(" · ");
            Explained { what: t.app_refused(), why: lines, next: t.app_refused_next() }
        }
        Refusal::NoSuchApplication { .. } => {
            Explained { what: t.app_refused_unknown(), why: String::new(), next: t.app_refused_next() }
        }
        Refusal::NotActive => {
            Explained { what: t.app_refused_not_active(), why: String::new(), next: t.app_refused_not_active_next() }
        }
    }
}
