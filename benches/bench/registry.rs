//! A registry with a whole fleet: it activates each box, and each box comes back at once, as after an outage. The clients, which do as much
//! cryptography as the registry, have the same two cores.

use std::{
    fs,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use agent::registry::{Identity, Registry as Client, Way, With};
use boxes::{Ns, Scratch};
use domain::{
    activation::base64url,
    cluster::{
        api::{ActivateAsk, AssociationAsk, BoxInfo, ModelInfo, NewAccount, NewCode, NewUser, SignIn},
        calls,
    },
    secret::Secret,
};
use serde_json::Value;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{mega, table::Table};

const BOXES: usize = 10_000;
/// At a time; a registry has many more places than this for one address.
const AT_ONCE: usize = 128;
const PASSWORD: &str = "a fleet of demo boxes";
const MODEL: &str = "B-012";
const PATIENCE: Duration = Duration::from_secs(20);

pub fn measure(table: &mut Table) {
    let (ns, scratch) = (Ns::new().expect("this needs root"), Scratch::new(&[]).expect("scratch"));
    let registry = Process::start(&ns, &scratch);
    let inside = ns.on_thread_start();
    let client = registry.client();
    let work = move || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().on_thread_start(inside).build().expect("runtime");
        runtime.block_on(async move { fleet(client).await })
    };
    let (activated, back) = ns.run(work).expect("namespace");
    let rate = per_second(activated);
    table.row(
        "registry: activations, stored",
        "≥ 1,000/s",
        format!("{rate:.0}/s"),
        format!("{BOXES} boxes, each with a TLS handshake; clients on the same cores"),
    );
    table.row(
        "  all of them come back",
        "–",
        format!("{:.1} s = {:.0}/s", back.as_secs_f64(), per_second(back)),
        "mutual TLS, full handshakes",
    );
    table.row("  memory (PSS) with them", "–", format!("{:.1} MB", mega(registry.pss())), "");
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn per_second(took: Duration) -> f64 {
    BOXES as f64 / took.as_secs_f64()
}

/// How long the activations took, and how long it takes until all have asked again.
async fn fleet(client: Client) -> (Duration, Duration) {
    let token = account(&client).await;
    let codes = each(0..BOXES, {
        let (client, token) = (client.clone(), token);
        move |_| {
            let (client, token) = (client.clone(), token.clone());
            async move {
                let ask = NewCode { model: None, cluster: None, hours: None, label: None, short: false };
                let with = With { bearer: Some(&token), ..With::default() };
                client.call::<calls::CreateCode>(with, &ask).await.expect("a code").code
            }
        }
    });
    let asks = codes.await.into_iter().enumerate().map(|(number, code)| ask(number, code)).collect::<Vec<_>>();
    let began = Instant::now();
    let members = each(asks, {
        let client = client.clone();
        move |(key, ask): (Secret, ActivateAsk)| {
            let client = client.clone();
            async move {
                let info = client.call::<calls::Activate>(With::default(), &ask).await.expect("activated");
                (key, info)
            }
        }
    });
    let members = members.await;
    let activated = began.elapsed();
    let began = Instant::now();
    let back = each(members, move |(key, info): (Secret, BoxInfo)| {
        let certificate = base64url::decode(&info.certificate).expect("base64url");
        let client = Client { identity: Some(Arc::new(Identity { certificate, key })), ..client.clone() };
        async move {
            client.call::<calls::GetBox>(With::default(), &()).await.expect("told");
        }
    });
    back.await;
    (activated, began.elapsed())
}

/// Does it for all, some at a time.
async fn each<T, R, F>(all: impl IntoIterator<Item = T>, work: impl Fn(T) -> F) -> Vec<R>
where
    F: Future<Output = R> + Send + 'static,
    R: Send + 'static,
{
    let (places, mut tasks) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for one in all {
        let place = Arc::clone(&places).acquire_owned().await.expect("open");
        let work = work(one);
        tasks.spawn(async move {
            let done = work.await;
            drop(place);
            done
        });
    }
    tasks.join_all().await
}

fn ask(number: usize, code: Secret) -> (Secret, ActivateAsk) {
    let key = pki::key::generate().expect("a key");
    let serial = format!("S-{number:05}").parse().expect("a serial");
    let csr = pki::request::make(&key, &serial).expect("a request");
    let ask = ActivateAsk {
        request: format!("{number:032x}").parse().expect("a request's id"),
        code,
        serial,
        model: MODEL.parse().expect("a model"),
        name: format!("box-{number:05}").parse().expect("a name"),
        csr: base64url::encode(&csr),
        association: AssociationAsk::none(),
    };
    (key, ask)
}

/// A model, and an account with somebody who signs in for it.
async fn account(client: &Client) -> Secret {
    let sign_in = |user: &str| SignIn { user: user.parse().expect("a user"), password: Secret::new(PASSWORD) };
    let operator = client.call::<calls::SignInAccount>(With::default(), &sign_in("operator")).await.expect("signed in");
    let by = With { bearer: Some(&operator.token), ..With::default() };
    let model = ModelInfo { name: MODEL.parse().expect("a model"), about: None };
    client.call::<calls::PutModel>(With { path: &[MODEL], ..by }, &model).await.expect("a model");
    let account = NewAccount { id: "demo".parse().expect("an id"), name: "Demo".parse().expect("a name") };
    client.call::<calls::CreateAccount>(by, &account).await.expect("an account");
    let user = NewUser {
        name: "admin@demo".parse().expect("a user"),
        password: Secret::new(PASSWORD),
        account: Some("demo".parse().expect("an id")),
    };
    client.call::<calls::CreateUser>(by, &user).await.expect("a user");
    client.call::<calls::SignInAccount>(With::default(), &sign_in("admin@demo")).await.expect("signed in").token
}

struct Process {
    child: Child,
    authority: [u8; 32],
}

impl Process {
    fn start(ns: &Ns, scratch: &Scratch) -> Self {
        let folder = scratch.path();
        let path = |name: &str| folder.join(name).display().to_string();
        fs::write(path("registry.toml"), "listen = [\"127.0.0.1:9443\"]\nurls = [\"https://127.0.0.1:9443\"]\n")
            .expect("write");
        fs::write(path("password"), PASSWORD).expect("write");
        ns.ip("link set lo up").expect("loopback");
        let argv = ["--config", &path("registry.toml"), "--state-dir", &path("state"), "registry"];
        let command = || -> Command {
            let mut command = ns.command(env!("CARGO_BIN_EXE_gatehouse"));
            command.args(argv);
            command
        };
        let init = ["init", "--operator", "operator", "--password-file", &path("password"), "--json"];
        let made = command().args(init).output().expect("init");
        let made: Value = serde_json::from_slice(&made.stdout).expect("JSON");
        let authority = hex::decode(made["authority"].as_str().expect("a hash")).expect("hex");
        let child = command().stderr(Stdio::null()).spawn().expect("a registry");
        let this = Self { child, authority: authority.try_into().expect("SHA-256") };
        let end = Instant::now() + PATIENCE;
        while ns.run(|| std::net::TcpStream::connect("127.0.0.1:9443")).expect("namespace").is_err() {
            assert!(Instant::now() < end, "the registry does not answer");
        }
        this
    }

    fn client(&self) -> Client {
        let urls = vec!["https://127.0.0.1:9443".parse().expect("a URL")];
        Client { urls, authority: self.authority, way: Way::default(), identity: None }
    }

    fn pss(&self) -> u64 {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id())).expect("rollup");
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).expect("Pss");
        1024 * line.trim().trim_end_matches(" kB").parse::<u64>().expect("kB")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
