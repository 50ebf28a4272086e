//! The three cookies. What is not one of them is never looked at.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::domain::secret::Secret;

/// The session's token. `__Host-`: no other host, path or plain connection can set or read it (RFC 6265bis, 4.1.3.2).
const SESSION: &str = "__Host-session";
/// The two secrets of the change that this browser applied, for the page that waits.
const CHANGE: &str = "__Host-change";
const LANGUAGE: &str = "lang";

/// Seconds. The longest window of a change, and some for its page to stay open after it.
const CHANGE_AGE: u32 = 900;
/// Seconds: a year. Which language somebody reads is no secret and does not change.
const LANGUAGE_AGE: u32 = 31_536_000;
/// Longest value that is looked at. Ours are two tokens at most.
const LONGEST: usize = 256;

const GUARDED: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

/// What a browser shows to keep a change, and what its page hands to the new address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSecrets {
    pub confirm: Secret,
    pub handoff: Secret,
}

/// A `Set-Cookie` that signs in until the browser is closed; the agent ends the session before that.
pub fn set_session(token: &Secret) -> HeaderValue {
    set(SESSION, token.expose(), GUARDED)
}

pub fn clear_session() -> HeaderValue {
    set(SESSION, "", &format!("{GUARDED}; Max-Age=0"))
}

pub fn session(headers: &HeaderMap) -> Option<Secret> {
    value(headers, SESSION).map(Secret::new)
}

/// `__Host-change=<confirm>.<handoff>`.
pub fn set_change(secrets: &ChangeSecrets) -> HeaderValue {
    let value = format!("{}.{}", secrets.confirm.expose(), secrets.handoff.expose());
    set(CHANGE, &value, &format!("{GUARDED}; Max-Age={CHANGE_AGE}"))
}

pub fn clear_change() -> HeaderValue {
    set(CHANGE, "", &format!("{GUARDED}; Max-Age=0"))
}

pub fn change(headers: &HeaderMap) -> Option<ChangeSecrets> {
    let (confirm, handoff) = value(headers, CHANGE)?.split_once('.')?;
    let secret = |text: &str| (!text.is_empty()).then(|| Secret::new(text));
    Some(ChangeSecrets { confirm: secret(confirm)?, handoff: secret(handoff)? })
}

/// `tag` as in `Lang::tag`. Scripts may read it: it is no secret.
pub fn set_language(tag: &'static str) -> HeaderValue {
    set(LANGUAGE, tag, &format!("Path=/; Secure; SameSite=Lax; Max-Age={LANGUAGE_AGE}"))
}

pub fn language(headers: &HeaderMap) -> Option<&str> {
    value(headers, LANGUAGE)
}

/// Secrets are marked as sensitive, so that HTTP/2 does not keep them in its tables. A value that no cookie can hold clears
/// the cookie: the agent's tokens are hexadecimal.
fn set(name: &str, value: &str, attributes: &str) -> HeaderValue {
    let value = if value.bytes().all(allowed) { value } else { "" };
    let header = HeaderValue::from_str(&format!("{name}={value}; {attributes}"));
    let mut header = header.unwrap_or_else(|_| HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

/// The value of the first cookie of that name. HTTP/2 may send each cookie in a header of its own (RFC 9113, 8.2.3).
fn value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies =
        headers.get_all(header::COOKIE).into_iter().filter_map(|h| h.to_str().ok()).flat_map(|h| h.split(';'));
    let mut values = cookies.filter_map(|c| c.trim().strip_prefix(name)?.strip_prefix('='));
    values.next().filter(|v| !v.is_empty() && v.len() <= LONGEST && v.bytes().all(allowed))
}

fn allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|c| (header::COOKIE, HeaderValue::from_str(c).expect("header"))).collect()
    }

    #[test]
    fn reads_back_what_it_sets() {
        let secrets = ChangeSecrets { confirm: Secret::new("aa11"), handoff: Secret::new("bb22") };
        let line = set_change(&secrets);
        let line = line.to_str().expect("text");
        assert_eq!(line, "__Host-change=aa11.bb22; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=900");
        let pair = line.split(';').next().expect("pair");
        assert_eq!(change(&with(&["other=1", pair])), Some(secrets));
        let session_line = set_session(&Secret::new("cc33"));
        assert_eq!(session_line, "__Host-session=cc33; Path=/; Secure; HttpOnly; SameSite=Strict");
        assert!(session_line.is_sensitive());
        assert_eq!(session(&with(&["a=b; __Host-session=cc33"])), Some(Secret::new("cc33")));
    }

    #[test]
    fn what_cannot_be_ours_is_nothing() {
        for cookie in [
            "",
            "__Host-session=",
            "__Host-session",
            "__host-session=a",
            "x__Host-session=a",
            "__Host-session=a\"b",
            "__Host-session=a b",
        ] {
            assert_eq!(session(&with(&[cookie])), None, "{cookie:?}");
        }
        assert_eq!(session(&with(&[&format!("__Host-session={}", "a".repeat(257))])), None);
        assert_eq!(change(&with(&["__Host-change=ab"])), None);
        assert_eq!(change(&with(&["__Host-change=.ab"])), None);
        assert_eq!(
            set_session(&Secret::new("a; Domain=x")),
            "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict"
        );
    }
}
