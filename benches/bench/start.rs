//! From "the processes are started" to the first page over TLS.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use boxes::{Ns, SERVICE_ADDRESS};

use crate::{bare, bare::Bare, change::ms, client::Client, device::Device, median, table::Table};

const TIMES: usize = 10;
const PATIENCE: Duration = Duration::from_secs(20);

pub fn measure(device: &Device, rival: &Bare, table: &mut Table) {
    let laptop = device.appliance.client();
    // what the laptop's search for the box's MAC takes is not the box's time
    laptop.ip("neigh replace 192.168.100.198 lladdr 02:00:00:00:01:03 dev svc0 nud permanent").expect("ip");
    let ours = (0..TIMES).map(|_| {
        device.appliance.power_off();
        device.appliance.power_on().expect("power");
        first_page(laptop, SocketAddr::from((SERVICE_ADDRESS, 443)))
    });
    let ours = median(ours.collect());
    let bare = (0..TIMES).map(|_| {
        let began = Instant::now();
        let _server = rival.run();
        first_page(laptop, bare::AT.parse().expect("address"));
        began.elapsed()
    });
    let bare = median(bare.collect());
    let beside = format!("bare axum + rustls {}; Cockpit: 360 ms", ms(bare));
    table.row("start to first page, TLS", "≤ 50 ms", ms(ours), beside);
}

/// Asks again and again, each time anew: a packet to a port that is not up yet is lost, and TCP would wait for a second.
fn first_page(laptop: &Ns, to: SocketAddr) -> Duration {
    let began = Instant::now();
    let ask = async || Client::connect(to).await?.get("/login").await;
    laptop
        .run(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
            runtime.block_on(async {
                loop {
                    if let Ok(Ok(tcp)) =
                        tokio::time::timeout(Duration::from_millis(5), tokio::net::TcpStream::connect(to)).await
                    {
                        drop(tcp);
                        if ask().await.is_ok() {
                            return;
                        }
                    }
                    assert!(began.elapsed() < PATIENCE, "no page at {to}");
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            });
        })
        .expect("namespace");
    began.elapsed()
}
