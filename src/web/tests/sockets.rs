//! The whole role on this machine's loopback device, and the event stream.

use std::net::SocketAddr;

use axum::body::{BodyDataStream, Bytes};
use futures_util::{Stream, StreamExt};
use socket2::Socket;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{live::tls, *};
use crate::domain::api::Listen;

/// Two ports that nobody uses.
fn free() -> TcpPorts {
    let sockets = [0, 0].map(|port| std::net::TcpListener::bind(("127.0.0.1", port)).expect("port"));
    let [https, http] = sockets.map(|s| s.local_addr().expect("address").port());
    TcpPorts { https, http }
}

async fn plain(port: u16, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await?;
    Ok(answer)
}

async fn until<T, F: Future<Output = Option<T>>>(mut what: impl FnMut() -> F) -> T {
    soon(async {
        loop {
            match what().await {
                Some(done) => return done,
                None => tokio::task::yield_now().await,
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listeners_follow_what_the_agent_names() {
    let folder = tempfile::tempdir().expect("folder");
    let mut quiet = said();
    let named = std::mem::take(&mut quiet.hello.listen)[..1].to_vec();
    let mut agent = Agent::start(folder.path().join("agent.sock"), quiet);
    let options =
        WebOptions { socket: agent.socket.clone(), state_dir: folder.path().into(), inherited: Inherited::default() };
    let (ports, again) = (free(), options.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { serve(options, pages(), Limits::default(), ports).await.expect("serves") });
    let https = SocketAddr::from(([127, 0, 0, 1], ports.https));
    assert!(tls(https, "127.0.0.1", "h2").await.is_err(), "no interface is named");

    let listen = |listen: Vec<Listen>| agent.said.send_modify(|s| s.hello.listen = listen);
    listen(named.clone());
    let (_, first) = until(|| async { tls(https, "127.0.0.1", "h2").await.ok() }).await;
    listen(Vec::new());
    until(|| async { TcpStream::connect(https).await.is_err().then_some(()) }).await;
    // The same port on an interface that has come back.
    listen(vec![Listen { index: 2, ..named[0].clone() }]);
    let (_, second) = until(|| async { tls(https, "127.0.0.1", "h2").await.ok() }).await;
    assert_eq!(first, second, "the browser is not asked again");

    let noted = folder.path().join("hello.json");
    until(|| async { std::fs::read_to_string(&noted).ok().filter(|json| json.contains("\"index\":2")) }).await;
    agent.go().await;
    assert!(tls(https, "127.0.0.1", "h2").await.is_ok(), "it goes on serving without the agent");

    tasks.shutdown().await;
    tasks.spawn(async move { serve(again, pages(), Limits::default(), ports).await.expect("serves") });
    let (_, third) = until(|| async { tls(https, "127.0.0.1", "h2").await.ok() }).await;
    assert_eq!(first, third, "it even starts without the agent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_came_before_the_start_is_served_by_what_systemd_had_opened() {
    let folder = tempfile::tempdir().expect("folder");
    let mut quiet = said();
    let named = std::mem::take(&mut quiet.hello.listen)[..1].to_vec();
    let agent = Agent::start(folder.path().join("agent.sock"), quiet);
    let opened = [0, 0].map(|port| std::net::TcpListener::bind(("127.0.0.1", port)).expect("port"));
    let [https, http] = opened.each_ref().map(|socket| socket.local_addr().expect("address"));
    let ports = TcpPorts { https: https.port(), http: http.port() };
    let [kept, _] = opened.each_ref().map(|socket| Socket::from(socket.try_clone().expect("socket")));
    let inherited = opened.into_iter().map(Socket::from).collect::<Inherited>();
    let visitor = tokio::spawn(async move { tls(https, "127.0.0.1", "h2").await });

    let options = WebOptions { socket: agent.socket.clone(), state_dir: folder.path().into(), inherited };
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { serve(options, pages(), Limits::default(), ports).await.expect("serves") });
    assert_eq!(kept.device().expect("device"), None, "nobody has said where the service port is");
    agent.said.send_modify(|s| s.hello.listen = named);
    soon(visitor).await.expect("task").expect("served");
    assert_eq!(kept.device().expect("device").as_deref(), Some(&b"lo"[..]), "nobody else reaches it any more");
    // the watchdog's proof goes the way of a request
    let rig = Rig::new().await;
    assert_eq!(life::proof(rig.router.clone()).await, Some(true));
}

#[tokio::test]
async fn plain_http_explains_the_warning_and_gives_nothing_else() {
    let rig = Rig::new().await;
    let plain = plain::router(rig.app.clone());
    let ask = |request: request::Builder| {
        let request = request.header("host", "10.0.0.5").body(Body::empty()).expect("request");
        let mut request = By::Uplink.mark(request);
        request.extensions_mut().get_mut::<Conn>().expect("conn").local.set_port(80);
        let plain = plain.clone();
        async move { Answer::of(plain.oneshot(request).await.expect("infallible")).await }
    };
    let page = ask(Request::get("/").header("accept-language", "zh-CN")).await;
    let fingerprint = rig.app.certificates.fingerprint([10, 0, 0, 5].into()).expect("certificate");
    assert!(
        page.body.matches(&fingerprint).count() == 2 && page.body.contains(r#"href="https://10.0.0.5/""#),
        "{page:?}"
    );
    assert!(page.body.find("不要在微信内打开") < page.body.find("not WeChat"), "{page:?}");
    assert!(!page.body.contains('{'), "{page:?}");
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    let english = ask(Request::get("/").header("accept-language", "en")).await;
    assert!(english.body.find("不要在微信内打开") > english.body.find("not WeChat"));
    assert!(english.body.starts_with("<!doctype html>\n<html lang=\"en\">"));
    for path in ["/login", "/network", "/healthz", "//", "/assets"] {
        assert!(ask(Request::get(path).header("cookie", "__Host-session=alive")).await.leads_to("/"), "{path}");
    }
    assert_eq!(ask(Request::post("/")).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(ask(Request::get("/").header("host", "evil.example")).await.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_answers_on_its_port() {
    let folder = tempfile::tempdir().expect("folder");
    let agent = Agent::start(folder.path().join("agent.sock"), said());
    let options =
        WebOptions { socket: agent.socket.clone(), state_dir: folder.path().into(), inherited: Inherited::default() };
    let ports = free();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { serve(options, pages(), Limits::default(), ports).await.expect("serves") });
    let request = "GET / HTTP/1.1\r\nhost: gatehouse.local\r\nconnection: close\r\n\r\n";
    let answer = until(|| async { plain(ports.http, request).await.ok() }).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("https://gatehouse.local/"), "{answer}");
}

/// The next event, without comments.
async fn event(stream: &mut (impl Stream<Item = Result<Bytes, axum::Error>> + Unpin)) -> Option<String> {
    let bytes = soon(stream.next()).await?.expect("stream");
    Some(String::from_utf8(bytes.to_vec()).expect("text"))
}

async fn events(rig: &Rig) -> (StatusCode, BodyDataStream) {
    let request = signed_in(Method::GET, "/events").body(Body::empty()).expect("request");
    let response = soon(rig.router.clone().oneshot(By::Uplink.mark(request))).await.expect("infallible");
    (response.status(), response.into_body().into_data_stream())
}

#[tokio::test]
async fn a_browser_gets_the_pieces_that_changed_until_its_session_ends() {
    let mut rig = Rig::new().await;
    let (status, mut stream) = events(&rig).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(event(&mut stream).await.as_deref(), Some("event: piece\ndata: host\ndata: gh-1\n\n"));
    let model = "event: piece\ndata: model\ndata: <b>\ndata: T</b>\n\n";
    assert_eq!(event(&mut stream).await.as_deref(), Some(model));

    rig.agent.said.send_modify(|s| s.overview.host_name = "gh-2".into());
    assert_eq!(event(&mut stream).await.as_deref(), Some("event: piece\ndata: host\ndata: gh-2\n\n"));

    rig.agent.go().await;
    rig.agent.said.send_modify(|s| s.overview.model = "U".into());
    rig.agent.come();
    let model = "event: piece\ndata: model\ndata: <b>\ndata: U</b>\n\n";
    assert_eq!(event(&mut stream).await.as_deref(), Some(model), "over the agent's restart");

    rig.agent.said.send_modify(|s| s.sessions.clear());
    let ended = event(&mut stream).await.expect("ended");
    assert!(ended.starts_with("event: ended\n"), "{ended}");
    assert_eq!(event(&mut stream).await, None);
}

#[tokio::test]
async fn a_session_has_four_event_streams() {
    let rig = Rig::new().await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(events(&rig).await);
    }
    assert!(open.iter().all(|(status, _)| *status == StatusCode::OK));
    assert_eq!(events(&rig).await.0, StatusCode::TOO_MANY_REQUESTS);
    open.pop();
    assert_eq!(events(&rig).await.0, StatusCode::OK);
}
