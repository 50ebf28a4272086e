//! The real pages behind the real layers.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::*;

/// Every route of the pages with that method, as the sources have it: a page that is added is walked without anybody's doing.
fn routes_with(method: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages")) {
        let text = fs::read_to_string(&file).expect("source");
        for rest in text.split(".route(").skip(1) {
            let call = balanced(rest);
            let (path, handlers) = call.split_once(',').expect("a path and its handlers");
            // what a function of its own answers with may be anything
            let unknown = !["get(", "post("].iter().any(|one| handlers.contains(one));
            if unknown || handlers.contains(&format!("{method}(")) {
                found.insert(named(&file, &text, path.trim()).replace("{port}", "lan1"));
            }
        }
    }
    assert!(found.len() > 10, "{found:?}");
    found.into_iter().collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("folder").flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// Up to the parenthesis that closes the call.
fn balanced(text: &str) -> &str {
    let mut open = 1;
    let end = text.char_indices().find(|(_, c)| {
        open += i32::from(*c == '(') - i32::from(*c == ')');
        open == 0
    });
    &text[..end.expect("a whole call").0]
}

/// A path's text: a literal, or a constant of this file or of the module that is named.
fn named(file: &Path, text: &str, path: &str) -> String {
    if let Some(literal) = path.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return literal.to_owned();
    }
    let (module, name) = path.rsplit_once("::").map_or(("", path), |(module, name)| (module, name));
    let other = file.with_file_name(format!("{module}.rs"));
    let text = if module.is_empty() { text.to_owned() } else { fs::read_to_string(other).unwrap_or_default() };
    let value = text.split(&format!("const {name}: &str = \"")).nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_else(|| panic!("{}: which path is {path}?", file.display())).to_owned()
}

async fn rig() -> Rig {
    Rig::with(said(), Pages { routes: pages::routes, refused: pages::refused, pieces: pages::live::pieces }).await
}

fn empty(request: request::Builder) -> Request<Body> {
    request.body(Body::empty()).expect("request")
}

#[tokio::test]
async fn no_write_from_elsewhere_reaches_a_page() {
    let rig = rig().await;
    let language = "/language".to_owned();
    for path in routes_with("post").into_iter().chain([language]) {
        for headers in [&[][..], &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")][..]] {
            let mut request = Request::post(&path).header("host", "10.0.0.5").header("cookie", "__Host-session=alive");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = rig.ask(By::Service, empty(request)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
            assert!(answer.body.contains("GH-403"), "{path}: a designed page: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn no_page_but_those_for_signing_in_opens_without_a_session() {
    let rig = rig().await;
    let open = ["/setup", "/login", HANDOFF];
    for path in routes_with("get").iter().filter(|path| !open.contains(&path.as_str())) {
        assert!(rig.get(path).await.leads_to("/login"), "{path}");
    }
    for path in routes_with("post").iter().filter(|path| !open.contains(&path.as_str())) {
        let answer = rig.ask(By::Uplink, empty(from_here(Method::POST, path))).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let login = rig.get("/login").await;
    assert_eq!(login.status, StatusCode::OK);
    assert_eq!(rig.get(HANDOFF).await.status, StatusCode::OK);
    for page in [login.body, rig.get(HANDOFF).await.body] {
        assert!(!page.contains("style=") && !page.contains("<style") && !page.contains(" onclick"), "{page}");
        let inline =
            page.split("<script").skip(1).filter(|s| !s.split('>').next().is_some_and(|tag| tag.contains("src=")));
        assert_eq!(inline.count(), 0, "{page}");
    }
    let overview = rig.ask(By::Uplink, empty(signed_in(Method::GET, "/"))).await;
    assert!(overview.status == StatusCode::OK && overview.body.contains("gh-1"), "{overview:?}");
}

/// What only POST does answers a GET with 405, or with a page that has been asked for nothing but to be shown.
#[tokio::test]
async fn nothing_is_written_by_get() {
    let rig = rig().await;
    let reads = routes_with("get");
    for path in routes_with("post").into_iter().filter(|path| !reads.contains(path)) {
        for method in [Method::GET, Method::HEAD] {
            let answer = rig.ask(By::Service, empty(signed_in(method, &format!("{path}?a=b")))).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        }
    }
}
