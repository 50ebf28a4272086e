//! Whole Ethernet frames of one port: for DHCP, which speaks before there is an address, and for ARP.

use std::{
    io,
    mem::{MaybeUninit, size_of},
};

use socket2::{Domain, Protocol, SockAddr, SockFilter, Socket, Type};
use tokio::io::unix::AsyncFd;

/// What the kernel hands over: its network byte order constants of `if_ether.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EtherType {
    Ip,
    Arp,
}

impl EtherType {
    fn number(self) -> u16 {
        match self {
            Self::Ip => 0x0800,
            Self::Arp => 0x0806,
        }
    }
}

/// `packet(7)`, `SOCK_RAW`, bound to one interface. Sees what comes in, not what goes out.
#[derive(Debug)]
pub struct PacketSocket(AsyncFd<Socket>);

impl PacketSocket {
    /// Needs `CAP_NET_RAW`. What the filter (classic BPF) lets through is received; a frame from before the filter is, too.
    ///
    /// # Errors
    /// The kernel's: `ENODEV` for an interface that is gone.
    pub fn open(index: u32, kind: EtherType, filter: &[SockFilter]) -> io::Result<Self> {
        let protocol = Protocol::from(i32::from(kind.number().to_be()));
        // without a protocol nothing is received before the filter and the interface are set
        let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
        socket.set_nonblocking(true)?;
        if !filter.is_empty() {
            socket.attach_filter(filter)?;
        }
        socket.bind(&link_layer(index, protocol)?)?;
        // SAFETY: the socket owns its descriptor, which stays the same and open until both are dropped.
        #[expect(unsafe_code, reason = "tokio cannot see that a socket keeps its descriptor")]
        let registered = unsafe { AsyncFd::register(socket) };
        Ok(Self(registered.map_err(io::Error::from)?))
    }

    /// The next frame's length; a longer frame than the buffer is cut off.
    ///
    /// # Errors
    /// `ENETDOWN` when the interface goes down.
    pub async fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.0.readable().await?;
            if let Ok(result) = ready.try_io(|fd| rustix::io::read(fd.get_ref(), &mut *buffer).map_err(io::Error::from))
            {
                return result;
            }
        }
    }

    /// Sends a whole frame, or drops it where the queue is full: both protocols repeat themselves.
    ///
    /// # Errors
    /// `ENETDOWN`, `ENXIO`.
    pub fn send(&self, frame: &[u8]) -> io::Result<()> {
        match self.0.get_ref().send(frame) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock) => Ok(()),
            other => other.map(drop),
        }
    }
}

/// `struct sockaddr_ll`.
#[expect(unsafe_code, reason = "socket2 has no link-layer address")]
fn link_layer(index: u32, protocol: Protocol) -> io::Result<SockAddr> {
    let index = i32::try_from(index).map_err(io::Error::other)?;
    let protocol = u16::try_from(i32::from(protocol)).map_err(io::Error::other)?;
    // SAFETY: sockaddr_ll is plain numbers, and smaller than sockaddr_storage, in which it is written whole with its length.
    let ((), address) = unsafe {
        SockAddr::try_init(|storage, length| {
            let link = storage.cast::<libc::sockaddr_ll>();
            link.write(MaybeUninit::<libc::sockaddr_ll>::zeroed().assume_init());
            (*link).sll_family = u16::try_from(libc::AF_PACKET).unwrap_or_default();
            (*link).sll_protocol = protocol;
            (*link).sll_ifindex = index;
            *length = u32::try_from(size_of::<libc::sockaddr_ll>()).unwrap_or_default();
            Ok(())
        })?
    };
    Ok(address)
}

/// Classic BPF for a DHCP client: UDP to port 68, no fragment (bpf(4); offsets from the Ethernet header).
pub fn dhcp_replies() -> Vec<SockFilter> {
    const LD_B: u16 = 0x30; // BPF_LD | BPF_B | BPF_ABS
    const LD_H: u16 = 0x28; // BPF_LD | BPF_H | BPF_ABS
    const LD_H_IND: u16 = 0x48; // BPF_LD | BPF_H | BPF_IND
    const LDX_HEADER: u16 = 0xb1; // BPF_LDX | BPF_B | BPF_MSH: four times the low half of a byte
    const JEQ: u16 = 0x15;
    const JSET: u16 = 0x45;
    const RET: u16 = 0x06;
    vec![
        SockFilter::new(LD_B, 0, 0, 23),
        SockFilter::new(JEQ, 0, 6, 17),
        SockFilter::new(LD_H, 0, 0, 20),
        SockFilter::new(JSET, 4, 0, 0x1fff),
        SockFilter::new(LDX_HEADER, 0, 0, 14),
        SockFilter::new(LD_H_IND, 0, 0, 16),
        SockFilter::new(JEQ, 0, 1, 68),
        SockFilter::new(RET, 0, 0, 0xffff),
        SockFilter::new(RET, 0, 0, 0),
    ]
}
