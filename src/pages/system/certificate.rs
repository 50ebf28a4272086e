//! `/system/certificate`: which certificate the pages are served with, the box's own authority to download, and a certificate of the owner's
//! own. It is checked and shown before it is installed; its key is sent once, and no page ever shows it.

use axum::{
    Form, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{Came, Said, lead, overview};
use crate::{
    components::{
        card::{Card, Fact, facts},
        field::{Field, Kind, field},
        frame::{Frame, Shell},
        nav::Place,
        note::Note,
        tag::{Mood, tag},
    },
    domain::{
        api::Overview,
        certificate::{CertificateView, InstallRequest, Offered, Preview, Standing},
        civil::Civil,
        fault::{Fault, Refusal},
        secret::Secret,
    },
    pages::{frame as frame_for, refused, render::render, status},
    text::Text,
    web::{App, Visitor},
};

pub(super) const PATH: &str = "/system/certificate";
const CHECK: &str = "/system/certificate/check";
const INSTALL: &str = "/system/certificate/install";
const REMOVE: &str = "/system/certificate/remove";
const DER: &str = "/system/certificate/authority.crt";
const PEM: &str = "/system/certificate/authority.pem";

pub(super) fn said(text: Text, overview: &Overview) -> Said {
    let Some(installed) = &overview.certificate.installed else {
        return match overview.certificate.trouble {
            Some(_) => Said::marked(Mood::Bad, text.certificate_trouble_tag(), text.certificate_trouble()),
            None => Said::plain(text.certificate_own_line()),
        };
    };
    let until = text.certificate_until(day(overview, installed.not_after));
    match standing(text, overview, installed) {
        Some((mood, word)) => Said::marked(mood, word, until),
        None => Said::plain(until),
    }
}

/// What is not well about it.
fn standing(text: Text, overview: &Overview, view: &CertificateView) -> Option<(Mood, String)> {
    match view.standing(overview.now) {
        Standing::Good => None,
        Standing::Ending { days } => Some((Mood::Warn, text.certificate_ending(text.time_days(days)))),
        Standing::Ended => Some((Mood::Bad, text.certificate_ended().to_owned())),
    }
}

fn day(overview: &Overview, at: crate::domain::time::UnixSeconds) -> String {
    let shown = Civil::of(at, overview.settings.clock.offset).to_string();
    shown.split(' ').next().unwrap_or_default().to_owned()
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(PATH, get(show))
        .route(CHECK, post(check))
        .route(INSTALL, post(install))
        .route(REMOVE, post(remove))
        .route(DER, get(|app, visitor| download(app, visitor, Format::Der)))
        .route(PEM, get(|app, visitor| download(app, visitor, Format::Pem)))
}

/// What the page shows besides what is in use.
#[derive(Clone, Debug, Default)]
pub struct CertificateFormView {
    pub own: Own,
    /// What was typed; never the key.
    pub chain: String,
    pub preview: Option<Preview>,
    pub came: Came,
}

/// The box's own authority.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    pub name: String,
    pub fingerprint: String,
}

#[derive(Debug, Deserialize)]
struct After {
    saved: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Typed {
    #[serde(default)]
    chain: String,
    #[serde(default)]
    key: Secret,
}

#[derive(Debug, Deserialize)]
struct Chosen {
    #[serde(default)]
    candidate: Secret,
}

async fn show(
    State(app): State<App>,
    visitor: Visitor,
    axum::extract::Query(after): axum::extract::Query<After>,
) -> Result<Response, Response> {
    let came = Came { saved: after.saved.is_some(), refusal: None };
    answer(&app, &visitor, StatusCode::OK, CertificateFormView { came, ..CertificateFormView::default() }).await
}

async fn check(State(app): State<App>, visitor: Visitor, Form(typed): Form<Typed>) -> Result<Response, Response> {
    let Typed { chain, key } = typed;
    let offered = Offered { chain: chain.clone(), key };
    let (code, view) = match app.agent.check_certificate(&visitor.caller, &offered).await {
        Ok(preview) => {
            (StatusCode::OK, CertificateFormView { preview: Some(preview), ..CertificateFormView::default() })
        }
        Err(refusal) => refused_with(&visitor, refusal, chain)?,
    };
    answer(&app, &visitor, code, view).await
}

async fn install(State(app): State<App>, visitor: Visitor, Form(chosen): Form<Chosen>) -> Result<Response, Response> {
    let request = InstallRequest { candidate: chosen.candidate };
    done(&app, &visitor, app.agent.install_certificate(&visitor.caller, &request).await).await
}

async fn remove(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    done(&app, &visitor, app.agent.remove_certificate(&visitor.caller).await).await
}

async fn done(app: &App, visitor: &Visitor, result: Result<(), Refusal>) -> Result<Response, Response> {
    match result {
        Ok(()) => Ok(Redirect::to("/system/certificate?saved").into_response()),
        Err(refusal) => {
            let (code, view) = refused_with(visitor, refusal, String::new())?;
            answer(app, visitor, code, view).await
        }
    }
}

fn refused_with(
    visitor: &Visitor,
    refusal: Refusal,
    chain: String,
) -> Result<(StatusCode, CertificateFormView), Response> {
    if refusal.fault == Fault::NotSignedIn {
        return Err(refused(visitor, &refusal));
    }
    let came = Came { saved: false, refusal: Some(refusal.clone()) };
    // a key that was put into the wrong field does not come back either
    let chain = if chain.contains("PRIVATE KEY") { String::new() } else { chain };
    Ok((status(&refusal), CertificateFormView { chain, came, ..CertificateFormView::default() }))
}

async fn answer(
    app: &App,
    visitor: &Visitor,
    code: StatusCode,
    view: CertificateFormView,
) -> Result<Response, Response> {
    let overview = overview(app, visitor).await?;
    let own = app
        .certificates
        .authority()
        .map(|authority| Own { name: authority.name.clone(), fingerprint: authority.fingerprint.clone() });
    let view = CertificateFormView { own: own.unwrap_or_default(), ..view };
    Ok(render(code, || page(frame_for(visitor, &overview, Place::System, PATH), &overview, view)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// What Windows and phones open with a tap.
    Der,
    Pem,
}

async fn download(State(app): State<App>, visitor: Visitor, format: Format) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    let Some(authority) = app.certificates.authority() else {
        return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    let (kind, ending, bytes) = match format {
        Format::Der => ("application/x-x509-ca-cert", "crt", authority.der.to_vec()),
        Format::Pem => ("application/x-pem-file", "pem", authority.pem.clone().into_bytes()),
    };
    let name = format!("attachment; filename=\"{}.{ending}\"", file_name(&overview.serial));
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], bytes).into_response())
}

/// Of letters, digits and hyphens: the serial number is what somebody wrote into a file, and this becomes a header and a file's name.
fn file_name(serial: &str) -> String {
    let serial = serial.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect::<String>();
    format!("gatehouse-{serial}-authority")
}

pub fn page(frame: Frame, overview: &Overview, view: CertificateFormView) -> impl IntoView + use<> {
    let text = frame.text;
    let CertificateFormView { own, chain, preview, came } = view;
    let problem = came.refusal.is_some();
    let frame = Frame { title: text.certificate_title().to_owned(), problem, path: PATH.to_owned(), ..frame };
    let note = came.note(text);
    let offered = match &preview {
        Some(preview) => offered(text, overview, preview).into_any(),
        None => form(text, chain).into_any(),
    };
    let in_use = in_use(text, overview);
    let authority = authority(text, own);
    view! {
        <Shell frame=frame>
            {lead(text, text.certificate_title(), text.certificate_why())}
            {note}
            <div class="cols">
                {in_use}
                {offered}
                {authority}
            </div>
        </Shell>
    }
}

fn in_use(text: Text, overview: &Overview) -> AnyView {
    let status = &overview.certificate;
    let remove = move || {
        view! {
            <form class="actions" method="post" action=REMOVE>
                <button class="plain">{text.certificate_remove()}</button>
            </form>
        }
    };
    if let Some(view) = &status.installed {
        let (mood, word) =
            standing(text, overview, view).unwrap_or_else(|| (Mood::Ok, text.certificate_good().to_owned()));
        let rows = rows(text, overview, view);
        return view! {
            <Card title=text.certificate_installed() end=tag(mood, &word).into_any()>
                {facts(rows)}
                <p class="muted">{text.certificate_remove_why()}</p>
                {remove()}
            </Card>
        }
        .into_any();
    }
    let trouble = status.trouble.as_ref().map(|trouble| {
        let why = text.certificate_trouble_why(trouble);
        view! { <Note mood=Mood::Bad title=text.certificate_trouble()><p>{why}</p></Note> {remove()} }
    });
    view! {
        <Card title=text.certificate_own()>
            {trouble}
            <p>{text.certificate_own_why()}</p>
        </Card>
    }
    .into_any()
}

fn rows(text: Text, overview: &Overview, view: &CertificateView) -> Vec<(String, Fact)> {
    let names = view.names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let shown = |name: &str| Fact::text((!name.is_empty()).then(|| name.to_owned()));
    let rows = [
        (text.certificate_names(), Fact::Code(names)),
        (text.certificate_subject(), shown(&view.subject)),
        (text.certificate_issuer(), shown(&view.issuer)),
        (text.certificate_from(), Fact::Text(day(overview, view.not_before))),
        (text.certificate_to(), Fact::Text(day(overview, view.not_after))),
        (text.certificate_fingerprint(), Fact::Code(view.fingerprint.clone())),
    ];
    rows.map(|(term, fact)| (term.to_owned(), fact)).into()
}

/// What it would be, and the button that makes it so.
fn offered(text: Text, overview: &Overview, preview: &Preview) -> impl IntoView + use<> {
    let uncovered = (!preview.uncovered.is_empty()).then(|| {
        let names = preview.uncovered.join(", ");
        view! {
            <Note mood=Mood::Warn title=text.certificate_uncovered()><p>{text.certificate_uncovered_why(&names)}</p></Note>
        }
    });
    let ending = standing(text, overview, &preview.view)
        .map(|(mood, word)| view! { <Note mood=mood title=word><p>{text.certificate_ending_why()}</p></Note> });
    let candidate = preview.candidate.expose().to_owned();
    let rows = rows(text, overview, &preview.view);
    view! {
        <Card title=text.certificate_offered() id="offered" weighty=true>
            {facts(rows)}
            {ending}
            {uncovered}
            <form class="actions" method="post" action=INSTALL>
                <input type="hidden" name="candidate" value=candidate />
                <button>{text.certificate_install()}</button>
                <a class="button plain" href=PATH>{text.power_cancel()}</a>
            </form>
        </Card>
    }
}

fn form(text: Text, chain: String) -> impl IntoView {
    let chain = Field {
        name: "chain".into(),
        label: text.certificate_chain().to_owned(),
        hint: Some(text.certificate_chain_hint().to_owned()),
        value: chain,
        kind: Kind::Lines,
        ..Field::default()
    };
    let key = Field {
        name: "key".into(),
        label: text.certificate_key().to_owned(),
        hint: Some(text.certificate_key_hint().to_owned()),
        kind: Kind::Lines,
        ..Field::default()
    };
    view! {
        <Card title=text.certificate_form()>
            <p>{text.certificate_form_why()}</p>
            <form class="stack" method="post" action=CHECK novalidate>
                {field(chain)}
                {field(key)}
                <p class="actions"><button>{text.certificate_check()}</button></p>
            </form>
        </Card>
    }
}

fn authority(text: Text, own: Own) -> impl IntoView {
    let rows = vec![
        (text.certificate_authority_name().to_owned(), Fact::Text(own.name)),
        (text.certificate_fingerprint().to_owned(), Fact::Code(own.fingerprint)),
    ];
    view! {
        <Card title=text.certificate_authority()>
            <p>{text.certificate_authority_why()}</p>
            {facts(rows)}
            <p class="actions">
                <a class="button plain" href=DER download>{text.certificate_download_crt()}</a>
                <a class="button plain" href=PEM download>{text.certificate_download_pem()}</a>
            </p>
            <p class="muted">{text.certificate_authority_how()}</p>
        </Card>
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn path_traversal_and_headers_in_a_serial_number_become_no_part_of_a_files_name() {
        assert_eq!(file_name("7F3K-2219"), "gatehouse-7F3K-2219-authority");
        for (serial, name) in [
            ("../../etc/passwd", "gatehouse-etcpasswd-authority"),
            ("a\"; filename=\"b.exe", "gatehouse-afilenamebexe-authority"),
            ("a\r\nset-cookie: x", "gatehouse-aset-cookiex-authority"),
            ("\u{202e}\u{e4}", "gatehouse--authority"),
        ] {
            assert_eq!(file_name(serial), name);
        }
        assert!(file_name(&"x".repeat(500)).len() < 70);
    }
}
