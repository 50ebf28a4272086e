//! The way through the site's proxy: reach it, speak TLS to it where its URL says so, and ask it for a host (`CONNECT`, RFC 9110,
//! section 9.3.6).
//!
//! An address that its name leads to is looked at before anything is sent there: whoever runs a DNS server could have the box talk to what
//! listens for itself alone.

use std::{
    fmt::Write as _,
    fs,
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::hops::dns;
use domain::{
    network::hops::{Host, HostFinding, ProxyFinding, Target},
    secret::Secret,
    settings::proxy::{ProxySpec, basic, is_own},
};
use os::clock;

/// A connection, with TLS where it is asked for. Shorter: one lost packet, which is sent again after a second, counts as silence.
/// Longer: the network test takes too long.
const REACH_LIMIT: Duration = Duration::from_secs(3);
/// The proxy connects to the host before it answers.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// Of an answer's head. More is no proxy's.
const LONGEST_HEAD: usize = 8 * 1024;
/// What the system trusts, on Debian.
const SYSTEM_CA: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Kept for such use (RFC 2606, section 3). What the proxy says of it tells whether we are let in; whether it is there does not matter.
const SOME_HOST: &str = "example.com";

/// The proxy with what only the agent knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    pub spec: ProxySpec,
    pub password: Option<Secret>,
}

/// Where this box is.
#[derive(Clone, Copy, Debug)]
pub struct Here<'a> {
    pub dns: &'a [dns::Resolver],
    pub own: &'a [Ipv4Addr],
}

/// What was found. `host` only where one was asked for and the proxy did its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub proxy: ProxyFinding,
    pub host: Option<HostFinding>,
}

impl From<ProxyFinding> for Found {
    fn from(proxy: ProxyFinding) -> Self {
        Self { proxy, host: None }
    }
}

/// Asks the proxy for `target`; without one, only whether it lets us in.
pub async fn try_out(proxy: &Proxy, here: Here<'_>, target: Option<&Target>) -> Found {
    let address = match &proxy.spec.url.host {
        Host::Address(address) => *address,
        Host::Name(name) => match dns::ask(here.dns, name).await {
            (_, Some(address)) => address,
            (_, None) => return ProxyFinding::NameUnknown.into(),
        },
    };
    try_at(proxy, address, here.own, target).await
}

/// The same where the proxy's address is known.
pub async fn try_at(proxy: &Proxy, address: Ipv4Addr, own: &[Ipv4Addr], target: Option<&Target>) -> Found {
    let started = clock::now();
    if is_own(address, own) {
        return ProxyFinding::Own.into();
    }
    let reached = timeout(REACH_LIMIT, reach(proxy, address)).await;
    let status = match reached {
        Err(_) => return ProxyFinding::Unreachable.into(),
        Ok(Err(finding)) => return finding.into(),
        Ok(Ok(mut stream)) => match timeout(ANSWER_LIMIT, ask(&mut stream, proxy, target)).await {
            Ok(Ok(status)) => status,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the proxy's answer");
                return ProxyFinding::NoProxy.into();
            }
            Err(_) => return ProxyFinding::Unreachable.into(),
        },
    };
    let millis = u32::try_from(clock::now().left(started)).unwrap_or(u32::MAX);
    judge(status, millis, target.is_some())
}

fn judge(status: u16, millis: u32, asked: bool) -> Found {
    let connected = ProxyFinding::Connected { millis };
    match status {
        // 401 is for servers, and what tinyproxy says of a wrong password all the same
        401 | 407 => ProxyFinding::Auth.into(),
        200..=299 => Found { proxy: connected, host: asked.then_some(HostFinding::Answers { millis }) },
        // it tried, and the host did not answer
        500 | 502..=504 => Found { proxy: connected, host: asked.then_some(HostFinding::Unreachable) },
        status if asked => ProxyFinding::Forbids { status }.into(),
        // who asks for nothing in particular may be told anything but "who are you?"
        _ => connected.into(),
    }
}

/// A connection of whatever kind.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A connection through the proxy to a host and port, as the host itself would give one.
///
/// # Errors
/// How far it came; [`ProxyFinding::Connected`] where the proxy did its part and the host did not answer.
pub async fn tunnel(
    proxy: &Proxy,
    dns: &[dns::Resolver],
    own: &[Ipv4Addr],
    host: &str,
    port: u16,
) -> Result<Box<dyn Wire>, ProxyFinding> {
    let address = match &proxy.spec.url.host {
        Host::Address(address) => *address,
        Host::Name(name) => dns::ask(dns, name).await.1.ok_or(ProxyFinding::NameUnknown)?,
    };
    if is_own(address, own) {
        return Err(ProxyFinding::Own);
    }
    let place = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let mut stream = timeout(REACH_LIMIT, reach(proxy, address)).await.map_err(|_| ProxyFinding::Unreachable)??;
    let asked = timeout(ANSWER_LIMIT, async {
        send(&mut stream, proxy, &place).await?;
        head(&mut stream).await
    });
    let answer = asked.await.map_err(|_| ProxyFinding::Unreachable)?.map_err(|_| ProxyFinding::NoProxy)?;
    match status(&answer).ok_or(ProxyFinding::NoProxy)? {
        200..=299 => Ok(stream),
        401 | 407 => Err(ProxyFinding::Auth),
        500 | 502..=504 => Err(ProxyFinding::Connected { millis: 0 }),
        status => Err(ProxyFinding::Forbids { status }),
    }
}

/// A whole head, and not a byte of what comes after it: that is the host's.
async fn head(stream: &mut Box<dyn Wire>) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > LONGEST_HEAD {
            return Err(ErrorKind::InvalidData.into());
        }
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

async fn reach(proxy: &Proxy, address: Ipv4Addr) -> Result<Box<dyn Wire>, ProxyFinding> {
    let url = &proxy.spec.url;
    let stream = TcpStream::connect((IpAddr::V4(address), url.port)).await.map_err(|error| match error.kind() {
        ErrorKind::ConnectionRefused => ProxyFinding::Refused,
        _ => ProxyFinding::Unreachable,
    })?;
    if !url.tls {
        return Ok(Box::new(stream));
    }
    let name = match &url.host {
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| ProxyFinding::Certificate)?,
        Host::Address(address) => ServerName::IpAddress(IpAddr::V4(*address).into()),
    };
    let config = trusting(proxy.spec.ca.as_deref()).await.map_err(|error| {
        tracing::warn!(%error, "the proxy's authority cannot be used");
        ProxyFinding::Certificate
    })?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| tls(&error))?;
    Ok(Box::new(stream))
}

fn tls(error: &io::Error) -> ProxyFinding {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    tracing::debug!(%error, "TLS with the proxy");
    match cause {
        Some(rustls::Error::InvalidCertificate(_)) => ProxyFinding::Certificate,
        _ => ProxyFinding::NoProxy,
    }
}

/// # Errors
/// Where the text has no certificate that can be used.
pub fn authorities(pem: &[u8]) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| io::Error::new(ErrorKind::InvalidData, error.to_string()))?;
        roots.add(certificate).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
    }
    if roots.is_empty() { Err(io::Error::new(ErrorKind::InvalidData, "no certificate")) } else { Ok(roots) }
}

async fn trusting(ca: Option<&str>) -> io::Result<ClientConfig> {
    let roots = if let Some(pem) = ca {
        authorities(pem.as_bytes())?
    } else {
        let read = tokio::task::spawn_blocking(|| fs::read(SYSTEM_CA)).await;
        let pem = read.unwrap_or_else(|error| Err(io::Error::other(error)))?;
        let mut roots = RootCertStore::empty();
        // some of the world's are none for us
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
        roots
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder.map_err(io::Error::other)?.with_root_certificates(roots).with_no_client_auth())
}

async fn ask(stream: &mut dyn Wire, proxy: &Proxy, target: Option<&Target>) -> io::Result<u16> {
    let place = target.map_or_else(|| format!("{SOME_HOST}:443"), Target::with_port);
    send(stream, proxy, &place).await?;
    let mut answer = Vec::new();
    let mut part = [0; 1024];
    while !answer.windows(2).any(|two| two == b"\r\n") {
        let length = stream.read(&mut part).await?;
        if length == 0 || answer.len() > LONGEST_HEAD {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&part[..length]);
    }
    status(&answer).ok_or_else(|| ErrorKind::InvalidData.into())
}

async fn send(stream: &mut dyn Wire, proxy: &Proxy, place: &str) -> io::Result<()> {
    let mut head = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
    if let Some(user) = &proxy.spec.user {
        let password = proxy.password.as_ref().map(Secret::expose).unwrap_or_default();
        // writing to a String cannot fail
        let _ = write!(head, "Proxy-Authorization: Basic {}\r\n", basic(user, password));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await
}

/// Of `HTTP/1.1 200 Connection established`.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|b| *b == b'\r').next()?;
    let mut words = line.split(|b| *b == b' ');
    let version = words.next()?.starts_with(b"HTTP/1.");
    let code = words.next().filter(|code| version && code.len() == 3)?;
    std::str::from_utf8(code).ok()?.parse().ok().filter(|code| (100..600).contains(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_status_line_is_a_status() {
        assert_eq!(status(b"HTTP/1.1 200 Connection established\r\n"), Some(200));
        assert_eq!(status(b"HTTP/1.0 407\r\n"), Some(407));
        for nothing in
            [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"\r\n", b"HTTP/1.1 2000 x\r\n", b"HTTP/1.1 -20 x\r\n", b"HTTP/1.1\r\n"]
        {
            assert_eq!(status(nothing), None);
        }
    }

    #[test]
    fn a_host_that_the_proxy_cannot_reach_is_no_fault_of_the_proxy() {
        let connected = ProxyFinding::Connected { millis: 3 };
        assert_eq!(judge(200, 3, true), Found { proxy: connected, host: Some(HostFinding::Answers { millis: 3 }) });
        assert_eq!(judge(503, 3, true), Found { proxy: connected, host: Some(HostFinding::Unreachable) });
        assert_eq!(judge(403, 3, true), ProxyFinding::Forbids { status: 403 }.into());
        assert_eq!([403, 503, 200].map(|status| judge(status, 3, false)), [connected.into(); 3]);
        assert_eq!([401, 407].map(|status| judge(status, 3, false)), [ProxyFinding::Auth.into(); 2]);
    }

    #[test]
    fn an_authority_is_a_certificate_that_can_be_used() {
        assert!(authorities(b"").is_err());
        assert!(authorities(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").is_err());
        let key = rcgen::KeyPair::generate().expect("key");
        let own = rcgen::CertificateParams::new(vec!["ca.example".to_owned()]).expect("parameters");
        let pem = own.self_signed(&key).expect("certificate").pem();
        assert_eq!(authorities(format!("{pem}{pem}").as_bytes()).expect("two").len(), 2);
    }
}
