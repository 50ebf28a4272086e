//! Writes come from our own pages only (CSRF).
//!
//! Browsers of the field say where a form comes from: `Origin` all of them, `Sec-Fetch-Site` from Chromium 76 and Firefox 90 on.
//! One of the two must be there, and none may say anything but "from here".

use axum::http::request::Parts;

use super::{
    App, HANDOFF, Visitor,
    admission::{Admission, route},
    headers::single,
    host,
};
use crate::{
    client::here,
    domain::{api::Hello, fault::Fault},
};

/// Refuses writes from elsewhere.
///
/// The handoff comes from the box's page at its other address: it is let through from any origin of the box itself, and
/// counts only with its secret.
pub(super) fn check(app: &App, visitor: &Visitor, parts: &Parts) -> Admission<()> {
    let handoff = route(parts) == HANDOFF;
    let good = parts.method.is_safe()
        || same_origin(parts)
        || handoff && single(&parts.headers, "origin").is_some_and(|o| of_the_box(o, app.hello().as_deref()));
    if good { Ok(()) } else { Err(app.refused(visitor, &here(Fault::Forbidden)).into()) }
}

fn same_origin(parts: &Parts) -> bool {
    let told = |name| parts.headers.contains_key(name).then(|| single(&parts.headers, name).unwrap_or_default());
    let Some(host) = host::authority(parts) else { return false };
    let origin =
        told("origin").map(|origin| origin.strip_prefix("https://").is_some_and(|o| o.eq_ignore_ascii_case(host)));
    let site = told("sec-fetch-site").map(|site| site == "same-origin");
    origin.or(site).is_some() && origin != Some(false) && site != Some(false)
}

/// Whether `origin` is one of the box's, the addresses of an open change included.
fn of_the_box(origin: &str, hello: Option<&Hello>) -> bool {
    let Some((hello, host)) = hello.zip(origin.strip_prefix("https://")) else { return false };
    match host.parse::<std::net::Ipv4Addr>() {
        Ok(ip) => hello.listen.iter().any(|l| l.addresses.contains(&ip)),
        Err(_) => host::names(Some(hello)).iter().any(|name| name.eq_ignore_ascii_case(host)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_that_it_comes_from_elsewhere_or_nothing_is_refused() {
        let here: &[&[(&str, &str)]] = &[
            &[("origin", "https://10.0.0.5")],
            &[("sec-fetch-site", "same-origin")],
            &[("origin", "https://10.0.0.5"), ("sec-fetch-site", "same-origin")],
        ];
        let elsewhere: &[&[(&str, &str)]] = &[
            &[],
            &[("origin", "null")],
            &[("origin", "http://10.0.0.5")],
            &[("origin", "https://10.0.0.5:8443")],
            &[("origin", "https://10.0.0.5.evil.example")],
            &[("origin", "https://10.0.0.5"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
            &[("origin", "https://10.0.0.5"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("referer", "https://10.0.0.5/")],
        ];
        for (cases, good) in [(here, true), (elsewhere, false)] {
            for headers in cases {
                let mut request = axum::http::Request::post("/login").header("host", "10.0.0.5");
                for (name, value) in *headers {
                    request = request.header(*name, *value);
                }
                let (parts, ()) = request.body(()).expect("request").into_parts();
                assert_eq!(same_origin(&parts), good, "{headers:?}");
            }
        }
    }
}
