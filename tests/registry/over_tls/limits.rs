//! What a connection may cost: whoever is slow, silent or greedy is closed, and others are served meanwhile.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::cluster::{api::Time, calls};
use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes};
use hyper_util::rt::{TokioExecutor, TokioIo};
use os::places::Room;
use registry::connection::Limits;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
    },
};

use super::world::{World, about, time, within};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_hours(1);
/// More than any short limit, and less than a wait that nobody would notice.
const SOON: Duration = Duration::from_secs(10);

/// Nothing ends but what a test makes short.
fn patient() -> Limits {
    Limits {
        handshake: LONG,
        header: LONG,
        body: LONG,
        idle: LONG,
        idle_box: LONG,
        drain: Duration::from_secs(5),
        room: Room { all: 2_000, each: 2_000 },
    }
}

fn config(world: &World, alpn: &[u8]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(world.authority.der().to_vec())).expect("an authority");
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions").with_root_certificates(roots);
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    Arc::new(config)
}

async fn tls(world: &World, alpn: &[u8]) -> io::Result<TlsStream<TcpStream>> {
    over(TcpStream::connect(world.address).await?, &config(world, alpn)).await
}

async fn over(tcp: TcpStream, config: &Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    TlsConnector::from(config.clone()).connect(ServerName::try_from("127.0.0.1").expect("a name"), tcp).await
}

/// Reads until the other end has closed; answers what came.
async fn to_the_end(mut stream: impl AsyncReadExt + Unpin) -> String {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        all.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_that_takes_too_long_is_ended() {
    let world = World::with(Limits { handshake: SHORT, ..patient() }, "127.0.0.1:0").await;
    let silent = TcpStream::connect(world.address).await.expect("connects");
    let mut slow = TcpStream::connect(world.address).await.expect("connects");
    slow.write_all(&[22, 3, 1]).await.expect("sent");
    within(SOON, "silence ends", to_the_end(silent)).await;
    within(SOON, "half a hello ends", to_the_end(slow)).await;
    time(&world.stranger()).await.expect("others are served");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_takes_too_long_is_ended() {
    let world = World::with(Limits { header: SHORT, ..patient() }, "127.0.0.1:0").await;
    for sent in ["", "GET /v1/time HTTP/1.1\r\nhost: reg"] {
        let mut slow = tls(&world, b"http/1.1").await.expect("TLS");
        slow.write_all(sent.as_bytes()).await.expect("sent");
        within(SOON, "a slow head ends", to_the_end(slow)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_takes_too_long_is_refused() {
    let world = World::with(Limits { body: SHORT, idle: SHORT, ..patient() }, "127.0.0.1:0").await;
    let mut slow = tls(&world, b"http/1.1").await.expect("TLS");
    let head = "POST /v1/sign-in HTTP/1.1\r\nhost: registry.test\r\ncontent-length: 400\r\n\r\n{\"user\":";
    slow.write_all(head.as_bytes()).await.expect("sent");
    let answer = within(SOON, "a slow body ends", to_the_end(slow)).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("GH-805"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_without_requests_is_ended_and_that_of_a_box_later() {
    let world = World::with(Limits { idle: SHORT, ..patient() }, "127.0.0.1:0").await;
    for alpn in [b"http/1.1".as_slice(), b"h2"] {
        let idle = tls(&world, alpn).await.expect("TLS");
        within(SOON, "idleness ends", to_the_end(idle)).await;
    }
    let mut once = tls(&world, b"http/1.1").await.expect("TLS");
    once.write_all(b"GET /v1/time HTTP/1.1\r\nhost: registry.test\r\n\r\n").await.expect("sent");
    let answer = within(SOON, "idleness ends after an answer, too", to_the_end(once)).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_long_is_refused() {
    let world = World::with(patient(), "127.0.0.1:0").await;
    // a body, with its length said and without
    let body = "x".repeat(70_000);
    let said = format!("content-length: {}\r\n\r\n{body}", body.len());
    let unsaid = format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for rest in [said, unsaid] {
        let mut stream = tls(&world, b"http/1.1").await.expect("TLS");
        let head = format!("POST /v1/sign-in HTTP/1.1\r\nhost: registry.test\r\nconnection: close\r\n{rest}");
        // the answer may come, and the connection end, before all of it is sent
        let _ = stream.write_all(head.as_bytes()).await;
        let answer = within(SOON, "a long body", to_the_end(stream)).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    // a head, long or of many lines
    for head in [format!("x-long: {}\r\n", "y".repeat(20_000)), "x-many: y\r\n".repeat(200)] {
        let mut stream = tls(&world, b"http/1.1").await.expect("TLS");
        let _ = stream.write_all(format!("GET /v1/time HTTP/1.1\r\nhost: r\r\n{head}\r\n").as_bytes()).await;
        let answer = within(SOON, "a long head", to_the_end(stream)).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    // and what is none
    let mut stream = tls(&world, b"http/1.1").await.expect("TLS");
    stream.write_all(&[0xff; 100]).await.expect("sent");
    let answer = within(SOON, "garbage", to_the_end(stream)).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_2_is_served_with_many_requests_on_one_connection() {
    let world = World::with(patient(), "127.0.0.1:0").await;
    let stream = tls(&world, b"h2").await.expect("TLS");
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    let ask = || {
        let mut sender = sender.clone();
        async move {
            let request =
                Request::get("https://registry.test/v1/time").body(Full::<Bytes>::default()).expect("request");
            let response = sender.send_request(request).await.expect("an answer");
            assert_eq!(response.status(), 200);
            let body = response.into_body().collect().await.expect("a body").to_bytes();
            serde_json::from_slice::<Time>(&body).expect("the time").now
        }
    };
    // how many requests it takes at once a client knows from its settings, which come before its first answer (RFC 9113, section 5.1.2)
    assert_eq!(ask().await, world.now());
    let mut asked = JoinSet::new();
    for _ in 0..100 {
        asked.spawn(ask());
    }
    for now in asked.join_all().await {
        assert_eq!(now, world.now());
    }
}

async fn from(source: &str, world: &World, config: &Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(source.parse().expect("an address"), 0))?;
    over(socket.connect(world.address_v4()).await?, config).await
}

/// Also where one socket listens for IPv4 and IPv6, and shows the former as the latter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_takes_all_of_its_places_takes_none_of_anothers() {
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let world = World::with(Limits { room: Room { all: 10, each: 3 }, ..patient() }, listen).await;
        let config = config(&world, b"http/1.1");
        let mut greedy = Vec::new();
        for _ in 0..3 {
            greedy.push(from("127.0.0.2", &world, &config).await.expect("a place"));
        }
        assert!(from("127.0.0.2", &world, &config).await.is_err(), "{listen}: one more than its share");
        from("127.0.0.3", &world, &config).await.expect("another one's place");
        // a place that is given back can be had again
        drop(greedy.pop());
        let again = async {
            while from("127.0.0.2", &world, &config).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        within(SOON, "a place is given back", again).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_are_held_and_others_are_served() {
    os::files::raise();
    let world = World::with(patient(), "127.0.0.1:0").await;
    let token = world.fleet().await;
    let member = world.activated(&token, "7F3K-2219").await;
    let config = config(&world, b"http/1.1");
    let started = Instant::now();
    let mut opening = JoinSet::new();
    for _ in 0..1_000 {
        let (address, config) = (world.address, config.clone());
        opening.spawn(async move {
            let mut stream = over(TcpStream::connect(address).await?, &config).await?;
            stream.write_all(b"GET /v1/time HTTP/1.1\r\nhost: registry.test\r\n\r\n").await?;
            let mut first = [0; 12];
            stream.read_exact(&mut first).await?;
            Ok::<_, io::Error>((stream, first))
        });
    }
    let held = opening.join_all().await.into_iter().collect::<Result<Vec<_>, _>>().expect("all are served");
    println!("1,000 connections and their first answers in {:?}", started.elapsed());
    // strangers are slowed down, whose connections stay
    let limited = held.iter().filter(|(_, first)| first == b"HTTP/1.1 429").count();
    assert!(held.iter().all(|(_, first)| first == b"HTTP/1.1 200" || first == b"HTTP/1.1 429"));
    assert!((700..1_000).contains(&limited), "{limited} of 1,000 were told to slow down");
    // a box is not
    let started = Instant::now();
    for _ in 0..10 {
        about::<calls::GetBox>(&world.client(&member)).await.expect("known");
    }
    println!("a box's call beside them takes {:?}", started.elapsed() / 10);
    assert!(started.elapsed() < SOON);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_end_answers_that_are_under_way_are_given_and_nobody_is_waited_for() {
    let mut world = World::with(patient(), "127.0.0.1:0").await;
    let _handshaking = TcpStream::connect(world.address).await.expect("connects");
    let idle = tls(&world, b"h2").await.expect("TLS");
    let mut kept = tls(&world, b"http/1.1").await.expect("TLS");
    let ask = b"GET /v1/time HTTP/1.1\r\nhost: registry.test\r\n\r\n";
    kept.write_all(ask).await.expect("sent");
    let mut first = [0; 12];
    kept.read_exact(&mut first).await.expect("an answer");
    // begun, and its body comes after the end has
    let mut under_way = tls(&world, b"http/1.1").await.expect("TLS");
    let body = r#"{"user":"operator","password":"wrong"}"#;
    let length = body.len();
    let head =
        format!("POST /v1/sign-in HTTP/1.1\r\nhost: r\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n");
    under_way.write_all(head.as_bytes()).await.expect("sent");
    let mut go_on = [0; 25];
    under_way.read_exact(&mut go_on).await.expect("it is read");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let address = world.address;
    let ending = tokio::spawn(async move { world.end().await });
    let closed = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    within(SOON, "nobody listens any more", closed).await;
    under_way.write_all(body.as_bytes()).await.expect("sent");
    let answer = within(SOON, "the last answer", to_the_end(under_way)).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    within(SOON, "a connection that is kept", to_the_end(kept)).await;
    within(SOON, "one without a request", to_the_end(idle)).await;
    within(Duration::from_secs(4), "the end, before answers are given up", ending).await.expect("ended");
}
