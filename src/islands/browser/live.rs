//! Live parts: pieces of HTML that the server sends, each an element with an id.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventSource, HtmlElement, HtmlTemplateElement, MessageEvent};

use super::dom::{all, by_id, every, find, go, now, on, send, set, show};

const EVENTS: &str = "/events";
/// Shorter: each hand-over of a phone's radio is told. Longer: people act on what is no longer so.
const AWAY_AFTER: f64 = 6_000.0;
const LOOK: u64 = 2_000;

pub fn start(root: &Element) {
    let (away, signed_out) = (find(root, "[data-offline]"), find(root, "[data-signed-out]"));
    let source = Rc::new(RefCell::new(connect()));
    let heard = Rc::new(Cell::new(now()));
    every(LOOK, move || {
        let state = source.borrow().as_ref().map_or(EventSource::CLOSED, EventSource::ready_state);
        if state == EventSource::OPEN {
            heard.set(now());
        }
        show(away.as_ref(), now() - heard.get() > AWAY_AFTER);
        if state == EventSource::CLOSED {
            let (source, away, signed_out) = (Rc::clone(&source), away.clone(), signed_out.clone());
            let heard = Rc::clone(&heard);
            // an event stream that is refused says nothing of why
            send("GET", "/network/change/state", None, move |answer| {
                if ["/login", "/setup"].iter().any(|page| answer.url.ends_with(page)) || answer.status == 401 {
                    heard.set(now());
                    show(away.as_ref(), false);
                    signed_out_now(signed_out.as_ref());
                } else if answer.good() {
                    show(signed_out.as_ref(), false);
                    *source.borrow_mut() = connect();
                }
            });
        }
    });
}

/// A page with a form stays, so that nothing typed is lost.
fn signed_out_now(note: Option<&Element>) {
    if document().query_selector("form.port-form").ok().flatten().is_some() {
        show(note, true);
    } else {
        go("/login");
    }
}

fn connect() -> Option<EventSource> {
    let source = EventSource::new(EVENTS).ok()?;
    on(&source, "piece", |event| {
        if let Some(html) = event.dyn_ref::<MessageEvent>().and_then(|message| message.data().as_string()) {
            renew(&html);
        }
    });
    // The next look asks with the cookie of then: a new password ends the session of this page and begins another.
    let ended = source.clone();
    on(&source, "ended", move |_| ended.close());
    Some(source)
}

/// The first line is the id, which the element has too.
fn renew(html: &str) {
    let Ok(holder) = document().create_element("template") else { return };
    let Ok(template) = holder.dyn_into::<HtmlTemplateElement>() else { return };
    template.set_inner_html(html);
    let content = template.content();
    while let Some(new) = content.first_element_child() {
        new.remove();
        if let Some(old) = by_id(&new.id()) {
            replace(&old, &new);
        }
    }
}

/// Only what differs is replaced; what was open stays open, and the focus stays where it was.
fn replace(old: &Element, new: &Element) {
    for (was, is) in all(old, "details").iter().zip(all(new, "details")) {
        if was.has_attribute("open") {
            set(&is, "open", "");
        }
    }
    if old.is_equal_node(Some(new)) {
        return;
    }
    let focus = document().active_element().filter(|active| old.contains(Some(active)));
    let place = focus.and_then(|active| all(old, "a, button, summary").iter().position(|e| *e == active));
    let _ = old.replace_with_with_node_1(new);
    let again = place.and_then(|place| all(new, "a, button, summary").into_iter().nth(place));
    if let Some(again) = again.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        let _ = again.focus();
    }
}
