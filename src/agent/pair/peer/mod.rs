//! The peer's agent, asked, and its questions: TCP over the pair's own addresses, TLS 1.3 with both boxes' certificates. Whoever has not the
//! private key whose hash the registry told as the peer's gets nothing read.

mod tls;
pub mod wire;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use domain::pair::{
    guard::Wire,
    link::PEER,
    peer::{Answer, Ask},
};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::client::TlsStream;

use super::copy::Incoming;
use crate::{activation::Enrolled, registry::Identity};

/// One way that leads nowhere is not waited for longer.
const CONNECT: Duration = Duration::from_millis(800);
/// For one question. A box that must ask its neighbours takes a second.
const ANSWER: Duration = Duration::from_secs(5);
/// For an application with its files to arrive, and to be looked at: podman may take ten seconds to say whether it has an image.
const TAKEN: Duration = Duration::from_secs(20);
/// Connections at a time: one peer needs one.
const MOST: usize = 4;
/// Between two attempts to listen where the address is not there yet.
const AGAIN: Duration = Duration::from_secs(1);
/// A peer that says nothing for so long is not there any more.
const IDLE: Duration = Duration::from_mins(1);

/// A question of the peer, for the task.
#[derive(Debug)]
pub struct Asked {
    pub ask: Ask,
    pub answer: oneshot::Sender<Said>,
}

#[derive(Debug)]
pub enum Said {
    Answer(Answer),
    /// The data may follow.
    Receive(Box<Incoming>),
}

/// Who talks to whom.
#[derive(Clone, Debug)]
pub struct Ends {
    identity: Arc<Identity>,
    /// SHA-256 of the peer's public key, in hexadecimal.
    peer_key: String,
    wires: Vec<Wire>,
}

impl PartialEq for Ends {
    fn eq(&self, other: &Self) -> bool {
        self.identity.certificate == other.identity.certificate
            && self.peer_key == other.peer_key
            && self.wires == other.wires
    }
}

impl Ends {
    /// `None` where the registry has not told the peer's key.
    pub fn of(enrolled: &Enrolled, wires: Vec<Wire>) -> Option<Self> {
        let peer_key = enrolled.info.peer_key.clone()?;
        Some(Self { identity: enrolled.identity.clone(), peer_key, wires })
    }
}

/// Listens on each way until it is dropped.
#[derive(Debug)]
pub struct Listening {
    _tasks: JoinSet<()>,
}

pub fn listen(ends: &Ends, asked: &mpsc::Sender<Asked>) -> Listening {
    let mut tasks = JoinSet::new();
    for wire in &ends.wires {
        tasks.spawn(serve(ends.clone(), wire.clone(), asked.clone()));
    }
    Listening { _tasks: tasks }
}

async fn serve(ends: Ends, wire: Wire, asked: mpsc::Sender<Asked>) {
    let acceptor = match tls::acceptor(&ends.identity, &ends.peer_key) {
        Ok(acceptor) => acceptor,
        Err(error) => {
            tracing::error!(%error, "the peer cannot be let in");
            return;
        }
    };
    let few = Arc::new(Semaphore::new(MOST));
    // they end with the key that let them in
    let mut connections = JoinSet::new();
    loop {
        let listener = match bound(&wire) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::debug!(interface = wire.interface, %error, "nothing can be listened at yet");
                sleep(AGAIN).await;
                continue;
            }
        };
        while let Ok((stream, from)) = listener.accept().await {
            let Ok(permit) = few.clone().try_acquire_owned() else { continue };
            if from.ip() != std::net::IpAddr::V4(wire.peer) {
                continue;
            }
            let (acceptor, asked) = (acceptor.clone(), asked.clone());
            while connections.try_join_next().is_some() {}
            connections.spawn(async move {
                let _permit = permit;
                match timeout(ANSWER, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => converse(stream, asked).await,
                    Ok(Err(error)) => tracing::warn!(%from, %error, "whoever comes is not the peer"),
                    Err(_) => {}
                }
            });
        }
        sleep(AGAIN).await;
    }
}

async fn converse(mut stream: impl wire::Wired, asked: mpsc::Sender<Asked>) {
    loop {
        let Ok(Ok(ask)) = timeout(IDLE, wire::read::<Ask>(&mut stream)).await else { return };
        let said = match ask {
            None => Said::Answer(Answer::Unknown),
            Some(ask) => {
                let (answer, answered) = oneshot::channel();
                if asked.send(Asked { ask, answer }).await.is_err() {
                    return;
                }
                match answered.await {
                    Ok(said) => said,
                    Err(_) => return,
                }
            }
        };
        let gone = match said {
            Said::Answer(answer) => wire::write(&mut stream, &answer).await,
            Said::Receive(incoming) => incoming.receive(&mut stream).await,
        };
        if let Err(error) = gone {
            tracing::debug!(%error, "the peer's connection");
            return;
        }
    }
}

/// Bound to the interface before anything is heard.
fn bound(wire: &Wire) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.bind_device(Some(wire.interface.as_bytes()))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((wire.own.addr(), PEER)).into())?;
    socket.listen(8)?;
    TcpListener::from_std(socket.into())
}

/// One question, over the first way that leads to the peer. `None`: it does not answer.
pub async fn ask(ends: &Ends, ask: &Ask) -> Option<Answer> {
    open(ends, ask).await.map(|(_, answer)| answer)
}

/// As [`ask`], with the connection for what is to follow. What was asked over one way is not asked again over the next: the peer may have
/// done it already.
pub async fn open(ends: &Ends, ask: &Ask) -> Option<(TlsStream<TcpStream>, Answer)> {
    for way in &ends.wires {
        let mut stream = match timeout(ANSWER, connected(ends, way)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(interface = way.interface, %error, "the peer is not reached");
                continue;
            }
            Err(_) => continue,
        };
        let limit = if matches!(ask, Ask::Application { .. }) { TAKEN } else { ANSWER };
        return match timeout(limit, answered(&mut stream, ask)).await {
            Ok(Ok(answer)) => Some((stream, answer)),
            Ok(Err(error)) => {
                tracing::debug!(interface = way.interface, %error, "the peer does not answer");
                None
            }
            Err(_) => None,
        };
    }
    None
}

async fn connected(ends: &Ends, way: &Wire) -> io::Result<TlsStream<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    SockRef::from(&socket).bind_device(Some(way.interface.as_bytes()))?;
    socket.bind(SocketAddr::from((way.own.addr(), 0)))?;
    let stream = timeout(CONNECT, socket.connect(SocketAddr::from((way.peer, PEER)))).await??;
    stream.set_nodelay(true)?;
    tls::connect(stream, &ends.identity, &ends.peer_key).await
}

async fn answered(stream: &mut TlsStream<TcpStream>, ask: &Ask) -> io::Result<Answer> {
    wire::write(stream, ask).await?;
    wire::read(stream).await?.ok_or(io::ErrorKind::InvalidData.into())
}
