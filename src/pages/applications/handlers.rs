//! Handlers. A manifest is read here, and judged by the agent.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Multipart, Path, Query, State, multipart::MultipartError},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{AppView, ListView, PATH, app_page, page, remove_page};
use crate::{
    client::here,
    components::nav::Place,
    domain::{
        activation::base64url,
        application::{
            ApplicationName, Manifest,
            api::{ApplicationStatus, Bundle, FileContent, LogsAsk, Named},
        },
        fault::{Fault, Refusal},
    },
    pages::{frame, refused, render::render, status},
    web::{App, Visitor},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/applications", get(show))
        .route("/applications/add", post(add).layer(DefaultBodyLimit::disable()))
        .route("/applications/{name}", get(show_one))
        .route("/applications/{name}/start", post(start))
        .route("/applications/{name}/stop", post(stop))
        .route("/applications/{name}/remove", get(ask).post(remove))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    added: Option<String>,
}

async fn show(State(app): State<App>, visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Response> {
    let view = ListView { added: asked.added.is_some(), ..ListView::default() };
    list(&app, &visitor, StatusCode::OK, &view).await
}

async fn list(app: &App, visitor: &Visitor, code: StatusCode, view: &ListView) -> Result<Response, Response> {
    let both = futures_util::try_join!(app.agent.overview(&visitor.caller), app.agent.applications(&visitor.caller));
    let (overview, status) = both.map_err(|refusal| refused(visitor, &refusal))?;
    Ok(render(code, || page(frame(visitor, &overview, Place::Applications, PATH), &status, view)))
}

async fn add(State(app): State<App>, visitor: Visitor, mut parts: Multipart) -> Result<Response, Response> {
    let (text, files) = match sent(&mut parts).await {
        Ok(sent) => sent,
        Err(error) => {
            let refusal = here(Fault::Malformed { detail: error.body_text() });
            let view = ListView { refusal: Some(refusal), ..ListView::default() };
            return list(&app, &visitor, error.status(), &view).await;
        }
    };
    let code = StatusCode::UNPROCESSABLE_ENTITY;
    let mut manifest: Manifest = match toml::from_str(&text) {
        Ok(manifest) => manifest,
        Err(error) => {
            let detail = error.message().lines().collect::<Vec<_>>().join(" ");
            let view = ListView { manifest: text, unreadable: Some(detail), ..ListView::default() };
            return list(&app, &visitor, code, &view).await;
        }
    };
    let bundle = Bundle { files: matched(&mut manifest, files), manifest };
    match app.agent.add_application(&visitor.caller, &bundle).await {
        Ok(()) => Ok(Redirect::to("/applications?added").into_response()),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(&visitor, &refusal)),
        Err(refusal) => {
            let view = ListView { manifest: text, refusal: Some(refusal), ..ListView::default() };
            list(&app, &visitor, code, &view).await
        }
    }
}

type Files = Vec<(String, axum::body::Bytes)>;

/// The manifest and its files. What breaks off on its way is not taken for what it has become.
async fn sent(parts: &mut Multipart) -> Result<(String, Files), MultipartError> {
    let (mut text, mut files) = (String::new(), Vec::new());
    while let Some(part) = parts.next_field().await? {
        match (part.name().map(str::to_owned), part.file_name().map(str::to_owned)) {
            (Some(name), None) if name == "manifest" => text = part.text().await?,
            (Some(name), Some(file)) if name == "files" && !file.is_empty() => files.push((file, part.bytes().await?)),
            _ => {}
        }
    }
    Ok((text, files))
}

/// A browser tells the last part of a file's path only: it is the file of that name in the manifest, where there is one.
fn matched(manifest: &mut Manifest, files: Files) -> Vec<FileContent> {
    use sha2::{Digest, Sha256};
    let last = |path: &str| path.rsplit('/').next().map(str::to_owned);
    let each = files.into_iter().map(|(file, content)| {
        let named = manifest.files.iter_mut().find(|it| it.path == file || last(&it.path).as_deref() == Some(&file));
        let path = named.map_or(file, |named| {
            if named.sha256.is_empty() {
                named.sha256 = hex::encode(Sha256::digest(&content));
            }
            named.path.clone()
        });
        FileContent { path, content: base64url::encode(&content) }
    });
    each.collect()
}

/// Its status, or the page that says that there is none; and whether applications run here.
async fn found(app: &App, visitor: &Visitor, name: &str) -> Result<(ApplicationStatus, bool), Response> {
    let none = || refused(visitor, &here(Fault::NotFound));
    let name: ApplicationName = name.parse().map_err(|_| none())?;
    let all = app.agent.applications(&visitor.caller).await.map_err(|refusal| refused(visitor, &refusal))?;
    let here = all.here;
    all.all.into_iter().find(|it| it.name == name).map(|app| (app, here)).ok_or_else(none)
}

async fn show_one(State(app): State<App>, visitor: Visitor, Path(name): Path<String>) -> Result<Response, Response> {
    one(&app, &visitor, &name, None).await
}

async fn one(app: &App, visitor: &Visitor, name: &str, refusal: Option<Refusal>) -> Result<Response, Response> {
    let (status_of, runs_here) = found(app, visitor, name).await?;
    let ask = LogsAsk { name: status_of.name.clone(), lines: None };
    let both =
        futures_util::try_join!(app.agent.overview(&visitor.caller), app.agent.application_logs(&visitor.caller, &ask));
    let (overview, logs) = both.map_err(|refusal| refused(visitor, &refusal))?;
    let code = refusal.as_ref().map_or(StatusCode::OK, status);
    let view = AppView { app: status_of, here: runs_here, lines: logs.lines, refusal };
    Ok(render(code, || app_page(frame(visitor, &overview, Place::Applications, PATH), &view)))
}

async fn start(State(app): State<App>, visitor: Visitor, Path(name): Path<String>) -> Result<Response, Response> {
    let named = Named { name: found(&app, &visitor, &name).await?.0.name };
    let done = app.agent.start_application(&visitor.caller, &named).await;
    back(&app, &visitor, &name, done).await
}

async fn stop(State(app): State<App>, visitor: Visitor, Path(name): Path<String>) -> Result<Response, Response> {
    let named = Named { name: found(&app, &visitor, &name).await?.0.name };
    let done = app.agent.stop_application(&visitor.caller, &named).await;
    back(&app, &visitor, &name, done).await
}

async fn back(app: &App, visitor: &Visitor, name: &str, done: Result<(), Refusal>) -> Result<Response, Response> {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("{PATH}/{name}")).into_response()),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(visitor, &refusal)),
        Err(refusal) => one(app, visitor, name, Some(refusal)).await,
    }
}

async fn ask(State(app): State<App>, visitor: Visitor, Path(name): Path<String>) -> Result<Response, Response> {
    asked(&app, &visitor, &name, None).await
}

async fn asked(app: &App, visitor: &Visitor, name: &str, refusal: Option<&Refusal>) -> Result<Response, Response> {
    let name = found(app, visitor, name).await?.0.name.to_string();
    let overview = app.agent.overview(&visitor.caller).await.map_err(|refusal| refused(visitor, &refusal))?;
    let code = refusal.map_or(StatusCode::OK, status);
    Ok(render(code, || remove_page(frame(visitor, &overview, Place::Applications, PATH), &name, refusal)))
}

async fn remove(State(app): State<App>, visitor: Visitor, Path(name): Path<String>) -> Result<Response, Response> {
    let named = Named { name: found(&app, &visitor, &name).await?.0.name };
    match app.agent.remove_application(&visitor.caller, &named).await {
        Ok(()) => Ok(Redirect::to(PATH).into_response()),
        Err(refusal) if refusal.fault == Fault::NotSignedIn => Err(refused(&visitor, &refusal)),
        Err(refusal) => asked(&app, &visitor, &name, Some(&refusal)).await,
    }
}
