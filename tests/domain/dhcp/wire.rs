//! Messages as bytes: whole, split, overloaded, damaged. dhcproto is the second opinion.

use std::net::Ipv4Addr;

use agent::dhcp::wire::{DecodeError, decode, encode};
use dhcproto::{Decodable, Decoder, v4};
use domain::dhcp::message::{ClasslessRoute, Kind, Message, Op, Options, code};
use ipnet::Ipv4Net;
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::support::{ADDRESS, Lab, MAC, OWN, captured, ip, net, options, reply};

/// The captured offer's fixed fields with other options.
fn packet(options: &[u8]) -> Vec<u8> {
    let mut bytes = captured()[28..268].to_vec();
    bytes.extend(options);
    bytes
}

fn offer() -> Vec<u8> {
    captured().split_off(28)
}

/// The options of a message that has these beside its type.
#[track_caller]
fn read(options: &[u8]) -> Options {
    decode(&packet(&[&[53, 1, 5], options].concat())).expect("a message").options
}

#[test]
fn reads_what_dnsmasq_says() {
    let message = decode(&offer()).unwrap();
    assert_eq!((message.op, message.kind, message.xid, message.secs), (Op::Reply, Kind::Offer, 0x1234_5678, 0));
    assert_eq!((message.yiaddr, message.chaddr, message.broadcast), (ADDRESS, MAC, false));
    let route = |destination, gateway| ClasslessRoute { destination: net(destination), gateway: ip(gateway) };
    let expected = Options {
        t1: Some(1_800),
        t2: Some(3_150),
        domain_name: Some("site.example".to_owned()),
        domain_search: ["eng.site.example", "lab.site.example"].map(str::to_owned).to_vec(),
        classless_routes: vec![route("172.16.0.0/12", "10.20.0.8"), route("0.0.0.0/0", "10.20.0.1")],
        mtu: Some(1_400),
        ntp: vec![ip("10.20.0.3")],
        ..options()
    };
    assert_eq!(message.options, expected);
}

#[test]
fn a_truncated_packet_is_refused_wherever_it_ends() {
    let whole = offer();
    // between two options the end is only the missing marker
    let mut between = Vec::new();
    let mut at = 240;
    while whole[at] != 255 {
        at += 2 + usize::from(whole[at + 1]);
        between.push(at);
    }
    for length in 0..at {
        assert_eq!(decode(&whole[..length]).is_ok(), between.contains(&length), "{length}");
    }
}

#[test]
fn dhcproto_reads_what_we_send() {
    let lab = Lab::rebinding();
    for (_, message, _) in &lab.sent {
        let bytes = encode(message).unwrap();
        assert!(bytes.len() >= 300);
        let other = v4::Message::decode(&mut Decoder::new(&bytes)).unwrap();
        assert_eq!((other.xid(), other.secs(), other.ciaddr()), (message.xid, message.secs, message.ciaddr));
        assert_eq!((other.chaddr(), other.flags().broadcast()), (&MAC.0[..], false));
        let opts = other.opts();
        assert_eq!(
            opts.get(v4::OptionCode::ClassIdentifier),
            Some(&v4::DhcpOption::ClassIdentifier(b"gatehouse".to_vec()))
        );
        let requested = message.options.requested_address.map(v4::DhcpOption::RequestedIpAddress);
        assert_eq!(opts.get(v4::OptionCode::RequestedIpAddress), requested.as_ref());
    }
}

#[test]
fn refuses_what_is_no_message() {
    let with = |at: usize, to: u8| {
        let mut bytes = offer();
        bytes[at] = to;
        decode(&bytes).unwrap_err()
    };
    assert_eq!(with(0, 3), DecodeError::Op { op: 3 });
    assert_eq!(with(1, 6), DecodeError::NotEthernet { htype: 6, hlen: 6 });
    assert_eq!(with(2, 255), DecodeError::NotEthernet { htype: 1, hlen: 255 });
    assert_eq!(with(236, 0), DecodeError::NoCookie);
    assert_eq!(with(242, 13), DecodeError::OtherKind { kind: 13 });
    assert_eq!(with(241, 200), DecodeError::Truncated { option: 53 });
    assert_eq!(decode(&packet(&[255])), Err(DecodeError::NoKind));
    assert_eq!(decode(&[0; 239]), Err(DecodeError::Short { length: 239 }));
}

#[test]
fn an_option_that_cannot_be_read_does_not_hide_the_next() {
    let read = read(&[1, 3, 255, 255, 255, 3, 5, 10, 20, 0, 1, 9, 26, 1, 5, 51, 0, 6, 4, 10, 20, 0, 2, 121, 2, 33, 1]);
    assert_eq!(read.dns, [ip("10.20.0.2")]);
    assert_eq!((read.subnet_mask, read.mtu, read.lease_time), (None, None, None));
    assert_eq!(read.malformed, [code::SUBNET_MASK, code::ROUTER, code::MTU, code::LEASE_TIME, code::CLASSLESS_ROUTES]);
}

#[test]
fn options_that_make_dhcproto_panic_or_stop_are_passed_over() {
    let read = read(&[151, 0, 81, 1, 0, 80, 1, 0, 94, 1, 0, 116, 1, 9, 12, 2, 0xff, 0xfe, 6, 4, 10, 20, 0, 2]);
    assert_eq!(read.dns, [ip("10.20.0.2")]);
    assert_eq!(read.host_name.as_deref(), Some("\u{fffd}\u{fffd}"));
}

#[test]
fn joins_an_option_that_is_split_anywhere() {
    let read = read(&[6, 2, 10, 20, 6, 1, 0, 26, 2, 5, 0xdc, 6, 1, 2]);
    assert_eq!((read.dns, read.mtu), (vec![ip("10.20.0.2")], Some(1_500)));
}

#[test]
fn file_and_sname_hold_options_only_if_option_52_says_so() {
    for (overload, dns) in [(0, ""), (1, "10.20.0.2"), (2, "10.20.0.3"), (3, "10.20.0.2 10.20.0.3")] {
        let mut bytes = packet(&[53, 1, 2, 52, 1, overload, 255]);
        bytes[108..115].copy_from_slice(&[6, 4, 10, 20, 0, 2, 255]);
        bytes[44..51].copy_from_slice(&[6, 4, 10, 20, 0, 3, 255]);
        let read = decode(&bytes).unwrap().options.dns;
        assert_eq!(read, dns.split_whitespace().map(ip).collect::<Vec<_>>(), "{overload}");
    }
    // a second option 52 in `file` is not followed
    let mut bytes = packet(&[53, 1, 2, 52, 1, 1, 255]);
    bytes[108..112].copy_from_slice(&[52, 1, 2, 255]);
    bytes[44..51].copy_from_slice(&[6, 4, 10, 20, 0, 3, 255]);
    assert!(decode(&bytes).unwrap().options.dns.is_empty());
}

#[test]
fn text_ends_before_its_nul() {
    let read = read(&[12, 4, b'b', b'o', b'x', 0, 15, 1, 0, 56, 3, b'n', b'o', 0]);
    assert_eq!((read.host_name.as_deref(), read.domain_name, read.message.as_deref()), (Some("box"), None, Some("no")));
}

#[test]
fn reads_the_routes_of_rfc_3442() {
    let read = read(&[121, 20, 0, 10, 20, 0, 1, 8, 172, 10, 20, 0, 2, 25, 10, 9, 8, 128, 0, 0, 0, 0]);
    let route = |destination, gateway| ClasslessRoute { destination: net(destination), gateway: ip(gateway) };
    let expected =
        [route("0.0.0.0/0", "10.20.0.1"), route("172.0.0.0/8", "10.20.0.2"), route("10.9.8.128/25", "0.0.0.0")];
    assert_eq!(read.classless_routes, expected);
}

#[test]
fn reads_the_names_of_rfc_3397() {
    // eng.apple.com and marketing.apple.com, the example of section 4
    let mut value = b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04".to_vec();
    let length = u8::try_from(value.len()).unwrap();
    value.splice(0..0, [119, length]);
    assert_eq!(read(&value).domain_search, ["eng.apple.com", "marketing.apple.com"]);
    // the same, split in the middle of a name
    let split = [&[119, 7], &value[2..9], &[119, length - 7], &value[9..]].concat();
    assert_eq!(read(&split).domain_search.len(), 2);
}

#[test]
fn names_that_lead_in_circles_end() {
    for value in [
        &b"\xc0\x00"[..],
        b"\x01a\xc0\x00",
        b"\xc0\x02\xc0\x00",
        b"\x01a\xc0\x05\0\xc0\x00",
        b"\x01a",
        b"\x05ab",
        b"\x80\0",
        b"\x03a.b\0",
        b"\x02\xc3\xa9\0",
    ] {
        let option = [&[119, u8::try_from(value.len()).unwrap()], value].concat();
        let read = read(&option);
        assert_eq!((read.domain_search.len(), &read.malformed[..]), (0, &[119][..]), "{value:?}");
    }
}

#[test]
fn a_short_option_cannot_stand_for_endless_names() {
    let long = b"\x3faaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0";
    let pointers = [0xc0, 0].repeat(90);
    let value = [&long[..], &pointers].concat();
    let read = read(&[&[119, u8::try_from(value.len()).unwrap()], &value[..]].concat());
    assert_eq!(read.domain_search.len(), 16);
}

fn address() -> impl Strategy<Value = Ipv4Addr> + Clone {
    any::<[u8; 4]>().prop_map(Ipv4Addr::from)
}

fn any_options() -> impl Strategy<Value = Options> {
    let name = "[a-z]{1,12}(\\.[a-z]{1,12}){0,3}";
    let route = (address(), 0..=32_u8, address()).prop_map(|(to, width, gateway)| ClasslessRoute {
        destination: Ipv4Net::new_assert(to, width).trunc(),
        gateway,
    });
    let addresses = (option::of(address()), vec(address(), 0..90), vec(address(), 0..5), vec(address(), 0..5));
    let numbers =
        (option::of(any::<u16>()), option::of(any::<u32>()), option::of(any::<u32>()), option::of(any::<u32>()));
    let texts =
        (option::of("[a-z]{1,40}"), option::of(name), option::of("[ -~]{1,300}"), option::of(vec(any::<u8>(), 1..40)));
    let rest =
        (vec(any::<u8>(), 0..20), vec(name, 0..6), vec(route, 0..20), option::of(address()), option::of(address()));
    (addresses, numbers, texts, rest).prop_map(|(addresses, numbers, texts, rest)| Options {
        subnet_mask: addresses.0,
        routers: addresses.1,
        dns: addresses.2,
        ntp: addresses.3,
        mtu: numbers.0,
        lease_time: numbers.1,
        t1: numbers.2,
        t2: numbers.3,
        host_name: texts.0,
        domain_name: texts.1,
        message: texts.2,
        client_id: texts.3,
        parameter_request_list: rest.0,
        domain_search: rest.1,
        classless_routes: rest.2,
        requested_address: rest.3,
        server_id: rest.4,
        ..Options::default()
    })
}

fn message() -> impl Strategy<Value = Message> {
    let kinds = [Kind::Discover, Kind::Offer, Kind::Request, Kind::Decline, Kind::Ack, Kind::Nak, Kind::Release];
    (select(kinds.to_vec()), any::<(bool, u32, u16, bool)>(), [address(), address(), address()], any_options())
        .prop_map(|(kind, (reply, xid, secs, broadcast), [ciaddr, yiaddr, giaddr], options)| {
            let op = if reply { Op::Reply } else { Op::Request };
            Message { op, kind, xid, secs, broadcast, ciaddr, yiaddr, giaddr, chaddr: MAC, options }
        })
}

proptest! {
    #[test]
    fn every_message_comes_back(message in message()) {
        prop_assert_eq!(decode(&encode(&message).unwrap()), Ok(message));
    }

    #[test]
    fn any_options_are_read_or_refused(options in vec(any::<u8>(), 0..600), overload in 0..4_u8) {
        let start = [53, 1, 2, 52, 1, overload];
        let mut bytes = packet(&[&start, &options[..]].concat());
        for (at, byte) in options.iter().enumerate().take(192) {
            bytes[44 + at] = *byte;
        }
        if let Ok(message) = decode(&bytes) {
            prop_assert!(message.options.domain_search.len() <= 16);
            prop_assert!(message.options.classless_routes.len() * 5 <= bytes.len());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..900)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn damage_is_read_or_refused(at in 0..356_usize, to: u8, keep in 0..357_usize) {
        let mut bytes = offer();
        bytes[at] = to;
        let _ = decode(&bytes[..keep.min(bytes.len())]);
    }

    #[test]
    fn options_in_any_order_say_the_same(order in Just((0..4_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let mask = [0, 0, 1, 4, 255, 255, 255, 0];
        let parts: [&[u8]; 4] = [&[54, 4, 10, 20, 0, 1], &[51, 4, 0, 0, 14, 16], &mask, &[224, 3, 1, 2, 3]];
        let read = read(&order.into_iter().flat_map(|n| parts[n].to_vec()).collect::<Vec<_>>());
        prop_assert_eq!((read.server_id, read.lease_time), (Some(OWN), Some(3_600)));
        prop_assert_eq!(read.subnet_mask, Some(ip("255.255.255.0")));
    }
}

#[test]
fn an_empty_reply_is_still_a_message() {
    let message = reply(Kind::Nak, 9, Options::default());
    assert_eq!(decode(&encode(&message).unwrap()), Ok(message));
}
