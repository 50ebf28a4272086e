//! Attacks by name, against the layers.

use super::*;

#[tokio::test]
async fn a_write_from_elsewhere_is_refused_on_every_route() {
    let rig = Rig::new().await;
    let elsewhere: [&[(&str, &str)]; 5] = [
        &[],
        &[("origin", "null")],
        &[("origin", "https://evil.example")],
        &[("origin", "https://10.0.0.5"), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ];
    for path in WRITES {
        for headers in elsewhere {
            let mut request = Request::post(path).header("host", "10.0.0.5").header("cookie", "__Host-session=alive");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }

            let exempt = path == HANDOFF && headers.len() == 2;
            let answer = rig.ask(By::Service, request.body(Body::from("a=b")).expect("request")).await;
            assert_eq!(answer.status == StatusCode::FORBIDDEN, !exempt, "{path} {headers:?} {answer:?}");
            assert!(!answer.body.contains(INSIDE));
        }
    }
}

#[tokio::test]
async fn a_handoff_comes_from_the_boxs_own_addresses_only() {
    let mut moving = said();
    moving.hello.listen[1].addresses = vec![[10, 0, 0, 5].into(), [10, 9, 0, 5].into()];
    let rig = Rig::with(moving, pages()).await;
    for (origin, good) in [
        ("https://10.9.0.5", true),
        ("https://gatehouse.local", true),
        ("https://10.9.0.6", false),
        ("http://10.9.0.5", false),
        ("https://10.9.0.5:8443", false),
        ("null", false),
    ] {
        for (path, good) in [(HANDOFF, good), ("/login", false), ("/language", false)] {
            let request = Request::post(path).header("host", "10.0.0.5").header("origin", origin);
            let request = request.header("sec-fetch-site", "cross-site").body(Body::empty()).expect("request");
            let answer = rig.ask(By::Uplink, request).await;
            assert_eq!(answer.status != StatusCode::FORBIDDEN, good, "{path} from {origin}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn another_host_name_does_not_lead_here() {
    let rig = Rig::new().await;
    for host in ["evil.example", "10.0.0.6", "10.0.0.5.nip.example", "localhost", ""] {
        for method in [Method::GET, Method::POST] {
            let request = Request::builder().method(method).uri("/").header("host", host);
            let request = request.header("origin", format!("https://{host}")).header("cookie", "__Host-session=alive");
            let answer = rig.ask(By::Uplink, request.body(Body::empty()).expect("request")).await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
        }
    }
    let twice = Request::get("/").header("host", "10.0.0.5").header("host", "evil.example");
    let answer = rig.ask(By::Uplink, twice.body(Body::empty()).expect("request")).await;
    assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn no_spelling_of_a_path_and_no_header_gets_around_the_gate() {
    let rig = Rig::new().await;
    for path in [
        "//",
        "//network",
        "/network/",
        "/network;/login",
        "/network;a=/login",
        "/login;/../network",
        "/login/../network",
        "/login/%2e%2e/network",
        "/login/..%2fnetwork",
        "/%6eetwork",
        "/%2fnetwork",
        "/NETWORK",
        "/./network",
        "/assets/../network",
        "/assets/..%2fnetwork",
        "/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/assets//network",
        "/healthz/../network",
        "/healthz%00/network",
        "/network.css",
        "/network%20",
        "/network?/login",
        "/network/lan1.js",
    ] {
        let answer = rig.get(path).await;
        assert!(!answer.body.contains(INSIDE), "{path}");
        let closed = answer.leads_to("/login") || answer.status == StatusCode::NOT_FOUND;
        assert!(closed, "{path} {answer:?}");
    }
    for (name, value) in [
        ("x-original-url", "/login"),
        ("x-rewrite-url", "/healthz"),
        ("x-http-method-override", "POST"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "localhost"),
        ("gatehouse-caller", "{}"),
        ("authorization", "Bearer alive"),
    ] {
        let request = from_here(Method::GET, "/network").header(name, value).body(Body::empty()).expect("request");
        assert!(rig.ask(By::Uplink, request).await.leads_to("/login"), "{name}");
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"] {
        let method = Method::from_bytes(method.as_bytes()).expect("method");
        let answer = rig.ask(By::Uplink, signed_in(method, "/network").body(Body::empty()).expect("request")).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn every_answer_forbids_framing_sniffing_and_foreign_script() {
    let rig = Rig::new().await;
    let mut answers = Vec::new();
    for path in ["/", "/login", "/network", "/healthz", "/assets/nosuch.css", "/nosuch", "/language"] {
        for builder in
            [from_here(Method::GET, path), signed_in(Method::GET, path), Request::post(path), Request::put(path)]
        {
            answers.push(rig.ask(By::Uplink, builder.body(Body::empty()).expect("request")).await);
        }
    }
    for answer in answers {
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            "{answer:?}"
        );
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
    }
    let moving = rig.ask(By::Uplink, signed_in(Method::GET, "/moving").body(Body::empty()).expect("request")).await;
    assert_eq!(moving.header("referrer-policy"), "strict-origin", "or the handoff would come from nowhere");
    let policy = moving.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://10.0.0.6; base-uri"), "{policy}");
}

#[tokio::test]
async fn a_body_has_a_size_whatever_it_says_of_itself() {
    let rig = Rig::new().await;
    for length in [64 * 1024 + 1, 512 * 1024, 4 << 20] {
        let known = Body::from(vec![b'a'; length]);
        let parts = vec![b'a'; length].chunks(1000).map(|c| Ok::<_, io::Error>(c.to_vec())).collect::<Vec<_>>();
        let chunked = Body::from_stream(futures_util::stream::iter(parts));
        for body in [known, chunked] {
            let answer = rig.ask(By::Uplink, from_here(Method::POST, "/login").body(body).expect("request")).await;
            assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        }
    }
    let fits = Body::from(vec![b'a'; 64 * 1024]);
    let answer = rig.ask(By::Uplink, from_here(Method::POST, "/login").body(fits).expect("request")).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn security_txt_is_served_without_a_session_and_says_only_whom_to_tell() {
    let mut with = said();
    with.hello.contact = Some("mailto:security@vendor.example".into());
    for ready in [true, false] {
        with.hello.ready = ready;
        let rig = Rig::with(with.clone(), pages()).await;
        let answer = rig.get("/.well-known/security.txt").await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "text/plain; charset=utf-8"));
        let keys = answer.body.lines().map(|line| line.split(": ").next().unwrap_or_default()).collect::<Vec<_>>();
        assert_eq!(keys, ["Contact", "Expires", "Preferred-Languages"], "{}", answer.body);
        assert!(answer.body.starts_with("Contact: mailto:security@vendor.example\n"));
    }
    let rig = Rig::new().await;
    assert_eq!(rig.get("/.well-known/security.txt").await.status, StatusCode::NOT_FOUND, "no contact, no file");
}
