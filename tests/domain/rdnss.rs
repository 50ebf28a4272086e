//! DNS servers from router advertisements: what is read, and for how long it counts.

use std::net::{IpAddr, Ipv6Addr};

use domain::{
    network::rdnss::{Advert, LONGEST, Resolvers, read},
    time::BootMillis,
};
use proptest::{collection::vec, prelude::*};

use crate::support::name;

fn at(text: &str) -> Ipv6Addr {
    text.parse().expect("address")
}

/// `struct nduseroptmsg` of interface 7 with these options.
fn message(options: &[u8]) -> Vec<u8> {
    let length = u16::try_from(options.len()).expect("length").to_ne_bytes();
    let mut message = vec![10, 0, length[0], length[1]];
    message.extend(7_u32.to_ne_bytes());
    message.extend([134, 0, 0, 0, 0, 0, 0, 0]);
    message.extend(options);
    message
}

fn rdnss(lifetime: u32, servers: &[&str]) -> Vec<u8> {
    let mut option = vec![25, u8::try_from(1 + 2 * servers.len()).expect("length"), 0, 0];
    option.extend(lifetime.to_be_bytes());
    option.extend(servers.iter().flat_map(|s| at(s).octets()));
    option
}

fn servers(message: &[u8]) -> Vec<(String, u32)> {
    read(message).into_iter().map(|a| (a.server.to_string(), a.lifetime)).collect()
}

#[test]
fn reads_the_servers_of_each_option() {
    let search_list = [31, 2, 0, 0, 0, 0, 2, 88, 4, b's', b'i', b't', b'e', 0, 0, 0];
    let options = [rdnss(600, &["2001:db8::53", "2001:db8::54"]), search_list.into(), rdnss(0, &["fe80::1"])].concat();
    let found = read(&message(&options));
    assert!(found.iter().all(|advert| advert.index == 7));
    let expected = [("2001:db8::53", 600), ("2001:db8::54", 600), ("fe80::1", 0)].map(|(s, l)| (s.to_owned(), l));
    assert_eq!(servers(&message(&options)), expected);
    // what follows the options are attributes: the router's address
    let more = [message(&options), vec![20, 0, 1, 0]].concat();
    assert_eq!(servers(&more), expected);
}

#[test]
fn leaves_out_what_cannot_be_asked_or_makes_no_sense() {
    let good = rdnss(600, &["2001:db8::53"]);
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("half a header", message(&[])[..12].to_vec()),
        ("options that are cut short", message(&good)[..30].to_vec()),
        (
            "an option that says that it is longer",
            message(&{
                let mut long = good.clone();
                long[1] = 5;
                long
            }),
        ),
        (
            "half an address",
            message(&{
                let mut odd = good.clone();
                odd[1] = 2;
                odd.truncate(16);
                odd
            }),
        ),
        ("no address at all", message(&rdnss(600, &[]))),
        ("an option of no length", message(&[25, 0, 0, 0, 0, 0, 2, 88])),
        ("not from a router", {
            let mut other = message(&good);
            other[8] = 136;
            other
        }),
        ("not IPv6", {
            let mut other = message(&good);
            other[0] = 2;
            other
        }),
        ("multicast", message(&rdnss(600, &["ff02::1"]))),
        ("itself", message(&rdnss(600, &["::1"]))),
        ("nobody", message(&rdnss(600, &["::"]))),
        ("IPv4 in disguise", message(&rdnss(600, &["::ffff:10.20.0.1", "::10.20.0.1"]))),
        ("site-local", message(&rdnss(600, &["fec0::1"]))),
    ] {
        assert_eq!(servers(&bytes), [], "{what}");
    }
    // one bad server does not spoil the others
    let mixed = rdnss(600, &["ff02::1", "2001:db8::53"]);
    assert_eq!(servers(&message(&mixed)), [("2001:db8::53".to_owned(), 600)]);
}

fn heard(resolvers: &Resolvers) -> Vec<String> {
    let servers = resolvers.servers();
    servers.get(&name("lan1")).into_iter().flatten().map(IpAddr::to_string).collect()
}

#[test]
fn a_server_counts_until_its_time_is_over_or_it_is_taken_back() {
    let mut resolvers = Resolvers::default();
    let port = name("lan1");
    let hear = |resolvers: &mut Resolvers, server, lifetime, now| {
        resolvers.hear(&port, Advert { index: 7, server: at(server), lifetime }, BootMillis(now));
    };
    assert_eq!(resolvers.deadline(), None);
    hear(&mut resolvers, "2001:db8::53", 60, 0);
    hear(&mut resolvers, "2001:db8::54", 30, 0);
    assert_eq!(heard(&resolvers), ["2001:db8::53", "2001:db8::54"]);
    assert_eq!(resolvers.deadline(), Some(BootMillis(30_000)));
    // said again: the same place, another end
    hear(&mut resolvers, "2001:db8::53", 60, 10_000);
    assert_eq!(heard(&resolvers), ["2001:db8::53", "2001:db8::54"]);
    resolvers.expire(BootMillis(30_000));
    assert_eq!(heard(&resolvers), ["2001:db8::53"]);
    hear(&mut resolvers, "2001:db8::53", 0, 30_001);
    assert_eq!((heard(&resolvers), resolvers.deadline()), (Vec::new(), None));
    // for ever is as long as a day
    hear(&mut resolvers, "2001:db8::53", u32::MAX, 0);
    assert_eq!(resolvers.deadline(), Some(BootMillis(u64::from(LONGEST) * 1000)));
    resolvers.keep(|_| false);
    assert_eq!(resolvers, Resolvers::default());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 500, ..ProptestConfig::default() })]

    /// Whatever somebody on the link sends: what comes out can be asked, and is not much.
    #[test]
    fn any_message_reads_to_servers_that_can_be_asked(
        mut bytes in vec(any::<u8>(), 0..200),
        shaped in any::<bool>(),
        times in vec((0..100_000_u64, any::<u32>()), 0..20),
    ) {
        if shaped {
            bytes = message(&[&[25, u8::try_from(bytes.len() / 8).unwrap_or(0)][..], &bytes].concat());
        }
        let adverts = read(&bytes);
        for advert in &adverts {
            let ip = advert.server;
            prop_assert!(!ip.is_multicast() && !ip.is_loopback() && !ip.is_unspecified() && ip.to_ipv4_mapped().is_none());
        }
        let mut resolvers = Resolvers::default();
        for (now, lifetime) in times {
            for advert in &adverts {
                resolvers.hear(&name("lan1"), Advert { lifetime, ..*advert }, BootMillis(now));
            }
            prop_assert!(heard(&resolvers).len() <= 3);
            let latest = BootMillis(now + u64::from(LONGEST) * 1000);
            resolvers.expire(BootMillis(now));
            prop_assert!(resolvers.deadline().is_none_or(|end| end > BootMillis(now)));
            resolvers.expire(BootMillis(100_000 + latest.0));
            prop_assert_eq!(resolvers.deadline(), None);
        }
    }
}
