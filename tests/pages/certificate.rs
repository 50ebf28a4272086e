//! The page of certificates.

use gatehouse::{
    components::nav::Place,
    domain::{
        api::Overview,
        certificate::{CertificateProblem, CertificateView, Preview, x509::Name},
        fault::Fault,
        secret::Secret,
        time::UnixSeconds,
    },
    pages::{
        render::to_html,
        system::{
            Came,
            certificate::{self, CertificateFormView, Own},
        },
    },
    text::Text,
};

use super::{
    all::{frame, overview_page, refusal},
    boxes::working_box,
};

const NASTY: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";

pub fn problems() -> [CertificateProblem; 14] {
    let at = UnixSeconds(1_700_000_000);
    [
        CertificateProblem::NoCertificate,
        CertificateProblem::IsRequest,
        CertificateProblem::Unreadable,
        CertificateProblem::TooMany { most: 8 },
        CertificateProblem::NoKey,
        CertificateProblem::KeyEncrypted,
        CertificateProblem::KeyUnreadable,
        CertificateProblem::KeyMismatch,
        CertificateProblem::WeakKey { bits: 1024 },
        CertificateProblem::WeakSignature,
        CertificateProblem::Expired { at },
        CertificateProblem::NotYetValid { at },
        CertificateProblem::ChainOrder,
        CertificateProblem::NoNames,
    ]
}

fn view(overview: &Overview, days: u64) -> CertificateView {
    CertificateView {
        names: vec![
            Name::Dns("box-b6.site.example".to_owned()),
            Name::Dns("*.site.example".to_owned()),
            Name::Address("10.20.0.15".parse().expect("address")),
        ],
        subject: "box-b6.site.example".to_owned(),
        issuer: "Example Issuing CA 3".to_owned(),
        not_before: UnixSeconds(overview.now.0 - 86_400),
        not_after: UnixSeconds((overview.now.0 + days * 86_400).saturating_sub(60)),
        fingerprint: ["AB"; 32].join(":"),
        chain: 2,
    }
}

fn page(text: Text, overview: &Overview, form: CertificateFormView) -> String {
    let own = Own { name: "Gatehouse box 3F9A-21C4".to_owned(), fingerprint: ["CD"; 32].join(":") };
    let form = CertificateFormView { own, ..form };
    to_html(|| certificate::page(frame(text, Some(overview), Some(Place::System)), overview, form))
}

pub fn pages(text: Text) -> Vec<(&'static str, String)> {
    let working = working_box();
    let with = |days| {
        let mut it = working_box();
        it.certificate.installed = Some(view(&it, days));
        it
    };
    let (good, ending, ended) = (with(300), with(1), with(0));
    let mut trouble = working_box();
    trouble.certificate.trouble = Some("Permission denied".to_owned());
    let preview = |view| Preview {
        candidate: Secret::new("c0ffee"),
        view,
        uncovered: vec!["box-b6.local".to_owned(), "192.168.100.198".to_owned()],
    };
    let offered = |view| CertificateFormView { preview: Some(preview(view)), ..CertificateFormView::default() };
    let saved = Came { saved: true, refusal: None };
    vec![
        ("certificate", page(text, &working, CertificateFormView::default())),
        (
            "certificate-installed",
            page(text, &good, CertificateFormView { came: saved, ..CertificateFormView::default() }),
        ),
        ("certificate-ending", page(text, &ending, CertificateFormView::default())),
        ("certificate-ended", page(text, &ended, CertificateFormView::default())),
        ("certificate-trouble", page(text, &trouble, CertificateFormView::default())),
        ("certificate-offered", page(text, &working, offered(view(&working, 20)))),
        ("certificate-refused", {
            let fault = Fault::BadCertificate { problem: CertificateProblem::KeyMismatch };
            let came = Came { saved: false, refusal: Some(refusal(fault)) };
            let chain = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----".to_owned();
            page(text, &working, CertificateFormView { chain, came, ..CertificateFormView::default() })
        }),
        ("overview-certificate-ending", overview_page(text, &ending)),
        ("overview-certificate-ended", overview_page(text, &ended)),
    ]
}

/// Pages of a certificate whose every word is markup: whoever signs certificates writes what they like.
pub fn nasty(text: Text) -> [String; 2] {
    let mut it = working_box();
    let nasty = CertificateView {
        names: vec![Name::Dns(NASTY.to_owned())],
        subject: NASTY.to_owned(),
        issuer: NASTY.to_owned(),
        fingerprint: NASTY.to_owned(),
        ..view(&it, 300)
    };
    it.certificate.installed = Some(nasty.clone());
    it.certificate.trouble = Some(NASTY.to_owned());
    let preview = Preview { candidate: Secret::new(NASTY), view: nasty, uncovered: vec![NASTY.to_owned()] };
    let offered = CertificateFormView { preview: Some(preview), ..CertificateFormView::default() };
    let typed = CertificateFormView { chain: format!("</textarea>{NASTY}"), ..CertificateFormView::default() };
    [page(text, &it, offered), page(text, &it, typed)]
}
