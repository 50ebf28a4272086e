//! What the same change costs others: bare rtnetlink, and `ip`.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use boxes::Ns;
use rtnetlink::{LinkUnspec, RouteMessageBuilder};

use crate::median;

const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 30, 0, 15);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 30, 0, 1);

fn wire() -> (Ns, Ns) {
    let (here, there) = (Ns::new().expect("namespace"), Ns::new().expect("namespace"));
    here.veth("eth0", &there, "eth0").expect("veth");
    (here, there)
}

fn clear(ns: &Ns) {
    ns.ip_batch(&["addr flush dev eth0".into(), "link set eth0 down".into()]).expect("ip");
}

/// Up, address, default route, over an open socket.
pub fn netlink(times: usize) -> Duration {
    let (ns, _far) = wire();
    let one = || {
        clear(&ns);
        ns.run(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
            runtime.block_on(write())
        })
        .expect("namespace")
    };
    median((0..times).map(|_| one()).collect())
}

async fn write() -> Duration {
    let (connection, handle, _) = rtnetlink::new_connection().expect("netlink");
    tokio::spawn(connection);
    let index = std::fs::read_to_string("/proc/thread-self/net/dev_mcast").ok();
    let index =
        index.and_then(|text| text.lines().find(|l| l.contains("eth0"))?.split_whitespace().next()?.parse().ok());
    let index: u32 = index.unwrap_or(2);
    let began = Instant::now();
    handle.link().set(LinkUnspec::new_with_index(index).up().build()).execute().await.expect("up");
    handle.address().add(index, IpAddr::V4(ADDRESS), 24).execute().await.expect("address");
    let route = RouteMessageBuilder::<Ipv4Addr>::new().gateway(GATEWAY).build();
    handle.route().add(route).execute().await.expect("route");
    began.elapsed()
}

/// The same by `ip -batch`, its start included.
pub fn ip_batch(times: usize) -> Duration {
    let (ns, _far) = wire();
    let lines = [
        "link set eth0 up".to_owned(),
        format!("addr add {ADDRESS}/24 dev eth0"),
        format!("route add default via {GATEWAY}"),
    ];
    let one = || {
        clear(&ns);
        let began = Instant::now();
        ns.ip_batch(&lines).expect("ip");
        began.elapsed()
    };
    median((0..times).map(|_| one()).collect())
}
