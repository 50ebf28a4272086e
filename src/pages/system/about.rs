//! `/system/about`: which build this is, on which box, and whose work is in it.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use leptos::prelude::*;

use super::{Said, lead, overview};
use crate::{
    components::{
        card::{Card, Fact, facts},
        frame::{Frame, Shell},
        nav::Place,
    },
    domain::api::Overview,
    notices::{BUILD, Document, LICENCES, SBOM},
    pages::{frame as frame_for, render::render},
    text::Text,
    web::{App, Visitor, accepts},
};

pub(super) const PATH: &str = "/system/about";
const LICENCES_PATH: &str = "/system/about/licences";
const SBOM_PATH: &str = "/system/about/sbom";

pub(super) fn said(text: Text, overview: &Overview) -> Said {
    Said::plain(text.overview_version(&overview.version))
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(PATH, get(show))
        .route(LICENCES_PATH, get(async |headers: HeaderMap| download(&LICENCES, &headers)))
        .route(SBOM_PATH, get(async |headers: HeaderMap| download(&SBOM, &headers)))
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Response> {
    let overview = overview(&app, &visitor).await?;
    Ok(render(StatusCode::OK, || page(frame_for(&visitor, &overview, Place::System, PATH), &overview)))
}

/// Compressed as the program carries it, for who can read that.
fn download(document: &'static Document, headers: &HeaderMap) -> Response {
    let named = [
        (header::CONTENT_TYPE, document.mime.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", document.name)),
        (header::VARY, "Accept-Encoding".to_owned()),
    ];
    if accepts(headers, "gzip") {
        let body = Body::from(Bytes::from_static(document.gz));
        return (named, [(header::CONTENT_ENCODING, "gzip")], body).into_response();
    }
    match document.text() {
        Ok(text) => (named, text).into_response(),
        Err(error) => {
            tracing::error!(%error, document.name, "the program is damaged");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

pub fn page(frame: Frame, overview: &Overview) -> impl IntoView + use<> {
    let text = frame.text;
    let rows = [
        (text.system_software(), Fact::Text(text.overview_version(&overview.version))),
        (text.about_build(), Fact::Code(BUILD.to_owned())),
        (text.system_model(), Fact::Text(overview.model.clone())),
        (text.system_serial(), Fact::Code(overview.serial.clone())),
        (text.system_support(), Fact::text(overview.support.clone())),
    ];
    let its = facts(rows.map(|(term, fact)| (term.to_owned(), fact)).into());
    let frame = Frame { title: text.about_title().to_owned(), ..frame };
    view! {
        <Shell frame=frame>
            {lead(text, text.about_title(), text.about_why())}
            <Card title=text.about_program()>{its}</Card>
            <Card title=text.about_others()>
                <p>{text.about_others_why()}</p>
                <ul class="ports-list">
                    <li>
                        <a class="link" href=LICENCES_PATH download="">{text.about_licences()}</a>
                        <span class="at">{text.about_licences_why()}</span>
                    </li>
                    <li>
                        <a class="link" href=SBOM_PATH download="">{text.about_sbom()}</a>
                        <span class="at">{text.about_sbom_why()}</span>
                    </li>
                </ul>
            </Card>
        </Shell>
    }
}
