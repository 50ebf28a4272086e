//! A registry in a temporary folder, asked through its router as its listeners would ask it.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use domain::{
    activation::base64url,
    cluster::{
        account::{self, Call as Who},
        api::{
            ActivateAsk, AssociationAsk, AssociationKind, BoxInfo, CodeMade, NewAccount, NewCode, NewUser, SignIn,
            SignedIn,
        },
        calls::{self, Call},
        names::{ClusterId, Serial},
        problem::Problem,
    },
    secret::Secret,
};
use registry::{
    api::{Connection, Presented, Registry, router},
    authority::Authority,
    store::{Embedded, Keep},
};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::support::Hand;

const PASSWORD: &str = "four words nobody guesses";

pub fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect(text)
}

/// Who asks.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    pub token: Option<Secret>,
    pub certificate: Option<Presented>,
    /// Last part of the address.
    pub host: u8,
}

pub struct Lab {
    pub hand: Hand,
    pub registry: Registry,
    pub authority: Arc<Authority>,
    router: Router,
    _folder: TempDir,
}

impl Lab {
    /// The models B-012 and B-020, the accounts `demo` and `other`, both with the service enabled, and who signs in for them.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let hand = Hand::new();
        let authority = Arc::new(Authority::make(folder.path()).expect("authority"));
        let store = Embedded::open(&folder.path().join("store"), hand.clock(), Keep::default()).expect("store");
        let urls = vec![parse("https://registry.test")];
        let registry = Registry::new(Arc::new(store), authority.clone(), hand.clock(), urls);
        let router = router(registry.clone());
        let lab = Self { hand, registry, authority, router, _folder: folder };
        let hash = Secret::new(os::password::make(&Secret::new(PASSWORD)).expect("hash"));
        let who = Who { now: lab.registry.clock().wall(), who: "console".into(), from: None };
        let made =
            lab.registry.engine().decide(|view| account::add_user(view, &parse("root"), None, hash.clone(), &who));
        made.await.expect("operator");
        let root = lab.sign_in("root").await;
        for model in ["B-012", "B-020"] {
            let ask = domain::cluster::api::ModelInfo { name: parse(model), about: None };
            lab.ask::<calls::PutModel>(&root, &[model], &ask).await.expect("model");
        }
        for id in ["demo", "other", "fresh"] {
            let ask = NewAccount { id: parse(id), name: parse(id) };
            lab.ask::<calls::CreateAccount>(&root, &[], &ask).await.expect("account");
            let password = Secret::new(PASSWORD);
            let ask = NewUser { name: parse(&format!("admin@{id}")), password, account: Some(parse(id)) };
            lab.ask::<calls::CreateUser>(&root, &[], &ask).await.expect("user");
        }
        for id in ["demo", "other"] {
            let admin = lab.sign_in(&format!("admin@{id}")).await;
            lab.ask::<calls::EnableService>(&admin, &[], &()).await.expect("service");
        }
        lab
    }

    pub async fn sign_in(&self, user: &str) -> Caller {
        let ask = SignIn { user: parse(user), password: Secret::new(PASSWORD) };
        let signed: SignedIn =
            self.ask::<calls::SignInAccount>(&Caller::default(), &[], &ask).await.expect("signed in");
        Caller { token: Some(signed.token), ..Caller::default() }
    }

    pub async fn ask<C: Call>(&self, caller: &Caller, path: &[&str], ask: &C::Ask) -> Result<C::Answer, Problem> {
        let body = serde_json::to_vec(ask).expect("json");
        let (status, answer) = self.raw(caller, C::ENTRY.method.word(), &C::ENTRY.path_with(path), body).await;
        if status.is_success() {
            return Ok(serde_json::from_value(answer).expect("an answer of the call's type"));
        }
        assert!(answer["code"].as_str().is_some_and(|code| code.starts_with("GH-8")), "{answer}");
        assert_eq!(answer["status"], status.as_u16());
        Err(serde_json::from_value(answer.clone()).unwrap_or_else(|error| panic!("{error}: {answer}")))
    }

    pub async fn raw(&self, caller: &Caller, method: &str, path: &str, body: Vec<u8>) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &caller.token {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        let mut request = request.body(Body::from(body)).expect("request");
        let remote = SocketAddr::from(([10, 20, 0, caller.host], 40_000));
        request.extensions_mut().insert(Connection { remote, certificate: caller.certificate.clone() });
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.expect("body");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// A long code of `demo`.
    pub async fn code(&self) -> Secret {
        self.code_of("demo", NewCode { model: None, cluster: None, hours: None, label: None, short: false }).await.code
    }

    pub async fn code_of(&self, account: &str, ask: NewCode) -> CodeMade {
        let admin = self.sign_in(&format!("admin@{account}")).await;
        self.ask::<calls::CreateCode>(&admin, &[], &ask).await.expect("code")
    }

    /// Activates a box; each has a key of its own.
    pub async fn activate(&self, it: &Unit, code: &Secret, association: AssociationAsk) -> Result<BoxInfo, Problem> {
        let ask = it.ask(code, association);
        self.ask::<calls::Activate>(&Caller::default(), &[], &ask).await
    }
}

/// A box with its key.
pub struct Unit {
    pub serial: Serial,
    pub model: &'static str,
    pub key: Secret,
    pub request: String,
}

impl Unit {
    pub fn new(serial: &str) -> Self {
        let key = pki::key::generate().expect("key");
        Self { serial: parse(serial), model: "B-012", key, request: format!("request-{}", serial.to_lowercase()) }
    }

    pub fn csr(&self) -> String {
        base64url::encode(&pki::request::make(&self.key, &self.serial).expect("request"))
    }

    pub fn ask(&self, code: &Secret, association: AssociationAsk) -> ActivateAsk {
        ActivateAsk {
            request: parse(&self.request),
            code: code.clone(),
            serial: self.serial.clone(),
            model: parse(self.model),
            name: parse("box-a1"),
            csr: self.csr(),
            association,
        }
    }

    /// Over a connection on which it has shown its certificate.
    pub fn caller(&self) -> Caller {
        let key = pki::key::public(&self.key).expect("key").fingerprint();
        Caller { certificate: Some(Presented { serial: self.serial.clone(), key }), ..Caller::default() }
    }
}

pub fn alone() -> AssociationAsk {
    AssociationAsk::none()
}

pub fn new_cluster(name: &str, peer: Option<&str>) -> AssociationAsk {
    AssociationAsk {
        kind: AssociationKind::Manual,
        new_cluster: Some(parse(name)),
        peer: peer.map(parse),
        ..AssociationAsk::none()
    }
}

pub fn join(cluster: &ClusterId, peer: Option<&str>) -> AssociationAsk {
    AssociationAsk {
        kind: AssociationKind::Manual,
        cluster: Some(cluster.clone()),
        peer: peer.map(parse),
        ..AssociationAsk::none()
    }
}
