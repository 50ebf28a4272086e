//! The real pages behind the real layers.

use super::*;

/// Every write of the pages.
const WRITES: [&str; 10] = [
    "/setup",
    "/login",
    "/logout",
    "/network/lan1",
    "/network/lan1/apply",
    "/network/change/confirm",
    "/network/change/rollback",
    "/network/change/more-time",
    "/network/test",
    HANDOFF,
];
const READS: [&str; 6] =
    ["/", "/network", "/network/lan1", "/network/test", "/network/change", "/network/change/state"];

async fn rig() -> Rig {
    Rig::with(said(), Pages { routes: pages::routes, refused: pages::refused, pieces: pages::live::pieces }).await
}

fn empty(request: request::Builder) -> Request<Body> {
    request.body(Body::empty()).expect("request")
}

#[tokio::test]
async fn no_write_from_elsewhere_reaches_a_page() {
    let rig = rig().await;
    for path in WRITES {
        for headers in [&[][..], &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")][..]] {
            let mut request = Request::post(path).header("host", "10.0.0.5").header("cookie", "__Host-session=alive");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = rig.ask(By::Service, empty(request)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
            assert!(answer.body.contains("GH-403"), "a designed page: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn no_page_but_those_for_signing_in_opens_without_a_session() {
    let rig = rig().await;
    for path in READS {
        assert!(rig.get(path).await.leads_to("/login"), "{path}");
    }
    for path in WRITES.into_iter().filter(|p| !["/setup", "/login", HANDOFF].contains(p)) {
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
