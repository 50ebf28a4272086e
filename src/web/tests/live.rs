//! Over real connections with TLS: protocols, limits in time and size, and the cut.

use std::{net::SocketAddr, sync::Mutex};

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::ring,
        pki_types::{CertificateDer, ServerName, UnixTime},
    },
};

use super::*;
use crate::web::connection::{Door, accept};

/// Takes any certificate and keeps it: what a person does who clicks "go on".
#[derive(Debug, Default)]
pub(super) struct Person(Mutex<Vec<u8>>);

impl ServerCertVerifier for Person {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.0.lock().expect("lock") = certificate.to_vec();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

pub(super) async fn tls(to: SocketAddr, name: &str, alpn: &str) -> io::Result<(TlsStream<TcpStream>, Vec<u8>)> {
    let person = Arc::new(Person::default());
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&person) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
    let tcp = TcpStream::connect(to).await?;
    tcp.set_nodelay(true)?;
    let name = ServerName::try_from(name.to_owned()).expect("name");
    let stream = soon(TlsConnector::from(Arc::new(config)).connect(name, tcp)).await?;
    let certificate = person.0.lock().expect("lock").clone();
    Ok((stream, certificate))
}

/// A rig whose router answers on a socket of this machine.
struct Live {
    rig: Rig,
    to: SocketAddr,
    door: watch::Sender<()>,
    _tasks: JoinSet<()>,
}

impl Live {
    async fn new(limits: Limits) -> Self {
        let rig = Rig::new().await;
        let server = Arc::new(server(rig.app.clone(), limits, rig.cuts.clone()).expect("server"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let to = listener.local_addr().expect("address");
        let (door, open) = watch::channel(());
        let mut tasks = JoinSet::new();
        let at =
            Door { interface: "lo".into(), port: "service".parse().expect("name"), service: true, secure: true, open };
        tasks.spawn(accept(server, listener, at));
        Self { rig, to, door, _tasks: tasks }
    }

    async fn http2(&self) -> http2::SendRequest<Body> {
        let (stream, _) = tls(self.to, "127.0.0.1", "h2").await.expect("TLS");
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
        tokio::spawn(connection);
        sender
    }

    async fn http1(&self) -> http1::SendRequest<Body> {
        let (stream, _) = tls(self.to, "127.0.0.1", "http/1.1").await.expect("TLS");
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1");
        tokio::spawn(connection);
        sender
    }

    fn request(&self, method: Method, path: &str) -> request::Builder {
        let origin = format!("https://{}", self.to);
        Request::builder().method(method).uri(format!("{origin}{path}")).header("origin", origin)
    }
}

/// Until the other end closes.
async fn all(stream: &mut TlsStream<TcpStream>) -> String {
    let mut text = Vec::new();
    // A close without TLS's farewell is a close.
    let _ = soon(stream.read_to_end(&mut text)).await;
    String::from_utf8_lossy(&text).into_owned()
}

fn short(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

const MOMENT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn early_refusals_can_be_read_over_http2() {
    let live = Live::new(Limits::default()).await;
    let mut sender = live.http2().await;
    for _ in 0..30 {
        let too_long = live.request(Method::POST, "/login").body(Body::from(vec![b'a'; 300_000])).expect("request");
        let answer = Answer::of(soon(sender.send_request(too_long)).await.expect("an answer, no stream error")).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        let forged = live.request(Method::POST, "/login").header("sec-fetch-site", "cross-site");
        let forged = forged.body(Body::from(vec![b'a'; 60_000])).expect("request");
        let answer = Answer::of(soon(sender.send_request(forged)).await.expect("an answer, no stream error")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn header_and_cookie_bombs_are_defused_and_the_next_visitor_is_served() {
    let live = Live::new(Limits::default()).await;
    for (name, value, count) in [("x-bomb", 40_000, 1), ("cookie", 4_000, 12), ("x-many", 1, 500)] {
        let bomb = || {
            let mut request = live.request(Method::GET, "/login");
            for _ in 0..count {
                request = request.header(name, "a".repeat(value));
            }
            request.body(Body::empty()).expect("request")
        };
        for (protocol, status) in [
            ("HTTP/1", soon(live.http1().await.send_request(bomb())).await.map(|r| r.status())),
            ("HTTP/2", soon(live.http2().await.send_request(bomb())).await.map(|r| r.status())),
        ] {
            let defused = status.is_err() || status.as_ref().is_ok_and(|s| s.as_u16() == 431);
            assert!(defused, "{name} over {protocol}: {status:?}");
        }
    }
    let mut sender = live.http2().await;
    let plain = live.request(Method::GET, "/login").body(Body::empty()).expect("request");
    assert_eq!(soon(sender.send_request(plain)).await.expect("answer").status(), StatusCode::OK);
}

#[tokio::test]
async fn who_is_slow_is_shown_out() {
    let live = Live::new(short(|l| (l.handshake, l.header, l.body) = (MOMENT, MOMENT, MOMENT))).await;

    let mut silent = TcpStream::connect(live.to).await.expect("connected");
    assert_eq!(soon(silent.read(&mut [0; 64])).await.unwrap_or(0), 0, "no handshake");

    let (mut head, _) = tls(live.to, "127.0.0.1", "http/1.1").await.expect("TLS");
    head.write_all(b"GET /login HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ").await.expect("sent");
    assert!(!all(&mut head).await.contains("200 OK"), "a head that never ends");

    let (mut idle, _) = tls(live.to, "127.0.0.1", "http/1.1").await.expect("TLS");
    assert_eq!(all(&mut idle).await, "", "no request at all");

    let (mut body, _) = tls(live.to, "127.0.0.1", "http/1.1").await.expect("TLS");
    let request =
        format!("POST /login HTTP/1.1\r\nhost: {0}\r\norigin: https://{0}\r\ncontent-length: 9\r\n\r\na", live.to);
    body.write_all(request.as_bytes()).await.expect("sent");
    assert!(all(&mut body).await.starts_with("HTTP/1.1 408 "), "a body that never ends");
}

#[tokio::test]
async fn an_http2_connection_without_requests_is_closed() {
    let live = Live::new(short(|l| l.idle = MOMENT)).await;
    let mut sender = live.http2().await;
    let request = live.request(Method::GET, "/login").body(Body::empty()).expect("request");
    assert_eq!(soon(sender.send_request(request)).await.expect("answer").status(), StatusCode::OK);
    soon(async {
        while sender.ready().await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Each request is taken back as soon as it is sent (CVE-2023-44487).
#[tokio::test]
async fn a_flood_of_resets_leaves_the_next_visitor_served() {
    let live = Live::new(Limits::default()).await;
    let request = || live.request(Method::GET, "/login").body(Body::empty()).expect("request");
    for _ in 0..4 {
        let mut sender = live.http2().await;
        for _ in 0..500 {
            if sender.ready().await.is_err() {
                break;
            }
            let mut asked = Box::pin(sender.send_request(request()));
            // sent, and given up at once
            assert!(futures_util::poll!(&mut asked).is_pending() || sender.is_closed());
            drop(asked);
            tokio::task::yield_now().await;
        }
    }
    let mut next = live.http2().await;
    assert_eq!(soon(next.send_request(request())).await.expect("answer").status(), StatusCode::OK);
}

#[tokio::test]
async fn malformed_requests_get_an_answer_or_an_end_and_no_page() {
    let live = Live::new(short(|l| (l.header, l.body) = (MOMENT, MOMENT))).await;
    let host = live.to;
    for request in [
        "GET\r\n\r\n".to_owned(),
        "GET /login\r\n\r\n".to_owned(),
        "\0\0\0\0\r\n\r\n".to_owned(),
        "GET /login HTTP/9.9\r\n\r\n".to_owned(),
        "GET /login HTTP/1.1\r\n\r\n".to_owned(),
        format!("GET /login HTTP/1.1\r\nhost: {host}\r\nbad header\r\n\r\n"),
        format!("GET /login HTTP/1.1\r\nhost: {host}\r\nx: a\0b\r\n\r\n"),
        format!("GET /log in HTTP/1.1\r\nhost: {host}\r\n\r\n"),
        "GET http://evil.example/login HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n".to_owned(),
        format!("POST /login HTTP/1.1\r\nhost: {host}\r\ncontent-length: -1\r\n\r\n"),
        format!("POST /login HTTP/1.1\r\nhost: {host}\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
        format!("POST /login HTTP/1.1\r\nhost: {host}\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
        format!(
            "POST /login HTTP/1.1\r\nhost: {host}\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
    ] {
        let (mut stream, _) = tls(live.to, "127.0.0.1", "http/1.1").await.expect("TLS");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let answer = all(&mut stream).await;
        assert!(!answer.contains("200 OK") && !answer.contains(INSIDE), "{request:?}: {answer}");
    }
    let (mut stream, _) = tls(live.to, "127.0.0.1", "http/1.1").await.expect("TLS");
    let good = format!("GET /login HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(good.as_bytes()).await.expect("sent");
    assert!(all(&mut stream).await.contains("200 OK"), "the next visitor is served");
}

#[tokio::test]
async fn one_peer_gets_its_share_of_the_places() {
    let live = Live::new(short(|l| l.per_peer = 2)).await;
    let _first = live.http1().await;
    let second = live.http2().await;
    assert!(tls(live.to, "127.0.0.1", "h2").await.is_err(), "no third");
    drop(second);
    soon(async {
        while tls(live.to, "127.0.0.1", "h2").await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_flood_on_an_uplink_leaves_room_at_the_service_port() {
    let limits = Limits { connections: 10, reserved: 4, ..Limits::default() };
    assert_eq!((limits.room(false).all, limits.room(true).all), (6, 10));
}

#[tokio::test]
async fn connections_from_before_the_cut_are_closed_and_later_ones_stay() {
    let live = Live::new(Limits::default()).await;
    let page = |path| {
        live.request(Method::GET, path).header("cookie", "__Host-session=alive").body(Body::empty()).expect("request")
    };
    let (mut one, mut two) = (live.http1().await, live.http2().await);
    // One of them with an answer that never ends.
    let events = soon(two.send_request(page("/events"))).await.expect("answer");
    assert_eq!(Answer::of(soon(one.send_request(page("/"))).await.expect("answer")).await.body, INSIDE);

    let mut cuts = live.rig.cuts.clone();
    live.rig.agent.said.send_modify(|s| s.hello.cut += 1);
    soon(cuts.changed()).await.expect("cut");
    let mut later = live.http1().await;
    soon(async {
        while !one.is_closed() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let _ended = soon(events.into_body().collect()).await;
    assert!(soon(two.send_request(page("/"))).await.is_err());
    assert_eq!(Answer::of(soon(later.send_request(page("/"))).await.expect("answer")).await.body, INSIDE);

    // Pages are no longer served at this door.
    drop(live.door);
    soon(async {
        while !later.is_closed() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_certificate_is_of_the_name_or_the_address_and_outlives_the_process() {
    let live = Live::new(Limits::default()).await;
    let seen = |name: &'static str| async { tls(live.to, name, "h2").await.expect("TLS").1 };
    let address = seen("127.0.0.1").await;
    let name = seen("gatehouse.local").await;
    assert_ne!(address, name);
    assert_ne!(name, seen("gh-1.local").await);
    assert_eq!(address, seen("evil.example").await, "a foreign name gets no certificate of its own");
    assert_eq!(address, seen("127.0.0.1").await);

    let again = Certificates::new(live.rig.folder.path().join("certificates"));
    let kept = again.get(&certificates::Subject::Address(live.to.ip())).expect("kept");
    assert_eq!(kept.key.cert[0].as_ref(), address, "after a restart");
}
