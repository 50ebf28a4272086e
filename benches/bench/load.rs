//! The sign-in page at 32 connections, beside the same page without anything around it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use boxes::{Ns, SERVICE_ADDRESS};

use crate::{bare, bare::Bare, client::Client, device::Device, table::Table};

const CONNECTIONS: usize = 32;
const WARM_UP: Duration = Duration::from_millis(500);
const LASTS: Duration = Duration::from_secs(4);

pub fn measure(device: &Device, rival: &Bare, table: &mut Table) {
    let laptop = device.appliance.client();
    let ours = rate(laptop, SocketAddr::from((SERVICE_ADDRESS, 443)));
    let server = rival.run();
    let bare = rate(laptop, bare::AT.parse().expect("address"));
    drop(server);
    let figure = format!("{ours:.0}/s = {:.2}×", ours / bare);
    table.row(
        "sign-in page, 32 connections",
        "≥ 0.5×",
        figure,
        format!("bare axum + rustls {bare:.0}/s; Cockpit: 0.04×"),
    );
}

/// Requests a second. The client has the same two cores as the server, for both rivals.
fn rate(laptop: &Ns, to: SocketAddr) -> f64 {
    let inside = laptop.on_thread_start();
    let work = move || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().on_thread_start(inside).build().expect("runtime");
        runtime.block_on(runtime.spawn(drive(to))).expect("load")
    };
    laptop.run(work).expect("namespace")
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
async fn drive(to: SocketAddr) -> f64 {
    let mut clients = Vec::new();
    let end = Instant::now() + Duration::from_secs(20);
    while clients.len() < CONNECTIONS {
        match Client::connect(to).await {
            Ok(client) => clients.push(client),
            // a server that is just starting, or places that are just being freed
            Err(error) => {
                assert!(Instant::now() < end, "{to}: {error}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    let served = Arc::new(AtomicU64::new(0));
    let tasks = clients.into_iter().map(|mut client| {
        let served = Arc::clone(&served);
        tokio::spawn(async move {
            loop {
                client.get("/login").await.expect("a page");
                served.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    let tasks = tasks.collect::<Vec<_>>();
    tokio::time::sleep(WARM_UP).await;
    let (began, before) = (Instant::now(), served.load(Ordering::Relaxed));
    tokio::time::sleep(LASTS).await;
    let rate = (served.load(Ordering::Relaxed) - before) as f64 / began.elapsed().as_secs_f64();
    assert!(tasks.iter().all(|task| !task.is_finished()), "a connection ended");
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    rate
}
