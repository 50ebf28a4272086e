//! The page that says why not: what happened, why, what to do next, and what to tell support.

use leptos::prelude::*;

use crate::{
    components::{
        frame::{Frame, Shell},
        note::Note,
        tag::Mood,
        words::explain,
    },
    domain::fault::{Fault, Refusal},
    text::Text,
};

/// A whole page about one refusal.
pub fn page(frame: Frame, refusal: &Refusal) -> impl IntoView + use<> {
    let text = frame.text;
    let explained = explain(text, &refusal.fault);
    let way_on = way_on(text, &refusal.fault);
    let trace = trace(text, refusal);
    view! {
        <Shell frame=Frame { title: explained.what.to_owned(), ..frame }>
            <section class="card">
                <h1>{explained.what}</h1>
                <p>{explained.why}</p>
                <p>{explained.next}</p>
                <p class="actions"><a class="button" href=way_on.0>{way_on.1}</a></p>
                {trace}
            </section>
        </Shell>
    }
}

/// The same within a page that has more to say.
pub fn note(text: Text, refusal: &Refusal) -> impl IntoView + use<> {
    let explained = explain(text, &refusal.fault);
    let mood = match refusal.fault {
        Fault::NothingToDo => Mood::Info,
        Fault::PlanOutdated
        | Fault::Busy { .. }
        | Fault::NotNow
        | Fault::NeedsAPerson
        | Fault::CutsOff { .. }
        | Fault::ChangeOpen { .. }
        | Fault::GoingDown
        | Fault::SlowDown { .. } => Mood::Warn,
        _ => Mood::Bad,
    };
    let trace = trace(text, refusal);
    view! {
        <Note mood=mood title=explained.what role="alert">
            <p>{explained.why}</p>
            <p>{explained.next}</p>
            {trace}
        </Note>
    }
}

fn trace(text: Text, refusal: &Refusal) -> impl IntoView + use<> {
    let line = text.fault_code(refusal.fault.code(), &refusal.operation);
    view! { <p class="trace">{line}</p> }
}

fn way_on(text: Text, fault: &Fault) -> (&'static str, &'static str) {
    match fault {
        Fault::NotSignedIn | Fault::SetupDone => ("/login", text.login_title()),
        Fault::SetupFirst | Fault::BadPassword { .. } => ("/setup", text.setup_title()),
        Fault::NoChangeOpen { .. }
        | Fault::Busy { .. }
        | Fault::NotNow
        | Fault::WrongToken
        | Fault::ProvesNothing { .. }
        | Fault::ChangeOpen { .. }
        | Fault::NeedsAPerson => ("/network/change", text.fault_to_change()),
        Fault::PlanOutdated
        | Fault::NothingToDo
        | Fault::Invalid { .. }
        | Fault::NotByDhcp
        | Fault::NoLink
        | Fault::CutsOff { .. } => ("/network", text.fault_to_network()),
        Fault::WrongPassword | Fault::SlowDown { .. } => ("/login", text.fault_again()),
        Fault::PowerRefused { .. } | Fault::GoingDown => ("/system/power", text.fault_again()),
        Fault::BadCertificate { .. } | Fault::NoCandidate => ("/system/certificate", text.fault_again()),
        Fault::NoSuchSession { .. } => ("/system/sessions", text.sessions_title()),
        Fault::NoSuchAlarm { .. } => ("/system/alarms", text.alarms_title()),
        Fault::ClockNotSet { .. } => ("/system/time", text.fault_again()),
        Fault::ProxyFails { .. } => ("/system/proxy", text.fault_again()),
        Fault::SeedUnusable { .. } => ("/system/seed", text.seed_title()),
        Fault::Registry { .. }
        | Fault::RegistryAway { .. }
        | Fault::CodeUnreadable { .. }
        | Fault::CodeOver { .. }
        | Fault::NoPresetRegistry
        | Fault::BroughtUnusable { .. }
        | Fault::NotAtThisStage { .. }
        | Fault::Unanswered
        | Fault::NotActivated => ("/activate", text.fault_again()),
        Fault::FleetSignInFirst => ("/cluster", text.fault_again()),
        Fault::AgentAway
        | Fault::Internal { .. }
        | Fault::NotSaved { .. }
        | Fault::Cellular { .. }
        | Fault::Pair { .. }
        | Fault::Application { .. }
        | Fault::NoSimSlot => ("/", text.fault_again()),
        // the overview would lead back here
        Fault::ServicePortOnly => ("https://192.168.100.198/", "https://192.168.100.198"),
        Fault::Malformed { .. } | Fault::NotFound | Fault::Forbidden => ("/", text.fault_to_overview()),
    }
}
