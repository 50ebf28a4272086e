//! A registry that serves over TLS, with a clock that a test moves, and the client that boxes use.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use agent::registry::{Failed, Identity, Registry as Client, Way, With};
use domain::{
    activation::{api::Away, base64url, url::RegistryUrl},
    cluster::{
        api::{ActivateAsk, AssociationAsk, BoxInfo, ModelInfo, NewAccount, NewCode, NewUser, SignIn},
        calls::{self, Call},
        names::Serial,
        problem::Problem,
    },
    secret::Secret,
    time::{BootMillis, UnixSeconds},
};
use registry::{
    api::{self, Registry},
    authority::Authority,
    clock::{Clock, Moment},
    connection::{Limits, Server, accept},
    serve, setup, tls,
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub const DAY: u64 = 86_400;
pub const OPERATOR: &str = "operator";
pub const ADMIN: &str = "admin@demo";
pub const PASSWORD: &str = "a fleet of demo boxes";
pub const MODEL: &str = "B-012";

/// A name from text, whatever kind.
pub fn named<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

pub struct World {
    pub folder: TempDir,
    pub authority: Arc<Authority>,
    pub address: SocketAddr,
    hand: watch::Sender<Moment>,
    stop: Option<watch::Sender<()>>,
    serving: JoinHandle<()>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Limits::default(), "127.0.0.1:0").await
    }

    pub async fn with(limits: Limits, listen: &str) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        setup::init(folder.path(), &named(OPERATOR), &Secret::new(PASSWORD)).await.expect("made");
        Self::of(folder, limits, listen).await
    }

    /// Of a folder that has a registry.
    pub async fn of(folder: TempDir, limits: Limits, listen: &str) -> Self {
        let authority = Arc::new(Authority::open(folder.path()).expect("an authority"));
        let (hand, clock) = clock(os::clock::wall());
        let names = vec!["127.0.0.1".to_owned(), "registry.test".to_owned()];
        let acceptor = tls::acceptor(authority.clone(), names, clock.clone()).expect("TLS");
        let store = Arc::new(serve::open(folder.path()).expect("a store"));
        let urls = vec![named("https://registry.test")];
        let registry = Registry::new(store, authority.clone(), clock.clone(), urls);
        let listener = TcpListener::bind(listen).await.expect("listens");
        let address = listener.local_addr().expect("bound");
        let (stop, stopped) = watch::channel(());
        let router = api::router(registry);
        let server = Server { acceptor, router, clock, limits, places: os::places::Places::default(), stopped };
        let serving = tokio::spawn(accept(server, listener));
        Self { folder, authority, address, hand, stop: Some(stop), serving }
    }

    /// Moves both clocks.
    pub fn forward(&self, seconds: u64) {
        self.hand.send_modify(|moment| {
            moment.wall.0 += seconds;
            moment.boot = BootMillis(moment.boot.0 + seconds * 1000);
        });
    }

    /// Sets the time of day.
    pub fn set(&self, wall: UnixSeconds) {
        self.hand.send_modify(|moment| moment.wall = wall);
    }

    pub fn now(&self) -> UnixSeconds {
        self.hand.borrow().wall
    }

    /// Where it is, whatever it listens on.
    pub fn address_v4(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.address.port()).into()
    }

    pub fn url(&self) -> RegistryUrl {
        named(&format!("https://127.0.0.1:{}", self.address.port()))
    }

    /// Somebody without a certificate, who knows the authority.
    pub fn stranger(&self) -> Client {
        Client { urls: vec![self.url()], authority: self.authority.hash(), way: Way::default(), identity: None }
    }

    pub async fn sign_in(&self, user: &str) -> Secret {
        let ask = SignIn { user: named(user), password: Secret::new(PASSWORD) };
        self.stranger().call::<calls::SignInAccount>(With::default(), &ask).await.expect("signs in").token
    }

    /// A model, and an account with somebody who signs in for it.
    pub async fn fleet(&self) -> Secret {
        let token = self.sign_in(OPERATOR).await;
        let by = With { bearer: Some(&token), ..With::default() };
        let client = self.stranger();
        let model = ModelInfo { name: named(MODEL), about: None };
        client.call::<calls::PutModel>(With { path: &[MODEL], ..by }, &model).await.expect("a model");
        let account = NewAccount { id: named("demo"), name: named("Demo") };
        client.call::<calls::CreateAccount>(by, &account).await.expect("an account");
        let user = NewUser { name: named(ADMIN), password: Secret::new(PASSWORD), account: Some(named("demo")) };
        client.call::<calls::CreateUser>(by, &user).await.expect("a user");
        self.sign_in(ADMIN).await
    }

    pub async fn code(&self, token: &Secret) -> Secret {
        let with = With { bearer: Some(token), ..With::default() };
        let ask = NewCode { model: None, cluster: None, hours: None, label: None, short: false };
        self.stranger().call::<calls::CreateCode>(with, &ask).await.expect("a code").code
    }

    /// A box that was activated, with its certificate.
    pub async fn activated(&self, token: &Secret, serial: &str) -> Member {
        let key = pki::key::generate().expect("a key");
        let code = self.code(token).await;
        let ask = activation(&code, serial, &key);
        let info = self.stranger().call::<calls::Activate>(With::default(), &ask).await.expect("activated");
        Member { serial: named(serial), key, info }
    }

    /// The client of a box.
    pub fn client(&self, member: &Member) -> Client {
        Client { identity: Some(Arc::new(member.identity())), ..self.stranger() }
    }

    /// Ends the service and closes its store.
    pub async fn stop(mut self) -> TempDir {
        self.end().await;
        self.folder
    }

    /// Tells it to end, and waits until it has.
    pub async fn end(&mut self) {
        self.stop = None;
        (&mut self.serving).await.expect("ended");
    }
}

pub struct Member {
    pub serial: Serial,
    pub key: Secret,
    pub info: BoxInfo,
}

impl Member {
    pub fn identity(&self) -> Identity {
        let certificate = base64url::decode(&self.info.certificate).expect("base64url");
        Identity { certificate, key: self.key.clone() }
    }

    pub fn csr(&self) -> String {
        base64url::encode(&pki::request::make(&self.key, &self.serial).expect("a request"))
    }
}

pub fn activation(code: &Secret, serial: &str, key: &Secret) -> ActivateAsk {
    // what stands in the request of names is not looked at
    let csr = pki::request::make(key, &named("ANOTHER-BOX")).expect("a request");
    ActivateAsk {
        request: named(&format!(
            "{:032x}",
            u128::from_be_bytes(pki::digest(serial.as_bytes())[..16].try_into().expect("16"))
        )),
        code: code.clone(),
        serial: named(serial),
        model: named(MODEL),
        name: named(&format!("host-{}", serial.to_lowercase())),
        csr: base64url::encode(&csr),
        association: AssociationAsk::none(),
    }
}

/// A clock that stands still until it is moved.
pub fn clock(wall: UnixSeconds) -> (watch::Sender<Moment>, Clock) {
    let hand = watch::Sender::new(Moment { boot: BootMillis(1_000_000), wall });
    let clock = Clock::by_hand(hand.subscribe());
    (hand, clock)
}

#[track_caller]
pub fn away<T: std::fmt::Debug>(result: Result<T, Failed>) -> Away {
    match result {
        Err(Failed::Away(away)) => away,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T, Failed>) -> Problem {
    match result {
        Err(Failed::Refused(refused)) => refused.problem,
        other => panic!("{other:?}"),
    }
}

pub async fn time(client: &Client) -> Result<UnixSeconds, Failed> {
    client.call::<calls::GetTime>(With::default(), &()).await.map(|time| time.now)
}

pub async fn about<C: Call<Ask = ()>>(client: &Client) -> Result<C::Answer, Failed> {
    client.call::<C>(With::default(), &()).await
}

/// Waits for something that somebody else does.
pub async fn within<F: Future>(limit: Duration, what: &str, work: F) -> F::Output {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| panic!("not within {limit:?}: {what}"))
}
