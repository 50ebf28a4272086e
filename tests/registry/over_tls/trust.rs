//! Whom a box talks to, and what it says when that does not work.

use std::sync::{Arc, atomic::Ordering};

use agent::registry::{Way, With};
use domain::{
    activation::{api::Away, url::RegistryUrl},
    cluster::{api::SignIn, calls},
    secret::Secret,
    time::UnixSeconds,
};
use tokio::{io::AsyncWriteExt, net::TcpListener};

use super::{
    fake::{self, Answer, Fake, NAME, acceptor, leaf},
    world::{DAY, World, away, named, time},
};

const YEAR: u64 = 365 * DAY;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_registry_that_is_meant_answers_and_the_next_url_is_tried_where_one_does_not() {
    let world = World::new().await;
    let mut client = world.stranger();
    assert_eq!(time(&client).await.expect("answers"), world.now());
    let silent: RegistryUrl = named(&format!("https://127.0.0.1:{}", closed_port().await));
    client.urls.insert(0, silent);
    assert_eq!(time(&client).await.expect("answers"), world.now());
}

/// A code is worth a certificate, so nobody else may see it: not by showing another authority, not by showing ours beside a
/// certificate that it has not signed, and not with the certificate of a box.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_is_told_a_byte() {
    let (_ours, authority) = fake::authority();
    let (_theirs, other) = fake::authority();
    let key = pki::key::generate().expect("a key");
    let serial = named("7F3K-2219");
    let request = pki::request::check(&pki::request::make(&key, &serial).expect("a request")).expect("signed");
    let validity = domain::activation::validity::Validity::of_box(os::clock::wall());
    let of_box = authority.issue(&request, &serial, validity).expect("a certificate");
    let of_box = domain::activation::base64url::decode(&of_box.der).expect("base64url");

    let theirs = leaf(&other, &[NAME]);
    let ours = leaf(&authority, &["elsewhere.test"]);
    let host = || NAME.to_owned();
    let cases = [
        ("another authority", acceptor(&[&theirs.0, other.der()], &theirs.1), Away::OtherAuthority { host: host() }),
        (
            "ours as an ornament",
            acceptor(&[&theirs.0, authority.der()], &theirs.1),
            Away::OtherAuthority { host: host() },
        ),
        ("no authority at all", acceptor(&[&theirs.0], &theirs.1), Away::OtherAuthority { host: host() }),
        ("a box's certificate", acceptor(&[&of_box, authority.der()], &key), tls("its certificate cannot be used")),
        ("another name", acceptor(&[&ours.0, authority.der()], &ours.1), tls("its certificate is for another name")),
    ];
    for (what, acceptor, expected) in cases {
        let fake = Fake::start(acceptor, Answer::of("HTTP/1.1 200 OK\r\n\r\n")).await;
        let ask = SignIn { user: named("admin@demo"), password: Secret::new("a secret that is told nobody") };
        let asked = fake.client(authority.hash()).call::<calls::SignInAccount>(With::default(), &ask).await;
        assert_eq!(away(asked), expected, "{what}");
        assert_eq!(fake.heard.load(Ordering::SeqCst), 0, "{what} was told something");
        assert_eq!(fake.met.load(Ordering::SeqCst), 1, "{what}: one look is enough");
    }
}

fn tls(detail: &str) -> Away {
    Away::Tls { host: NAME.to_owned(), detail: detail.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_is_named_with_the_registrys_time() {
    let world = World::new().await;
    let client = world.stranger();
    let own = os::clock::wall();
    for (registry, about) in [(own.0 + 2 * YEAR, -2), (own.0 - 2 * YEAR, 2)] {
        // the server's certificate is made anew each time: its own clock is right for it
        world.set(UnixSeconds(registry));
        let Away::Clock { seconds, registry: told } = away(time(&client).await) else { panic!("{about} years") };
        assert_eq!(told, UnixSeconds(registry));
        let years = about * i64::try_from(YEAR).expect("fits");
        assert!((seconds - years).abs() < 60, "{seconds} s instead of {years}");
    }
    world.set(own);
    assert_eq!(time(&client).await.expect("answers"), own);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_of_being_away_has_its_name() {
    let (_folder, authority) = fake::authority();
    let host = || NAME.to_owned();
    let at = |port: u16| fake::Fake { port, heard: Arc::default(), met: Arc::default() }.client(authority.hash());

    let port = closed_port().await;
    assert_eq!(away(time(&at(port)).await), Away::Refused { host: host(), port });

    let mut unknown = at(port);
    unknown.urls = vec![named("https://registry.invalid")];
    assert_eq!(away(time(&unknown).await), Away::NoSuchName { host: "registry.invalid".into() });

    // a box without a DNS server has no uplink that could have told it one
    unknown.way = Way { dns: Some(Vec::new()), ..Way::default() };
    assert_eq!(away(time(&unknown).await), Away::NoUplink);

    let silent = TcpListener::bind((NAME, 0)).await.expect("listens");
    let port = silent.local_addr().expect("bound").port();
    assert_eq!(away(time(&at(port)).await), Away::NoAnswer { host: host(), port });

    let plain = greeter(b"HTTP/1.1 400 Bad Request\r\n\r\nthis is no TLS").await;
    assert!(matches!(away(time(&at(plain)).await), Away::Tls { .. }));
}

/// Whoever has the authority's key may still be broken, or be something else behind the same door.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_answers_like_no_registry_is_none_and_costs_little() {
    let (_folder, authority) = fake::authority();
    let (certificate, key) = leaf(&authority, &[NAME]);
    let http = |status: &str, body: &str| {
        Answer::of(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    };
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = [b"10000\r\n".as_slice(), &vec![b'x'; 0x1_0000], b"\r\n"].concat();
    let endless = |first: &str, again: Vec<u8>| Answer { first: first.into(), again, stays: false };
    let none = Away::NotARegistry { host: NAME.into() };
    let cases = [
        ("garbage", Answer::of([0xff; 64]), Some(&none)),
        ("another protocol", Answer::of("220 mail.example ESMTP\r\n"), Some(&none)),
        ("a page", http("200 OK", "<html>Please sign in</html>"), Some(&none)),
        ("another JSON", http("200 OK", r#"{"now":"soon"}"#), Some(&none)),
        ("deep JSON", http("200 OK", &"[".repeat(500_000)), Some(&none)),
        ("a redirection", http("302 Found", ""), Some(&none)),
        ("a proxy's refusal", http("502 Bad Gateway", "upstream is down"), Some(&none)),
        ("a refusal without a code", http("403 Forbidden", r#"{"status":403}"#), Some(&none)),
        ("headers without end", endless("HTTP/1.1 200 OK\r\n", b"x-more: and more\r\n".repeat(500)), Some(&none)),
        ("a header without end", endless("HTTP/1.1 200 OK\r\nx-more: ", vec![b'x'; 4096]), Some(&none)),
        ("a body without end", endless(chunked, chunk), Some(&none)),
        ("a gigabyte that is promised", Answer::of("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\nx"), None),
        ("nothing", Answer::default(), None),
        ("half an answer", Answer::of("HTTP/1.1 200 OK\r\ncontent-le"), None),
    ];
    for (what, answer, expected) in cases {
        let fake = Fake::start(acceptor(&[&certificate, authority.der()], &key), answer).await;
        let why = away(time(&fake.client(authority.hash())).await);
        let silent = Away::NoAnswer { host: NAME.into(), port: fake.port };
        assert_eq!(why, *expected.unwrap_or(&silent), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_does_not_come_is_given_up() {
    let (_folder, authority) = fake::authority();
    let (certificate, key) = leaf(&authority, &[NAME]);
    let answer =
        Answer { first: b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{".to_vec(), stays: true, ..Answer::default() };
    let fake = Fake::start(acceptor(&[&certificate, authority.der()], &key), answer).await;
    let why = away(time(&fake.client(authority.hash())).await);
    assert_eq!(why, Away::NoAnswer { host: NAME.into(), port: fake.port });
}

/// Where nobody listens.
async fn closed_port() -> u16 {
    let listener = TcpListener::bind((NAME, 0)).await.expect("listens");
    listener.local_addr().expect("bound").port()
}

/// Says the same to whoever comes.
async fn greeter(greeting: &'static [u8]) -> u16 {
    let listener = TcpListener::bind((NAME, 0)).await.expect("listens");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(greeting).await;
        }
    });
    port
}
