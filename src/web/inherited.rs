//! Listeners that systemd opened before this process began (`sd_listen_fds(3)`): at the service port's address, so that whoever comes
//! while the web role starts waits instead of being refused.
//!
//! systemd cannot know which interface is the service port: the agent does. So each is bound to its device as soon as the agent has
//! named it, before any listener of our own is opened; from then on nobody else reaches it. Bound once, it stays so, in systemd's
//! hands too. Decision 27.

use std::{
    collections::HashMap,
    env, io,
    os::fd::{FromRawFd, OwnedFd},
    sync::Arc,
};

use socket2::{SockRef, Socket};
use tokio::net::TcpListener;

/// The first one's file descriptor.
const FIRST: i32 = 3;
/// For those that no service port was there for: a listener that is bound to nothing would keep ours from their ports.
const NOWHERE: &str = "lo";

/// By TCP port. Clones are the same listeners.
#[derive(Clone, Debug, Default)]
pub struct Inherited(Arc<HashMap<u16, Socket>>);

impl Inherited {
    /// Those of this process. To be called once: they are taken.
    pub fn take() -> Self {
        let number = |name| env::var(name).ok().and_then(|text| text.parse::<i32>().ok());
        let ours = number("LISTEN_PID").and_then(|pid| u32::try_from(pid).ok()) == Some(std::process::id());
        let count = number("LISTEN_FDS").filter(|_| ours).unwrap_or(0);
        (FIRST..FIRST.saturating_add(count)).map(inherited).collect()
    }

    /// Binds each that is not bound yet to the service port's interface, or to nothing that leads anywhere.
    pub(super) fn bind(&self, service: Option<&str>) {
        for (port, socket) in &*self.0 {
            if matches!(socket.device(), Ok(None))
                && let Err(error) = socket.bind_device(Some(service.unwrap_or(NOWHERE).as_bytes()))
            {
                tracing::warn!(port, %error, "the listener that systemd opened is not used");
            }
        }
    }

    /// The one of this port, if it is bound to this interface. One whose interface has gone is bound to nothing that comes back.
    pub(super) fn listener(&self, port: u16, interface: &str) -> Option<io::Result<TcpListener>> {
        let socket = self.0.get(&port)?;
        let bound = socket.device().ok().flatten()?;
        (bound == interface.as_bytes()).then(|| {
            socket.set_nonblocking(true)?;
            TcpListener::from_std(socket.try_clone()?.into())
        })
    }
}

impl FromIterator<Socket> for Inherited {
    fn from_iter<T: IntoIterator<Item = Socket>>(sockets: T) -> Self {
        let port = |socket: &Socket| socket.local_addr().ok()?.as_socket().map(|address| address.port());
        Self(Arc::new(sockets.into_iter().filter_map(|socket| Some((port(&socket)?, socket))).collect()))
    }
}

#[expect(unsafe_code, reason = "a file descriptor that systemd names by its number")]
fn inherited(fd: i32) -> Socket {
    // SAFETY: LISTEN_PID says that it was left open for this process, and nobody else takes it: see `take`.
    let socket = Socket::from(unsafe { OwnedFd::from_raw_fd(fd) });
    // nothing that this process starts is to have it
    if let Err(error) = socket.set_cloexec(true) {
        tracing::warn!(%error, "a listener of systemd's");
    }
    socket
}

/// Binds a connection to the listener's interface, which one that was accepted before the listener was bound is not yet. What comes
/// from anywhere else no longer reaches it.
pub(super) fn confine(tcp: &tokio::net::TcpStream, interface: &str) -> io::Result<()> {
    let socket = SockRef::from(tcp);
    match socket.device()? {
        Some(_) => Ok(()),
        None => socket.bind_device(Some(interface.as_bytes())),
    }
}
