//! Registries of the test's own on the registry's host: one whose clock is moved by hand, and one that says what it is told to say.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use agent::registry::{Registry as Client, Way, With};
use boxes::{FLEET_PASSWORD, FLEET_USER, Ns, REGISTRY_ADDRESS, REGISTRY_NAME, REGISTRY_URL};
use domain::{
    activation::{
        code::{Code, Payload},
        validity::Validity,
    },
    cluster::{
        api::SignIn,
        calls::{self, Call},
    },
    secret::Secret,
    time::UnixSeconds,
};
use registry::{
    api,
    authority::Authority,
    clock::{Clock, Moment},
    connection::{Limits, Server, accept},
    serve, tls,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    sync::watch,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use super::Fleet;

pub const DAY: i64 = 86_400;
const DOOR: (&str, u16) = (REGISTRY_ADDRESS, 9443);

pub fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect(text)
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("runtime")
}

/// The moment that many seconds from now.
fn shifted(seconds: i64) -> Moment {
    let wall = os::clock::wall();
    Moment { boot: os::clock::now(), wall: UnixSeconds(wall.0.saturating_add_signed(seconds)) }
}

/// A call by somebody who is signed in for the account, on the registry's host.
pub fn call<C: Call>(fleet: &Fleet, path: &[&str], ask: &C::Ask) -> C::Answer {
    let authority = hex::decode(fleet.registry.authority()).expect("a hash").try_into().expect("32 bytes");
    let urls = vec![parse(&format!("https://{REGISTRY_ADDRESS}:{}", DOOR.1))];
    let client = Client { urls, authority, way: Way::default(), identity: None };
    let asked = async {
        let sign_in = SignIn { user: parse(FLEET_USER), password: Secret::new(FLEET_PASSWORD) };
        let signed = client.call::<calls::SignInAccount>(With::default(), &sign_in).await.expect("signs in");
        client.call::<C>(With { path, bearer: Some(&signed.token), ..With::default() }, ask).await
    };
    fleet.registry.ns().run(|| runtime().block_on(asked)).expect("ns").expect(C::ENTRY.name)
}

/// Serves on the registry's host until it is dropped.
struct Serving {
    stop: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    fn start<F: Future<Output = ()>>(
        ns: &Ns,
        serve: impl FnOnce(TcpListener, watch::Receiver<()>) -> F + Send + 'static,
    ) -> Self {
        let (stop, stopped) = watch::channel(());
        let (enter, (ready, is_ready)) = (ns.on_thread_start(), std::sync::mpsc::channel());
        let thread = thread::spawn(move || {
            enter();
            runtime().block_on(async {
                let listener = TcpListener::bind(DOOR).await.expect("listens");
                ready.send(()).expect("the test waits");
                serve(listener, stopped).await;
            });
        });
        is_ready.recv().expect("it listens");
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop = None;
        // who comes next opens the same store
        self.thread.take().map(JoinHandle::join);
    }
}

/// The fleet's registry with another clock. While it serves, the registry's own process is off.
pub struct ByHand {
    hand: watch::Sender<Moment>,
    _serving: Serving,
}

impl ByHand {
    /// Its clock is so many seconds ahead of everybody else's.
    pub fn serve(fleet: &Fleet, ahead: i64) -> Self {
        fleet.registry.power_off();
        let state = fleet.lab.folder().join("registry/state");
        let hand = watch::Sender::new(shifted(ahead));
        let clock = Clock::by_hand(hand.subscribe());
        let serving = Serving::start(fleet.registry.ns(), move |listener, stopped| async move {
            let authority = Arc::new(Authority::open(&state).expect("an authority"));
            let names = vec![REGISTRY_NAME.to_owned(), REGISTRY_ADDRESS.to_owned()];
            let acceptor = tls::acceptor(authority.clone(), names, clock.clone()).expect("TLS");
            let store = Arc::new(serve::open(&state).expect("a store"));
            let registry = api::Registry::new(store, authority, clock.clone(), vec![parse(REGISTRY_URL)]);
            let (router, limits) = (api::router(registry), Limits::default());
            accept(
                Server { acceptor, router, clock, limits, places: os::places::Places::default(), stopped },
                listener,
            )
            .await;
        });
        Self { hand, _serving: serving }
    }

    pub fn now(&self) -> u64 {
        self.hand.borrow().wall.0
    }

    /// Its clock is right from now on.
    pub fn set_right(&self) {
        self.hand.send_replace(shifted(0));
    }
}

type Heard = Arc<Mutex<Vec<(String, String)>>>;

/// Somebody who answers where the registry should, with an authority of their own.
pub struct Scripted {
    authority: [u8; 32],
    heard: Heard,
    _serving: Serving,
}

impl Scripted {
    /// `says` is asked for the body of an answer to a path; nothing is a connection that ends.
    pub fn serve(fleet: &Fleet, says: impl Fn(&str) -> Option<String> + Send + 'static) -> Self {
        fleet.registry.power_off();
        let folder = tempfile::tempdir().expect("folder");
        let authority = Authority::make(folder.path()).expect("an authority");
        let (hash, heard) = (authority.hash(), Heard::default());
        let noted = heard.clone();
        let serving = Serving::start(fleet.registry.ns(), move |listener, mut stopped| async move {
            let acceptor = acceptor(&authority);
            loop {
                let (stream, _) = tokio::select! {
                    _ = stopped.changed() => return,
                    accepted = listener.accept() => accepted.expect("a connection"),
                };
                // whoever does not like the certificate goes
                drop(talk(&acceptor, stream, &noted, &says).await);
            }
        });
        Self { authority: hash, heard, _serving: serving }
    }

    /// Path and body of whatever it was told.
    pub fn heard(&self) -> Vec<(String, String)> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A code that names its authority.
    pub fn code(&self) -> String {
        let payload = Payload {
            urls: vec![parse(REGISTRY_URL)],
            authority: self.authority,
            token: parse("t-scripted"),
            expires: UnixSeconds(os::clock::wall().0 + 3600),
            account: parse("demo"),
            cluster: None,
            model: None,
        };
        Code::write(payload, [7; 16]).text().expose().to_owned()
    }
}

fn acceptor(authority: &Authority) -> TlsAcceptor {
    let validity = Validity::of_server(os::clock::wall());
    let (leaf, key) = authority.server(&[REGISTRY_NAME.to_owned()], validity).expect("a certificate");
    let chain = vec![CertificateDer::from(leaf), CertificateDer::from(authority.der().to_vec())];
    let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).expect("a key");
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).expect("a chain")))
}

async fn talk(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    noted: &Heard,
    says: &impl Fn(&str) -> Option<String>,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut text = String::new();
    let whole = |text: &str| {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        (body.len() >= length.unwrap_or(0)).then_some(())
    };
    let mut bytes = vec![0; 16_384];
    while whole(&text).is_none() {
        let read = stream.read(&mut bytes).await?;
        if read == 0 {
            return Ok(());
        }
        text.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    noted.lock().unwrap_or_else(PoisonError::into_inner).push((path.clone(), body));
    if let Some(said) = says(&path) {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            said.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(said.as_bytes()).await?;
    }
    stream.shutdown().await
}
