//! What the registry tells a box of itself, looked at before it is believed: names were checked when they were read, and the rest is here.

use super::code::MOST_URLS;
use crate::cluster::{api::BoxInfo, names::Serial};

/// Of a host, as the registry words them.
const STATES: [&str; 5] = ["active", DRAINING, "leaving", "removed", "replaced"];
/// Of a box that is to go, as long as it has something to hand over.
pub const DRAINING: &str = "draining";
/// Base64url of the longest certificate that is looked at, and more.
const LONGEST: usize = 8_192;

/// Whether it can be about this box.
pub fn is_plausible(info: &BoxInfo, serial: &Serial) -> bool {
    let fingerprint = |key: &String| key.len() == 64 && key.bytes().all(|b| b.is_ascii_hexdigit());
    info.serial == *serial
        && STATES.contains(&info.state.as_str())
        && info.urls.len() <= MOST_URLS
        && info.peer.as_ref() != Some(serial)
        && info.awaits.as_ref() != Some(serial)
        && info.peer_key.as_ref().is_none_or(fingerprint)
        && info.certificate.len() <= LONGEST
        && info.authority.len() <= LONGEST
}
