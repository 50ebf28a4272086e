//! Options of router advertisements that the kernel hands on (`RTNLGRP_ND_USEROPT`): DNS servers.
//!
//! A socket of its own: rtnetlink does not know this message.

use std::io;

use netlink_sys::{AsyncSocket, AsyncSocketExt, TokioSocket, protocols::NETLINK_ROUTE};
use tokio::sync::mpsc;

use domain::network::rdnss::{Advert, read};

const RTNLGRP_ND_USEROPT: u32 = 20;
const RTM_NEWNDUSEROPT: u16 = 68;
/// `struct nlmsghdr`.
const HEADER: usize = 16;
/// Adverts that may wait; what does not fit is said again in the next advertisement.
const WAITING: usize = 64;

/// Listens until the receiver is dropped.
///
/// # Errors
/// When the kernel refuses the socket.
pub fn adverts() -> io::Result<mpsc::Receiver<Advert>> {
    let mut socket = TokioSocket::new(NETLINK_ROUTE)?;
    socket.socket_mut().bind_auto()?;
    socket.socket_mut().add_membership(RTNLGRP_ND_USEROPT)?;
    let (found, adverts) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        loop {
            let received = tokio::select! {
                received = socket.recv_from_full() => received,
                () = found.closed() => return,
            };
            match received {
                // 0 is the kernel
                Ok((datagram, from)) if from.port_number() == 0 => {
                    for advert in messages(&datagram) {
                        let _ = found.try_send(advert);
                    }
                }
                Ok(_) => {}
                // messages were lost: routers repeat themselves
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {}
                Err(error) => {
                    tracing::error!(%error, "router advertisements cannot be read: no DNS servers of routers");
                    return;
                }
            }
        }
    });
    Ok(adverts)
}

fn messages(datagram: &[u8]) -> Vec<Advert> {
    let (mut rest, mut found) = (datagram, Vec::new());
    while let Some((header, _)) = rest.split_at_checked(HEADER) {
        let length = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let Some(body) = rest.get(HEADER..length) else { break };
        if u16::from_ne_bytes([header[4], header[5]]) == RTM_NEWNDUSEROPT {
            found.extend(read(body));
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}
