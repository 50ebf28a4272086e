//! The name under which a browser reached us: only our own are answered.
//!
//! Otherwise a page of somebody else could have its own name lead to the box's address and read our pages as its own (DNS
//! rebinding).

use axum::http::{StatusCode, header, request::Parts, uri::Authority};

use super::{App, Conn, admission::Admission};
use crate::domain::api::Hello;

/// Taken on every box. On the service port multicast DNS answers for it.
pub const ANY_BOX: &str = "gatehouse.local";

/// The host names that lead to this box.
pub fn names(hello: Option<&Hello>) -> Vec<String> {
    let mut names = vec![ANY_BOX.to_owned()];
    if let Some(own) = hello.map(|h| &h.host_name).filter(|own| !own.is_empty()) {
        names.extend([format!("{own}.local"), own.clone()]);
    }
    names.extend(hello.into_iter().flat_map(|hello| hello.names.iter().cloned()));
    names
}

/// HTTP/2 has it in the request line (RFC 9113, 8.3.1), HTTP/1.1 in `Host`. `None` where two are told that differ.
pub(super) fn authority(parts: &Parts) -> Option<&str> {
    let mut told = parts.headers.get_all(header::HOST).iter().map(|h| h.to_str().ok());
    let in_line = parts.uri.authority().map(Authority::as_str);
    match (in_line, told.next(), told.next()) {
        (Some(line), None, _) => Some(line),
        (Some(line), Some(host), None) => Some(line).filter(|line| host.is_some_and(|h| h.eq_ignore_ascii_case(line))),
        (None, Some(host), None) => host,
        _ => None,
    }
}

/// Whether `authority` is the address that the connection reached, or one of our names.
fn ours(authority: &str, conn: &Conn, hello: Option<&Hello>) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let (host, port) = (authority.host(), authority.port_u16());
    // An authority has a user, a port, or its host alone: whatever else there is has not been looked at.
    let whole = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    if authority.as_str() != whole || port.is_some_and(|port| port != conn.local.port()) {
        return false;
    }
    match host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>() {
        Ok(ip) => ip == conn.local.ip().to_canonical(),
        Err(_) => names(hello).iter().any(|name| name.eq_ignore_ascii_case(host)),
    }
}

/// 421 for any other name (RFC 9110, 15.5.20).
pub(super) fn check(app: &App, conn: &Conn, parts: &Parts) -> Admission<()> {
    if authority(parts).is_some_and(|a| ours(a, conn, app.hello().as_deref())) {
        return Ok(());
    }
    let address = conn.local.ip().to_canonical();
    let text = format!(
        "This name does not lead here. Open https://{address}/\n此名称不属于本设备，请打开 https://{address}/\n"
    );
    Err((StatusCode::MISDIRECTED_REQUEST, text).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_reached_address_and_our_names_are_ours() {
        let conn = Conn {
            local: "10.0.0.5:443".parse().expect("address"),
            peer: "10.0.0.9:5000".parse().expect("address"),
            port: "lan1".parse().expect("name"),
            service: false,
            accepted: std::time::Instant::now(),
        };
        let hello = Hello { ready: true, host_name: "gh-1".into(), ..Hello::default() };
        for good in ["10.0.0.5", "10.0.0.5:443", "gatehouse.local", "GH-1.local", "gh-1", "gh-1:443"] {
            assert!(ours(good, &conn, Some(&hello)), "{good}");
        }
        for bad in [
            "",
            "10.0.0.6",
            "10.0.0.5:80",
            "10.0.0.5:0443",
            "010.0.0.5",
            "0x0a.0.0.5",
            "167772165",
            "evil.example",
            "gatehouse.local.evil.example",
            "gatehouse.local.",
            "user@10.0.0.5",
            "10.0.0.5:",
            "[::ffff:10.0.0.5]",
            "gh-2.local",
        ] {
            assert!(!ours(bad, &conn, Some(&hello)), "{bad}");
        }
        assert!(!ours(".local", &conn, Some(&Hello { host_name: String::new(), ..hello })));
    }
}
