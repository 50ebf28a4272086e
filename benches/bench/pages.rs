//! What a browser downloads for a page: the page and all that its HTML and the boot module ask for.

use crate::{
    device::{Device, SERVICE},
    table::Table,
};

const ICON: &str = ".svg";

pub fn measure(device: &Device, table: &mut Table) {
    let cookie = device.set_up();
    let (cold, _, requests) = page(device, "/login", "");
    table.row(
        "sign-in page, cold",
        "≤ 20 KB, ≤ 4 requests",
        format!("{}, {requests} requests", kb(cold)),
        "Cockpit: 186 KB, 10",
    );
    let (cold, warm, requests) = page(device, "/network", &cookie);
    let figure = format!("{} / {}, {requests} requests", kb(cold), kb(warm));
    table.row("network page, cold / warm", "≤ 90 / 12 KB, ≤ 8", figure, "Cockpit: 1,440 KB, 34");
    let (_, warm, _) = page(device, "/network/lan1", &cookie);
    table.row("a port's page, warm", "–", kb(warm), "");
    let (app, _, _) = fetch(device, &asset(device, &cookie, ".wasm"), "");
    let (script, _, _) = fetch(device, &asset(device, &cookie, ".js"), "");
    table.row("wasm + JS of a page, brotli", "≤ 60 KB", kb(app + script), "three bare islands: 51 KB");
}

/// Bytes of head and body with everything, with nothing but the page (its files have names that never change), and requests.
fn page(device: &Device, path: &str, cookie: &str) -> (u64, u64, usize) {
    let (warm, _, html) = fetch(device, path, cookie);
    let files = files(&html);
    let more: u64 = files.iter().map(|file| fetch(device, file, cookie).0).sum();
    // the event stream of those who are signed in
    let stream = usize::from(html.contains("data-offline"));
    (warm + more, warm, 1 + files.len() + stream)
}

fn asset(device: &Device, cookie: &str, end: &str) -> String {
    let (_, _, html) = fetch(device, "/network", cookie);
    files(&html).into_iter().find(|file| file.contains("/app.") && file.ends_with(end)).expect("an island")
}

fn files(html: &str) -> Vec<String> {
    let mut files =
        html.split('"').filter(|value| value.starts_with("/assets/")).map(str::to_owned).collect::<Vec<_>>();
    files.sort();
    files.dedup();
    assert!(files.iter().any(|file| file.ends_with(ICON)), "{html}");
    files
}

/// Bytes on the wire inside TLS, the status, and the text.
fn fetch(device: &Device, path: &str, cookie: &str) -> (u64, u16, String) {
    let (cookie, url) = (format!("cookie: {cookie}"), format!("{SERVICE}{path}"));
    let args = ["-H", "accept-encoding: gzip, deflate, br", "-H", &cookie, "-o", "/dev/null"];
    let figures = device.curl(&[&args[..], &["-w", "%{size_header} %{size_download} %{http_code}", &url]].concat());
    let mut figures = figures.split(' ').map(|figure| figure.parse::<u64>().expect("a number"));
    let bytes = figures.next().unwrap_or(0) + figures.next().unwrap_or(0);
    let status = figures.next().and_then(|code| u16::try_from(code).ok()).unwrap_or(0);
    assert_eq!(status, 200, "{path}");
    let text = if path.contains("_bg.") { String::new() } else { device.curl(&["-H", &cookie, &url]) };
    (bytes, status, text)
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn kb(bytes: u64) -> String {
    format!("{:.1} KB", bytes as f64 / 1000.0)
}
