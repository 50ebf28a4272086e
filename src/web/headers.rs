//! What each answer says about how the browser must treat it.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};

use super::certificates::Subject;

/// Response extension: origins besides our own that the page's forms may be sent to, such as `https://10.0.0.6` during a
/// change. What is not `https://` and an address or a host name is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormTargets(pub Vec<String>);

/// Everything from our own origin, no script or style inside the page, nobody may frame it. `{}` is for [`FormTargets`].
const POLICY: [&str; 2] = [
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'",
    "; base-uri 'none'; frame-ancestors 'none'",
];

const FIXED: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Not `no-referrer`: all forms would be sent with `Origin: null`. For the same reason a form that goes to another origin needs
/// more than `same-origin` (Fetch, "append a request `Origin` header").
const REFERRER: [HeaderValue; 2] = [HeaderValue::from_static("same-origin"), HeaderValue::from_static("strict-origin")];

/// To every answer, refusals too.
pub(super) fn add(mut response: Response) -> Response {
    let targets = response.extensions_mut().remove::<FormTargets>().unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy(&targets));
    headers.extend(FIXED);
    let [same, across] = REFERRER;
    headers.insert(header::REFERRER_POLICY, if targets.0.is_empty() { same } else { across });
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The browser is to come by HTTPS only, and to let nobody go on past a warning. A day, not a year: whoever removes the certificate or
/// resets the box gets in by this name again on the day after, and by an address at once.
pub(super) fn stay_secure(response: &mut Response) {
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=86400"));
}

fn policy(targets: &FormTargets) -> HeaderValue {
    let targets = targets.0.iter().filter(|t| is_origin(t)).flat_map(|t| [" ", t.as_str()]);
    let text = [POLICY[0]].into_iter().chain(targets).chain([POLICY[1]]).collect::<String>();
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// `https://` and a host, in the few characters that those have: a `;` or a space would write policy.
fn is_origin(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://") else { return false };
    host.parse::<std::net::Ipv4Addr>().is_ok() || Subject::name(host).is_some()
}

/// The value of a header that must not be there twice.
pub(super) fn single<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_reach_the_new_address_and_nothing_else_is_let_in() {
        let targets =
            ["https://10.0.0.6", "https://gh-1.local", "https://a; script-src *", "http://10.0.0.6", "https://*"];
        let policy = policy(&FormTargets(targets.map(str::to_owned).to_vec()));
        let policy = policy.to_str().expect("text");
        assert!(policy.contains("form-action 'self' https://10.0.0.6 https://gh-1.local; base-uri 'none'"), "{policy}");
        assert!(!policy.contains('*'), "{policy}");
    }
}
