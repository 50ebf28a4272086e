//! `/handoff#<handoff>.<confirm>`: the secrets never reach a server's log, because a fragment is not sent.

use leptos::prelude::window;
use web_sys::Element;

use super::dom::{find, go, send, show};

pub fn start(root: &Element) {
    let hash = window().location().hash().unwrap_or_default();
    let Some((handoff, confirm)) = hash.strip_prefix('#').and_then(|secrets| secrets.split_once('.')) else { return };
    let plain =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !plain(handoff) || !plain(confirm) {
        return;
    }
    show(find(root, "[data-plain]").as_ref(), false);
    show(find(root, "[data-busy]").as_ref(), true);
    let body = ["handoff=", handoff, "&confirm=", confirm].concat();
    let root = root.clone();
    send("POST", "/handoff", Some(&body), move |answer| {
        if answer.good() {
            go("/network/change");
        } else {
            show(find(&root, "[data-busy]").as_ref(), false);
            show(find(&root, "[data-failed]").as_ref(), true);
        }
    });
}
