//! Listeners: as many as the agent names interfaces, each bound to its own device.
//!
//! Bound to the device, not to an address: an address that comes or goes during a change needs nothing from us, and no other
//! port can reach the listener.

use std::{collections::HashMap, io, net::Ipv4Addr, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket},
    sync::watch,
    task::JoinSet,
    time::sleep,
};

use super::{
    certificates::Subject,
    connection::{Door, Server, accept},
    follow::Known,
    host,
    inherited::Inherited,
    tls,
};
use crate::domain::{api::Listen, name::PortName};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 128;
/// Before a listener that could not be opened is tried again: its device may be on the way.
const RETRY: Duration = Duration::from_secs(1);

/// The TCP ports; others only in tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpPorts {
    pub https: u16,
    pub http: u16,
}

impl Default for TcpPorts {
    fn default() -> Self {
        Self { https: 443, http: 80 }
    }
}

/// What listeners are made of.
#[derive(Clone, Debug)]
pub struct Sockets {
    pub ports: TcpPorts,
    pub inherited: Inherited,
}

/// What makes a listener another one. An interface that comes back has another index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    interface: String,
    index: u32,
    port: PortName,
    service: bool,
}

impl From<&Listen> for Key {
    fn from(listen: &Listen) -> Self {
        let Listen { interface, index, port, service, addresses: _ } = listen.clone();
        Self { interface, index, port, service }
    }
}

/// An open listener; closed with all its connections when it is dropped.
#[derive(Debug)]
struct Open {
    _tasks: JoinSet<()>,
    _open: watch::Sender<()>,
}

/// Opens and closes listeners as `known` changes, until its sender is gone.
pub async fn keep(server: Arc<Server>, mut known: watch::Receiver<Known>, sockets: Sockets) {
    let mut listeners = HashMap::<Key, Open>::new();
    loop {
        let hello = known.borrow_and_update().hello.clone();
        if let Some(hello) = hello {
            let addresses = hello.listen.iter().flat_map(|l| &l.addresses).map(|a| Subject::Address((*a).into()));
            let names = host::names(Some(&hello));
            let subjects = addresses.chain(names.iter().filter_map(|n| Subject::name(n))).collect::<Vec<_>>();
            let certificates = Arc::clone(server.tls.certificates());
            // Before the listener: a first visitor must not wait for it. Writes to the disk, so not on this thread.
            if tokio::task::spawn_blocking(move || tls::prepare(&certificates, &subjects)).await.is_err() {
                tracing::error!("certificates could not be prepared");
            }
            let wanted = hello.listen.iter().map(Key::from).collect::<Vec<_>>();
            listeners.retain(|key, _| wanted.contains(key));
            if !wanted.is_empty() {
                sockets.inherited.bind(wanted.iter().find(|key| key.service).map(|key| key.interface.as_str()));
            }
            for key in wanted {
                listeners.entry(key).or_insert_with_key(|key| open(&server, key, &sockets));
            }
        }
        if known.changed().await.is_err() {
            return;
        }
    }
}

fn open(server: &Arc<Server>, key: &Key, sockets: &Sockets) -> Open {
    let (sender, open) = watch::channel(());
    let mut tasks = JoinSet::new();
    for (secure, port) in [(true, sockets.ports.https), (false, sockets.ports.http)] {
        let (interface, open) = (key.interface.clone(), open.clone());
        let door = Door { interface, port: key.port.clone(), service: key.service, secure, open };
        tasks.spawn(stay(Arc::clone(server), port, sockets.inherited.clone(), door));
    }
    Open { _tasks: tasks, _open: sender }
}

async fn stay(server: Arc<Server>, port: u16, inherited: Inherited, door: Door) {
    loop {
        let interface = &door.interface;
        let before = inherited.listener(port, interface).filter(|_| door.service);
        let opened_before = before.is_some();
        match before.unwrap_or_else(|| bind(interface, port)) {
            Ok(listener) => {
                tracing::info!(interface, port, opened_before, "serves pages");
                return accept(server, listener, door).await;
            }
            Err(error) => tracing::warn!(interface, port, %error, "cannot listen"),
        }
        sleep(RETRY).await;
    }
}

fn bind(interface: &str, port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // A restarted web process takes over at once.
    socket.set_reuseaddr(true)?;
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))?;
    socket.listen(BACKLOG)
}
