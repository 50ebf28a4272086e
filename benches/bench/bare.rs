//! The rival: the same page as a fixed text, behind axum and rustls with nothing else around it, as a process of its own.

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use axum::{Router, response::Html, routing::get};
use boxes::{Daemon, Ns};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::device::{Device, SERVICE};

pub const ARGUMENT: &str = "bare-server";
/// The gateway of the site, where the laptop has a leg too: a veth and a bridge away, as the box is.
pub const AT: &str = "10.20.0.1:8443";

/// What it needs to serve.
pub struct Bare {
    folder: String,
    ns: Ns,
}

impl Bare {
    pub fn start(device: &Device) -> Self {
        let folder = device.scratch.path().join("bare");
        fs::create_dir_all(&folder).expect("folder");
        fs::write(folder.join("page.html"), device.curl(&[&format!("{SERVICE}/login")])).expect("page");
        let made = rcgen::generate_simple_self_signed(vec!["10.20.0.1".to_owned()]).expect("certificate");
        fs::write(folder.join("certificate"), made.cert.der()).expect("certificate");
        fs::write(folder.join("key"), made.signing_key.serialize_der()).expect("key");
        let folder = folder.to_string_lossy().into_owned();
        Self { folder, ns: device.appliance.site().a.ns().clone() }
    }

    /// The process, until it is dropped.
    pub fn run(&self) -> Daemon {
        let this = std::env::current_exe().expect("this program");
        self.ns.daemon(&[&this.to_string_lossy(), ARGUMENT, &self.folder]).expect("server")
    }
}

/// The process's whole life.
pub fn serve(folder: &Path) {
    let page: &'static str = fs::read_to_string(folder.join("page.html")).expect("page").leak();
    let read = |name: &str| fs::read(folder.join(name)).expect("file");
    let (certificate, key) = (CertificateDer::from(read("certificate")), PrivatePkcs8KeyDer::from(read("key")));
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::from(key))
        .expect("certificate");
    let router = Router::new().route("/login", get(move || async move { Html(page) }));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind(AT.parse::<SocketAddr>().expect("address")).await.expect("listener");
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        while let Ok((tcp, _)) = listener.accept().await {
            let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
            tokio::spawn(async move {
                if tcp.set_nodelay(true).is_ok()
                    && let Ok(stream) = acceptor.accept(tcp).await
                {
                    drop(Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await);
                }
            });
        }
    });
}
