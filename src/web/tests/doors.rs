//! Who gets where: phase, session, port, and what happens while the agent is away.

use super::*;

fn empty(request: request::Builder) -> Request<Body> {
    request.body(Body::empty()).expect("request")
}

#[tokio::test]
async fn without_a_session_everything_leads_to_sign_in() {
    let rig = Rig::new().await;
    for path in ["/", "/network", "/network/lan1", "/moving", "/nosuch"] {
        assert!(rig.get(path).await.leads_to("/login"), "{path}");
        let stale = empty(from_here(Method::GET, path).header("cookie", "__Host-session=ended"));
        assert!(rig.ask(By::Uplink, stale).await.leads_to("/login"), "{path} with an ended session");
        let other = empty(from_here(Method::GET, path).header("cookie", "session=alive"));
        assert!(rig.ask(By::Uplink, other).await.leads_to("/login"), "{path} with another cookie");
    }
    for path in ["/network", "/network/lan1", "/nosuch"] {
        let answer = rig.ask(By::Uplink, empty(from_here(Method::POST, path))).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(rig.get("/login").await.body, "sign in");
    assert!(rig.get("/setup").await.leads_to("/login"), "no second setup");
}

#[tokio::test]
async fn without_a_session_the_event_stream_says_so_and_ends() {
    let rig = Rig::new().await;
    let ended = "event: ended\ndata: ended\n\n";
    assert_eq!(rig.get("/events").await.body, ended);
    let stale = empty(from_here(Method::GET, "/events").header("cookie", "__Host-session=ended"));
    assert_eq!(rig.ask(By::Uplink, stale).await.body, ended);
}

#[tokio::test]
async fn with_a_session_the_pages_are_there() {
    let rig = Rig::new().await;
    for by in [By::Uplink, By::Service] {
        assert_eq!(rig.ask(by, empty(signed_in(Method::GET, "/network"))).await.body, INSIDE);
        assert_eq!(rig.ask(by, empty(signed_in(Method::POST, "/network/lan1"))).await.body, INSIDE);
        assert_eq!(rig.ask(by, empty(signed_in(Method::GET, "/nosuch"))).await.status, StatusCode::NOT_FOUND);
    }
    let head = rig.ask(By::Uplink, empty(signed_in(Method::HEAD, "/"))).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn before_the_password_there_is_only_the_setup_page_over_the_service_port() {
    let mut unopened = said();
    unopened.hello.ready = false;
    let rig = Rig::with(unopened, pages()).await;
    for path in ["/", "/login", "/network", "/nosuch"] {
        for by in [By::Uplink, By::Service] {
            let answer = rig.ask(by, empty(signed_in(Method::GET, path))).await;
            assert!(answer.leads_to("/setup"), "{path} {answer:?}");
            let answer = rig.ask(by, empty(signed_in(Method::POST, path))).await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{path}");
        }
    }
    // whose page was open over a factory reset
    let stream = rig.ask(By::Service, empty(signed_in(Method::GET, "/events"))).await;
    assert_eq!((stream.status, stream.body.as_str()), (StatusCode::OK, "event: ended\ndata: ended\n\n"));
    for method in [Method::GET, Method::POST] {
        let uplink = rig.ask(By::Uplink, empty(from_here(method.clone(), "/setup"))).await;
        assert_eq!(uplink.status, StatusCode::FORBIDDEN);
        assert!(uplink.body.contains("GH-106"), "{uplink:?}");
        assert_eq!(rig.ask(By::Service, empty(from_here(method, "/setup"))).await.status, StatusCode::OK);
    }
    assert_eq!(rig.get("/healthz").await.body, "ok\n");

    // The next request may come before the event.
    rig.agent.said.send_modify(|s| s.hello.ready = true);
    assert!(rig.get("/").await.leads_to("/login"));
}

#[tokio::test]
async fn without_the_agent_a_page_says_so_and_with_it_all_goes_on() {
    let mut rig = Rig::new().await;
    let mut known = rig.app.known.clone();
    rig.agent.go().await;
    soon(known.wait_for(|k| !k.here)).await.expect("noticed");
    for path in ["/", "/login", "/setup", "/events"] {
        let answer = rig.ask(By::Service, empty(signed_in(Method::GET, path))).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(answer.body.contains("GH-501"), "{answer:?}");
    }
    assert_eq!(rig.get("/healthz").await.body, "ok\n");
    rig.agent.come();
    soon(known.wait_for(|k| k.here)).await.expect("noticed");
    assert_eq!(rig.ask(By::Service, empty(signed_in(Method::GET, "/"))).await.body, INSIDE);
}

#[tokio::test]
async fn a_language_is_chosen_without_a_session_and_leads_back() {
    let rig = Rig::new().await;
    let choose = |form: &'static str| {
        let request = from_here(Method::POST, "/language").header("content-type", "application/x-www-form-urlencoded");
        rig.ask(By::Uplink, request.body(Body::from(form)).expect("request"))
    };
    let answer = choose("lang=zh-CN&return=%2Flogin%3Fa%3Db").await;
    assert!(answer.leads_to("/login?a=b"), "{answer:?}");
    assert!(answer.header("set-cookie").starts_with("lang=zh-CN; Path=/;"), "{answer:?}");
    assert!(choose("lang=en&return=%2F%2Fevil.example").await.leads_to("/"));
    assert!(choose("lang=en&return=https%3A%2F%2Fevil.example").await.leads_to("/"));
    assert_eq!(choose("lang=tlh&return=%2F").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}
