//! A [`Message`] as bytes and back.
//!
//! Written with dhcproto. Read with it only up to the options: its decoder panics on some of them in a debug build (an
//! empty 151, a short 81), stops at the first that it cannot read, joins split options only where they are neighbours
//! (RFC 3396 section 7 lets them stand anywhere), and knows no option overload. `options` reads those.

use std::net::Ipv4Addr;

use dhcproto::{
    Encodable, Encoder,
    v4::{self, DhcpOption, OptionCode, UnknownOption, borrowed},
};

use self::options::Fields;
use domain::{
    box_file::Mac,
    dhcp::message::{Kind, Message, Op, Options, code},
};

mod options;

/// BOOTP's smallest message (RFC 1542 section 2.1); some relays drop shorter ones.
const SHORTEST: usize = 300;
/// Fixed fields and the magic cookie.
const FIXED: usize = 240;
const ETHERNET: u8 = 1;

/// Why bytes are no message of DHCP for Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("{length} bytes are too short")]
    Short { length: usize },
    #[error("op {op} is neither request nor reply")]
    Op { op: u8 },
    #[error("hardware type {htype} with {hlen} bytes is not Ethernet")]
    NotEthernet { htype: u8, hlen: u8 },
    #[error("the magic cookie is missing")]
    NoCookie,
    #[error("option {option} is longer than its field")]
    Truncated { option: u8 },
    #[error("there is no message type (option 53)")]
    NoKind,
    #[error("message type {kind} is not for a client")]
    OtherKind { kind: u8 },
}

#[derive(Debug, thiserror::Error)]
#[error("the message cannot be written")]
pub struct EncodeError(#[from] v4::EncodeError);

/// Reads the payload of a datagram. Takes no more memory than a few times its length.
///
/// # Errors
/// What is wrong with it as a whole; an option that cannot be read is only listed, in [`Options::malformed`].
pub fn decode(bytes: &[u8]) -> Result<Message, DecodeError> {
    let short = DecodeError::Short { length: bytes.len() };
    let (fixed, rest) = bytes.split_at_checked(FIXED).ok_or(short)?;
    let header = borrowed::Message::new(fixed).map_err(|_| short)?;
    let op = match fixed[0] {
        1 => Op::Request,
        2 => Op::Reply,
        op => return Err(DecodeError::Op { op }),
    };
    let (htype, hlen) = (fixed[1], header.hlen());
    // dhcproto cuts `chaddr` by `hlen` without a look at it
    let chaddr = (htype == ETHERNET && hlen == 6).then(|| header.chaddr().try_into().ok()).flatten();
    let chaddr = Mac(chaddr.ok_or(DecodeError::NotEthernet { htype, hlen })?);
    if !fixed.ends_with(&v4::MAGIC) {
        return Err(DecodeError::NoCookie);
    }
    let mut fields = Fields::gather(rest, &fixed[108..236], &fixed[44..108])?;
    let kind = match fields.byte(code::MESSAGE_TYPE).ok_or(DecodeError::NoKind)? {
        1 => Kind::Discover,
        2 => Kind::Offer,
        3 => Kind::Request,
        4 => Kind::Decline,
        5 => Kind::Ack,
        6 => Kind::Nak,
        7 => Kind::Release,
        kind => return Err(DecodeError::OtherKind { kind }),
    };
    Ok(Message {
        op,
        kind,
        xid: header.xid(),
        secs: header.secs(),
        broadcast: header.flags().broadcast(),
        ciaddr: header.ciaddr(),
        yiaddr: header.yiaddr(),
        giaddr: header.giaddr(),
        chaddr,
        options: fields.options(),
    })
}

/// The payload of a datagram.
///
/// # Errors
/// None for what the client composes.
pub fn encode(message: &Message) -> Result<Vec<u8>, EncodeError> {
    let none = Ipv4Addr::UNSPECIFIED;
    let (ciaddr, yiaddr, giaddr) = (message.ciaddr, message.yiaddr, message.giaddr);
    let mut out = v4::Message::new_with_id(message.xid, ciaddr, yiaddr, none, giaddr, &message.chaddr.0);
    out.set_secs(message.secs);
    out.set_opcode(match message.op {
        Op::Request => v4::Opcode::BootRequest,
        Op::Reply => v4::Opcode::BootReply,
    });
    if message.broadcast {
        out.set_flags(v4::Flags::default().set_broadcast());
    }
    out.opts_mut().insert(DhcpOption::MessageType(match message.kind {
        Kind::Discover => v4::MessageType::Discover,
        Kind::Offer => v4::MessageType::Offer,
        Kind::Request => v4::MessageType::Request,
        Kind::Decline => v4::MessageType::Decline,
        Kind::Ack => v4::MessageType::Ack,
        Kind::Nak => v4::MessageType::Nak,
        Kind::Release => v4::MessageType::Release,
    }));
    for option in present(&message.options) {
        out.opts_mut().insert(option);
    }
    let mut bytes = Vec::with_capacity(SHORTEST);
    out.encode(&mut Encoder::new(&mut bytes))?;
    if bytes.len() < SHORTEST {
        bytes.resize(SHORTEST, 0);
    }
    Ok(bytes)
}

fn present(options: &Options) -> Vec<DhcpOption> {
    let list =
        |ips: &[Ipv4Addr], option: fn(Vec<Ipv4Addr>) -> DhcpOption| (!ips.is_empty()).then(|| option(ips.to_vec()));
    let routes = options.classless_routes.iter().map(|r| (r.destination, r.gateway)).collect::<Vec<_>>();
    let wanted = options.parameter_request_list.iter().map(|n| OptionCode::from(*n)).collect::<Vec<_>>();
    [
        options.subnet_mask.map(DhcpOption::SubnetMask),
        list(&options.routers, DhcpOption::Router),
        list(&options.dns, DhcpOption::DomainNameServer),
        options.host_name.clone().map(DhcpOption::Hostname),
        options.domain_name.clone().map(DhcpOption::DomainName),
        options.mtu.map(DhcpOption::InterfaceMtu),
        list(&options.ntp, DhcpOption::NtpServers),
        options.requested_address.map(DhcpOption::RequestedIpAddress),
        options.lease_time.map(DhcpOption::AddressLeaseTime),
        options.server_id.map(DhcpOption::ServerIdentifier),
        (!wanted.is_empty()).then_some(DhcpOption::ParameterRequestList(wanted)),
        options.message.clone().map(DhcpOption::Message),
        options.max_message_size.map(DhcpOption::MaxMessageSize),
        options.t1.map(DhcpOption::Renewal),
        options.t2.map(DhcpOption::Rebinding),
        options.vendor_class.clone().map(|class| DhcpOption::ClassIdentifier(class.into_bytes())),
        options.client_id.clone().map(DhcpOption::ClientIdentifier),
        (!options.domain_search.is_empty()).then(|| search(&options.domain_search)),
        (!routes.is_empty()).then_some(DhcpOption::ClasslessStaticRoute(routes)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Option 119, without compression. Labels that are too long are cut: no such name is ever sent.
fn search(names: &[String]) -> DhcpOption {
    let mut bytes = Vec::new();
    for name in names {
        for label in name.split('.').map(str::as_bytes) {
            let label = &label[..label.len().min(63)];
            bytes.push(u8::try_from(label.len()).unwrap_or_default());
            bytes.extend(label);
        }
        bytes.push(0);
    }
    DhcpOption::Unknown(UnknownOption::new(OptionCode::DomainSearch, bytes))
}
