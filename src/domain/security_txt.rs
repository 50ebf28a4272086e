//! `/.well-known/security.txt` (RFC 9116): whom to tell of a weakness.

use crate::{civil::Civil, time::UnixSeconds};

/// Days until the text is to be asked for anew. It is made at each request, so any will do; more than a year is advised against.
const DAYS: u64 = 180;
const LONGEST: usize = 200;

/// The support contact of the box file as a URI, where it is one or can be made one: an address for mail, a telephone number.
pub fn contact(support: &str) -> Option<String> {
    let text = support.trim();
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"');
    let one_word = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(plain);
    if one_word && ["https://", "mailto:", "tel:"].iter().any(|scheme| text.starts_with(scheme)) {
        return Some(text.to_owned());
    }
    if one_word
        && text.split('@').filter(|part| !part.is_empty()).count() == 2
        && text.matches('@').count() == 1
        && !text.contains(':')
    {
        return Some(format!("mailto:{text}"));
    }
    let kept = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect::<String>();
    let digits = kept.strip_prefix('+').unwrap_or(&kept);
    let number = (5..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    number.then(|| format!("tel:{kept}"))
}

/// The file. `contact` is a URI.
pub fn text(contact: &str, now: UnixSeconds) -> String {
    let expires = Civil::of(UnixSeconds(now.0 + DAYS * 86_400), 0).to_string().replace(' ', "T");
    format!("Contact: {contact}\nExpires: {expires}Z\nPreferred-Languages: zh, en\n")
}
