//! Certificates of boxes: whose they are, how long they are good, and that a box acts for itself alone.

use std::sync::Arc;

use agent::registry::{Identity, Registry as Client, With};
use domain::{
    activation::{api::Away, base64url},
    cluster::{
        api::{LateRenewAsk, RemoveAsk, RenewAsk},
        calls,
        problem::Problem,
    },
    secret::Secret,
};
use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, SanType};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, HandshakeKind, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};

use super::{
    fake,
    world::{DAY, Member, World, about, activation, away, named, refused},
};

const ONE: &str = "7F3K-2219";
const TWO: &str = "7F3K-2220";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_is_known_by_its_certificate_and_by_nothing_that_it_says() {
    let world = World::new().await;
    let token = world.fleet().await;
    // the request names ANOTHER-BOX; the certificate is for the serial that the code was shown for
    let (one, two) = (world.activated(&token, ONE).await, world.activated(&token, TWO).await);
    let holder = pki::certificate::holder(&one.identity().certificate).expect("a certificate");
    assert_eq!(holder.serial, one.serial);

    assert_eq!(about::<calls::GetBox>(&world.client(&one)).await.expect("known").serial, one.serial);
    assert_eq!(about::<calls::GetBox>(&world.client(&two)).await.expect("known").serial, two.serial);
    assert_eq!(refused(about::<calls::GetBox>(&world.stranger()).await), Problem::NoCertificate);

    // what a box may do it may do for itself: not renew with another's key, and not what administrators do
    let with_another_key = RenewAsk { csr: two.csr() };
    let renewed = world.client(&one).call::<calls::RenewCertificate>(With::default(), &with_another_key).await;
    assert_eq!(refused(renewed), Problem::NoCertificate);
    let remove = With { path: &[TWO], ..With::default() };
    let removed = world.client(&one).call::<calls::RemoveHost>(remove, &RemoveAsk { force: false }).await;
    assert_eq!(refused(removed), Problem::NotSignedIn);

    // a certificate whose key somebody else has
    let stolen = Identity { certificate: one.identity().certificate, key: two.key.clone() };
    let asked = about::<calls::GetBox>(&Client { identity: Some(Arc::new(stolen)), ..world.stranger() }).await;
    assert!(matches!(away(asked), Away::Tls { .. }));
}

/// Names in a signing request are hostile: they are another box's, the registry's own, or an authority's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_signing_request_says_of_names_and_uses_is_not_in_the_certificate() {
    let world = World::new().await;
    let token = world.fleet().await;
    let pair = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, TWO);
    params.distinguished_name.push(DnType::OrganizationName, "Gatehouse registry");
    params.subject_alt_names =
        vec![SanType::DnsName("registry.test".try_into().expect("a name")), SanType::IpAddress([127, 0, 0, 1].into())];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::Any];
    let csr = params.serialize_request(&pair).expect("a request");
    let key = Secret::new(pair.serialize_pem());
    let mut ask = activation(&world.code(&token).await, ONE, &key);
    ask.csr = base64url::encode(csr.der());
    let info = world.stranger().call::<calls::Activate>(With::default(), &ask).await.expect("activated");
    let member = Member { serial: named(ONE), key, info };
    let der = member.identity().certificate;
    assert_eq!(pki::certificate::holder(&der).expect("a certificate").serial, member.serial);
    let text = String::from_utf8_lossy(&der);
    assert!(!text.contains(TWO) && !text.contains("registry.test"), "a name of the request is in it");

    // and it makes no registry
    let acceptor = fake::acceptor(&[&der, world.authority.der()], &member.key);
    let fake = fake::Fake::start(acceptor, fake::Answer::default()).await;
    let asked = super::world::time(&fake.client(world.authority.hash())).await;
    assert!(matches!(away(asked), Away::Tls { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_another_authority_opens_nothing() {
    let world = World::new().await;
    let token = world.fleet().await;
    let one = world.activated(&token, ONE).await;
    let (_folder, other) = fake::authority();
    let csr = base64url::decode(&one.csr()).expect("base64url");
    let signed = pki::request::check(&csr).expect("signed");
    let validity = domain::activation::validity::Validity::of_box(os::clock::wall());
    let forged = other.issue(&signed, &one.serial, validity).expect("a certificate");
    let forged = Identity { certificate: base64url::decode(&forged.der).expect("base64url"), key: one.key.clone() };
    let asked = about::<calls::GetBox>(&Client { identity: Some(Arc::new(forged)), ..world.stranger() }).await;
    assert!(matches!(away(asked), Away::Tls { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_that_was_removed_is_told_so_and_nothing_else() {
    let world = World::new().await;
    let token = world.fleet().await;
    let one = world.activated(&token, ONE).await;
    let client = world.client(&one);
    let by = With { path: &[ONE], bearer: Some(&token), ..With::default() };
    for force in [false, true] {
        let ask = RemoveAsk { force };
        world.stranger().call::<calls::RemoveHost>(by, &ask).await.expect("removed");
    }
    assert!(matches!(refused(about::<calls::GetBox>(&client).await), Problem::HostRemoved { .. }));
    let renewed = client.call::<calls::RenewCertificate>(With::default(), &RenewAsk { csr: one.csr() }).await;
    assert!(matches!(refused(renewed), Problem::HostRemoved { .. }));
    let late = LateRenewAsk { serial: one.serial.clone(), csr: one.csr() };
    let renewed = world.stranger().call::<calls::RenewLate>(With::default(), &late).await;
    assert!(matches!(refused(renewed), Problem::HostRemoved { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_has_run_out_opens_nothing_until_an_administrator_agrees_to_another() {
    let world = World::new().await;
    let token = world.fleet().await;
    let mut one = world.activated(&token, ONE).await;
    world.forward(91 * DAY);
    let Away::Tls { detail, .. } = away(about::<calls::GetBox>(&world.client(&one)).await) else { panic!("expired") };
    assert!(detail.to_lowercase().contains("expired"), "{detail}");

    let ask = LateRenewAsk { serial: one.serial.clone(), csr: one.csr() };
    let stranger = world.stranger();
    let late = stranger.call::<calls::RenewLate>(With::default(), &ask);
    assert_eq!(refused(late.await), Problem::RenewalNotAgreed);

    let token = world.sign_in(super::world::ADMIN).await;
    let by = With { path: &[ONE], bearer: Some(&token), ..With::default() };
    stranger.call::<calls::AgreeLateRenewal>(by, &()).await.expect("agreed");
    // not for another key
    let other = pki::key::generate().expect("a key");
    let csr = base64url::encode(&pki::request::make(&other, &one.serial).expect("a request"));
    let forged = stranger.call::<calls::RenewLate>(With::default(), &LateRenewAsk { csr, ..ask.clone() }).await;
    assert_eq!(refused(forged), Problem::NoCertificate);
    let renewed = stranger.call::<calls::RenewLate>(With::default(), &ask).await.expect("renewed");
    one.info.certificate = renewed.certificate;
    assert_eq!(about::<calls::GetBox>(&world.client(&one)).await.expect("known").serial, one.serial);
    // once
    world.forward(91 * DAY);
    assert_eq!(refused(stranger.call::<calls::RenewLate>(With::default(), &ask).await), Problem::RenewalNotAgreed);
}

/// Neither a connection that stays open nor a session that is resumed makes a certificate good for longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_runs_out_on_connections_that_are_open_and_on_sessions_that_are_resumed() {
    let world = World::new().await;
    let token = world.fleet().await;
    let one = world.activated(&token, ONE).await;
    let config = Arc::new(resuming(&world, &one));
    let mut open = Browser::new(&world, &config).await;
    assert_eq!(open.kind, HandshakeKind::Full);
    assert_eq!(open.get("/v1/box").await, 200);
    let mut resumed = Browser::new(&world, &config).await;
    assert_eq!((resumed.kind, resumed.get("/v1/box").await), (HandshakeKind::Resumed, 200));

    world.forward(91 * DAY);
    assert_eq!(open.get("/v1/box").await, 401);
    // the ticket's own life may be over too: whichever ends it, the certificate opens nothing
    if let Ok(mut again) = Browser::try_new(&world, &config).await {
        let status = again.try_get("/v1/box").await;
        assert!(status.is_err() || status == Ok(401), "{:?}: {status:?}", again.kind);
    }
}

/// Which other TLS clients do: resume sessions, by the usual verification.
fn resuming(world: &World, member: &Member) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(world.authority.der().to_vec())).expect("an authority");
    let Identity { certificate, key } = member.identity();
    let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).expect("a key");
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions").with_root_certificates(roots);
    builder.with_client_auth_cert(vec![CertificateDer::from(certificate)], key).expect("a certificate")
}

struct Browser {
    kind: HandshakeKind,
    sender: http1::SendRequest<Empty<Bytes>>,
}

impl Browser {
    async fn new(world: &World, config: &Arc<ClientConfig>) -> Self {
        Self::try_new(world, config).await.expect("TLS")
    }

    async fn try_new(world: &World, config: &Arc<ClientConfig>) -> std::io::Result<Self> {
        let tcp = TcpStream::connect(world.address).await?;
        let name = ServerName::try_from("127.0.0.1").expect("an address");
        let stream: TlsStream<_> = TlsConnector::from(config.clone()).connect(name, tcp).await?;
        let kind = stream.get_ref().1.handshake_kind().expect("done");
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        Ok(Self { kind, sender })
    }

    async fn get(&mut self, path: &str) -> u16 {
        self.try_get(path).await.expect("an answer")
    }

    async fn try_get(&mut self, path: &str) -> Result<u16, String> {
        let request = Request::get(path).header("host", "registry.test").body(Empty::new()).expect("a request");
        // the connection says by itself when the answer before is done with
        self.sender.ready().await.map_err(|error| error.to_string())?;
        let response = self.sender.send_request(request).await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        response.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok(status)
    }
}
