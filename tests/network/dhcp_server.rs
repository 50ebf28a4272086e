//! A DHCP server that does what the test says. It speaks with dhcproto, not with our own code: two who misread a message alike
//! would agree.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use dhcproto::{
    Decodable, Decoder, Encodable,
    v4::{DhcpOption, Message, MessageType, Opcode, OptionCode},
};
use socket2::{Domain, Protocol, Socket, Type};

use crate::lab::Lab;

#[derive(Clone, Debug)]
pub struct Script {
    /// What it offers; `None` for a server that says nothing.
    address: Option<Ipv4Addr>,
    seconds: u32,
    /// So many requests are answered with NAK before one is granted.
    naks: usize,
    /// Another server says NAK to each request first.
    rogue: bool,
    /// What else it sends, before its answer, to each message.
    besides: Option<Besides>,
}

/// Bytes that follow from what was asked.
pub type Besides = fn(&Message) -> Vec<Vec<u8>>;

impl Script {
    pub fn giving(address: &str) -> Self {
        Self { address: Some(address.parse().expect("address")), seconds: 3600, naks: 0, rogue: false, besides: None }
    }

    pub fn silent() -> Self {
        Self { address: None, ..Self::giving("0.0.0.0") }
    }

    pub fn for_seconds(self, seconds: u32) -> Self {
        Self { seconds, ..self }
    }

    pub fn refusing_requests(self, naks: usize) -> Self {
        Self { naks, ..self }
    }

    pub fn with_rogue_naks(self) -> Self {
        Self { rogue: true, ..self }
    }

    pub fn sending(self, besides: Besides) -> Self {
        Self { besides: Some(besides), ..self }
    }

    /// In the order in which they are sent.
    fn answers(&mut self, asked: &Message) -> Vec<Vec<u8>> {
        let besides = self.besides.map(|besides| besides(asked)).unwrap_or_default();
        let rogue = self.rogue && asked.opts().msg_type() == Some(MessageType::Request);
        let rogue = rogue.then(|| reply(asked, MessageType::Nak, Ipv4Addr::new(10, 20, 0, 66)));
        let own = self.answer(asked);
        besides.into_iter().chain(rogue.into_iter().chain(own).map(|answer| bytes(&answer))).collect()
    }

    fn answer(&mut self, asked: &Message) -> Option<Message> {
        let address = self.address?;
        let kind = match asked.opts().msg_type()? {
            MessageType::Discover => MessageType::Offer,
            MessageType::Request if self.naks > 0 => {
                self.naks -= 1;
                MessageType::Nak
            }
            MessageType::Request => MessageType::Ack,
            _ => return None,
        };
        let server = Ipv4Addr::new(10, 20, 0, 1);
        let mut answer = reply(asked, kind, server);
        if kind != MessageType::Nak {
            answer.set_yiaddr(address);
            let options = answer.opts_mut();
            options.insert(DhcpOption::SubnetMask(Ipv4Addr::new(255, 255, 255, 0)));
            options.insert(DhcpOption::Router(vec![server]));
            options.insert(DhcpOption::DomainNameServer(vec![server]));
            options.insert(DhcpOption::AddressLeaseTime(self.seconds));
        }
        Some(answer)
    }
}

pub fn bytes(message: &Message) -> Vec<u8> {
    message.to_vec().expect("bytes")
}

pub fn reply(asked: &Message, kind: MessageType, server: Ipv4Addr) -> Message {
    let mut answer = Message::default();
    answer.set_opcode(Opcode::BootReply).set_xid(asked.xid()).set_chaddr(asked.chaddr());
    answer.opts_mut().insert(DhcpOption::MessageType(kind));
    answer.opts_mut().insert(DhcpOption::ServerIdentifier(server));
    answer
}

/// Serves on the site's side of lan1 until it is dropped.
pub struct Server {
    script: Arc<Mutex<Script>>,
    seen: Arc<Mutex<BTreeMap<String, usize>>>,
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(lab: &Lab, script: Script) -> Self {
        let script = Arc::new(Mutex::new(script));
        let (seen, end) = (Arc::new(Mutex::new(BTreeMap::new())), Arc::new(AtomicBool::new(false)));
        let socket = lab.site.run(socket).expect("ns");
        let (plan, count, ends) = (script.clone(), seen.clone(), end.clone());
        let thread = std::thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                serve_one(&socket, &plan, &count);
            }
        });
        Self { script, seen, end, thread: Some(thread) }
    }

    pub fn script(&self, script: Script) {
        *self.script.lock().expect("lock") = script;
    }

    /// Messages of this kind so far: `"discover"`.
    pub fn seen(&self, kind: &str) -> usize {
        self.seen.lock().expect("lock").get(kind).copied().unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn socket() -> UdpSocket {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).expect("socket");
    socket.set_broadcast(true).expect("broadcast");
    socket.bind_device(Some(b"site1")).expect("device");
    socket.set_read_timeout(Some(Duration::from_millis(50))).expect("timeout");
    socket.bind(&"0.0.0.0:67".parse::<std::net::SocketAddrV4>().expect("address").into()).expect("bind");
    socket.into()
}

fn serve_one(socket: &UdpSocket, script: &Mutex<Script>, seen: &Mutex<BTreeMap<String, usize>>) {
    let mut buffer = [0; 1500];
    let Ok((length, _)) = socket.recv_from(&mut buffer) else { return };
    let asked = Message::decode(&mut Decoder::new(&buffer[..length])).expect("a message");
    let kind = asked.opts().get(OptionCode::MessageType).map(|kind| format!("{kind:?}").to_lowercase());
    let kind = kind.expect("a kind");
    let kind = kind.trim_start_matches("messagetype(").trim_end_matches(')').to_owned();
    *seen.lock().expect("lock").entry(kind).or_default() += 1;
    let answers = script.lock().expect("lock").answers(&asked);
    for answer in answers {
        socket.send_to(&answer, "255.255.255.255:68").expect("send");
    }
}
